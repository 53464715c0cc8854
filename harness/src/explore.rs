//! Exploring seeds from a `#[test]`: what is found is shrunk, stored, and told with the commands that do it again.
//!
//! | variable | what it does |
//! |---|---|
//! | `NETSPLIT_SEED` | explores this seed, or this range (`3..9`), in place of the test's |
//! | `NETSPLIT_SEEDS` | explores so many seeds from the first on |
//! | `NETSPLIT_REPLAY` | runs this capsule in place of any seed, and says if it differs |

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use netsplit_checker::Evidence;
use netsplit_systems::system::System;
use netsplit_workloads::Workload;

use crate::case::Case;
use crate::judge::Overall;
use crate::plan::Config;
use crate::registry::Registry;
use crate::seeds;
use crate::shrink::{Options, Size, shrink};
use crate::signature::Signature;
use crate::store::{self, Capsule};
use crate::trial::Trial;

/// Begins an exploration of `system`: five nodes, ten clients, 30 simulated seconds, partitions and crashes, seeds 0 to 9.
///
/// ```
/// use std::time::Duration;
/// use netsplit::systems::shortener::redis::weakened::STALE_CACHE;
///
/// let exploration = netsplit::test(&STALE_CACHE).nemesis("none").time_limit(Duration::from_secs(3)).seeds(0..5);
/// let explored = exploration.out(std::env::temp_dir().join("netsplit-explored")).explore();
/// let found = explored.found.expect("a cache that nothing invalidates is stale");
/// assert_eq!(found.signature.to_string(), "redis-stale-cache/linearizable/stale-read");
/// assert!(found.to_string().contains("NETSPLIT_SEED=0 cargo test"));
/// assert!(found.folder.join("capsule.json").is_file());
/// ```
pub fn test(system: &'static System) -> Exploration {
    let registry = Registry::of(std::slice::from_ref(system));
    let workload = registry.workload_for(system).map(|workload| workload.name.to_owned());
    Exploration {
        config: Config { system: system.name.into(), workload: workload.unwrap_or_default(), ..Config::default() },
        registry,
        seeds: 0..10,
        budget: Duration::from_secs(30),
        out: target().join("netsplit"),
    }
}

/// What is explored; [`test()`] begins one, [`Exploration::run`] or [`Exploration::explore`] does it.
#[derive(Clone, Debug)]
#[must_use = "nothing is explored before `run` or `explore`"]
pub struct Exploration {
    config: Config,
    registry: Registry,
    seeds: Range<u64>,
    budget: Duration,
    out: PathBuf,
}

impl Exploration {
    /// What clients do; else the first of netsplit's workloads that the system serves.
    pub fn workload(mut self, workload: &'static Workload) -> Exploration {
        self.config.workload = workload.name.into();
        self.registry = self.registry.with_only(workload);
        self
    }

    /// Where the faults come from: names joined by commas, as `netsplit list nemeses` has them.
    pub fn nemesis(mut self, names: &str) -> Exploration {
        self.config.nemesis = names.into();
        self
    }

    /// Which seeds, unless the environment says otherwise.
    pub fn seeds(mut self, seeds: Range<u64>) -> Exploration {
        self.seeds = seeds;
        self
    }

    /// How many nodes.
    pub fn nodes(mut self, nodes: usize) -> Exploration {
        self.config.nodes = nodes;
        self
    }

    /// How many clients.
    pub fn clients(mut self, clients: usize) -> Exploration {
        self.config.clients = clients;
        self
    }

    /// Length of the main phase, in simulated time.
    pub fn time_limit(mut self, length: Duration) -> Exploration {
        self.config.time_limit = length;
        self
    }

    /// Operations per second of simulated time, of all clients together.
    pub fn rate(mut self, rate: u32) -> Exploration {
        self.config.rate = rate;
        self
    }

    /// How much real time shrinking may take; 30 seconds if not set.
    pub fn budget(mut self, budget: Duration) -> Exploration {
        self.budget = budget;
        self
    }

    /// Where the folders of what is found go; `netsplit/` in Cargo's target folder if not set.
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Exploration {
        self.out = folder.into();
        self
    }

    /// Explores, and panics with what was found, or because nothing was tested.
    #[track_caller]
    pub fn run(self) {
        let explored = self.explore();
        if let Some(found) = explored.found {
            panic!("{found}");
        }
        assert!(explored.valid > 0, "no run tested anything: {}", explored.empty.unwrap_or_default());
    }

    /// Explores until something is found. Panics if a name is unknown, a size is none that a run can have, a file can't be
    /// written, or two runs of one plan differ.
    #[track_caller]
    pub fn explore(self) -> Explored {
        let variable = |name: &str| std::env::var(name).ok();
        if let Some(capsule) = variable("NETSPLIT_REPLAY") {
            return self.replay(&PathBuf::from(capsule));
        }
        let asked = seeds::asked(self.seeds.clone(), variable("NETSPLIT_SEED"), variable("NETSPLIT_SEEDS"));
        let mut explored = Explored::default();
        for seed in asked.unwrap_or_else(|error| panic!("{error}")) {
            let case = Case::draw(seed, &self.config, &self.registry).unwrap_or_else(|error| panic!("{error}"));
            if explored.takes(trial(case), |trial, signature| self.keep(trial, signature)) {
                break;
            }
        }
        explored
    }

