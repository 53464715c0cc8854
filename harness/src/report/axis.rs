//! The time axis that the figures share, with the faults as bands behind it.

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

/// A span of time on the width of a figure.
pub(super) struct Axis {
    /// Its left end.
    pub(super) from: Duration,
    /// Its right end, later than the left one.
    pub(super) to: Duration,
}

impl Axis {
    /// An axis of at least a millisecond.
    pub(super) fn new(from: Duration, to: Duration) -> Axis {
        Axis { from, to: to.max(from + Duration::from_millis(1)) }
    }

    /// Where a time stands; times beyond an end stand at that end.
    pub(super) fn x(&self, time: Duration) -> u64 {
        let since = time.clamp(self.from, self.to).saturating_sub(self.from).as_nanos();
        let span = (self.to.saturating_sub(self.from)).as_nanos().max(1);
        LEFT + u64::try_from(since * u128::from(RIGHT - LEFT) / span).expect("a point of the axis is within the width")
    }

    /// Whether any of `from..=to` is on it.
    pub(super) fn shows(&self, from: Duration, to: Duration) -> bool {
        from <= self.to && to >= self.from
    }

    /// Grid lines from `top` to `bottom` with the time below each.
    pub(super) fn ticks(&self, top: u64, bottom: u64) -> Markup {
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

    /// The least round step, in microseconds, that gives at most eight ticks.
    fn step(&self) -> u128 {
        let span = self.to.saturating_sub(self.from).as_micros();
        let mut decade = 1;
        loop {
            for step in [decade, 2 * decade, 5 * decade] {
                if span / step <= 8 {
                    return step;
                }
            }
            decade *= 10;
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
                        text.bandlabel x=(band.x + 3) y=(top + band.level * LINE + 11) { (band.label) }
                    }
                }
            }
        }
    }

    fn bands_with_levels(&self, story: &Story<'_>) -> Vec<Band> {
        let mut levels = Levels::default();
        let ms = Duration::from_millis;
        let shown =
            story.results.effects.iter().filter(|effect| self.shows(ms(effect.window_ms.0), ms(effect.window_ms.1)));
        let bands = shown.take(MOST_BANDS).map(|effect| {
            let (from, to) = (ms(effect.window_ms.0), ms(effect.window_ms.1));
            let effective = effect.is_effective();
            let hit = if effective { "" } else { " · hit nothing" };
            let label = format!("{}{hit}", words::clipped_to(&effect.fault, 48));
            let x = self.x(from);
            let level = levels.place(x, x + text_width(&label));
            let told = format!("{} – {}: {}{hit}", words::at(from), words::at(to), words::clipped(&effect.fault));
            Band { x, width: (self.x(to) - x).max(2), label, told, level, effective }
        });
        bands.collect()
    }
}

struct Band {
    x: u64,
    width: u64,
    label: String,
    told: String,
    level: u64,
    effective: bool,
}

const MOST_LEVELS: u64 = 6;
const MOST_BANDS: usize = 60;

/// Lines of text, in which labels are placed so that none hides another.
#[derive(Default)]
pub(super) struct Levels {
    ends: Vec<u64>,
}

impl Levels {
    /// The first line that is free from `from` on, taken until `to`. Callers go from left to right.
    pub(super) fn place(&mut self, from: u64, to: u64) -> u64 {
        let free = self.ends.iter().position(|&end| end + 6 <= from).unwrap_or(self.ends.len());
        match self.ends.get_mut(free) {
            Some(end) => *end = to,
            None => self.ends.push(to),
        }
        free as u64
    }

    /// How many lines are used.
    pub(super) fn used(&self) -> u64 {
        self.ends.len() as u64
    }
}

/// About how wide a label is: a little more than it needs.
pub(super) fn text_width(text: &str) -> u64 {
    text.chars().count() as u64 * 7
}

fn tick(time: Duration, step_micros: u128) -> String {
    match step_micros {
        1_000_000.. => format!("{} s", time.as_secs()),
        100_000.. => format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100),
        _ => words::at(time),
    }
}
