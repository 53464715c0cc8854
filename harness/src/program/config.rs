//! The flags that say which plans: shared by every command that draws some.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use netsplit_nemesis::{NONE, Schedule};
use netsplit_systems::system::System;

use super::Failure;
use crate::case::Case;
use crate::plan::{BY_HAND, BadConfig, Config, Plan, RedisKind};
use crate::registry::Registry;
use crate::schedule;
pub(super) use crate::seeds::parse as seeds;
use crate::suited::suited;

/// The largest schedule that is read, in bytes.
const LARGEST_SCHEDULE_BYTES: u64 = 4 << 20;

/// Which plans.
#[derive(clap::Args)]
#[command(next_help_heading = "What is run")]
pub(super) struct PlanArguments {
    /// The system under test: the first of `netsplit list systems` if left out
    #[arg(long)]
    system: Option<String>,
    /// What the clients do (see `netsplit list workloads`); if left out, the seeds take turns with all that suit the system
    #[arg(long)]
    workload: Option<String>,
    /// Where the faults come from, joined by commas (see `netsplit list nemeses`); if left out, `partition,crash` and then
    /// `swarm`, within what the system tolerates
    #[arg(long)]
    nemesis: Option<String>,
    /// A TOML file of faults in place of drawn ones, as `netsplit plan` prints it
    #[arg(long, value_name = "FILE", conflicts_with = "nemesis")]
    schedule: Option<PathBuf>,
    /// How many nodes
    #[arg(long, default_value_t = 5)]
    nodes: usize,
    /// How many clients
    #[arg(long, default_value_t = 10)]
    clients: usize,
    /// Length of the main phase, in simulated time
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    time_limit: Duration,
    /// Operations per second of simulated time, of all clients together
    #[arg(long, default_value_t = 70)]
    rate: u32,
    /// Which Redis: one inside the simulation, or a real `redis-server` started for each run
    #[arg(long, value_enum, default_value_t = RedisKind::Embedded)]
    pub(super) redis: RedisKind,
    /// Let `--nemesis swarm` draw fault families that the system does not say it tolerates
    #[arg(long)]
    beyond: bool,
    /// At the end heal a random majority of the nodes only; the others stay dead
    #[arg(long)]
    core: bool,
}

/// Draws plans.
pub(super) struct Source {
    config: Config,
    system: &'static System,
    workload: Option<String>,
    nemesis: Option<String>,
    schedule: Option<Schedule>,
    registry: Registry,
}

impl PlanArguments {
    /// Where the plans come from; an `Err` if a name is unknown or the schedule can't be read.
    pub(super) fn source(&self, registry: &Registry) -> Result<Source, Failure> {
        let system = self.system(registry)?;
        if self.workload.is_none() && registry.workload_for(system).is_none() {
            let name = system.name;
            return Err(Failure::wrong_use(format!("no workload is registered that system `{name}` serves")));
        }
        let config = Config {
            system: system.name.into(),
            nodes: self.nodes,
            clients: self.clients,
            time_limit: self.time_limit,
            rate: self.rate,
            redis: self.redis,
            beyond: self.beyond,
            core: self.core,
            ..Config::default()
        };
        let (workload, nemesis) = (self.workload.clone(), self.nemesis.clone());
        let source = Source { config, system, workload, nemesis, schedule: None, registry: registry.clone() };
        let Some(path) = &self.schedule else { return Ok(source) };
        let source = Source { nemesis: Some(NONE.name.into()), ..source };
        let schedule = read(path, &source.case(0).map_err(Failure::wrong_use)?)?;
        Ok(Source { schedule: Some(schedule), ..source })
    }

    /// The system that was named, else the first of all.
    fn system(&self, registry: &Registry) -> Result<&'static System, Failure> {
        match &self.system {
            Some(name) => registry.system(name).map_err(Failure::wrong_use),
            None => registry.systems().first().copied().ok_or_else(|| Failure::wrong_use("no system is registered")),
        }
    }
}

/// The schedule in the file at `path`, for the hosts and the length of `case`.
fn read(path: &Path, case: &Case) -> Result<Schedule, Failure> {
    let named = |reason: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {reason}", path.display()));
    // A pipe or a device does not tell its size before it is read.
    let file = File::open(path).map_err(|error| named(&error))?;
    let mut text = String::new();
    let read = file.take(LARGEST_SCHEDULE_BYTES + 1).read_to_string(&mut text).map_err(|error| named(&error))?;
    if read as u64 > LARGEST_SCHEDULE_BYTES {
        return Err(named(&format_args!(
            "it is longer than {LARGEST_SCHEDULE_BYTES} bytes, the most that a schedule has"
        )));
    }
    schedule::read(&text, &case.cluster(), Duration::from_millis(case.length_ms)).map_err(|error| named(&error))
}

impl Source {
    /// Whether seeds have other workloads or other nemeses than each other.
    pub(super) fn varies(&self) -> bool {
        self.workload.is_none() || self.nemesis.is_none()
    }

    /// The case of `seed`.
    pub(super) fn case(&self, seed: u64) -> Result<Case, BadConfig> {
        let named = (self.workload.as_deref(), self.nemesis.as_deref());
        let (workload, nemesis) = suited(&self.registry, self.system, seed, named);
        let case = Case::draw(seed, &Config { workload, nemesis, ..self.config.clone() }, &self.registry)?;
        let Some(schedule) = &self.schedule else { return Ok(case) };
        case.with(Plan { schedule: schedule.clone(), nemesis: BY_HAND.into(), ..case.plan.clone() })
    }
}
