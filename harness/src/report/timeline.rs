//! The timeline of a contradiction: a lane per process, a bar per operation, the faults behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::{Evidence, Operation, Value};

use super::axis::{Axis, LEFT, LINE, Levels, RIGHT, WIDTH, text_width};
use super::document::Scope;
use super::story::Story;
use super::words;

/// Beyond these, a figure shows less and says so.
const MOST_LANES: usize = 16;
const LONGEST_LABEL: usize = 52;
const BAR: u64 = 12;
/// An operation that takes longer is shown at its two ends only.
pub(super) const LONG: Duration = Duration::from_secs(3);
/// As much of a long operation, and of a fault, is surely shown.
const GLIMPSE: Duration = Duration::from_millis(250);

/// A lane with its bars, from top to bottom.
struct Lane<'s, 'a> {
    process: u64,
    top: u64,
    height: u64,
    bars: Vec<Bar<'s, 'a>>,
}

struct Bar<'s, 'a> {
    operation: &'s Operation<'a>,
    /// The label, where it stands and in which line, if the operation is of the evidence.
    label: Option<(String, u64, u64)>,
}

/// The figure, with at most so many operations that are not of the evidence, and a caption that says what it leaves out.
pub(super) fn figure(
    story: &Story<'_>,
    evidence: &Evidence,
    operations: &[&Operation<'_>],
    scope: &Scope,
    most_around: usize,
) -> (Markup, String) {
    let axis = Axis::around(spans(story, operations));
    let (shown, left_out) = chosen(story, &axis, operations, most_around);
    let top = 8 + axis.band_lines(story) * LINE;
    let lanes = lanes(&axis, &shown, &scope.operations, top + 6);
    let bottom = lanes.last().map_or(top, |lane| lane.top + lane.height) + 4;
    let id = format!("{}-timeline", scope.prefix);
    let healed = story.healed();
    let drawing = html! {
        svg.zoomable viewBox=(format!("0 0 {WIDTH} {}", bottom + 22)) role="group" aria-labelledby=(format!("{id}-title")) aria-describedby=(format!("{id}-desc")) {
            title id=(format!("{id}-title")) { "Timeline of the operations" }
            desc id=(format!("{id}-desc")) {
                "Operations as bars from invocation to completion, one lane for each process. " (axis.told())
                " The table beside it holds the same."
            }
            (axis.bands(story, 4, bottom))
            (axis.ticks(4, bottom))
            @if axis.shows(healed, healed) {
                line.heal x1=(axis.x(healed)) y1="4" x2=(axis.x(healed)) y2=(bottom) { title { "every fault is healed" } }
            }
            @for lane in &lanes { (drawn(story, &axis, evidence, scope, lane)) }
        }
    };
    let mut caption = format!(
        "{} Filled: ok. Hollow: fail. Dashed: info, drawn to the end because it may still take effect. Outlined and labelled: the \
         operations of the table; the pale ones are others on the same object. Shaded: faults; dashed at their edges: faults that hit nothing.",
        axis.told()
    );
    caption.push_str(&words::left_out(left_out, "other operation"));
    (drawing, caption)
}

/// The times that have to be seen: of the evidence's operations, and between two of them the first fault that hit.
pub(super) fn spans(story: &Story<'_>, operations: &[&Operation<'_>]) -> Vec<(Duration, Duration)> {
    let mut spans = Vec::new();
    for operation in operations {
        let from = operation.invocation.time;
        // an unknown operation may take effect until the end, which would squeeze the rest: its completion bounds it
        let to = operation.completion.map_or(from, |event| event.time);
        if to.saturating_sub(from) > LONG {
            spans.extend([(from, from + GLIMPSE), (to.saturating_sub(GLIMPSE), to)]);
        } else {
            spans.push((from, to));
        }
    }
    spans.sort();
    let first_fault = |two: &[(Duration, Duration)]| {
        let (from, to) = (two[0].1, two[1].0);
        let fault = story.faults().find(|fault| fault.effective && fault.from > from && fault.from < to)?;
        Some((fault.from, fault.to.min(fault.from + GLIMPSE).min(to)))
    };
    let faults: Vec<(Duration, Duration)> = spans.windows(2).filter_map(first_fault).take(3).collect();
    spans.extend(faults);
    spans
}

