//! The gallery: for each system and each anomaly of it, one small run that shows it.

use super::cell::Cell;
use super::{NotRun, Scope, Task};
use crate::gallery;
use crate::plan::BadConfig;
use crate::registry::Registry;
use crate::report::Often;
use crate::sheet::{Row, Sheet};
use crate::shrink::{Shrunk, Size};
use crate::signature::Signature;
use crate::zoo::bugs::{BUGS, Bug};

/// The folder of the gallery, beside the page.
pub const FOLDER: &str = "gallery";

/// Where a run was found that shows an anomaly, and how often runs of its kind do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// What it shows.
    pub signature: Signature,
    /// Its workload.
    pub workload: String,
    /// Its nemesis.
    pub nemesis: String,
    /// Its seed.
    pub seed: u64,
    /// How many of the runs that differ in their seeds alone show it.
    pub often: Often,
}

/// The name of the folder in which an anomaly of a system is shown: the same whatever run was found.
pub fn name(system: &str, anomaly: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{system}-{anomaly}").chars().map(plain).collect()
}

/// An exhibit for each system and anomaly that a cell found first: from a cell in which something is claimed, if there is
/// one, and of these the first.
pub fn of(cells: &[Cell], seeds: u64) -> Vec<Exhibit> {
    let mut exhibits: Vec<Exhibit> = Vec::new();
    for is_claimed in [true, false] {
        for cell in cells.iter().filter(|cell| cell.claim.is_some() == is_claimed) {
            let Some((workload, seed, signature)) = &cell.first else { continue };
            let is_same = |known: &Exhibit| {
                known.signature.system == signature.system && known.signature.anomaly == signature.anomaly
            };
            if !exhibits.iter().any(is_same) {
                exhibits.push(Exhibit {
                    signature: signature.clone(),
                    workload: workload.clone(),
                    nemesis: cell.nemesis.clone(),
                    seed: *seed,
                    often: Often { alike: cell.alike, runs: seeds },
                });
            }
        }
    }
    exhibits
}

/// The planted bugs of these systems, and of their kind, that no exhibit shows yet: they need workloads that the comparison
/// does not run.
pub fn planted(scope: &Scope, exhibits: &[Exhibit]) -> Vec<Bug> {
    let is_shown =
        |bug: &Bug| exhibits.iter().any(|known| known.signature.system == bug.system && bug.shows(&known.signature));
    let is_listed = |name| scope.registry.systems().iter().any(|system| system.name == name);
    // one that no list shows is shown beside the right system
    let is_here = |bug: &&Bug| {
        let beside = if is_listed(bug.system) { bug.system } else { bug.twin };
        scope.systems.iter().any(|system| system.name == beside)
    };
    BUGS.iter().filter(is_here).filter(|bug| !is_shown(bug)).copied().collect()
}

/// The runs in which a planted bug is looked for.
pub fn tasks(bug: &Bug, scope: &Scope) -> Result<Vec<Task>, NotRun> {
    let system = scope.registry.system(bug.system).map_err(BadConfig::from)?.name;
    let workload = scope.registry.workload(bug.workload).map_err(BadConfig::from)?.name;
    let task = |seed| Task { system, nemesis: bug.nemesis.to_owned(), workload, is_first: false, seed };
    Ok((0..scope.seeds).map(task).collect())
}

/// The exhibit of a planted bug from what its runs show, in the order of their seeds; `None` if none shows it.
pub fn of_bug(bug: &Bug, runs: &[Vec<Signature>]) -> Option<Exhibit> {
    let (seed, signature) = (0..).zip(runs).find_map(|(seed, run)| Some((seed, bug.shows_in(run)?)))?;
    let alike = runs.iter().filter(|run| run.contains(&signature)).count() as u64;
    Some(Exhibit {
        workload: bug.workload.to_owned(),
        nemesis: bug.nemesis.to_owned(),
        seed,
        often: Often { alike, runs: runs.len() as u64 },
        signature,
    })
}

impl Exhibit {
    /// The name of its folder.
    pub fn name(&self) -> String {
        name(&self.signature.system, &self.signature.anomaly)
    }

    /// The smallest run that `most` candidates lead to.
    pub fn smallest(&self, scope: &Scope, most: usize, stop: &(dyn Fn() -> bool + Sync)) -> Result<Shrunk, NotRun> {
        let task = Task {
            system: scope.registry.system(&self.signature.system).map_err(BadConfig::from)?.name,
            nemesis: self.nemesis.clone(),
            workload: scope.registry.workload(&self.workload).map_err(BadConfig::from)?.name,
            is_first: false,
            seed: self.seed,
        };
        Ok(gallery::smallest(scope.run(&task)?, &self.signature, most, stop)?)
    }
}

