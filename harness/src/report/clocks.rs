//! How wrong clocks were: each host whose clock a fault set wrong, and by how much, on a logarithmic scale.
//!
//! It is told from the faults: a jump stays as large as it is, a drift grows, a strobe comes and goes; all end with the
//! fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use maud::{Markup, html};
use netsplit_nemesis::{Fault, Skew, Step};

use super::axis::{Axis, LEFT, LINE, RIGHT};
use super::document::Block;
use super::flights::aimed_at;
use super::rates::whole_run;
use super::story::Story;
use super::table::Table;
use super::words;

const MOST_HOSTS: usize = 12;
/// A lane's height, from its middle up and down.
const HALF: u64 = 26;
/// The largest error that is drawn to scale, as a power of ten of milliseconds.
const DECADES: u32 = 6;
/// How far apart the points of a drift are at most, in milliseconds.
const GRAIN_MS: usize = 250;
const MOST_PULSES: u64 = 100;

/// The figure and its numbers; nothing for a run in which every clock was right.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let wrong = wrong(story);
    if wrong.is_empty() {
        return Vec::new();
    }
    let mut caption = "A lane for each host whose clock a fault set wrong: above its line the clock is ahead, below it is behind. \
                       Each power of ten, from 1 ms on, is as high as the others. A clock that \
                       jumps and is right again more than 100 times is drawn as if it stayed wrong. Timers run right: only what \
                       reads the time of day is deceived."
        .to_owned();
    if wrong.len() > MOST_HOSTS {
        let _infallible = write!(caption, " The first {MOST_HOSTS} of {} hosts are drawn.", wrong.len());
    }
    let numbers = Block::More("Clocks as numbers".to_owned(), vec![Block::Table(table(story, &wrong))]);
    vec![Block::Part("Clocks".to_owned(), vec![Block::Figure(drawn(story, &wrong), caption), numbers])]
}

/// The faults of each host's clock.
type Wrong<'s> = BTreeMap<String, Vec<(&'s Step, Skew)>>;

fn wrong<'s>(story: &Story<'s>) -> Wrong<'s> {
    let mut wrong = Wrong::new();
    for step in &story.case.schedule {
        let Fault::Skew { clock, .. } = step.fault else { continue };
        for host in aimed_at(story, step) {
            wrong.entry(host).or_default().push((step, clock));
        }
    }
    wrong
}

fn table(story: &Story<'_>, wrong: &Wrong<'_>) -> Table {
    let mut table = Table::words("Clocks that were wrong", &["host", "from", "to", "how", "at most"]);
    for (host, steps) in wrong {
        for (step, clock) in steps {
            let ends_ms = step.ends_ms().min(story.case.length_ms);
            let most = match *clock {
                Skew::Jump(ms) | Skew::Strobe(ms, _) => ms,
                Skew::Drift(ppm) => drifted_ms(ppm, ends_ms.saturating_sub(step.at_ms)),
            };
            let at = |ms| words::at(Duration::from_millis(ms));
            table.row([host.clone(), at(step.at_ms), at(ends_ms), clock.to_string(), ahead(most)]);
        }
    }
    table.at_most(60)
}

fn ahead(ms: i64) -> String {
    let size = words::about(Duration::from_millis(ms.unsigned_abs()));
    if ms < 0 { format!("{size} behind") } else { format!("{size} ahead") }
}

fn drifted_ms(ppm: i64, for_ms: u64) -> i64 {
    i64::try_from(for_ms).map_or(i64::MAX, |for_ms| ppm.saturating_mul(for_ms) / 1_000_000)
}

/// By how much a clock is ahead at a time, in milliseconds.
fn ahead_ms(steps: &[(&Step, Skew)], end_ms: u64, at_ms: u64) -> i64 {
    let each = steps.iter().map(|(step, clock)| {
        let is_there = pulses(step, end_ms).iter().any(|(from, to)| (*from..*to).contains(&at_ms));
        match *clock {
            Skew::Jump(ms) | Skew::Strobe(ms, _) if is_there => ms,
            Skew::Drift(ppm) if is_there => drifted_ms(ppm, at_ms - step.at_ms),
            _ => 0,
        }
    });
    each.fold(0, i64::saturating_add)
}

