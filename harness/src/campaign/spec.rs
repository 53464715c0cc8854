//! What a campaign is made of, with every default filled in: the file `campaign.json` of its folder.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::shard::Shard;
use crate::case::Case;
use crate::plan::{BadConfig, Config};
use crate::registry::Registry;

/// What `campaign.json` says that it is.
pub const MARK: &str = "netsplit campaign";

/// A system, a workload and a nemesis: what is run for every seed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// The system.
    pub system: String,
    /// What its clients do.
    pub workload: String,
    /// Where the faults come from: names joined by commas.
    pub nemesis: String,
}

/// `raft/register/swarm`
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.system, self.workload, self.nemesis)
    }
}

/// How large every run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// How many nodes.
    pub nodes: usize,
    /// How many clients.
    pub clients: usize,
    /// Length of the main phase, in milliseconds of simulated time.
    pub length_ms: u64,
    /// Operations per second, of all clients together.
    pub rate: u32,
    /// Whether a swarm leaves what the system tolerates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond: bool,
}

/// One run: the same arguments give the same plan, everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// What is run.
    pub cell: Cell,
    /// How large.
    pub size: Size,
    /// The seed.
    pub seed: u64,
}

impl Draw {
    /// Its case.
    pub fn case(&self, registry: &Registry) -> Result<Case, BadConfig> {
        let Draw { cell, size, seed } = self;
        let config = Config {
            system: cell.system.clone(),
            workload: cell.workload.clone(),
            nemesis: cell.nemesis.clone(),
            nodes: size.nodes,
            clients: size.clients,
            time_limit: Duration::from_millis(size.length_ms),
            rate: size.rate,
            beyond: size.beyond,
            ..Config::default()
        };
        Case::draw(*seed, &config, registry)
    }

    /// The command that makes the same run.
    pub fn command(&self) -> String {
        let Draw { cell, size, seed } = self;
        let length = humantime::format_duration(Duration::from_millis(size.length_ms)).to_string().replace(' ', "");
        format!(
            "netsplit run --system {} --workload {} --nemesis {} --nodes {} --clients {} --time-limit {length} --rate {}{} \
             --seed {seed}",
            cell.system,
            cell.workload,
            cell.nemesis,
            size.nodes,
            size.clients,
            size.rate,
            if size.beyond { " --beyond" } else { "" },
        )
    }
}

/// What a single run may take of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Real seconds until a run counts as hung.
    pub seconds: u64,
    /// Memory of its process, in MiB.
    pub memory_mib: u64,
}

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Says what the file is.
    pub what: String,
    /// The version of netsplit: another one may draw other plans.
    pub netsplit: String,
    /// Its name.
    pub name: String,
    /// What is run for every seed.
    pub cells: Vec<Cell>,
    /// How large every run is.
    pub size: Size,
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds; without an end if a budget alone ends it.
    pub seeds: Option<u64>,
    /// After so many real seconds no more runs are begun.
    pub budget_seconds: Option<u64>,
    /// Which part of it this is.
    pub shard: Shard,
    /// How often the canary is run.
    pub canary_runs: u64,
    /// What a single run may take.
    pub limits: Limits,
    /// How many candidates are asked about to shrink a finding.
    pub candidates: usize,
}

impl Spec {
    /// How many runs it has, over all shards; `None` if only its budget ends it.
    pub fn total(&self) -> Option<u64> {
        let cells = self.cells.len() as u64;
        self.seeds.map(|seeds| self.canary_runs.saturating_add(seeds.saturating_mul(cells)))
    }

    /// The run of a cell with a seed.
    pub fn draw(&self, cell: &Cell, seed: u64) -> Draw {
        Draw { cell: cell.clone(), size: self.size, seed }
    }

    /// The seeds, for people: `0..50`, or `0..` without an end.
    pub fn seeds_told(&self) -> String {
        let end = self.seeds.map(|seeds| self.first_seed.saturating_add(seeds).to_string());
        format!("{}..{}", self.first_seed, end.unwrap_or_default())
    }
}
