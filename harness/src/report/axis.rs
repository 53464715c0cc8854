//! The time axis that the figures share, with the faults as bands behind it.
//!
//! An axis has one piece or several: where nothing that matters happens for long, it is broken, and each piece has a scale
//! of its own. So a write and the read that misses it half a minute later both stay legible.

use std::time::Duration;

use maud::{Markup, html};

use super::story::Story;
use super::words;

/// The width of a figure, in the units of its view box.
pub(super) const WIDTH: u64 = 1000;
/// Where the plot begins; lane labels stand left of it.
pub(super) const LEFT: u64 = 96;
/// Where it ends.
pub(super) const RIGHT: u64 = WIDTH - 14;
/// The height of a line of text.
pub(super) const LINE: u64 = 15;
/// The width of a break.
const BREAK: u64 = 52;
/// More pieces than this would be too narrow to read.
const MOST_PIECES: usize = 6;

/// A stretch of time on a stretch of the width.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: Duration,
    to: Duration,
    left: u64,
    right: u64,
}

/// Time on the width of a figure.
pub(super) struct Axis {
    pieces: Vec<Piece>,
}

impl Axis {
    /// An unbroken axis of at least a millisecond.
    pub(super) fn new(from: Duration, to: Duration) -> Axis {
        Axis { pieces: vec![Piece { from, to: to.max(from + Duration::from_millis(1)), left: LEFT, right: RIGHT }] }
    }

