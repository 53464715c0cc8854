//! `netsplit zoo`: every planted bug, and its right twin, over many seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::batch::{in_order, progress};
use super::voice::{self, say};
use super::{Failure, cores, interrupt, make_folder, unwritten};
use crate::registry::Registry;
use crate::sheet::Sheet;
use crate::zoo::bugs::{BUGS, Bug};
use crate::zoo::told::{self, Row};
use crate::zoo::{self, Fared, NotRun, Runs, Setting, Witness};

const EXAMPLES: &str = "Examples:
  netsplit zoo --quick              a few seeds, no witnesses
  netsplit zoo --seeds 500          the whole zoo, as results/zoo.md has it
  netsplit zoo --quick --bugs redis-everysec,cache-fill-race

Exit codes: 0 every bug was found and no twin raised an alarm · 1 one was missed, or a twin raised an alarm ·
64 wrong use · 70 the harness itself failed · 130 interrupted";

/// The length of a run's main phase: shorter runs miss what takes several faults.
const LENGTH: Duration = Duration::from_secs(15);

/// Arguments of `zoo`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How many seeds of every bug and its twin, from 0; 500 if left out, 12 with --quick
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: Option<u64>,
    /// Few seeds, and no shrinking
    #[arg(long)]
    quick: bool,
    /// Only these bugs, joined by commas
    #[arg(long, value_delimiter = ',')]
    bugs: Vec<String>,
    /// How many runs at a time, which does not change the result; as many as there are cores if left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where zoo.md and zoo.csv go
    #[arg(long, default_value = "results")]
    out: PathBuf,
}

impl Arguments {
    fn seeds(&self) -> u64 {
        self.seeds.unwrap_or(if self.quick { 12 } else { 500 })
    }

    fn jobs(&self) -> usize {
        self.jobs.map_or_else(cores, usize::from)
    }

    /// The command that makes the same files.
    fn command(&self) -> String {
        let mut command = format!("netsplit zoo --seeds {}", self.seeds());
        if self.quick {
            command.push_str(" --quick");
        }
        if !self.bugs.is_empty() {
            command.push_str(" --bugs ");
            command.push_str(&self.bugs.join(","));
        }
        command
    }
}

pub(super) fn zoo(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let wanted = wanted(&arguments.bugs)?;
    make_folder(&arguments.out)?;
    interrupt::listen("stopping after the runs under way; nothing is written");
    let (present, absent): (Vec<Bug>, Vec<Bug>) = wanted.into_iter().partition(|bug| bug.known(registry).is_ok());
    let skipped: Vec<String> = absent.iter().filter_map(|bug| reason(bug, registry)).collect();
    let runs = run_all(&present, arguments, registry)?;
    let fared: Vec<Fared> = present.iter().map(|bug| Fared::of(*bug, &runs)).collect();
    let witnesses = if arguments.quick { vec![None; fared.len()] } else { witnesses(&fared, arguments, registry)? };
    let rows: Vec<Row> = fared.into_iter().zip(witnesses).collect();
    write(&arguments.out.join("zoo.csv"), &told::programs(&rows).csv())?;
    write(&arguments.out.join("zoo.md"), &told::markdown(&rows, &arguments.command(), &skipped))?;
    tell(&rows, &skipped, &arguments.out);
    Ok(u8::from(rows.is_empty() || rows.iter().any(|(fared, _)| !fared.is_right())))
}

/// The bugs of these names; all, if none is named.
fn wanted(names: &[String]) -> Result<Vec<Bug>, Failure> {
    let unknown = names.iter().find(|name| !BUGS.iter().any(|bug| bug.system == name.as_str()));
    if let Some(name) = unknown {
        let all: Vec<&str> = BUGS.iter().map(|bug| bug.system).collect();
        let name = name.escape_debug();
        return Err(Failure::wrong_use(format!("no planted bug `{name}`; there are {}", all.join(", "))));
    }
    let is_wanted = |bug: &&Bug| names.is_empty() || names.iter().any(|name| name == bug.system);
    Ok(BUGS.iter().filter(is_wanted).copied().collect())
}

fn reason(bug: &Bug, registry: &Registry) -> Option<String> {
    bug.known(registry).err().map(|unknown| format!("{}: {}", bug.system, unknown.what()))
}

/// Every seed of every setting, each once.
fn run_all(bugs: &[Bug], arguments: &Arguments, registry: &Registry) -> Result<Runs, Failure> {
    let settings: Vec<Setting> = bugs.iter().flat_map(Bug::settings).collect::<BTreeSet<_>>().into_iter().collect();
    let seeds = arguments.seeds();
    let total = seeds * settings.len() as u64;
    let setting = |number: u64| settings[usize::try_from(number / seeds).expect("there are few settings")];
    let bar = progress(total);
    let mut runs = Runs::new();
    let mut failure = None;
    in_order(
        0..total,
        arguments.jobs(),
        |number| zoo::run(setting(number), number % seeds, LENGTH, registry).map(|trial| trial.signatures()),
        |number, ended| {
            bar.inc(1);
            match ended {
                Ok(signatures) => runs.entry(setting(number)).or_default().push(signatures),
                Err(error) => failure = Some(Failure::harness(error)),
            }
            failure.is_none()
        },
    );
    bar.finish_and_clear();
    let done: u64 = runs.values().map(|runs| runs.len() as u64).sum();
    match failure {
        Some(failure) => Err(failure),
        None if done < total => Err(interrupt::early(done, total)),
        None => Ok(runs),
    }
}

fn witnesses(fared: &[Fared], arguments: &Arguments, registry: &Registry) -> Result<Vec<Option<Witness>>, Failure> {
    let mut witnesses: Vec<Result<Option<Witness>, NotRun>> = Vec::new();
    let at = |number: u64| &fared[usize::try_from(number).expect("there are few bugs")];
    in_order(
        0..fared.len() as u64,
        arguments.jobs(),
        |number| zoo::witness(at(number), LENGTH, registry, &interrupt::came),
        |_, witness| {
            witnesses.push(witness);
            true
        },
    );
    if interrupt::came() {
        return Err(interrupt::early(witnesses.len() as u64, fared.len() as u64));
    }
    witnesses.into_iter().collect::<Result<_, _>>().map_err(Failure::harness)
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| unwritten(path, &error))
}

/// The rows of a table, for a program: the columns of its CSV by their names.
pub(super) fn tell_rows(kind: &str, sheet: &Sheet) {
    for row in &sheet.rows {
        voice::tell(kind, &sheet.head.iter().zip(row).collect::<BTreeMap<_, _>>());
    }
}

fn tell(rows: &[Row], skipped: &[String], out: &Path) {
    tell_rows("zoo", &told::programs(rows));
    say(told::people(rows).plain().trim_end());
    say("");
    for line in told::summary(rows) {
        say(&line);
    }
    for one in skipped {
        say(&format!("not run: {one}"));
    }
    say(&format!("table   {}", out.join("zoo.md").display()));
}
