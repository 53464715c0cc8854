//! The tables of the zoo: for people, and for other programs.

use super::{Fared, MOST_FAULTS, MOST_OPERATIONS, Medians, Witness};
use crate::sheet::Sheet;
use crate::statistics::{Waits, wilson};

/// A row: how a bug fared, and its witness where one was looked for.
pub type Row = (Fared, Option<Witness>);

const HEAD: [&str; 8] =
    ["bug", "twin", "workload, faults", "anomaly", "found", "seeds to find it", "witness", "alarms of the twin"];

/// For people.
pub fn people(rows: &[Row]) -> Sheet {
    let mut sheet = Sheet::new(&HEAD);
    sheet.rows = rows.iter().map(|(fared, witness)| person(fared, *witness)).collect();
    sheet
}

fn person(fared: &Fared, witness: Option<Witness>) -> Vec<String> {
    let bug = fared.bug;
    let anomaly = match &fared.first {
        Some((_, signature)) => signature.anomaly.clone(),
        None => format!("MISSED ({})", bug.anomalies.join(" or ")),
    };
    let witness = witness.map_or_else(
        || "–".to_owned(),
        |Witness { size, is_minimal }| {
            let told = format!("{} faults, {} operations", size.faults, size.operations);
            if is_minimal { told } else { format!("{told}, not minimal") }
        },
    );
    let alarms = match &fared.alarms {
        (0, _) => "none".to_owned(),
        (count, Some((seed, one))) => format!("ALARM in {count}: seed {seed}, {one}"),
        (count, None) => format!("ALARM in {count}"),
    };
    vec![
        bug.system.into(),
        bug.twin.into(),
        format!("{}, {}", bug.workload, bug.nemesis),
        anomaly,
        format!("{} of {}", fared.found, fared.seeds),
        waited(&fared.waits),
        witness,
        alarms,
    ]
}

/// `3 (2–5)`: the median, and its 95 % interval.
fn waited(waits: &Waits) -> String {
    let told = |wait: Option<u64>| wait.map_or_else(|| format!(">{}", waits.block), |wait| wait.to_string());
    match waits.interval {
        Some((from, to)) => format!("{} ({}–{})", told(waits.median), told(from), told(to)),
        None => told(waits.median),
    }
}

const COLUMNS: [&str; 20] = [
    "bug",
    "twin",
    "workload",
    "nemesis",
    "anomaly",
    "seeds",
    "found",
    "found_low",
    "found_high",
    "first_seed",
    "block",
    "blocks",
    "wait_median",
    "wait_low",
    "wait_high",
    "witness_faults",
    "witness_operations",
    "witness_minimal",
    "alarms",
    "right",
];

/// For other programs: an empty cell is not known, a wait longer than a block, or not asked for.
pub fn programs(rows: &[Row]) -> Sheet {
    let mut sheet = Sheet::new(&COLUMNS);
    sheet.rows = rows.iter().map(|(fared, witness)| program(fared, *witness)).collect();
    sheet
}

fn program(fared: &Fared, witness: Option<Witness>) -> Vec<String> {
    let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let bug = fared.bug;
    let (low, high) = wilson(fared.found, fared.seeds).unwrap_or((0.0, 1.0));
    let (from, to) = fared.waits.interval.unwrap_or_default();
    let first = fared.first.as_ref();
    let mut cells: Vec<String> = [bug.system, bug.twin, bug.workload, bug.nemesis].map(str::to_owned).to_vec();
    cells.extend([
        first.map(|(_, one)| one.anomaly.clone()).unwrap_or_default(),
        fared.seeds.to_string(),
        fared.found.to_string(),
        format!("{low:.4}"),
        format!("{high:.4}"),
        known(first.map(|(seed, _)| *seed)),
        fared.waits.block.to_string(),
        fared.waits.blocks.to_string(),
        known(fared.waits.median),
        known(from),
        known(to),
        known(witness.map(|one| one.size.faults as u64)),
        known(witness.map(|one| one.size.operations as u64)),
        witness.map(|one| one.is_minimal.to_string()).unwrap_or_default(),
        fared.alarms.0.to_string(),
        fared.is_right().to_string(),
    ]);
    cells
}