/// The times at which a clock's error may change, and just before each, so that a jump is drawn as one.
fn times(steps: &[(&Step, Skew)], end_ms: u64) -> Vec<u64> {
    let mut times = BTreeSet::from([0, end_ms]);
    for (step, _) in steps {
        for (from, to) in pulses(step, end_ms) {
            times.extend([from.saturating_sub(1), from, to.saturating_sub(1), to]);
        }
        times.extend((step.at_ms..step.ends_ms().min(end_ms)).step_by(GRAIN_MS));
    }
    times.into_iter().collect()
}

/// When a fault is there; one that comes and goes faster than can be drawn is drawn as if it stayed.
fn pulses(step: &Step, end_ms: u64) -> Vec<(u64, u64)> {
    if step.pulse_count(end_ms) > MOST_PULSES {
        return vec![(step.at_ms, step.ends_ms().min(end_ms))];
    }
    step.pulses(end_ms)
}

fn drawn(story: &Story<'_>, wrong: &Wrong<'_>) -> Markup {
    let axis = Axis::new(Duration::ZERO, story.end);
    let top = 8 + axis.band_lines(story) * LINE;
    let shown: Vec<_> = wrong.iter().take(MOST_HOSTS).collect();
    let bottom = top + 2 * HALF * shown.len() as u64;
    let plot = html! {
        @for (at, (host, steps)) in shown.iter().enumerate() {
            @let middle = top + HALF * (2 * at as u64 + 1);
            text.lanelabel x="4" y=(middle + 4) { (words::clipped_to(host, 12)) }
            line.lane x1=(LEFT) y1=(middle) x2=(RIGHT) y2=(middle) {}
            path.clock d=(line(story, &axis, steps, middle)) {}
        }
    };
    whole_run(story, &axis, bottom, "clocks", "How wrong each clock was over time", &plot)
}

fn line(story: &Story<'_>, axis: &Axis, steps: &[(&Step, Skew)], middle: u64) -> String {
    let end_ms = story.case.length_ms;
    let mut path = String::new();
    for at_ms in times(steps, end_ms) {
        let ms = ahead_ms(steps, end_ms, at_ms);
        let high = high(ms.unsigned_abs());
        let y = if ms < 0 { middle + high } else { middle - high };
        let pen = if path.is_empty() { 'M' } else { 'L' };
        let _infallible = write!(path, "{pen}{} {y}", axis.x(Duration::from_millis(at_ms)));
    }
    path
}

/// The height of an error: by the number of its digits, linear between two powers of ten.
fn high(ms: u64) -> u64 {
    let ms = ms.min(10_u64.pow(DECADES));
    let Some(power) = ms.checked_ilog10() else { return 0 };
    let decade = 10_u64.pow(power);
    let tenths = 10 * u64::from(power) + (ms - decade) * 10 / (9 * decade) + 3;
    (tenths * (HALF - 3) / (10 * u64::from(DECADES))).min(HALF - 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_stays_a_drift_grows_and_a_strobe_comes_and_goes() {
        let step = |clock| Step {
            id: 0,
            at_ms: 1000,
            lasts_ms: 4000,
            mid_sync: false,
            fault: Fault::Skew { hosts: Vec::new(), clock },
        };
        let at = |clock, ms| ahead_ms(&[(&step(clock), clock)], 10_000, ms);
        for (clock, ahead) in [
            (Skew::Jump(-50), [0, -50, -50, 0]),
            (Skew::Drift(100_000), [0, 100, 300, 0]),
            (Skew::Strobe(7, 2000), [0, 0, 0, 0]),
        ] {
            assert_eq!([999, 2000, 4000, 5000].map(|ms| at(clock, ms)), ahead, "{clock:?}");
        }
        assert_eq!([1000, 1999, 2000, 3000].map(|ms| at(Skew::Strobe(7, 2000), ms)), [7, 7, 0, 7]);
    }

    #[test]
    fn a_larger_error_is_drawn_higher_and_none_leaves_its_lane() {
        let heights: Vec<u64> = [0, 1, 9, 10, 90, 1000, 100_000, u64::MAX].map(high).to_vec();
        assert!(heights.is_sorted() && heights[0] == 0 && heights[1] > 0, "{heights:?}");
        assert!(heights.iter().all(|high| *high < HALF), "{heights:?}");
    }
}
