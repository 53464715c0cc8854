//! The numbers: what became of the operations, and of the elements of a set or the items of an auction, where they were.

use netsplit_checker::auction;
use netsplit_checker::set_full::{Counts, SetFull};
use netsplit_checker::stats::Summary;

use super::document::{Block, Tile};
use super::story::Story;
use super::table::{Row, Table};
use super::words;

/// Rows beyond which a table of groups is cut.
const MOST_ROWS: usize = 60;

const GROUP: [&str; 10] = ["", "attempted", "ok", "fail", "info", "answered", "p50", "p95", "p99", "max"];

/// The part.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let stats = &story.results.stats;
    let mut blocks = vec![Block::Tiles(operations(&stats.overall))];
    if let Some(counts) = elements(story) {
        blocks.push(Block::Text(format!(
            "What became of {} that clients tried to add, {} of them acknowledged:",
            words::count(counts.attempted, "element"),
            counts.acknowledged
        )));
        blocks.push(Block::Tiles(survivors(&counts)));
    }
    if let Some(winners) = winners(story) {
        blocks.push(Block::Text("How many winners were announced of each item, by whoever was asked:".to_owned()));
        blocks.push(Block::Tiles(sold(&winners)));
    }
    let all = std::iter::once(("all".to_owned(), &stats.overall));
    let per_f = stats.per_f.iter().map(|(f, summary)| (f.clone(), summary));
    blocks.push(Block::Table(groups("By operation", all.chain(per_f))));
    let per_node = stats.per_node.iter().map(|(node, summary)| (node.clone(), summary));
    let outside = std::iter::once(("outside every fault".to_owned(), &stats.outside));
    let during = stats.windows.iter().zip(story.faults()).map(|(window, fault)| {
        (format!("{} – {} {}", words::at(window.from), words::at(window.to), fault.name), &window.overall)
    });
    for (name, table) in [
        ("By the node that was asked", groups("By node", per_node)),
        ("During each fault", groups("Operations that overlap each fault", outside.chain(during))),
    ] {
        if !table.rows.is_empty() {
            blocks.push(Block::More(name.to_owned(), vec![Block::Table(table)]));
        }
    }
    blocks
}

fn tile(name: &str, count: u64) -> Tile {
    Tile { name: name.to_owned(), value: count.to_string(), is_bad: false }
}

fn operations(overall: &Summary) -> Vec<Tile> {
    let share = words::share(overall.availability_permille);
    vec![
        tile("attempted", overall.ok + overall.fail + overall.info),
        tile("acknowledged", overall.ok),
        tile("failed", overall.fail),
        tile("indeterminate", overall.info),
        Tile { name: "answered".to_owned(), value: share, is_bad: false },
    ]
}

/// What became of each element, in a run that was judged by the checker of sets.
fn elements(story: &Story<'_>) -> Option<Counts> {
    story.results.verdicts.iter().find(|judged| judged.checker == "set-full")?;
    SetFull::default().report(&story.recording.history).ok().map(|report| report.counts)
}

fn survivors(counts: &Counts) -> Vec<Tile> {
    let bad = |name, count: u64| Tile { is_bad: count > 0, ..tile(name, count) };
    vec![
        tile("survivors", counts.stable),
        bad("lost", counts.lost),
        tile("unacknowledged but found", counts.recovered),
        bad("stale", counts.stale),
        bad("duplicated", counts.duplicated),
        bad("never added but found", counts.phantom + counts.failed_but_visible),
    ]
}

/// How many winners each item had, in a run that was judged by the checker of auctions.
fn winners(story: &Story<'_>) -> Option<Vec<usize>> {
    story.results.verdicts.iter().find(|judged| judged.checker == "auction")?;
    auction::winners(&story.recording.history).ok()
}

fn sold(winners: &[usize]) -> Vec<Tile> {
    let several = winners.iter().filter(|count| **count > 1).count() as u64;
    let most = winners.iter().max().copied().unwrap_or_default() as u64;
    vec![
        tile("items sold", winners.len() as u64),
        Tile { is_bad: several > 0, ..tile("sold to several", several) },
        tile("most winners of one item", most),
    ]
}

fn group(name: &str, summary: &Summary) -> Row {
    let counts = [summary.ok + summary.fail + summary.info, summary.ok, summary.fail, summary.info];
    let mut cells = vec![words::clipped(name)];
    cells.extend(counts.iter().map(u64::to_string));
    cells.push(words::share(summary.availability_permille));
    cells.extend(match summary.latency {
        Some(latency) => [latency.p50, latency.p95, latency.p99, latency.max].map(words::took),
        None => [const { "–" }; 4].map(str::to_owned),
    });
    Row { cells, ..Row::default() }
}

fn groups<'s>(caption: &str, rows: impl Iterator<Item = (String, &'s Summary)>) -> Table {
    let mut table = Table::numbers(caption, &GROUP);
    table.rows = rows.map(|(name, summary)| group(&name, summary)).collect();
    table.at_most(MOST_ROWS)
}