    /// Runs a capsule again; what it shows is stored as it is.
    #[track_caller]
    fn replay(&self, path: &std::path::Path) -> Explored {
        let read = Capsule::read(path, &self.registry);
        let (capsule, case) = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let trial = self::trial(case);
        let digest = &trial.results.digest;
        assert!(*digest == capsule.digest, "{}: the run has digest {digest}, not {}", path.display(), capsule.digest);
        let mut explored = Explored::default();
        explored.takes(trial, |trial, signature| self.store(trial, signature, None));
        explored
    }

    /// Shrinks and stores a finding.
    fn keep(&self, trial: Trial, signature: Option<Signature>) -> Found {
        let Some(signature) = signature else { return self.store(trial, None, None) };
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let options = Options { jobs, budget: self.budget, stop: &|| false, progress: &|_, _| () };
        let before = Size::of(&trial.case);
        let shrunk = shrink(trial, &signature, &options).unwrap_or_else(|error| panic!("{error}"));
        self.store(shrunk.trial, Some(signature), Some((before, shrunk.is_minimal)))
    }

    fn store(&self, trial: Trial, signature: Option<Signature>, shrunk: Option<(Size, bool)>) -> Found {
        let ending = if shrunk.is_some() { "-shrunk" } else { "" };
        let folder = self.out.join(format!("{}{ending}", store::name(&trial.case)));
        let written =
            std::fs::create_dir_all(&self.out).and_then(|()| store::write(&folder, &trial.files(&folder, None, None)?));
        written.unwrap_or_else(|error| panic!("{} can't be written: {error}", folder.display()));
        let signature = signature.unwrap_or_else(|| Signature {
            system: trial.case.system.name.into(),
            checker: "harness".into(),
            anomaly: trial.results.overall.word().into(),
        });
        Found { trial, signature, folder, shrunk, test: test_name() }
    }
}

fn trial(case: Case) -> Trial {
    Trial::of(case).unwrap_or_else(|error| panic!("{error}"))
}

/// Cargo's target folder, which it marks as a cache, and in which the program of a test is.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| "target".into(), PathBuf::from)
}

/// The name of the present test, which libtest gives its thread.
fn test_name() -> Option<String> {
    std::thread::current().name().filter(|name| *name != "main").map(str::to_owned)
}

/// What an exploration showed.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// Runs that kept every promise, and could have broken it.
    pub valid: u64,
    /// Why the first run that tested nothing did not, if one did.
    pub empty: Option<String>,
    /// The first run that broke a promise, or that nobody could decide about.
    pub found: Option<Found>,
}

impl Explored {
    /// Counts a run; whether it was the one that was looked for.
    fn takes(&mut self, trial: Trial, keep: impl FnOnce(Trial, Option<Signature>) -> Found) -> bool {
        match trial.results.overall {
            Overall::Valid => self.valid += 1,
            Overall::Vacuous => {
                let reason = format!("seed {}: {}", trial.case.seed, trial.results.vacuous.unwrap_or_default());
                self.empty.get_or_insert(reason);
            }
            Overall::Unknown | Overall::Liveness | Overall::Invalid => {
                let signature = trial.signatures().into_iter().next();
                self.found = Some(keep(trial, signature));
            }
        }
        self.found.is_some()
    }
}

/// A finding, shrunk and stored.
#[derive(Clone, Debug)]
pub struct Found {
    /// The smallest run that was found to show it.
    pub trial: Trial,
    /// What it is.
    pub signature: Signature,
    /// Where its report, its history and its `capsule.json` are.
    pub folder: PathBuf,
    /// How large the plan was before, and whether nothing more can be left out; `None` if it was not shrunk.
    shrunk: Option<(Size, bool)>,
    test: Option<String>,
}

impl Found {
    /// What contradicts the promise, if a checker found it.
    pub fn evidence(&self) -> Option<&Evidence> {
        let mut all = self.trial.results.evidence();
        let its = |(checker, evidence): &(&str, &Evidence)| {
            *checker == self.signature.checker && evidence.anomaly == self.signature.anomaly
        };
        all.find(its).map(|(_, evidence)| evidence)
    }
}

/// What was found, in words, and how to see it again.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let case = &self.trial.case;
        writeln!(f, "{} under {}, seed {}: {}", case.system.name, case.nemesis, case.seed, self.signature.anomaly)?;
        if let Some(evidence) = self.evidence() {
            writeln!(f, "  {}", evidence.summary)?;
            evidence.steps.iter().try_for_each(|step| writeln!(f, "    - {step}"))?;
        }
        self.trial.results.stuck.iter().try_for_each(|stuck| writeln!(f, "  {stuck}"))?;
        if let Some((before, is_minimal)) = &self.shrunk {
            let after = Size::of(case);
            let minimal = if *is_minimal { "nothing more can be left out" } else { "the budget ended" };
            writeln!(
                f,
                "shrunk  {} faults to {}, {} operations to {}: {minimal}",
                before.faults, after.faults, before.operations, after.operations
            )?;
        }
        let test = self.test.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        writeln!(f, "seed    NETSPLIT_SEED={} cargo test{test}", case.seed)?;
        writeln!(f, "replay  NETSPLIT_REPLAY={} cargo test{test}", self.folder.join("capsule.json").display())?;
        write!(f, "report  {}", self.folder.join("report.html").display())
    }
}
