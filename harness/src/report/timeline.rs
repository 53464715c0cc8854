//! The timeline of a contradiction: a lane per process, a bar per operation, the faults behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::{Evidence, Operation, Value};

use super::axis::{Axis, LEFT, LINE, Levels, RIGHT, WIDTH, text_width};
use super::story::Story;
use super::words;

/// Beyond these, a figure shows less and says so.
const MOST_LANES: usize = 24;
const MOST_BARS: usize = 300;
const LONGEST_LABEL: usize = 44;
const BAR: u64 = 12;

/// A lane with its bars, from top to bottom.
struct Lane<'s, 'a> {
    process: u64,
    top: u64,
    height: u64,
    bars: Vec<Bar<'s, 'a>>,
}

struct Bar<'s, 'a> {
    operation: &'s Operation<'a>,
    /// The label and the line it stands in, if the operation is of the evidence.
    label: Option<(String, u64)>,
}

/// The figure, with a caption that says what it leaves out.
pub(super) fn html(story: &Story<'_>, number: usize, evidence: &Evidence, operations: &[&Operation<'_>]) -> Markup {
    let axis = window(story, operations);
    let told: BTreeSet<u64> = operations.iter().map(|operation| operation.index()).collect();
    let (shown, left_out) = chosen(story, &axis, operations, &told);
    let top = 8 + axis.band_lines(story) * LINE;
    let lanes = lanes(&axis, &shown, &told, top + 6);
    let bottom = lanes.last().map_or(top, |lane| lane.top + lane.height) + 4;
    let id = format!("timeline{number}");
    let healed = Duration::from_millis(story.plan.length_ms);
    html! {
        figure {
            div.scroll {
                svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22)) role="img" aria-labelledby=(format!("{id}-title {id}-desc")) {
                    title id=(format!("{id}-title")) { "Timeline of contradiction " (number) }
                    desc id=(format!("{id}-desc")) {
                        "Operations as bars from invocation to completion, one lane per process, from "
                        (words::at(axis.from)) " to " (words::at(axis.to)) ". The table below holds the same."
                    }
                    (axis.bands(story, 4, bottom))
                    (axis.ticks(4, bottom))
                    @if axis.shows(healed, healed) {
                        line.heal x1=(axis.x(healed)) y1="4" x2=(axis.x(healed)) y2=(bottom) { title { "every fault is healed" } }
                    }
                    @for lane in &lanes { (drawn(story, &axis, evidence, lane)) }
                }
            }
            figcaption {
                "From " (words::at(axis.from)) " to " (words::at(axis.to)) ". "
                "Filled: ok. Hollow: fail. Dashed: info, to the end, because it may still take effect. "
                "Outlined strongly: the operations of the table below; the others are on the same object. "
                "Shaded: faults. Only dashed at their edges: faults that hit nothing."
                @if left_out > 0 { " Left out: " (words::count(left_out, "other operation")) " in this time." }
            }
        }
    }
}

/// The time of the evidence's operations, and a little around it.
fn window(story: &Story<'_>, operations: &[&Operation<'_>]) -> Axis {
    let from = operations.iter().map(|operation| operation.invocation.time).min().unwrap_or_default();
    // an unknown operation may take effect until the end, which would squeeze the rest: its completion bounds the window
    let ends = |operation: &&Operation<'_>| operation.completion.map_or(operation.invocation.time, |event| event.time);
    let to = operations.iter().map(ends).max().unwrap_or(from).min(story.end);
    let around = (to.saturating_sub(from) / 10).max(Duration::from_millis(20));
    Axis::new(from.saturating_sub(around), to + around)
}

/// The operations to draw: the evidence's, then those on the same objects, as far as there is room.
fn chosen<'s, 'a>(
    story: &'s Story<'a>,
    axis: &Axis,
    operations: &[&'s Operation<'a>],
    told: &BTreeSet<u64>,
) -> (Vec<&'s Operation<'a>>, usize) {
    let keys: BTreeSet<&Value> = operations.iter().map(|operation| &operation.invocation.key).collect();
    let mut processes: BTreeSet<u64> = operations.iter().map(|operation| operation.process()).collect();
    let mut shown = operations.to_vec();
    let mut left_out = 0;
    for operation in &story.operations {
        let unseen = !axis.shows(operation.invocation.time, story.ends(operation));
        if unseen || told.contains(&operation.index()) {
            continue;
        }
        let has_lane = processes.contains(&operation.process()) || processes.len() < MOST_LANES;
        if keys.contains(&operation.invocation.key) && has_lane && shown.len() < MOST_BARS {
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
                    (label, level)
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
    let told = words::clipped_to(&words::asked_and_answered(operation), LONGEST_LABEL);
    format!("#{} {told}{node}", operation.index())
}

/// Above the beginning of its bar, unless it would run out of the figure there.
fn label_x(axis: &Axis, operation: &Operation<'_>, label: &str) -> u64 {
    axis.x(operation.invocation.time).min(RIGHT.saturating_sub(text_width(label))).max(LEFT)
}

fn drawn(story: &Story<'_>, axis: &Axis, evidence: &Evidence, lane: &Lane<'_, '_>) -> Markup {
    let bottom = lane.top + lane.height;
    let bar_top = bottom - BAR - 5;
    html! {
        line.lane x1="0" y1=(bottom) x2=(WIDTH) y2=(bottom) {}
        text.lanelabel x="4" y=(bar_top + 10) { "process " (lane.process) }
        @for bar in &lane.bars {
            @let operation = bar.operation;
            @let (x, end) = (axis.x(operation.invocation.time), axis.x(story.ends(operation)));
            @let told = if bar.label.is_some() { "told" } else { "around" };
            @let culprit = if evidence.culprit == Some(operation.index()) { "culprit" } else { "" };
            g {
                title { (label(operation)) ", " (words::outcome(operation)) ", from " (words::at(operation.invocation.time)) }
                rect class=(format!("bar {} {told} {culprit}", words::class(operation)))
                    x=(x) y=(bar_top) width=((end - x).max(4)) height=(BAR) rx="2" {}
                @if let Some((label, level)) = &bar.label {
                    text class=(format!("barlabel {culprit}")) x=(label_x(axis, operation, label)) y=(lane.top + level * LINE + 13) {
                        (label)
                    }
                }
            }
        }
    }
}
