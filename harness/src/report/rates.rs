//! Outcomes over time: how many operations a stretch of time saw, and how they ended.

use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::Operation;

use super::axis::{Axis, LINE, WIDTH};
use super::document::Block;
use super::story::Story;
use super::table::Table;
use super::words;

const BUCKET_MS: u64 = 500;
const MOST_BUCKETS: u64 = 120;
/// The height of a plot.
pub(super) const PLOT: u64 = 150;

/// The outcomes, from the bottom to the top of a bar.
pub(super) const CLASSES: [&str; 3] = ["ok", "fail", "info"];

/// The time of the run in equal stretches, with the operations that were invoked in each.
pub(super) struct Buckets<'s, 'a> {
    /// The length of each.
    pub(super) width: Duration,
    /// From the beginning to the end.
    pub(super) all: Vec<Vec<&'s Operation<'a>>>,
}

impl<'s, 'a> Buckets<'s, 'a> {
    /// At most so many that each can be seen.
    pub(super) fn of(story: &'s Story<'a>) -> Buckets<'s, 'a> {
        let end_ms = u64::try_from(story.end.as_millis()).unwrap_or(u64::MAX).max(1);
        let width_ms = BUCKET_MS * end_ms.div_ceil(BUCKET_MS * MOST_BUCKETS);
        let count = usize::try_from(end_ms / width_ms + 1).expect("there are few buckets");
        let mut all = vec![Vec::new(); count];
        for operation in &story.operations {
            let at = operation.invocation.time.as_millis() / u128::from(width_ms);
            let at = usize::try_from(at).unwrap_or(usize::MAX).min(count - 1);
            all[at].push(operation);
        }
        Buckets { width: Duration::from_millis(width_ms), all }
    }

    /// Each with its beginning.
    pub(super) fn each(&self) -> impl Iterator<Item = (Duration, &[&'s Operation<'a>])> {
        self.all.iter().enumerate().map(|(at, operations)| {
            (self.width * u32::try_from(at).expect("there are few buckets"), operations.as_slice())
        })
    }
}

/// How many ended ok, fail, info.
pub(super) fn outcomes<'s, 'a: 's>(operations: impl IntoIterator<Item = &'s &'s Operation<'a>>) -> [u64; 3] {
    let mut counts = [0; 3];
    for operation in operations {
        counts[CLASSES.iter().position(|&class| class == words::class(operation)).unwrap_or(2)] += 1;
    }
    counts
}

/// The figure and its numbers.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let buckets = Buckets::of(story);
    let caption = format!(
        "Operations per {}, by the time of their invocation: ok at the bottom, then fail (hollow), then info (amber, dashed). Shaded: \
         faults; dashed at their edges: they hit nothing. The dotted line at {} is where everything is healed; then come a quiet \
         time and the final reads.",
        words::took(buckets.width),
        words::at(story.healed())
    );
    let figure = Block::Figure(drawn(story, &buckets), caption);
    let numbers = Block::More("Outcomes as numbers".to_owned(), vec![Block::Table(table(&buckets))]);
    vec![Block::Part("Outcomes".to_owned(), vec![figure, numbers])]
}

fn table(buckets: &Buckets<'_, '_>) -> Table {
    let mut table = Table::numbers("Operations by the time of their invocation", &["from", "ok", "fail", "info"]);
    for (from, operations) in buckets.each().filter(|(_, operations)| !operations.is_empty()) {
        table.row(std::iter::once(words::at(from)).chain(outcomes(operations).map(|count| count.to_string())));
    }
    table
}

fn drawn(story: &Story<'_>, buckets: &Buckets<'_, '_>) -> Markup {
    let axis = Axis::new(Duration::ZERO, story.end);
    let top = 8 + axis.band_lines(story) * LINE;
    let bottom = top + PLOT;
    let most = buckets.all.iter().map(Vec::len).max().unwrap_or(0).max(1) as u64;
    let height = |count: u64| count * (PLOT - 8) / most;
    let plot = html! {
        text.lanelabel x="4" y=(bottom - height(most) + 5) { (most) " operations" }
        text.lanelabel x="4" y=(bottom) { "0" }
        @for (from, operations) in buckets.each() {
            @let (x, end) = (axis.x(from), axis.x(from + buckets.width));
            @let counts = outcomes(operations);
            g {
                title { (words::at(from)) ": " (counts[0]) " ok, " (counts[1]) " fail, " (counts[2]) " info" }
                @for (which, class) in CLASSES.iter().enumerate() {
                    @let below: u64 = counts[..which].iter().sum();
                    @let tall = height(below + counts[which]) - height(below);
                    @if counts[which] > 0 {
                        rect class=(format!("bar {class}")) x=(x) y=(bottom - height(below) - tall.max(1)) width=(end.saturating_sub(x + 1).max(1)) height=(tall.max(1)) {}
                    }
                }
            }
        }
    };
    whole_run(story, &axis, bottom, "rates", "Outcomes over time", &plot)
}

/// A figure of the whole run, with its faults behind the plot; a table beside it holds its numbers.
pub(super) fn whole_run(story: &Story<'_>, axis: &Axis, bottom: u64, id: &str, title: &str, plot: &Markup) -> Markup {
    let healed = story.healed();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22)) role="img" aria-labelledby=(format!("{id}-title {id}-desc")) {
            title id=(format!("{id}-title")) { (title) }
            desc id=(format!("{id}-desc")) { (axis.told()) " The numbers are in the table that follows." }
            (axis.bands(story, 4, bottom))
            (axis.ticks(4, bottom))
            line.heal x1=(axis.x(healed)) y1="4" x2=(axis.x(healed)) y2=(bottom) { title { "every fault is healed" } }
            (plot)
        }
    }
}
