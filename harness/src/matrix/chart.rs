//! The trade-off, a line a system: while the network is cut, consistency against availability; else, against latency.
//!
//! Source: Abadi, "Consistency Tradeoffs in Modern Distributed Database System Design" (2012), whose name for it is PACELC.

use maud::{Markup, html};

use super::cell::Cell;
use super::told::{ms, share};

/// The models from above, by [`Rungs::height`](super::rungs::Rungs::height).
const MODELS: [(u8, &str); 5] = [
    (4, "linearizable"),
    (3, "sequential, not linearizable"),
    (2, "causal, not sequential"),
    (1, "some guarantee of a session, not causal"),
    (0, "none of these models"),
];

const CUT: &str = "While the network is cut: consistency against availability";
const ELSE: &str = "Without faults: consistency against latency";

const LEFT: u32 = 166;
const WIDTH: u32 = 360;
const RIGHT: u32 = LEFT + WIDTH;
const END: u32 = RIGHT + 180;
const LINE: u32 = 18;

/// What a chart shows of a system: two marks, each from 0 at the left to 1, and both in words.
struct Line<'a> {
    cell: &'a Cell,
    full: f64,
    hollow: f64,
    value: String,
}

/// Both figures; one without runs of its nemesis is left out.
pub(super) fn charts(cells: &[Cell]) -> Markup {
    let under = |nemesis: &str, line: fn(&Cell) -> Option<Line<'_>>| -> Vec<Line<'_>> {
        let is_shown = |cell: &&Cell| cell.nemesis == nemesis && cell.rungs.height().is_some();
        cells.iter().filter(is_shown).filter_map(line).collect()
    };
    let mut available = under("partition", available);
    available.sort_by(|one, other| (other.hollow, other.full).partial_cmp(&(one.hollow, one.full)).expect("numbers"));
    let mut quick = under("none", quick);
    quick.sort_by(|one, other| (one.full, one.hollow).partial_cmp(&(other.full, other.hollow)).expect("numbers"));
    html! {
        @if !available.is_empty() {
            (figure(CUT, &["0 %", "25 %", "50 %", "75 %", "100 %"], &available, &html! {
                "The share of operations that were answered under " code { "partition" } ": full, of clients at nodes that "
                "reached a majority; hollow, of the others. A system is listed under the strongest model that held in all "
                "its runs. None can be linearizable and answer everybody (CAP): one that seems to needs more seeds."
            }))
        }
        @if !quick.is_empty() {
            (figure(ELSE, &["1 ms", "10 ms", "100 ms", "1 s"], &quick, &html! {
                "How long an answer took under " code { "none" } ", on a logarithmic scale: full, half of the answers took "
                "no longer; hollow, 99 % of them. Who waits for other nodes pays for it at every operation, faults or not. "
                "Systems without registers are not shown; the table below has every number."
            }))
        }
    }
}

fn available(cell: &Cell) -> Option<Line<'_>> {
    let full = share(cell.service.majority)?;
    let hollow = share(cell.service.minority)?;
    Some(Line { cell, full, hollow, value: format!("{:.0} % and {:.0} %", 100.0 * full, 100.0 * hollow) })
}

fn quick(cell: &Cell) -> Option<Line<'_>> {
    let (p50, p99) = (ms(cell.latency(50)?), ms(cell.latency(99)?));
    let place = |ms: f64| (ms.max(1.0).log10() / 3.0).min(1.0);
    Some(Line { cell, full: place(p50), hollow: place(p99), value: format!("{p50:.0} and {p99:.0} ms") })
}

fn figure(title: &str, ticks: &[&str], lines: &[Line<'_>], caption: &Markup) -> Markup {
    let rows = rows(lines);
    let bottom = LINE * u32::try_from(rows.len()).expect("there are few systems") + LINE / 2;
    let steps = u32::try_from(ticks.len() - 1).expect("there are few ticks");
    html! {
        figure {
            h3 { (title) }
            div.scroll tabindex="0" role="group" aria-label="A figure that scrolls sideways" {
                svg viewBox=(format!("0 0 {END} {}", bottom + 24)) role="img" aria-label=(title) {
                    @for (at, tick) in (0..).zip(ticks) {
                        @let x = LEFT + WIDTH * at / steps;
                        line.grid x1=(x) y1="4" x2=(x) y2=(bottom) {}
                        text.tick x=(x) y=(bottom + 16) text-anchor="middle" { (tick) }
                    }
                    @for (y, row) in (LINE..).step_by(LINE as usize).zip(&rows) {
                        @match row {
                            Row::Model(name) => text.model x="2" y=(y) { (name) },
                            Row::System(line) => (system(y, line)),
                        }
                    }
                }
            }
            figcaption { (caption) }
        }
    }
}

/// A row of a figure.
enum Row<'a> {
    /// What follows are the systems that kept this.
    Model(&'static str),
    System(&'a Line<'a>),
}

fn rows<'a>(lines: &'a [Line<'a>]) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (height, name) in MODELS {
        let kept = lines.iter().filter(|line| line.cell.rungs.height() == Some(height)).map(Row::System);
        let before = rows.len();
        rows.extend(kept);
        if rows.len() > before {
            rows.insert(before, Row::Model(name));
        }
    }
    rows
}

fn system(y: u32, line: &Line<'_>) -> Markup {
    let Line { cell, full, hollow, value } = line;
    let x = |place: f64| format!("{:.1}", f64::from(LEFT) + f64::from(WIDTH) * place);
    let middle = y - 4;
    html! {
        g.dot.broken[cell.is_broken()] data-system=(cell.system) data-faults=(cell.nemesis) {
            text.lanelabel x=(LEFT - 10) y=(y) text-anchor="end" { (cell.system) }
            line x1=(x(*hollow)) y1=(middle) x2=(x(*full)) y2=(middle) {}
            circle.hollow cx=(x(*hollow)) cy=(middle) r="4.5" {}
            circle cx=(x(*full)) cy=(middle) r="4.5" {}
            text.tick x=(RIGHT + 12) y=(y) { (value) @if cell.is_broken() { ", broken" } }
        }
    }
}
