//! The outcome for people: as Markdown, for a file and a CI's page, and as a sheet for a terminal.

use std::fmt::Write;

use super::canary::Canary;
use super::findings::Finding;
use super::outcome::Outcome;
use super::regressions::Kept;
use crate::report::escaped_for_markdown;
use crate::sheet::Sheet;

const MEMORY: &str = "writing to memory does not fail";

/// So many findings are told in full on one page.
const MOST_TOLD: usize = 20;

/// How every system fared.
pub fn systems(outcome: &Outcome) -> Sheet {
    let mut sheet =
        Sheet::new(&["system", "runs", "valid", "vacuous", "unknown", "broken", "no verdict", "share that is broken"]);
    for system in outcome.systems() {
        let runs = outcome.of_system(system);
        let numbers = [runs.runs(), runs.valid, runs.vacuous, runs.unknown, runs.broken(), runs.without_verdict()]
            .map(|n| n.to_string());
        sheet.rows.push([vec![system.to_owned()], numbers.to_vec(), vec![runs.told()]].concat());
    }
    sheet
}

/// What the whole campaign did, in lines.
pub fn lines(outcome: &Outcome) -> Vec<String> {
    let runs = &outcome.runs;
    let canary = Canary { runs: outcome.canary.runs, shown: outcome.canary.shown };
    let kept = |kept: Kept| outcome.regressions.iter().filter(|one| one.kept == kept).count();
    let mut lines = vec![
        format!("broken   {}", runs.told()),
        format!("canary   {canary}"),
        format!("again    {} runs were done by two processes, {} differ", outcome.again.runs, outcome.again.differing),
    ];
    if !outcome.regressions.is_empty() {
        let (all, broken, stale) = (outcome.regressions.len(), kept(Kept::Broken), kept(Kept::Stale));
        lines.push(format!("kept     {all} capsules replayed, {broken} broken, {stale} stale"));
    }
    lines.push(format!(
        "did      {} operations, {} messages, {} faults of which {} hit, {} simulated",
        runs.operations,
        runs.messages,
        runs.faults,
        runs.effective,
        humantime::format_duration(std::time::Duration::from_secs(runs.simulated_ms / 1000)),
    ));
    lines
}

/// The text of `summary.md`.
pub fn markdown(outcome: &Outcome) -> String {
    let spec = &outcome.campaign;
    let mut text = format!(
        "# netsplit campaign `{}`: {}\n\nSeeds {}, {} cells, {} runs{}.\n\n",
        escaped_for_markdown(&spec.name),
        outcome.verdict,
        spec.seeds_told(),
        spec.cells.len(),
        outcome.runs.runs(),
        if spec.shard.is_part() { format!(", shard {}", spec.shard) } else { String::new() },
    );
    text.extend(outcome.reasons.iter().map(|reason| format!("- {}\n", escaped_for_markdown(reason))));
    if !outcome.reasons.is_empty() {
        text.push('\n');
    }
    text.push_str(&systems(outcome).markdown());
    text.push('\n');
    text.extend(lines(outcome).iter().map(|line| {
        let (name, told) = line.split_once(' ').unwrap_or((line, ""));
        format!("- **{name}**: {}\n", escaped_for_markdown(told.trim_start()))
    }));
    if !outcome.findings.is_empty() {
        text.push_str("\n## Findings\n");
    }
    outcome.findings.iter().take(MOST_TOLD).for_each(|finding| tell(finding, outcome, &mut text));
    let more = outcome.findings.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        writeln!(text, "\nAnd {more} more, in `results.json`.").expect(MEMORY);
    }
    text
}

fn tell(finding: &Finding, outcome: &Outcome, text: &mut String) {
    write!(text, "\n### {}\n\n", escaped_for_markdown(&finding.title())).expect(MEMORY);
    text.push_str(&body(finding, outcome));
}

/// A finding as an issue's text: what, how often, why, and how to see it again.
pub fn body(finding: &Finding, outcome: &Outcome) -> String {
    let first = &finding.first;
    let mut text = format!("In {} runs, the first is `{}` with seed {}.\n", finding.runs, first.cell, first.seed);
    if let Some(shrunk) = &finding.shrunk {
        let (before, after) = &shrunk.sizes;
        write!(text, "\n{}\n\n", escaped_for_markdown(&shrunk.summary)).expect(MEMORY);
        text.extend(shrunk.steps.iter().map(|step| format!("- {}\n", escaped_for_markdown(step))));
        write!(
            text,
            "\nShrunk from {} faults, {} operations and {} nodes to {}, {} and {}{}.\n",
            before.faults,
            before.operations,
            before.nodes,
            after.faults,
            after.operations,
            after.nodes,
            if shrunk.is_minimal { ": nothing more can be left out" } else { "; it is not known to be minimal" },
        )
        .expect(MEMORY);
    }
    if let Some(why) = &finding.not_shrunk {
        write!(text, "\nNot shrunk: {}\n", escaped_for_markdown(why)).expect(MEMORY);
    }
    let draw = outcome.campaign.draw(&first.cell, first.seed);
    write!(text, "\n```sh\n{}\n", draw.command()).expect(MEMORY);
    text.extend(finding.folder.iter().map(|folder| format!("netsplit replay {folder}/capsule.json\n")));
    text.push_str("```\n");
    text
}
