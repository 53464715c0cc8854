//! The comparison as a page: one file that loads nothing; without JavaScript it has the whole table, with it the table can
//! be sorted and filtered.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cell::Cell;
use super::chart::charts;
use super::told::{COLUMNS, Column, report};
use crate::report::{PAGE_STYLE, policy_of};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub fn html(cells: &[Cell], command: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy_of(SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "netsplit: the comparison" }
                style { (PreEscaped(PAGE_STYLE)) (PreEscaped(STYLE)) }
            }
            body.wide {
                header {
                    p.run { "Made by " code { (command) } }
                    h1 { "What each system keeps of its promises under faults, and what that costs" }
                }
                main {
                    div.charts { (charts(cells)) }
                    h2 #table { "Every number" }
                    (filters())
                    (table(cells))
                    h2 #columns { "What the columns show" }
                    dl { @for column in COLUMNS { dt { (column.name) } dd { (column.about) } } }
                }
                p #said aria-live="polite" {}
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Hidden until the script is there that they need.
fn filters() -> Markup {
    html! {
        form.filters hidden {
            label { "System " input type="search" name="system" autocomplete="off"; }
            label { "Faults " input type="search" name="faults" autocomplete="off"; }
            label { input type="checkbox" name="broken"; " broken only" }
        }
    }
}

fn table(cells: &[Cell]) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label="The comparison" {
            table.numbers {
                caption { "Every system under every nemesis" }
                thead { tr {
                    @for column in COLUMNS { th scope="col" title=(column.about) { (column.name) } }
                    th scope="col" { "counterexample" }
                } }
                tbody { @for cell in cells { (row(cell)) } }
            }
        }
    }
}

fn row(cell: &Cell) -> Markup {
    html! {
        tr.culprit[cell.broken.hits > 0] data-system=(cell.system) data-faults=(cell.nemesis) {
            @for (at, column) in COLUMNS.iter().enumerate() {
                @if at == 0 { th scope="row" { ((column.text)(cell)) } }
                @else { td data-key=[key(column, cell)] { ((column.text)(cell)) } }
            }
            td { @if let Some(exhibit) = &cell.exhibit {
                a href=(report(exhibit)) { (cell.first.as_ref().map_or("report", |(_, _, signature)| &signature.anomaly)) }
            } @else { "–" } }
        }
    }
}

/// What the script sorts by; a cell without a number stands last.
fn key(column: &Column, cell: &Cell) -> Option<String> {
    column.key.map(|key| key(cell).map(|key| format!("{key:.6}")).unwrap_or_default())
}
