//! Whether the nodes came to the same: every final read, at each node, and whether it was answered as most were.

use std::fmt::Write;

use maud::{Markup, html};

use super::axis::{Axis, LEFT, LINE, RIGHT, WIDTH};
use super::document::Block;
use super::story::Story;
use super::table::Table;
use super::words;
use crate::convergence::{self, Fared, Read};

/// More nodes than these are not drawn; the table has them.
const MOST_NODES: usize = 16;
const MOST_DOTS: usize = 2000;
const LANE: u64 = 22;

/// How final reads fare, with the class that colours their dots and how far below their lane's middle these stand.
const WAYS: [(Fared, &str, u64); 3] =
    [(Fared::Agrees, "ok", 0), (Fared::Differs, "bad", 6), (Fared::Unanswered, "info", 3)];

/// The figure and its numbers; nothing for a run without final reads.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let reads = convergence::reads(story.case, &story.operations);
    if reads.is_empty() {
        return Vec::new();
    }
    let every = reads.len().div_ceil(MOST_DOTS).max(1);
    let mut caption = "A lane for each node, a dot for each final read at the moment of its answer: green as most nodes \
                       answered the same question, red and lower otherwise, amber unanswered and asked again. The dotted line \
                       is the heal."
        .to_owned();
    if every > 1 {
        let _infallible = write!(caption, " One of {every} reads is drawn.");
    }
    let blocks = vec![
        Block::Text(told(story, &reads)),
        Block::Figure(drawn(story, &reads, every), caption),
        Block::More("Final reads as numbers".to_owned(), vec![Block::Table(table(story, &reads))]),
    ];
    vec![Block::Part("Convergence".to_owned(), blocks)]
}

/// What came of it, in a sentence.
fn told(story: &Story<'_>, reads: &[Read<'_>]) -> String {
    let differing: Vec<&str> = nodes(story).filter(|node| count(reads, node, Fared::Differs) > 0).collect();
    if let Some(took) = convergence::took(story.case, reads) {
        return format!(
            "Every node gave the same final answers; {} after the heal the last of them had. They are asked {} after it.",
            words::about(took),
            words::about(std::time::Duration::from_millis(story.case.quiet_ms))
        );
    }
    if differing.is_empty() {
        "No answers differ, but not every node answered every final read.".to_owned()
    } else {
        format!("The nodes did not come to the same: {} answered otherwise than most.", words::listed(&differing))
    }
}

fn nodes<'a>(story: &Story<'a>) -> impl Iterator<Item = &'a str> {
    story.case.finale_nodes.iter().map(String::as_str)
}

fn count(reads: &[Read<'_>], node: &str, fared: Fared) -> usize {
    reads.iter().filter(|read| read.node == node && read.fared == fared).count()
}

fn table(story: &Story<'_>, reads: &[Read<'_>]) -> Table {
    let head = ["node", "agrees", "differs", "unanswered", "last answer"];
    let mut table = Table::numbers("Final reads at each node", &head);
    for node in nodes(story) {
        let last = reads.iter().filter(|read| read.node == node && read.fared != Fared::Unanswered);
        let last = last.map(|read| read.at).max().map_or_else(|| "never".to_owned(), words::at);
        let counts = WAYS.map(|(fared, ..)| count(reads, node, fared).to_string());
        table.row(std::iter::once(node.to_owned()).chain(counts).chain([last]));
    }
    table.at_most(60)
}

fn drawn(story: &Story<'_>, reads: &[Read<'_>], every: usize) -> Markup {
    let axis = Axis::new(story.healed(), story.end);
    let nodes: Vec<&str> = nodes(story).take(MOST_NODES).collect();
    let (top, bottom) = (8, 8 + LANE * nodes.len() as u64);
    let healed = axis.x(story.healed());
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22)) role="img" aria-labelledby="agreement-title agreement-desc" {
            title #agreement-title { "Final reads at each node" }
            desc #agreement-desc { (axis.told()) " The numbers are in the table that follows." }
            (axis.ticks(top, bottom))
            line.heal x1=(healed) y1="4" x2=(healed) y2=(bottom) { title { "every fault is healed" } }
            @for (at, node) in nodes.iter().enumerate() {
                @let y = top + LANE * (at as u64 + 1);
                text.lanelabel x="4" y=(y - LINE / 2) { (words::clipped_to(node, 12)) }
                line.lane x1=(LEFT) y1=(y) x2=(RIGHT) y2=(y) {}
            }
            @for (fared, class, lower) in WAYS {
                @let path = dots(&axis, reads.iter().step_by(every).filter(|read| read.fared == fared), &nodes, top + LANE / 2 - 3 + lower);
                path class=(format!("dots {class}")) d=(path) {}
            }
        }
    }
}

/// The dots of one way to fare as one path of points.
fn dots<'r>(axis: &Axis, reads: impl Iterator<Item = &'r Read<'r>>, nodes: &[&str], first: u64) -> String {
    let mut path = String::new();
    for read in reads {
        let Some(lane) = nodes.iter().position(|node| *node == read.node) else { continue };
        let _infallible = write!(path, "M{} {}h0", axis.x(read.at), first + LANE * lane as u64);
    }
    path
}
