//! Consistency against availability, and against latency: a dot for each system and nemesis.

use maud::{Markup, html};

use super::cell::Cell;
use super::told::{ms, share};

/// The lanes from below, as [`Rungs::height`](super::rungs::Rungs::height) numbers them.
const LANES: [&str; 5] = ["none", "sessions", "causal", "sequential", "linearizable"];

const LEFT: u32 = 92;
const WIDTH: u32 = 560;
const LANE: u32 = 54;
const TOP: u32 = 8;
const BOTTOM: u32 = TOP + 270;

/// A dot: how far to the right, from 0 to 1, in which lane, and whose.
struct Dot<'a> {
    right: f64,
    lane: u8,
    cell: &'a Cell,
    value: String,
}

/// Both figures.
pub(super) fn charts(cells: &[Cell]) -> Markup {
    let dots = |value: fn(&Cell) -> Option<(f64, String)>| -> Vec<Dot<'_>> {
        let dot = |cell| -> Option<Dot<'_>> {
            let (right, value) = value(cell)?;
            Some(Dot { right, lane: cell.rungs.height()?, cell, value })
        };
        cells.iter().filter_map(dot).collect()
    };
    let available = dots(|cell| {
        let share = share(cell.service.answered)?;
        Some((share, format!("{:.1} % available", 100.0 * share)))
    });
    let quick = dots(|cell| {
        let p50 = ms(cell.latency(50)?);
        Some(((p50.max(1.0).log10() / 3.0).min(1.0), format!("p50 {p50:.0} ms")))
    });
    html! {
        figure {
            div.scroll tabindex="0" role="group" aria-label="A figure that scrolls sideways" {
                (chart("Consistency against availability", &["0 %", "25 %", "50 %", "75 %", "100 %"], &available))
            }
            figcaption { "The strongest model that held in all runs, against the share of operations that was answered. Top right is best. A dot is a system under one nemesis: hollow if runs contradict its claim. Systems without registers have none." }
        }
        figure {
            div.scroll tabindex="0" role="group" aria-label="A figure that scrolls sideways" {
                (chart("Consistency against latency", &["1 ms", "10 ms", "100 ms", "1 s"], &quick))
            }
            figcaption { "The same against the latency that half of the answers did not exceed, on a logarithmic scale. Top left is best. The table below has every number." }
        }
    }
}

fn chart(title: &str, ticks: &[&str], dots: &[Dot<'_>]) -> Markup {
    let steps = u32::try_from(ticks.len() - 1).expect("there are few ticks");
    html! {
        h3 { (title) }
        svg viewBox=(format!("0 0 {} {}", LEFT + WIDTH + 30, BOTTOM + 24)) role="img" aria-label=(title) {
            @for (lane, name) in (0..).zip(LANES) {
                @let y = BOTTOM - LANE * lane;
                line.lane x1=(LEFT) y1=(y) x2=(LEFT + WIDTH) y2=(y) {}
                text.lanelabel x="2" y=(y - LANE / 2 + 4) { (name) }
            }
            @for (at, tick) in (0..).zip(ticks) {
                @let x = LEFT + WIDTH * at / steps;
                line.grid x1=(x) y1=(TOP) x2=(x) y2=(BOTTOM) {}
                text.tick x=(x) y=(BOTTOM + 16) text-anchor="middle" { (tick) }
            }
            @for (at, dot) in dots.iter().enumerate() {
                @let x = f64::from(LEFT) + f64::from(WIDTH) * dot.right;
                circle.dot.broken[dot.cell.is_broken()] cx=(format!("{x:.1}")) cy=(height(dot.lane, at)) r="4.5"
                    data-system=(dot.cell.system) data-faults=(dot.cell.nemesis) {
                    title { (dot.cell.system) " under " (dot.cell.nemesis) ": " (LANES[usize::from(dot.lane)]) ", " (dot.value) }
                }
            }
        }
    }
}

/// Dots of one lane stand at different heights, so that fewer hide each other.
fn height(lane: u8, at: usize) -> u32 {
    let spread = u32::try_from(at * 7 % 40).expect("a remainder is small");
    BOTTOM - LANE * u32::from(lane) - 7 - spread
}
