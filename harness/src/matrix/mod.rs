//! The comparison: what every system keeps of its promises, and what that costs, under every family of faults.
//!
//! | part | what it is |
//! |---|---|
//! | [`measure`] | what one run adds |
//! | [`rungs`] | the strongest model that held in all runs |
//! | [`cell`] | a system under a nemesis, all its runs together |
//! | [`exhibits`] | the gallery of small counterexamples |
//! | [`literature`] | what is known of these systems, beside what the runs show |
//! | [`told`] | the columns: as CSV, as Markdown |
//! | [`page`], [`chart`] | the page |
//!
//! Two workloads of each system are run: registers, for the models and for what clients meet, and a set, for lost writes.
//! All is a function of the seeds: the same bytes with any number of jobs, on any machine.

pub mod cell;
mod chart;
pub mod exhibits;
pub mod literature;
pub mod measure;
pub mod page;
pub mod rungs;
pub mod told;

#[cfg(test)]
mod tests;

use std::time::Duration;

use netsplit_systems::system::{Level, System};

use crate::case::Case;
use crate::plan::{BadConfig, Config};
use crate::redis_kind::NoRedis;
use crate::registry::Registry;
use crate::shrink::Failed;
use crate::trial::Trial;
use cell::Cell;
use measure::Measure;

/// The workloads of registers.
pub const REGISTERS: [&str; 2] = ["register", "retarget"];

/// The workload of lost writes.
pub const SET: &str = "set";

/// What is to be compared, over how many seeds.
#[derive(Clone)]
pub struct Scope {
    /// Where the names are looked up.
    pub registry: Registry,
    /// The systems.
    pub systems: Vec<&'static System>,
    /// The names of the nemeses.
    pub nemeses: Vec<String>,
    /// How many seeds of every workload, from 0.
    pub seeds: u64,
    /// Length of a run's main phase.
    pub length: Duration,
    /// Operations per second, of all clients together.
    pub rate: u32,
}

/// A run of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The system.
    pub system: &'static str,
    /// The nemesis.
    pub nemesis: String,
    /// The workload.
    pub workload: &'static str,
    /// Whether it is the system's first workload, which stands for what clients meet.
    pub is_first: bool,
    /// The seed.
    pub seed: u64,
}

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// There is no such plan.
    #[error(transparent)]
    Plan(#[from] BadConfig),
    /// There is no Redis.
    #[error(transparent)]
    Redis(#[from] NoRedis),
    /// It could not be shrunk.
    #[error(transparent)]
    Shrink(#[from] Failed),
}

/// The workloads by which a system is compared, the first for what clients meet: the registers that fit what it claims,
/// and the set, as far as it serves them. Only a system that claims to be linearizable is asked to compare and set.
pub fn workloads(system: &System, registry: &Registry) -> Vec<&'static str> {
    let is_linearizable = system.claims.iter().any(|claim| claim.level == Level::Linearizable);
    let serves = |name: &&&str| registry.workload(name).is_ok_and(|workload| registry.served(workload, system).is_ok());
    let registers = REGISTERS.iter().filter(|name| is_linearizable || **name != "register").find(|name| serves(name));
    let both: Vec<&str> = registers.into_iter().chain([&SET].into_iter().filter(serves)).copied().collect();
    if !both.is_empty() {
        return both;
    }
    // What is no shortener is measured by the workload that was made for it.
    registry.workload_for(system).map(|workload| workload.name).into_iter().collect()
}

impl Scope {
    /// Every run, cell by cell.
    pub fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for system in &self.systems {
            for nemesis in &self.nemeses {
                for (at, workload) in workloads(system, &self.registry).into_iter().enumerate() {
                    let task = |seed| Task {
                        system: system.name,
                        nemesis: nemesis.clone(),
                        workload,
                        is_first: at == 0,
                        seed,
                    };
                    tasks.extend((0..self.seeds).map(task));
                }
            }
        }
        tasks
    }

    /// Runs one.
    pub fn run(&self, task: &Task) -> Result<Trial, NotRun> {
        let config = Config {
            system: task.system.into(),
            workload: task.workload.into(),
            nemesis: task.nemesis.clone(),
            time_limit: self.length,
            rate: self.rate,
            ..Config::default()
        };
        Ok(Trial::of(Case::draw(task.seed, &config, &self.registry)?)?)
    }
}

/// The cells of runs in the order of [`Scope::tasks`].
pub fn cells(measured: Vec<(Task, Measure)>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (task, measure) in measured {
        let is_other = |cell: &Cell| cell.system != task.system || cell.nemesis != task.nemesis;
        if cells.last().is_none_or(is_other) {
            cells.push(Cell::new(task.system, &task.nemesis));
        }
        let cell = cells.last_mut().expect("one was pushed if there was none");
        cell.add(task.workload, task.seed, measure, task.is_first);
    }
    cells
}
