//! Who could be asked: for each node and stretch of time, the share of what was asked of it that was answered.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::Operation;

use super::axis::{Axis, LEFT, LINE, RIGHT};
use super::document::Block;
use super::rates::{Buckets, CLASSES, outcomes, whole_run};
use super::story::Story;
use super::table::Table;
use super::words;

/// More nodes than these are not drawn; the table has more.
const MOST_NODES: usize = 16;
const MOST_ROWS: usize = 120;
/// The height of a node's lane, and of the bars in it.
const LANE: u64 = 26;
const BAR: u64 = 20;

/// The figure and its numbers; nothing for a history that names no nodes.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let nodes = &story.results.stats.per_node;
    if nodes.is_empty() {
        return Vec::new();
    }
    let mut caption =
        "A lane for each node: of what was asked of it, green was answered, grey failed without effect, amber stayed \
                       unknown. An empty place: nothing was asked."
            .to_owned();
    if nodes.len() > MOST_NODES {
        let _infallible = write!(caption, " The first {MOST_NODES} of {} nodes are drawn.", nodes.len());
    }
    let mut blocks = vec![Block::Figure(drawn(story), caption)];
    let table = table(story);
    if !table.rows.is_empty() {
        blocks.push(Block::More(
            "Availability of each node during each fault as numbers".to_owned(),
            vec![Block::Table(table)],
        ));
    }
    vec![Block::Part("Availability of each node".to_owned(), blocks)]
}

fn table(story: &Story<'_>) -> Table {
    let head = ["fault and node", "asked", "ok", "fail", "info", "answered"];
    let mut table = Table::numbers("Answered during each fault, by node", &head);
    for (window, fault) in story.results.stats.windows.iter().zip(story.faults()) {
        for (node, summary) in &window.per_node {
            let counts = [summary.ok + summary.fail + summary.info, summary.ok, summary.fail, summary.info];
            let name = format!("{} {}: {node}", words::at(fault.from), words::clipped_to(fault.name, 60));
            let cells = std::iter::once(name).chain(counts.iter().map(u64::to_string));
            table.row(cells.chain([words::share(summary.availability_permille)]));
        }
    }
    table.at_most(MOST_ROWS)
}

fn drawn(story: &Story<'_>) -> Markup {
    let axis = Axis::new(Duration::ZERO, story.end);
    let top = 8 + axis.band_lines(story) * LINE;
    let nodes: Vec<&str> = story.results.stats.per_node.keys().take(MOST_NODES).map(String::as_str).collect();
    let bottom = top + LANE * nodes.len() as u64;
    let buckets = Buckets::of(story);
    let paths = paths(&axis, &buckets, &nodes, top);
    let plot = html! {
        @for (at, node) in nodes.iter().enumerate() {
            @let y = top + LANE * (at as u64 + 1);
            text.lanelabel x="4" y=(y - 8) { (words::clipped_to(node, 12)) }
            line.lane x1=(LEFT) y1=(y) x2=(RIGHT) y2=(y) {}
        }
        @for (class, path) in CLASSES.iter().zip(&paths) { path class=(format!("bar {class}")) d=(path) {} }
    };
    whole_run(story, &axis, bottom, "availability", "Availability of each node over time", &plot)
}

/// The bars of each class as one path: of each stretch of time and node, ok at the bottom, then fail, then info.
fn paths(axis: &Axis, buckets: &Buckets<'_, '_>, nodes: &[&str], top: u64) -> [String; 3] {
    let mut paths = [const { String::new() }; 3];
    for (from, operations) in buckets.each() {
        let mut by_node: BTreeMap<&str, Vec<&&Operation<'_>>> = BTreeMap::new();
        for operation in operations {
            let node = operation.invocation.node.as_deref();
            by_node.entry(node.unwrap_or_default()).or_default().push(operation);
        }
        let (x, end) = (axis.x(from), axis.x(from + buckets.width));
        let width = end.saturating_sub(x + 1).max(1);
        for (at, node) in nodes.iter().enumerate() {
            let Some(asked) = by_node.get(node) else { continue };
            let floor = top + LANE * (at as u64 + 1);
            let counts = outcomes(asked.iter().copied());
            let mut below = 0;
            for (path, count) in paths.iter_mut().zip(counts) {
                let (low, high) = (BAR * below / asked.len() as u64, BAR * (below + count) / asked.len() as u64);
                if high > low {
                    let _infallible = write!(path, "M{x} {}h{width}v-{}h-{width}z", floor - low, high - low);
                }
                below += count;
            }
        }
    }
    paths
}
