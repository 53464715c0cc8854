//! `netsplit matrix`: every system under every family of faults, over many seeds.

mod check;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, FromArgMatches};

use super::batch::{in_order, progress};
use super::zoo::write;
use super::{Failure, cores, interrupt, make_folder, say, unwritten};
use crate::browse::index;
use crate::matrix::cell::Cell;
use crate::matrix::exhibits::{self, Exhibit};
use crate::matrix::measure::Measure;
use crate::matrix::{self, Scope, Task, literature, page, told};
use crate::registry::Registry;
use crate::shrink::Size;
use crate::store;
use crate::trial::Trial;

const EXAMPLES: &str = "Examples:
  netsplit matrix --quick                                  six seeds of short runs, the four families that matter most
  netsplit matrix --quick --systems redis,raft,quorum      of these systems only
  netsplit matrix --seeds 50 --nemeses partition,crash     more seeds, fewer families
  netsplit matrix                                          all families, ten seeds: it takes long
  netsplit matrix --check                                  whether results/ is what this program gives
  netsplit matrix --retell                                 the same gallery, in the words of this program

Exit codes: 0 the tables are written · 1 what is there differs (--check) · 64 wrong use · 70 the harness itself failed · 130 interrupted";

/// The families of a quick comparison.
const QUICK: &str = "none,partition,crash,power-loss";

/// Nemeses that are no family of their own: mixes, and shapes of cuts that `partition` and `one-way` draw among others.
const PARTS: [&str; 9] = [
    "swarm",
    "halves",
    "isolate-one",
    "uniform-size",
    "uniform-block",
    "bridge",
    "majorities-ring",
    "swizzle",
    "one-way-link",
];

/// As many candidates are asked about for each counterexample, in full and in a quick comparison.
const CANDIDATES: (usize, usize) = (2000, 16);

/// The tables of the gallery, for programs and for people.
const GALLERY_TABLE: &str = "gallery/gallery.csv";
const GALLERY_PAGE: &str = "gallery/README.md";

/// Arguments of `matrix`.
#[derive(Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How many seeds of every cell and workload, from 0; 10 if left out, 6 with --quick
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
    /// Write nothing; say whether what is there is what this program gives, by as many of its rows, spread evenly, and by
    /// all of its gallery; of the systems, families and seeds that it was made of, if none are given
    #[arg(long, value_name = "ROWS", num_args = 0..=1, default_missing_value = "6")]
    check: Option<u16>,
    /// Measure nothing; run the gallery's capsules again, and tell them as this program tells them
    #[arg(long, conflicts_with = "check")]
    retell: bool,
    /// Where matrix.html, matrix.md, matrix.csv and the gallery go; `results` if left out, `results/quick` with --quick
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Arguments {
    fn scope(&self, registry: &Registry) -> Result<Scope, Failure> {
        let systems = self.systems.iter().map(|name| registry.system(name.trim()));
        let systems: Vec<_> = systems.collect::<Result<_, _>>().map_err(Failure::wrong_use)?;
        let all = || registry.nemeses().iter().map(|nemesis| nemesis.name).filter(|name| !PARTS.contains(name));
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
            seeds: self.seeds.unwrap_or(if self.quick { 6 } else { 10 }),
            length: Duration::from_secs(if self.quick { 5 } else { 15 }),
            rate: if self.quick { 30 } else { 50 },
        })
    }

    /// A first impression does not take the place of a comparison.
    fn out(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new(if self.quick { "results/quick" } else { "results" }))
    }

    fn jobs(&self) -> usize {
        self.jobs.map_or_else(cores, usize::from)
    }

    /// With the scope of the comparison that is there, if none is asked for: its page tells the command that made it.
    fn in_scope_of(&self, page: &str) -> Result<Arguments, Failure> {
        let is_asked = self.quick || self.seeds.is_some() || !self.systems.is_empty() || !self.nemeses.is_empty();
        let command = told::command_in(page).filter(|_| !is_asked).unwrap_or_default();
        // the name of the program stands before the command's own
        let words = command.split_whitespace().skip(1);
        let parsed = Arguments::augment_args(clap::Command::new("matrix")).try_get_matches_from(words);
        let there = parsed.and_then(|words| Arguments::from_arg_matches(&words)).map_err(|error| {
            Failure::wrong_use(format!("matrix.md was made by `{command}`, which is no command: {}", error.kind()))
        })?;
        let scope = if is_asked { self } else { &there };
        Ok(Arguments { check: self.check, jobs: self.jobs, out: self.out.clone(), ..scope.clone() })
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
    interrupt::listen("stopping after the runs under way; no table is written");
    if let Some(sample) = arguments.check {
        return check::check(arguments, registry, sample.into());
    }
    if arguments.retell {
        return check::retell(registry, arguments.out());
    }
    let scope = arguments.scope(registry)?;
    make_folder(arguments.out())?;
    let cells = matrix::cells(measured(&scope, &scope.tasks(), arguments.jobs())?);
    let mut found = exhibits::of(&cells, scope.seeds);
    if !arguments.quick {
        found.extend(planted(&scope, &found, arguments.jobs())?);
    }
    let sizes = exhibit(&scope, &found, arguments)?;
    let gallery = exhibits::programs(&found.into_iter().zip(sizes).collect::<Vec<_>>());
    let command = arguments.command(&scope);
    let out = arguments.out();
    write(&out.join("matrix.csv"), &told::programs(&cells).csv())?;
    write(&out.join("matrix.md"), &told::markdown(&cells, &command))?;
    write(&out.join("matrix.html"), &page::html(&cells, &command))?;
    write(&out.join(GALLERY_TABLE), &gallery.csv())?;
    write(&out.join(GALLERY_PAGE), &exhibits::markdown(&gallery, registry))?;
    write_index(out)?;
    tell(&cells, out);
    Ok(0)
}

