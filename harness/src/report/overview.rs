//! The whole run in two figures: outcomes over time, and latency over time on a logarithmic scale.

use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::Operation;

use super::axis::{Axis, LEFT, LINE, RIGHT, WIDTH};
use super::story::Story;
use super::table::Table;
use super::words;

const BUCKET_MS: u64 = 500;
const MOST_BUCKETS: u64 = 120;
const MOST_DOTS: usize = 1500;
const PLOT: u64 = 150;

/// What became of the operations that were invoked in a stretch of time.
#[derive(Clone, Default)]
struct Bucket {
    /// ok, fail, info
    counts: [u64; 3],
}

impl Bucket {
    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

struct Buckets {
    width: Duration,
    all: Vec<Bucket>,
}

const CLASSES: [&str; 3] = ["ok", "fail", "info"];

fn buckets(story: &Story<'_>) -> Buckets {
    let end_ms = u64::try_from(story.end.as_millis()).unwrap_or(u64::MAX).max(1);
    let width_ms = BUCKET_MS * end_ms.div_ceil(BUCKET_MS * MOST_BUCKETS);
    let count = usize::try_from(end_ms / width_ms + 1).expect("there are few buckets");
    let mut all = vec![Bucket::default(); count];
    for operation in &story.operations {
        let at = operation.invocation.time.as_millis() / u128::from(width_ms);
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(count - 1);
        let outcome = CLASSES.iter().position(|&class| class == words::class(operation)).unwrap_or(2);
        all[at].counts[outcome] += 1;
    }
    Buckets { width: Duration::from_millis(width_ms), all }
}

/// The counts behind the first figure.
pub(super) fn table(story: &Story<'_>) -> Table {
    let buckets = buckets(story);
    let mut table = Table::numbers("Operations by the time of their invocation", &["from", "ok", "fail", "info"]);
    for (at, bucket) in buckets.all.iter().enumerate().filter(|(_, bucket)| bucket.total() > 0) {
        let from = buckets.width * u32::try_from(at).expect("there are few buckets");
        table.row(std::iter::once(words::at(from)).chain(bucket.counts.iter().map(u64::to_string)));
    }
    table
}

/// Both figures, and the first one's numbers; the second one's are the quantiles of the tables.
pub(super) fn html(story: &Story<'_>) -> Markup {
    html! {
        (rates(story))
        (latency(story))
        details { summary { "The same as numbers" } (table(story).html()) }
    }
}

fn rates(story: &Story<'_>) -> Markup {
    let buckets = buckets(story);
    let axis = Axis::new(Duration::ZERO, story.end);
    let top = 8 + axis.band_lines(story) * LINE;
    let bottom = top + PLOT;
    let most = buckets.all.iter().map(Bucket::total).max().unwrap_or(0).max(1);
    let height = |count: u64| count * (PLOT - 8) / most;
    html! {
        figure {
            (figure_svg(story, &axis, bottom, "rates", "Outcomes over time", "Stacked bars: ok at the bottom, then fail, then info, by the time of invocation.", &html! {
                text.lanelabel x="4" y=(bottom - height(most) + 5) { (most) " ops" }
                text.lanelabel x="4" y=(bottom) { "0" }
                @for (at, bucket) in buckets.all.iter().enumerate() {
                    @let from = buckets.width * u32::try_from(at).expect("there are few buckets");
                    @let (x, end) = (axis.x(from), axis.x(from + buckets.width));
                    g {
                        title { (words::at(from)) ": " (bucket.counts[0]) " ok, " (bucket.counts[1]) " fail, " (bucket.counts[2]) " info" }
                        @for (which, class) in CLASSES.iter().enumerate() {
                            @let below: u64 = bucket.counts[..which].iter().sum();
                            @let tall = height(below + bucket.counts[which]) - height(below);
                            @if bucket.counts[which] > 0 {
                                rect class=(format!("bar {class}")) x=(x) y=(bottom - height(below) - tall.max(1)) width=(end.saturating_sub(x + 1).max(1)) height=(tall.max(1)) {}
                            }
                        }
                    }
                }
            }))
            figcaption {
                "Operations per " (words::took(buckets.width)) ", by the time of their invocation. "
                span.key.ok {} " ok " span.key.fail {} " fail " span.key.info {} " info "
                span.key.band {} " a fault; only dashed at its edges: it hit nothing. "
                "The line at " (words::at(Duration::from_millis(story.plan.length_ms))) " is where everything is healed; then come a quiet time and the final reads."
            }
        }
    }
}

fn latency(story: &Story<'_>) -> Markup {
    let answered: Vec<(&Operation<'_>, Duration)> = story
        .operations
        .iter()
        .filter_map(|operation| {
            let took = operation.completion?.time.saturating_sub(operation.invocation.time);
            Some((operation, took))
        })
        .collect();
    let every = answered.len().div_ceil(MOST_DOTS).max(1);
    let longest = answered.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let decades = decades(longest);
    let axis = Axis::new(Duration::ZERO, story.end);
    let top = 8 + axis.band_lines(story) * LINE;
    let bottom = top + PLOT;
    html! {
        figure {
            (figure_svg(story, &axis, bottom, "latency", "Latency over time", "A dot per completed operation, on a logarithmic scale.", &html! {
                @for decade in 0..=decades {
                    @let y = bottom - PLOT * decade / decades;
                    line.grid x1=(LEFT) y1=(y) x2=(RIGHT) y2=(y) {}
                    text.lanelabel x="4" y=(y + 4) { (10_u64.pow(u32::try_from(decade).expect("there are few decades"))) " ms" }
                }
                @for (operation, took) in answered.iter().step_by(every) {
                    circle class=(format!("dot {}", words::class(operation))) cx=(axis.x(operation.invocation.time)) cy=(bottom - high(*took, decades)) r="2" {}
                }
            }))
            figcaption {
                "Time from invocation to completion, logarithmic. "
                @if every > 1 { "One of " (every) " operations is drawn. " }
                span.key.ok {} " ok " span.key.fail {} " fail " span.key.info {} " info (given up at the deadline)"
            }
        }
    }
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

fn figure_svg(story: &Story<'_>, axis: &Axis, bottom: u64, id: &str, title: &str, desc: &str, plot: &Markup) -> Markup {
    let healed = Duration::from_millis(story.plan.length_ms);
    html! {
        div.scroll {
            svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22)) role="img" aria-labelledby=(format!("{id}-title {id}-desc")) {
                title id=(format!("{id}-title")) { (title) }
                desc id=(format!("{id}-desc")) { (desc) " From 0 to " (words::at(story.end)) ". The numbers are in the tables." }
                (axis.bands(story, 4, bottom))
                (axis.ticks(4, bottom))
                line.heal x1=(axis.x(healed)) y1="4" x2=(axis.x(healed)) y2=(bottom) { title { "every fault is healed" } }
                (plot)
            }
        }
    }
}