const HEAD: [&str; 12] = [
    "exhibit",
    "system",
    "checker",
    "anomaly",
    "workload",
    "nemesis",
    "seed",
    "alike",
    "runs",
    "faults",
    "operations",
    "nodes",
];

/// The gallery's own table, for other programs.
pub fn programs(exhibits: &[(Exhibit, Size)]) -> Sheet {
    let mut sheet = Sheet::new(&HEAD);
    for (exhibit, size) in exhibits {
        let Exhibit { signature, workload, nemesis, seed, often } = exhibit;
        let numbers = [*seed, often.alike, often.runs, size.faults as u64, size.operations as u64, size.nodes as u64];
        let words = [&exhibit.name(), &signature.system, &signature.checker, &signature.anomaly, workload, nemesis];
        sheet.rows.push(words.into_iter().cloned().chain(numbers.map(|number| number.to_string())).collect());
    }
    sheet
}

/// Whether the system of this row promises anything under the faults of its nemesis; a stranger's row is taken at its word.
fn is_promised(row: &Row<'_>, registry: &Registry) -> bool {
    let (Ok(system), Ok(nemeses)) = (registry.system(row.text("system")), registry.nemeses_named(row.text("nemesis")))
    else {
        return true;
    };
    let families: Vec<&str> = nemeses.iter().flat_map(|nemesis| nemesis.families).copied().collect();
    system.claim_under(&families).is_some()
}

/// The same for people, from the table for programs.
pub fn markdown(programs: &Sheet, registry: &Registry) -> String {
    let mut sheet = Sheet::new(&["anomaly", "system", "found by", "under", "smallest run", "how often"]);
    for row in programs.rows() {
        let cell = |column| row.text(column);
        let counted = |column, one| format!("{} {one}{}", cell(column), if cell(column) == "1" { "" } else { "s" });
        sheet.rows.push(vec![
            format!("[{}]({}/report.md)", crate::report::escaped_for_markdown(cell("anomaly")), cell("exhibit")),
            cell("system").to_owned(),
            format!("{}, {}", cell("workload"), cell("checker")),
            format!("{}{}", cell("nemesis"), if is_promised(&row, registry) { "" } else { ", beyond its promises" }),
            [counted("faults", "fault"), counted("operations", "operation"), counted("nodes", "node")].join(", "),
            format!("{} of {} runs", cell("alike"), cell("runs")),
        ]);
    }
    sheet.rows.sort();
    format!(
        "# The gallery\n\nFor each system and each anomaly of it, one run that shows it, cut down as far as the search \
         went: `report.html` explains it, and `netsplit replay results/gallery/…/capsule.json` runs it again. \"How often\" \
         counts the runs that it was cut down from, which differ in their seeds alone. *Beyond its promises* are faults with \
         which a system does not promise to live: a right one may show anything then.\n\n{}",
        sheet.markdown()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_comparison_of_one_system_shows_the_planted_bugs_of_no_other() {
        let registry = Registry::builtin();
        let scope = |systems| Scope {
            registry: registry.clone(),
            systems,
            nemeses: vec!["none".into()],
            seeds: 1,
            length: Duration::from_secs(1),
            rate: 1,
        };
        let redis = registry.system("redis").expect("it is registered");
        let shown = planted(&scope(vec![redis]), &[]);
        let names: Vec<&str> = shown.iter().map(|bug| bug.system).collect();
        assert!(names.contains(&"redis-cas-race") && shown.iter().all(|bug| bug.twin == "redis"), "{names:?}");
        assert!(!names.contains(&"redis-stale-cache"), "it is listed, and not asked for: {names:?}");
        assert_eq!(planted(&scope(registry.systems().to_vec()), &[]).len(), BUGS.len());
    }

    #[test]
    fn an_exhibit_beyond_its_system_s_promises_says_so() {
        let mut gallery = Sheet::new(&HEAD);
        for (system, nemesis) in [("redis", "amnesia"), ("redis-everysec", "power-loss"), ("redis", "nobody knows")] {
            let row = ["x", system, "set-full", "lost", "set", nemesis, "0", "1", "2", "1", "1", "3"];
            gallery.rows.push(row.map(str::to_owned).to_vec());
        }
        let told = markdown(&gallery, &Registry::builtin());
        assert!(told.contains("| redis | set, set-full | amnesia, beyond its promises |"), "{told}");
        assert_eq!(told.matches(", beyond its promises |").count(), 1, "{told}");
    }
}
