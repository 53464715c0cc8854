//! What was tried: the system, the load, and every fault with what it hit.

use netsplit_checker::stats::Summary;

use super::document::Block;
use super::story::Story;
use super::table::{Row, Table};
use super::words;

const MOST_ROWS: usize = 60;

/// The part.
pub(super) fn blocks(story: &Story<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Table(run(story))];
    let faults = faults(story);
    blocks.push(if faults.rows.is_empty() {
        Block::Text("No faults were planned: what breaks here breaks without any.".to_owned())
    } else {
        Block::Table(faults)
    });
    blocks
}

/// The size of the run.
fn run(story: &Story<'_>) -> Table {
    let (case, results) = (story.case, story.results);
    let hits = results.effects.iter().filter(|effect| effect.is_effective()).count();
    let mut table = Table::words("The run", &["what", "how much"]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), words::clipped_to(&value, 300)]);
    row("system", format!("{}: {}", case.system.name, case.system.about));
    row("it gives up", case.system.gives_up.to_owned());
    row("workload", format!("{}: {}", case.workload.name, case.workload.about));
    row("faults from", case.nemesis.clone());
    row("faults planned, and hitting something", format!("{}, {hits}", results.effects.len()));
    row("seed", case.seed.to_string());
    row("nodes, clients", format!("{}, {}", case.nodes.len(), case.scripts.len()));
    let overlapping = |all: &Summary| all.ok + all.fail + all.info;
    let during = overlapping(&results.stats.overall).saturating_sub(overlapping(&results.stats.outside));
    row("operations that overlap a fault", during.to_string());
    row("objects that were asked about", objects(story).to_string());
    row("messages sent", results.messages.to_string());
    row("simulated time", words::at(results.simulated));
    table
}

fn objects(story: &Story<'_>) -> usize {
    let keys: std::collections::BTreeSet<_> =
        story.operations.iter().map(|operation| &operation.invocation.key).collect();
    keys.len()
}

/// `1 message blocked`, `2 messages blocked`.
fn hit(count: u64, what: &str) -> String {
    let one = what.split_once(' ').and_then(|(things, how)| Some(format!("{} {how}", things.strip_suffix('s')?)));
    match (count, one) {
        (1, Some(one)) => format!("1 {one}"),
        _ => format!("{count} {what}"),
    }
}

/// Every fault with what it hit, or with a mark that it hit nothing.
fn faults(story: &Story<'_>) -> Table {
    let head = ["fault", "from", "to", "what broke", "what it hit"];
    let mut table = Table::words("Faults and what they hit", &head);
    for effect in &story.results.effects {
        let at = |ms: u64| words::at(std::time::Duration::from_millis(ms));
        let (from, to) = effect.window_ms;
        let hits = effect.hits.iter().map(|(what, count)| hit(*count, what));
        let hit = match hits.collect::<Vec<_>>() {
            hits if hits.is_empty() => "no message and no operation".to_owned(),
            hits => hits.join(", "),
        };
        table.rows.push(Row {
            operation: None,
            class: if effect.is_effective() { "" } else { "missed" },
            cells: vec![effect.step.to_string(), at(from), at(to), words::clipped(&effect.fault), hit],
        });
    }
    table.at_most(MOST_ROWS)
}