/// How the bugs and their twins fared, and how large the witnesses are, a line each.
pub fn summary(rows: &[Row]) -> Vec<String> {
    let missed = rows.iter().filter(|(fared, _)| fared.found == 0).count();
    let alarms = rows.iter().filter(|(fared, _)| fared.alarms.0 > 0).count();
    let found = rows.len() - missed;
    let mut lines =
        vec![format!("{} bugs: {found} found, {missed} missed; {alarms} twins raised an alarm", rows.len())];
    let witnesses: Vec<Witness> = rows.iter().filter_map(|(_, witness)| *witness).collect();
    lines.extend(Medians::of(&witnesses).map(|medians| {
        format!(
            "witnesses: medians of faults {}, of operations {}, {} at most {MOST_FAULTS} and {MOST_OPERATIONS}; {} of {} are \
             known to be minimal",
            medians.faults,
            medians.operations,
            if medians.are_small() { "as wanted" } else { "and are to be" },
            medians.minimal,
            medians.witnesses
        )
    }));
    lines
}

/// The page for people.
pub fn markdown(rows: &[Row], command: &str, skipped: &[String]) -> String {
    let mut text = format!(
        "# The zoo\n\nPlanted bugs, each one rule left out of a right system, and whether netsplit finds them. Made by \
         `{command}`.\n\n{}\n{}\n\n{}\n",
        people(rows).markdown(),
        summary(rows).join("\n\n"),
        METHOD
    );
    if !skipped.is_empty() {
        text.push_str("\nNot run:\n\n");
        text.extend(skipped.iter().map(|one| format!("- {}\n", crate::report::escaped_for_markdown(one))));
    }
    text
}

/// How the numbers come about.
const METHOD: &str = "\
- **found**: in how many of the seeds one of the bug's anomalies contradicted its claim.
- **seeds to find it**: the seeds are cut into blocks of consecutive seeds, about as many as a block has seeds. In each \
block counts the place of the first seed that finds the bug. Shown are the median over the blocks, and in brackets its 95 % \
interval by order statistics, which needs at least six blocks. `>n` is more than the n seeds of a block.
- **witness**: the first run that found it, shrunk until no single fault or operation can be left out.
- **alarms of the twin**: runs of the right system with the same seeds that showed anything at all; there must be none.
";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::shrink::Size;
    use crate::zoo::Runs;
    use crate::zoo::bugs::BUGS;

    /// The row of a bug that no seed found, with a witness of such a size.
    fn row(faults: usize, operations: usize) -> Row {
        let nothing_shown = BUGS[0].settings().map(|setting| (setting, vec![Vec::new(); 6]));
        let length = Duration::from_secs(1);
        let size = Size { faults, operations, setup: 0, final_reads: 0, clients: 1, keys: 1, nodes: 3, length };
        (Fared::of(BUGS[0], &Runs::from(nothing_shown)), Some(Witness { size, is_minimal: true }))
    }

    #[test]
    fn the_summary_tells_what_was_missed_and_whether_the_median_witness_is_small() {
        let [fared, small] = summary(&[row(1, 3), row(2, 8), row(0, 900)]).try_into().expect("there are two lines");
        assert_eq!(fared, "3 bugs: 0 found, 3 missed; 0 twins raised an alarm");
        let told = "medians of faults 1, of operations 8, as wanted at most 3 and 8; 3 of 3 are known to be minimal";
        assert_eq!(small, format!("witnesses: {told}"));
        assert!(summary(&[row(4, 1)])[1].contains("faults 4, of operations 1, and are to be at most 3 and 8"));
        assert_eq!(summary(&[(row(0, 0).0, None)]).len(), 1, "nothing was shrunk");
    }
}
