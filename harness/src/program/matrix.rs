//! `netsplit matrix`: every system under every family of faults, over many seeds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::batch::{in_order, progress};
use super::zoo::write;
use super::{Failure, cores, interrupt, make_folder, say, unwritten};
use crate::matrix::cell::Cell;
use crate::matrix::measure::Measure;
use crate::matrix::{self, Scope, Task, page, told};
use crate::registry::Registry;
use crate::store;

const EXAMPLES: &str = "Examples:
  netsplit matrix --quick                                  two seeds of short runs, the four families that matter most
  netsplit matrix --quick --systems redis,raft,quorum      of these systems only
  netsplit matrix --seeds 50 --nemeses partition,crash     more seeds, fewer families
  netsplit matrix                                          all of it, as results/matrix.html has it

Exit codes: 0 the tables are written · 64 wrong use · 70 the harness itself failed · 130 interrupted";

/// The families of a quick comparison.
const QUICK: &str = "none,partition,crash,power-loss";

/// As many candidates are asked about for each counterexample, in full and in a quick comparison.
const CANDIDATES: (usize, usize) = (2000, 16);

/// Arguments of `matrix`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How many seeds of every cell and workload, from 0; 20 if left out, 2 with --quick
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: Option<u64>,
    /// Short runs, few families of faults, and counterexamples that are shrunk a little only
    #[arg(long)]
    quick: bool,
    /// Only these systems, joined by commas
    #[arg(long, value_delimiter = ',')]
    systems: Vec<String>,
    /// Only these families of faults, joined by commas
    #[arg(long, value_delimiter = ',')]
    nemeses: Vec<String>,
    /// How many runs at a time, which does not change the result; as many as there are cores if left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where matrix.html, matrix.md, matrix.csv and the gallery go
    #[arg(long, default_value = "results")]
    out: PathBuf,
}

impl Arguments {
    fn scope(&self, registry: &Registry) -> Result<Scope, Failure> {
        let systems = self.systems.iter().map(|name| registry.system(name.trim()));
        let systems: Vec<_> = systems.collect::<Result<_, _>>().map_err(Failure::wrong_use)?;
        let all = || registry.nemeses().iter().map(|nemesis| nemesis.name).filter(|name| *name != "swarm");
        let nemeses: Vec<String> = match self.nemeses.as_slice() {
            [] if self.quick => QUICK.split(',').map(str::to_owned).collect(),
            [] => all().map(str::to_owned).collect(),
            some => some.iter().map(|name| name.trim().to_owned()).collect(),
        };
        for name in &nemeses {
            registry.nemeses_named(name).map_err(Failure::wrong_use)?;
        }
        Ok(Scope {
            registry: registry.clone(),
            systems: if systems.is_empty() { registry.systems().to_vec() } else { systems },
            nemeses,
            seeds: self.seeds.unwrap_or(if self.quick { 2 } else { 20 }),
            length: Duration::from_secs(if self.quick { 5 } else { 20 }),
            rate: if self.quick { 30 } else { 50 },
        })
    }

    fn jobs(&self) -> usize {
        self.jobs.map_or_else(cores, usize::from)
    }

    /// The command that makes the same files.
    fn command(&self, scope: &Scope) -> String {
        let mut command = format!("netsplit matrix --seeds {}", scope.seeds);
        if self.quick {
            command.push_str(" --quick");
        }
        for (flag, names) in [(" --systems ", &self.systems), (" --nemeses ", &self.nemeses)] {
            if !names.is_empty() {
                command.push_str(flag);
                command.push_str(&names.join(","));
            }
        }
        command
    }
}

