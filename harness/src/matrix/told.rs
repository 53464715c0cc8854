//! The comparison as tables: for people, and for other programs.

use std::time::Duration;

use super::cell::Cell;
use super::literature::compared;
use super::measure::Share;
use crate::page::table::Column;
use crate::report::escaped_for_markdown;
use crate::sheet::Sheet;
use crate::statistics::wilson;

/// The columns for people, without the counterexample.
pub const COLUMNS: &[Column<Cell>] = &[
    Column { name: "system", about: "The system.", text: |cell| cell.system.clone(), key: None },
    Column { name: "faults", about: "The nemesis.", text: |cell| cell.nemesis.clone(), key: None },
    Column {
        name: "claims",
        about: "What it promises under these faults; a weakened variant promises too much.",
        text: claim,
        key: None,
    },
    Column {
        name: "strongest model that held",
        about: "Of the models of registers, the strongest that was proven in every run; what was not decided is told.",
        text: |cell| cell.rungs.told().unwrap_or_else(none),
        key: Some(|cell| cell.rungs.height().map(f64::from)),
    },
    Column {
        name: "broken runs",
        about: "Runs that contradict what is claimed; in brackets, where nothing is, the system's strongest claim.",
        text: |cell| if cell.claim.is_some() { of(cell.broken) } else { format!("({})", of(cell.broken)) },
        key: Some(|cell| share(cell.broken)),
    },
    Column {
        name: "undecided",
        about: "Runs in which a checker reached its bounds.",
        text: |cell| cell.unknown.to_string(),
        key: Some(|cell| u32::try_from(cell.unknown).ok().map(f64::from)),
    },
    Column {
        name: "vacuous",
        about: "Runs whose pass means nothing: no fault hit anything, or nothing could have been refuted.",
        text: |cell| percent(share(cell.vacuous)),
        key: Some(|cell| share(cell.vacuous)),
    },
    Column {
        name: "writes lost",
        about: "Of the acknowledged writes of a set, with the 95 % interval (Wilson), which takes the writes of a run to be independent.",
        text: lost,
        key: Some(|cell| share(cell.lost)),
    },
    Column {
        name: "available",
        about: "Answered, of what clients asked in the main phase.",
        text: |cell| percent(share(cell.service.answered)),
        key: Some(|cell| share(cell.service.answered)),
    },
    Column {
        name: "majority side",
        about: "During a cut between nodes: answered, of what was asked of nodes that reached most nodes and that clients reached.",
        text: |cell| percent(share(cell.service.majority)),
        key: Some(|cell| share(cell.service.majority)),
    },
    Column {
        name: "minority side",
        about: "During a cut between nodes: answered, of what was asked of the other nodes.",
        text: |cell| percent(share(cell.service.minority)),
        key: Some(|cell| share(cell.service.minority)),
    },
    Column {
        name: "p50",
        about: "Half of the answers took at most this long, in simulated time.",
        text: |cell| took(cell.latency(50)),
        key: Some(|cell| cell.latency(50).map(ms)),
    },
    Column {
        name: "p99",
        about: "99 of 100 answers took at most this long.",
        text: |cell| took(cell.latency(99)),
        key: Some(|cell| cell.latency(99).map(ms)),
    },
    Column {
        name: "messages/operation",
        about: "Messages sent in the main phase, those between clients and nodes among them, per operation asked for.",
        text: |cell| messages(cell).map_or_else(none, |each| format!("{each:.1}")),
        key: Some(messages),
    },
    Column {
        name: "converged",
        about: "Runs in which all nodes gave the same final answers, and the longest time from the heal to the last of them; they are asked one second after the heal.",
        text: converged,
        key: Some(|cell| share(cell.converged.0)),
    },
];

/// What stands where there is no number.
fn none() -> String {
    "–".to_owned()
}

fn claim(cell: &Cell) -> String {
    match cell.claim {
        None => "nothing".to_owned(),
        Some((level, false)) => level.word().to_owned(),
        Some((level, true)) => format!("{} (weakened)", level.word()),
    }
}

/// A share as a number; `None` of nothing.
pub fn share(Share { hits, all }: Share) -> Option<f64> {
    let number = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    (all > 0).then(|| number(hits) / number(all))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(none, |share| format!("{:.1} %", 100.0 * share))
}

fn of(Share { hits, all }: Share) -> String {
    format!("{hits} of {all}")
}

fn lost(cell: &Cell) -> String {
    let Some((low, high)) = wilson(cell.lost.hits, cell.lost.all) else { return none() };
    format!("{} ({:.1}–{:.1} %)", percent(share(cell.lost)), 100.0 * low, 100.0 * high)
}

/// Milliseconds as a number.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn took(time: Option<Duration>) -> String {
    time.map_or_else(none, |time| format!("{:.0} ms", ms(time)))
}