/// The operations to draw: the evidence's, then those on the same objects, as far as there is room.
fn chosen<'s, 'a>(
    story: &'s Story<'a>,
    axis: &Axis,
    operations: &[&'s Operation<'a>],
    most_around: usize,
) -> (Vec<&'s Operation<'a>>, usize) {
    let keys: BTreeSet<&Value> = operations.iter().map(|operation| &operation.invocation.key).collect();
    let mut processes: BTreeSet<u64> = operations.iter().map(|operation| operation.process()).collect();
    let told: BTreeSet<u64> = operations.iter().map(|operation| operation.index()).collect();
    let mut shown = operations.to_vec();
    let mut left_out = 0;
    for operation in &story.operations {
        let unseen = !axis.shows(operation.invocation.time, story.ends(operation));
        if unseen || told.contains(&operation.index()) || !keys.contains(&operation.invocation.key) {
            continue;
        }
        let has_lane = processes.contains(&operation.process()) || processes.len() < MOST_LANES;
        if has_lane && shown.len() < operations.len() + most_around {
            processes.insert(operation.process());
            shown.push(operation);
        } else {
            left_out += 1;
        }
    }
    shown.sort_by_key(|operation| operation.invoked_at);
    (shown, left_out)
}

fn lanes<'s, 'a>(axis: &Axis, shown: &[&'s Operation<'a>], told: &BTreeSet<u64>, top: u64) -> Vec<Lane<'s, 'a>> {
    let mut by_process: BTreeMap<u64, Vec<&'s Operation<'a>>> = BTreeMap::new();
    for operation in shown {
        by_process.entry(operation.process()).or_default().push(operation);
    }
    let mut top = top;
    let lane = |(process, operations): (u64, Vec<&'s Operation<'a>>)| {
        let mut levels = Levels::default();
        let bars: Vec<Bar<'s, 'a>> = operations
            .into_iter()
            .map(|operation| {
                let label = told.contains(&operation.index()).then(|| {
                    let label = label(operation);
                    let x = label_x(axis, operation, &label);
                    let level = levels.place(x, x + text_width(&label));
                    (label, x, level)
                });
                Bar { operation, label }
            })
            .collect();
        let lane = Lane { process, top, height: levels.used() * LINE + BAR + 10, bars };
        top += lane.height;
        lane
    };
    by_process.into_iter().map(lane).collect()
}

fn label(operation: &Operation<'_>) -> String {
    let node = operation.invocation.node.as_deref().map_or_else(String::new, |node| format!(" at {node}"));
    format!("#{} {}{node}", operation.index(), words::clipped_to(&words::asked_and_answered(operation), LONGEST_LABEL))
}

/// Above the beginning of its bar, unless it would run out of the figure there.
fn label_x(axis: &Axis, operation: &Operation<'_>, label: &str) -> u64 {
    axis.x(operation.invocation.time).min(RIGHT.saturating_sub(text_width(label))).max(LEFT)
}

fn drawn(story: &Story<'_>, axis: &Axis, evidence: &Evidence, scope: &Scope, lane: &Lane<'_, '_>) -> Markup {
    let bottom = lane.top + lane.height;
    let bar_top = bottom - BAR - 5;
    html! {
        line.lane x1="0" y1=(bottom) x2=(WIDTH) y2=(bottom) {}
        text.lanelabel x="4" y=(bar_top + 10) { "process " (lane.process) }
        @for bar in &lane.bars {
            @let operation = bar.operation;
            @let (x, end) = (axis.x(operation.invocation.time), axis.x(story.ends(operation)));
            @let class = words::class(operation);
            @let width = (end - x).max(4);
            @if let Some((label, label_x, level)) = &bar.label {
                @let name = format!("{}-{}", scope.prefix, operation.index());
                @let culprit = if evidence.culprit == Some(operation.index()) { "culprit" } else { "" };
                a id=(format!("{name}-bar")) href=(format!("#{name}")) data-op=(name) class=(culprit) {
                    title { (label) ", " (words::outcome(operation)) ", from " (words::at(operation.invocation.time)) }
                    rect class=(format!("bar {class} told")) x=(x) y=(bar_top) width=(width) height=(BAR) rx="2" {}
                    text.barlabel x=(label_x) y=(lane.top + level * LINE + 13) { (label) }
                }
            } @else {
                rect class=(format!("bar {class} around")) x=(x) y=(bar_top) width=(width) height=(BAR) rx="2" {
                    title { (label(operation)) ", " (words::outcome(operation)) }
                }
            }
        }
    }
}