pub(super) fn matrix(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let scope = arguments.scope(registry)?;
    make_folder(&arguments.out)?;
    interrupt::listen("stopping after the runs under way; no table is written");
    let mut cells = matrix::cells(measured(&scope, arguments.jobs())?);
    exhibit(&scope, &mut cells, arguments)?;
    let command = arguments.command(&scope);
    write(&arguments.out.join("matrix.csv"), &told::programs(&cells).csv())?;
    write(&arguments.out.join("matrix.md"), &told::markdown(&cells, &command))?;
    write(&arguments.out.join("matrix.html"), &page::html(&cells, &command))?;
    tell(&cells, &arguments.out);
    Ok(0)
}

fn measured(scope: &Scope, jobs: usize) -> Result<Vec<(Task, Measure)>, Failure> {
    let tasks = scope.tasks();
    let total = tasks.len() as u64;
    let task = |number: u64| &tasks[usize::try_from(number).expect("there are few tasks")];
    let bar = progress(total);
    let (mut all, mut failure) = (Vec::new(), None);
    in_order(
        0..total,
        jobs,
        |number| scope.run(task(number)).map(|trial| Measure::of(&trial)),
        |number, ended| {
            bar.inc(1);
            match ended {
                Ok(measure) => all.push((task(number).clone(), measure)),
                Err(error) => failure = Some(Failure::harness(error)),
            }
            failure.is_none()
        },
    );
    bar.finish_and_clear();
    match failure {
        Some(failure) => Err(failure),
        None if (all.len() as u64) < total => Err(interrupt::early(all.len() as u64, total)),
        None => Ok(all),
    }
}

/// Writes the smallest counterexample of each broken cell to the gallery.
fn exhibit(scope: &Scope, cells: &mut [Cell], arguments: &Arguments) -> Result<(), Failure> {
    let most = if arguments.quick { CANDIDATES.1 } else { CANDIDATES.0 };
    let broken: Vec<usize> = (0..cells.len()).filter(|at| cells[*at].first.is_some()).collect();
    let at = |number: u64| broken[usize::try_from(number).expect("there are few cells")];
    let bar = progress(broken.len() as u64);
    let mut found = Vec::new();
    in_order(
        0..broken.len() as u64,
        arguments.jobs(),
        |number| one(scope, &cells[at(number)], most, &arguments.out),
        |_, ended| {
            bar.inc(1);
            let goes_on = ended.is_ok();
            found.push(ended);
            goes_on
        },
    );
    bar.finish_and_clear();
    let found: Vec<Option<String>> = found.into_iter().collect::<Result<_, _>>()?;
    if interrupt::came() {
        return Err(interrupt::early(found.len() as u64, broken.len() as u64));
    }
    for (at, folder) in broken.iter().zip(found) {
        cells[*at].exhibit = folder;
    }
    Ok(())
}

/// Where the counterexample of a cell was written, beside the page.
fn one(scope: &Scope, cell: &Cell, most: usize, out: &Path) -> Result<Option<String>, Failure> {
    let Some(trial) = matrix::exhibit(scope, cell, most, &interrupt::came).map_err(Failure::harness)? else {
        return Ok(None);
    };
    let name = format!("gallery/{}", store::name(&trial.case));
    let folder = out.join(&name);
    trial.write_apart(&folder, None).map_err(|error| unwritten(&folder, &error))?;
    Ok(Some(name))
}

/// The columns that fit a terminal; the files have all.
const SHOWN: [usize; 7] = [0, 1, 2, 3, 4, 7, 8];

fn tell(cells: &[Cell], out: &Path) {
    let mut sheet = told::people(cells);
    let shown = |line: &Vec<String>| SHOWN.map(|at| line[at].clone()).to_vec();
    (sheet.head, sheet.rows) = (shown(&sheet.head), sheet.rows.iter().map(shown).collect());
    say(sheet.plain().trim_end());
    say("");
    let broken = cells.iter().filter(|cell| cell.broken.hits > 0).count();
    say(&format!("{} cells, {broken} with runs that contradict the claim", cells.len()));
    say(&format!("page    {}", out.join("matrix.html").display()));
    say(&format!("tables  {}, {}", out.join("matrix.md").display(), out.join("matrix.csv").display()));
}