    /// An axis of these stretches of time with a little around each, broken between those that are far apart.
    pub(super) fn around(mut spans: Vec<(Duration, Duration)>) -> Axis {
        spans.sort();
        let total: Duration = spans.iter().map(|(from, to)| to.saturating_sub(*from)).sum();
        let around = (total / 10).max(Duration::from_millis(15));
        let far = (total / 2).max(Duration::from_millis(100)) + 2 * around;
        let mut merged: Vec<(Duration, Duration)> = Vec::new();
        for (from, to) in spans {
            let is_full = merged.len() == MOST_PIECES;
            match merged.last_mut() {
                Some(last) if is_full || from <= last.1 + far => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        let padded = merged.into_iter().map(|(from, to)| (from.saturating_sub(around), to + around));
        Axis::of(&padded.collect::<Vec<_>>())
    }

    /// The width of a piece grows with the square root of its time: a short one beside a long one stays legible.
    fn of(spans: &[(Duration, Duration)]) -> Axis {
        let weight = |(from, to): &(Duration, Duration)| (to.saturating_sub(*from)).as_micros().isqrt().max(1);
        let all: u128 = spans.iter().map(weight).sum::<u128>().max(1);
        let breaks = BREAK * (spans.len() as u64).saturating_sub(1);
        let room = u128::from(RIGHT - LEFT - breaks);
        let mut left = LEFT;
        let pieces = spans.iter().map(|span| {
            let width = u64::try_from(room * weight(span) / all).expect("a piece is narrower than the figure").max(8);
            let piece = Piece { from: span.0, to: span.1, left, right: (left + width).min(RIGHT) };
            left = (piece.right + BREAK).min(RIGHT - 8);
            piece
        });
        let pieces: Vec<Piece> = pieces.collect();
        if pieces.is_empty() { Axis::new(Duration::ZERO, Duration::ZERO) } else { Axis { pieces } }
    }

    /// Where a time stands; in a break in its middle, beyond an end at that end.
    pub(super) fn x(&self, time: Duration) -> u64 {
        for (at, piece) in self.pieces.iter().enumerate() {
            if time < piece.from {
                return if at == 0 { piece.left } else { piece.left - BREAK / 2 };
            }
            if time <= piece.to {
                return piece.x(time);
            }
        }
        self.pieces.last().expect("an axis has a piece").right
    }

    /// Whether any of `from..=to` is on one of its pieces.
    pub(super) fn shows(&self, from: Duration, to: Duration) -> bool {
        self.pieces.iter().any(|piece| from <= piece.to && to >= piece.from)
    }

    /// `From 1.000 s to 2.000 s`, or the pieces one by one.
    pub(super) fn told(&self) -> String {
        let pieces: Vec<String> =
            self.pieces.iter().map(|piece| format!("{} to {}", words::at(piece.from), words::at(piece.to))).collect();
        let note = if pieces.len() > 1 { ", each on a scale of its own" } else { "" };
        format!("From {}{note}.", words::listed(&pieces))
    }

    /// Grid lines from `top` to `bottom` with the time below each, and the breaks with how long each leaves out.
    pub(super) fn ticks(&self, top: u64, bottom: u64) -> Markup {
        html! {
            @for piece in &self.pieces { (piece.ticks(top, bottom)) }
            @for two in self.pieces.windows(2) {
                rect.break x=(two[0].right + 4) y=(top) width=(BREAK - 8) height=(bottom - top) {}
                text.tick x=(two[0].right + BREAK / 2) y=(bottom + LINE) text-anchor="middle" {
                    "⋯" (words::about(two[1].from.saturating_sub(two[0].to))) "⋯"
                }
            }
        }
    }

    /// How many lines the labels of the faults on this axis need.
    pub(super) fn band_lines(&self, story: &Story<'_>) -> u64 {
        self.bands_with_levels(story).iter().map(|band| band.level + 1).max().unwrap_or(0).min(MOST_LEVELS)
    }

    /// The faults as bands from `top` to `bottom`, each with its label in the lines at the top.
    pub(super) fn bands(&self, story: &Story<'_>, top: u64, bottom: u64) -> Markup {
        let bands = self.bands_with_levels(story);
        html! {
            @for band in &bands {
                @let class = if band.effective { "band" } else { "band missed" };
                g {
                    title { (band.told) }
                    rect class=(class) x=(band.x) y=(top) width=(band.width) height=(bottom - top) {}
                    @if band.level < MOST_LEVELS {
                        text.bandlabel x=(band.label_x) y=(top + band.level * LINE + 11) { (band.label) }
                    }
                }
            }
        }
    }

    fn bands_with_levels(&self, story: &Story<'_>) -> Vec<Band> {
        let mut levels = Levels::default();
        let shown = story.faults().filter(|fault| self.shows(fault.from, fault.to));
        let bands = shown.take(MOST_BANDS).map(|fault| {
            let hit = if fault.effective { "" } else { " · hit nothing" };
            let label = format!("{}{hit}", words::clipped_to(fault.name, 48));
            let x = self.x(fault.from);
            let label_x = (x + 3).min(RIGHT.saturating_sub(text_width(&label))).max(LEFT);
            let level = levels.place(label_x, label_x + text_width(&label));
            let told =
                format!("{} – {}: {}{hit}", words::at(fault.from), words::at(fault.to), words::clipped(fault.name));
            let width = (self.x(fault.to) - x).max(2);
            Band { x, width, label, label_x, told, level, effective: fault.effective }
        });
        bands.collect()
    }
}

impl Piece {
    fn x(&self, time: Duration) -> u64 {
        let since = time.clamp(self.from, self.to).saturating_sub(self.from).as_nanos();
        let span = self.to.saturating_sub(self.from).as_nanos().max(1);
        let width = u128::from(self.right - self.left);
        self.left + u64::try_from(since * width / span).expect("a point of the axis is within the width")
    }

    fn ticks(&self, top: u64, bottom: u64) -> Markup {
        let step = self.step();
        let first = self.from.as_micros().div_ceil(step) * step;
        let times = (0..).map(|n| first + n * step).take_while(|&micros| micros <= self.to.as_micros());
        html! {
            @for micros in times {
                @let time = Duration::from_micros(u64::try_from(micros).expect("a run is shorter than 500,000 years"));
                @let x = self.x(time);
                line.grid x1=(x) y1=(top) x2=(x) y2=(bottom) {}
                text.tick x=(x) y=(bottom + LINE) text-anchor="middle" { (tick(time, step)) }
            }
        }
    }

    /// The least round step, in microseconds, that leaves room for its labels.
    fn step(&self) -> u128 {
        let span = self.to.saturating_sub(self.from).as_micros();
        let most = u128::from((self.right - self.left) / 75).max(1);
        let mut decade = 1;
        loop {
            for step in [decade, 2 * decade, 5 * decade] {
                if span / step <= most {
                    return step;
                }
            }
            decade *= 10;
        }
    }
}

struct Band {
    x: u64,
    width: u64,
    label: String,
    label_x: u64,
    told: String,
    level: u64,
    effective: bool,
}

const MOST_LEVELS: u64 = 6;
const MOST_BANDS: usize = 60;

/// Lines of text, in which labels are placed so that none hides another.
#[derive(Default)]
pub(super) struct Levels {
    taken: Vec<Vec<(u64, u64)>>,
}

impl Levels {
    /// The first line that is free from `from` to `to`, which is then taken.
    pub(super) fn place(&mut self, from: u64, to: u64) -> u64 {
        let apart = |line: &Vec<(u64, u64)>| line.iter().all(|&(left, right)| right + 6 <= from || to + 6 <= left);
        let free = self.taken.iter().position(apart).unwrap_or(self.taken.len());
        match self.taken.get_mut(free) {
            Some(line) => line.push((from, to)),
            None => self.taken.push(vec![(from, to)]),
        }
        free as u64
    }

    /// How many lines are used.
    pub(super) fn used(&self) -> u64 {
        self.taken.len() as u64
    }
}

/// About how wide a label is: a little more than it needs.
pub(super) fn text_width(text: &str) -> u64 {
    text.chars().count() as u64 * 15 / 2
}

fn tick(time: Duration, step_micros: u128) -> String {
    match step_micros {
        1_000_000.. => format!("{} s", time.as_secs()),
        100_000.. => format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100),
        10_000.. => format!("{}.{:02} s", time.as_secs(), time.subsec_millis() / 10),
        _ => words::at(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn is_broken_where_nothing_happens_for_long_and_keeps_the_order_of_times() {
        let axis = Axis::around(vec![(ms(30_000), ms(30_050)), (ms(100), ms(160)), (ms(200), ms(230))]);
        assert_eq!(axis.pieces.len(), 2);
        let xs: Vec<u64> = [0, 100, 160, 230, 15_000, 30_000, 30_050, 60_000].map(|at| axis.x(ms(at))).to_vec();
        assert!(xs.is_sorted(), "{xs:?}");
        assert!(xs.iter().all(|x| (LEFT..=RIGHT).contains(x)), "{xs:?}");
        assert!(axis.shows(ms(150), ms(150)) && !axis.shows(ms(10_000), ms(20_000)));
    }

    #[test]
    fn a_short_stretch_beside_a_long_one_stays_legible() {
        let axis = Axis::around(vec![(ms(0), ms(20)), (ms(200_000), ms(260_000))]);
        assert!(axis.pieces.iter().all(|piece| piece.right - piece.left >= 8), "{:?}", axis.pieces);
        let many = (0..40).map(|n| (ms(n * 500_000), ms(n * 500_000 + 9))).collect();
        let axis = Axis::around(many);
        assert!(axis.pieces.len() <= MOST_PIECES && axis.x(ms(39 * 500_000)) <= RIGHT);
    }
}
