//! The tables of numbers: outcomes and latency by group, the run itself, and the faults with what they hit.

use netsplit_checker::stats::Summary;

use super::story::Story;
use super::table::{Row, Table};
use super::words;

/// Rows beyond which a table of groups is cut.
const MOST_ROWS: usize = 60;

const GROUP: [&str; 10] = ["", "attempted", "ok", "fail", "info", "available", "p50", "p95", "p99", "max"];

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

/// The size of the run.
pub(super) fn run(story: &Story<'_>) -> Table {
    let (plan, results) = (story.plan, story.results);
    let hits = results.effects.iter().filter(|effect| effect.is_effective()).count();
    let mut table = Table::words("The run", &["", ""]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), words::clipped(&value)]);
    row("system", format!("{}: {}", plan.system, plan.system().about));
    row("workload", format!("{}: {}", plan.workload, plan.workload().about));
    row("nemesis", plan.nemesis.clone());
    row("seed", plan.seed.to_string());
    row("nodes, clients", format!("{}, {}", plan.nodes.len(), plan.scripts.len()));
    row("faults planned, hitting something", format!("{}, {hits}", results.effects.len()));
    row("messages sent", results.messages.to_string());
    row("simulated time", words::at(results.simulated));
    row("digest of history and messages", results.digest.clone());
    table
}

/// Outcomes, availability and latency, from the whole to the parts.
pub(super) fn outcomes(story: &Story<'_>) -> Vec<Table> {
    let stats = &story.results.stats;
    let all = std::iter::once(("all".to_owned(), &stats.overall));
    let per_f = stats.per_f.iter().map(|(f, summary)| (f.clone(), summary));
    let outside = std::iter::once(("outside every fault window".to_owned(), &stats.outside));
    let windows = stats.windows.iter().enumerate().map(|(at, window)| {
        let name = story.results.effects.get(at).map_or("", |effect| &effect.fault);
        (format!("{} – {} {name}", words::at(window.from), words::at(window.to)), &window.overall)
    });
    let per_node = stats.per_node.iter().map(|(node, summary)| (node.clone(), summary));
    let during = stats.windows.iter().enumerate().flat_map(|(at, window)| {
        let fault = story.results.effects.get(at).map_or(at.to_string(), |effect| effect.step.to_string());
        window.per_node.iter().map(move |(node, summary)| (format!("fault {fault}, {node}"), summary))
    });
    let mut tables = vec![
        groups("By operation", all.chain(per_f)),
        groups("By the node that was asked", per_node),
        groups("Operations that overlap a fault window", outside.chain(windows)),
        groups("During each fault, by the node that was asked", during),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// Every fault with what it hit, or with a mark that it hit nothing.
pub(super) fn faults(story: &Story<'_>) -> Table {
    let head = [
        "fault",
        "from",
        "to",
        "what broke",
        "blocked messages",
        "interrupted operations",
        "refused connections",
        "hit",
    ];
    let mut table = Table::words("Faults and what they hit", &head);
    for effect in &story.results.effects {
        let at = |ms: u64| words::at(std::time::Duration::from_millis(ms));
        let (from, to) = effect.window_ms;
        let hit = if effect.is_effective() { "yes" } else { "nothing: it tests nothing" };
        table.rows.push(Row {
            id: None,
            class: if effect.is_effective() { "" } else { "missed" },
            cells: vec![
                effect.step.to_string(),
                at(from),
                at(to),
                words::clipped(&effect.fault),
                effect.blocked.to_string(),
                effect.interrupted.to_string(),
                effect.refused.to_string(),
                hit.to_owned(),
            ],
        });
    }
    table.at_most(MOST_ROWS)
}
