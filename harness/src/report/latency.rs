//! Latency over time on a logarithmic scale: every operation as a dot, and the quantiles as lines.

use std::fmt::Write;
use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::{Operation, Outcome};

use super::axis::{Axis, LEFT, LINE, RIGHT};
use super::document::Block;
use super::rates::{Buckets, CLASSES, PLOT, whole_run};
use super::story::Story;
use super::table::Table;
use super::words;

const MOST_DOTS: usize = 2500;

/// The quantiles that are drawn, in hundredths.
const QUANTILES: [usize; 3] = [50, 95, 99];

/// The figure and its numbers.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let completed = story.operations.iter().filter(|operation| operation.completion.is_some()).count();
    if completed == 0 {
        return Vec::new();
    }
    let every = completed.div_ceil(MOST_DOTS).max(1);
    let mut caption = "Time from invocation to completion, on a logarithmic scale: a dot for each operation (info: given up at the \
                       deadline), and three lines for the quantiles of what was answered: 50 % (thick), 95 %, 99 % (dashed)."
        .to_owned();
    if every > 1 {
        let _infallible = write!(caption, " One of {every} operations is drawn.");
    }
    let buckets = Buckets::of(story);
    let figure = Block::Figure(drawn(story, &buckets, every), caption);
    let numbers = Block::More("Latency as numbers".to_owned(), vec![Block::Table(table(&buckets))]);
    vec![Block::Part("Latency".to_owned(), vec![figure, numbers])]
}

fn took(operation: &Operation<'_>) -> Option<Duration> {
    Some(operation.completion?.time.saturating_sub(operation.invocation.time))
}

/// The quantiles of what was answered in each stretch of time that saw an answer (nearest rank).
fn quantiles(buckets: &Buckets<'_, '_>) -> Vec<(Duration, [Duration; 3])> {
    let each = buckets.each().filter_map(|(from, operations)| {
        let answered = operations.iter().filter(|operation| matches!(operation.outcome(), Outcome::Ok(_)));
        let mut times: Vec<Duration> = answered.filter_map(|operation| took(operation)).collect();
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        Some((from, QUANTILES.map(|percent| times[(times.len() * percent).div_ceil(100).saturating_sub(1).min(last)])))
    });
    each.collect()
}

fn table(buckets: &Buckets<'_, '_>) -> Table {
    let mut table =
        Table::numbers("Latency of what was answered, by the time of invocation", &["from", "p50", "p95", "p99"]);
    for (from, quantiles) in quantiles(buckets) {
        table.row(std::iter::once(words::at(from)).chain(quantiles.map(words::took)));
    }
    table
}

fn drawn(story: &Story<'_>, buckets: &Buckets<'_, '_>, every: usize) -> Markup {
    let longest = story.operations.iter().filter_map(took).max().unwrap_or_default();
    let decades = decades(longest);
    let axis = Axis::new(Duration::ZERO, story.end);
    let top = 8 + axis.band_lines(story) * LINE;
    let bottom = top + PLOT;
    let y = |took: Duration| bottom - high(took, decades);
    let quantiles = quantiles(buckets);
    let plot = html! {
        @for decade in 0..=decades {
            @let y = bottom - PLOT * decade / decades;
            line.grid x1=(LEFT) y1=(y) x2=(RIGHT) y2=(y) {}
            text.lanelabel x="4" y=(y + 4) { (words::about(Duration::from_millis(10_u64.pow(u32::try_from(decade).expect("there are few decades"))))) }
        }
        @for class in CLASSES { path class=(format!("dots {class}")) d=(dots(story, &axis, class, every, y)) {} }
        @for (which, percent) in QUANTILES.iter().enumerate() {
            path class=(format!("quantile p{percent}")) d=(line(&axis, buckets.width, &quantiles, which, y)) {}
        }
    };
    whole_run(story, &axis, bottom, "latency", "Latency over time", &plot)
}

/// All dots of a class as one path of points: a tenth of the bytes that circles would take.
fn dots(story: &Story<'_>, axis: &Axis, class: &str, every: usize, y: impl Fn(Duration) -> u64) -> String {
    let completed = story.operations.iter().filter_map(|operation| Some((operation, took(operation)?)));
    let mut path = String::new();
    for (operation, took) in completed.step_by(every).filter(|(operation, _)| words::class(operation) == class) {
        let _infallible = write!(path, "M{} {}h0", axis.x(operation.invocation.time), y(took));
    }
    path
}

/// A step for each stretch of time, and a gap where nothing was answered.
fn line(
    axis: &Axis,
    width: Duration,
    quantiles: &[(Duration, [Duration; 3])],
    which: usize,
    y: impl Fn(Duration) -> u64,
) -> String {
    let mut path = String::new();
    let mut drawn_to = None;
    for (from, quantiles) in quantiles {
        let pen = if drawn_to == Some(*from) { 'L' } else { 'M' };
        drawn_to = Some(*from + width);
        let _infallible = write!(path, "{pen}{} {}H{}", axis.x(*from), y(quantiles[which]), axis.x(*from + width));
    }
    path
}

/// How many powers of ten, from a millisecond on, hold `longest`.
fn decades(longest: Duration) -> u64 {
    (1..9).find(|&decade| longest.as_millis() <= 10_u128.pow(decade)).unwrap_or(9).into()
}

/// The logarithm by integer arithmetic, so that it is the same everywhere: linear between the powers of two.
fn high(took: Duration, decades: u64) -> u64 {
    let micros = took.as_micros().clamp(1000, 1_000_000_000_000);
    let scaled = micros * 1024 / 1000;
    let power = u64::from(scaled.ilog2()) - 10;
    let within = u64::try_from((scaled << 10 >> (power + 10)) - 1024).expect("it is below 1024");
    // a power of ten is 3.3219 powers of two
    ((power * 1024 + within) * PLOT / (decades * 3402)).min(PLOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_power_of_ten_is_as_high_as_the_others() {
        let heights: Vec<u64> = [1, 10, 100, 1000].map(|millis| high(Duration::from_millis(millis), 3)).to_vec();
        for (heights, ideal) in heights.iter().zip([0, PLOT / 3, 2 * PLOT / 3, PLOT]) {
            assert!(heights.abs_diff(ideal) <= 2, "{heights} and {ideal}");
        }
    }
}
