//! The comparison as a page: one file that loads nothing; without JavaScript it has the whole table, with it the table can
//! be sorted and filtered.

use maud::{Markup, html};

use super::cell::Cell;
use super::chart::charts;
use super::literature::compared;
use super::told::{COLUMNS, programs, report};
use crate::page::{Page, TABLE_SCRIPT, coded, table};

const STYLE: &str = include_str!("page.css");
/// Shows the dots of the rows.
pub(crate) const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub fn html(cells: &[Cell], command: &str) -> String {
    let header = html! {
        p.run { "Made by " code { (command) } }
        h1 { "What each system keeps of its promises under faults, and what that costs" }
    };
    let main = html! {
        div.charts { (charts(cells)) }
        h2 #table { "Every number" }
        (filters())
        (rows(cells))
        h2 #literature { "What the literature says" }
        ul { @for known in compared(&programs(cells)) { li.bad[!known.is_met()] { (coded(&known.told())) } } }
        h2 #columns { "What the columns show" }
        (table::legend(COLUMNS))
    };
    let page =
        Page { title: "netsplit: the comparison", style: STYLE, scripts: &[TABLE_SCRIPT, SCRIPT], may_ask: false };
    page.html(Some("wide"), &header, &main)
}

/// Hidden until the script is there that they need.
fn filters() -> Markup {
    html! {
        form.filters hidden {
            label { "System " input type="search" name="system" autocomplete="off"; }
            label { "Faults " input type="search" name="faults" autocomplete="off"; }
            label { input type="checkbox" name="broken"; " broken only" }
            span #count {}
        }
    }
}

fn rows(cells: &[Cell]) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label="The comparison" {
            table.numbers.sortable #comparison {
                caption { "Every system under every nemesis" }
                thead { tr { (table::heads(COLUMNS)) th.words scope="col" { "counterexample" } } }
                tbody { @for cell in cells { (row(cell)) } }
            }
        }
    }
}

/// A row of the table.
pub fn row(cell: &Cell) -> Markup {
    let is_broken = cell.is_broken();
    let found = cell.first.as_ref().map_or("", |(_, _, signature)| &signature.anomaly);
    html! {
        tr.culprit[is_broken] data-system=(cell.system) data-faults=(cell.nemesis) data-broken[is_broken] {
            (table::cells(COLUMNS, cell))
            td { @if let Some(exhibit) = cell.exhibit() { a href=(report(&exhibit)) { (found) } } @else { "–" } }
        }
    }
}