fn messages(cell: &Cell) -> Option<f64> {
    share(Share { hits: cell.service.messages, all: cell.service.answered.all })
}

fn converged(cell: &Cell) -> String {
    let (runs, longest) = cell.converged;
    if runs.hits == 0 { of(runs) } else { format!("{}, {}", of(runs), took(Some(longest))) }
}

/// Where the report of the counterexample is, beside the page.
pub fn report(exhibit: &str) -> String {
    format!("{exhibit}/report.html")
}

/// For people: the columns, and a link to the counterexample.
pub fn people(cells: &[Cell]) -> Sheet {
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).chain(["counterexample"]).collect();
    let mut sheet = Sheet::new(&names);
    for cell in cells {
        let link = cell.exhibit().map_or_else(none, |exhibit| format!("[{}]({exhibit}/report.md)", anomaly(cell)));
        sheet.rows.push(COLUMNS.iter().map(|column| (column.text)(cell)).chain([link]).collect());
    }
    sheet
}

fn anomaly(cell: &Cell) -> String {
    cell.first.as_ref().map(|(_, _, signature)| escaped_for_markdown(&signature.anomaly)).unwrap_or_default()
}

/// A column for programs.
type Field = (&'static str, fn(&Cell) -> String);

const FIELDS: &[Field] = &[
    ("system", |cell| cell.system.clone()),
    ("nemesis", |cell| cell.nemesis.clone()),
    ("workloads", |cell| cell.workloads.join("+")),
    ("claim", |cell| cell.claim.map(|(level, _)| level.word().to_owned()).unwrap_or_default()),
    ("weakened", |cell| cell.claim.is_some_and(|(_, weakened)| weakened).to_string()),
    ("strongest", |cell| cell.rungs.told().unwrap_or_default()),
    ("runs", |cell| cell.broken.all.to_string()),
    ("broken", |cell| cell.broken.hits.to_string()),
    ("unknown", |cell| cell.unknown.to_string()),
    ("vacuous", |cell| cell.vacuous.hits.to_string()),
    ("writes_acknowledged", |cell| cell.lost.all.to_string()),
    ("writes_lost", |cell| cell.lost.hits.to_string()),
    ("lost_share", |cell| number(share(cell.lost))),
    ("lost_low", |cell| number(wilson(cell.lost.hits, cell.lost.all).map(|(low, _)| low))),
    ("lost_high", |cell| number(wilson(cell.lost.hits, cell.lost.all).map(|(_, high)| high))),
    ("available", |cell| number(share(cell.service.answered))),
    ("available_majority", |cell| number(share(cell.service.majority))),
    ("available_minority", |cell| number(share(cell.service.minority))),
    ("p50_ms", |cell| number(cell.latency(50).map(ms))),
    ("p99_ms", |cell| number(cell.latency(99).map(ms))),
    ("messages_per_operation", |cell| number(messages(cell))),
    ("converged", |cell| cell.converged.0.hits.to_string()),
    ("converged_ms", |cell| number((cell.converged.0.hits > 0).then(|| ms(cell.converged.1)))),
    ("anomaly", |cell| cell.first.as_ref().map(|(_, _, one)| one.anomaly.clone()).unwrap_or_default()),
    ("seed", |cell| cell.first.as_ref().map(|(_, seed, _)| seed.to_string()).unwrap_or_default()),
    ("counterexample", |cell| cell.exhibit().unwrap_or_default()),
];

/// Empty if it is not known.
fn number(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.4}")).unwrap_or_default()
}

/// For other programs: shares from 0 to 1, times in milliseconds, an empty cell is not known.
pub fn programs(cells: &[Cell]) -> Sheet {
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    let mut sheet = Sheet::new(&names);
    sheet.rows = cells.iter().map(|cell| FIELDS.iter().map(|(_, text)| text(cell)).collect()).collect();
    sheet
}

/// What stands before the command that made the page.
const MADE_BY: &str = "Made by `";

/// The command that made a page for people without a browser, if it says so.
pub fn command_in(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(MADE_BY)?;
    rest.split_once('`').map(|(command, _)| command)
}

/// The page for people without a browser.
pub fn markdown(cells: &[Cell], command: &str) -> String {
    let columns = COLUMNS.iter().map(|column| format!("- **{}**: {}\n", column.name, column.about));
    let known = compared(&programs(cells));
    let known = known.iter().map(|one| format!("- {}\n", escaped_for_markdown(&one.told())));
    format!(
        "# The comparison\n\nWhat each system keeps of its promises under each family of faults, and what that costs. \
         {MADE_BY}{command}`.\n\n{}\n{}\n## What the literature says\n\n{}",
        people(cells).markdown(),
        columns.collect::<String>(),
        known.collect::<String>()
    )
}