fn write_index(out: &Path) -> Result<(), Failure> {
    index::write(out, &[exhibits::FOLDER]).map_err(|error| unwritten(&out.join(index::FILE), &error))
}

/// The planted bugs that the comparison does not show, each in the runs that are made for it.
fn planted(scope: &Scope, found: &[Exhibit], jobs: usize) -> Result<Vec<Exhibit>, Failure> {
    let mut exhibits = Vec::new();
    for bug in exhibits::planted(scope, found) {
        let tasks = exhibits::tasks(&bug, scope).map_err(Failure::harness)?;
        let runs = run_all(scope, &tasks, jobs, Trial::signatures)?;
        exhibits.extend(exhibits::of_bug(&bug, &runs));
    }
    Ok(exhibits)
}

fn measured(scope: &Scope, tasks: &[Task], jobs: usize) -> Result<Vec<(Task, Measure)>, Failure> {
    Ok(tasks.iter().cloned().zip(run_all(scope, tasks, jobs, Measure::of)?).collect())
}

/// What is taken of the run of each task, in their order.
fn run_all<T: Send>(
    scope: &Scope,
    tasks: &[Task],
    jobs: usize,
    take: impl Fn(&Trial) -> T + Sync,
) -> Result<Vec<T>, Failure> {
    let total = tasks.len() as u64;
    let task = |number: u64| &tasks[usize::try_from(number).expect("there are few tasks")];
    let bar = progress(total);
    let (mut all, mut failure) = (Vec::new(), None);
    in_order(
        0..total,
        jobs,
        |number| scope.run(task(number)).map(|trial| take(&trial)),
        |_, ended| {
            bar.inc(1);
            match ended {
                Ok(taken) => all.push(taken),
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

/// Writes a small run for each exhibit to a gallery that has nothing else, and says how small each is.
fn exhibit(scope: &Scope, exhibits: &[Exhibit], arguments: &Arguments) -> Result<Vec<Size>, Failure> {
    let most = if arguments.quick { CANDIDATES.1 } else { CANDIDATES.0 };
    let gallery = arguments.out().join(exhibits::FOLDER);
    if gallery.exists() {
        std::fs::remove_dir_all(&gallery).map_err(|error| unwritten(&gallery, &error))?;
    }
    make_folder(&gallery)?;
    let at = |number: u64| &exhibits[usize::try_from(number).expect("there are few exhibits")];
    let total = exhibits.len() as u64;
    let bar = progress(total);
    let mut sizes = Vec::new();
    in_order(
        0..total,
        arguments.jobs(),
        |number| one(scope, at(number), most, &gallery),
        |_, ended| {
            bar.inc(1);
            let goes_on = ended.is_ok();
            sizes.push(ended);
            goes_on
        },
    );
    bar.finish_and_clear();
    let sizes: Vec<Size> = sizes.into_iter().collect::<Result<_, _>>()?;
    if interrupt::came() {
        return Err(interrupt::early(sizes.len() as u64, total));
    }
    Ok(sizes)
}

/// Finds and writes one, and says how small it is.
fn one(scope: &Scope, exhibit: &Exhibit, most: usize, gallery: &Path) -> Result<Size, Failure> {
    let trial = exhibit.smallest(scope, most, &interrupt::came).map_err(Failure::harness)?.trial;
    let folder = gallery.join(exhibit.name());
    let files = trial.files(&folder, None, Some(exhibit.often));
    files.and_then(|files| store::write(&folder, &files)).map_err(|error| unwritten(&folder, &error))?;
    Ok(Size::of(&trial.case))
}

/// The columns that fit a terminal; the files have all.
const SHOWN: [usize; 7] = [0, 1, 2, 3, 4, 7, 8];

fn tell(cells: &[Cell], out: &Path) {
    super::zoo::tell_rows("matrix", &told::programs(cells));
    let mut sheet = told::people(cells);
    let shown = |line: &Vec<String>| SHOWN.map(|at| line[at].clone()).to_vec();
    (sheet.head, sheet.rows) = (shown(&sheet.head), sheet.rows.iter().map(shown).collect());
    say(sheet.plain().trim_end());
    say("");
    let broken = cells.iter().filter(|cell| cell.is_broken()).count();
    say(&format!("{} cells, {broken} with runs that contradict the claim", cells.len()));
    for known in literature::compared(&told::programs(cells)).iter().filter(|known| !known.is_met()) {
        say(&format!("literature: {}", known.told()));
    }
    say(&format!("page    {}", out.join("matrix.html").display()));
    say(&format!("tables  {}, {}", out.join("matrix.md").display(), out.join("matrix.csv").display()));
}
