//! `netsplit explain`: tells the story of a run in the terminal.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use console::Term;
use netsplit_checker::formats::{self, Format};

use super::Failure;
use super::voice::{self, say_finding};
use crate::case::Case;
use crate::judge::{Results, judge};
use crate::registry::Registry;
use crate::report::{Paper, Report};
use crate::simulate::{self, Recording};
use crate::store::Capsule;
use serde_json::json;

/// Arguments of `explain`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A run's folder, or a capsule, which is run again
    run: PathBuf,
    /// Columns of a line; those of the terminal if left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(40..=400))]
    width: Option<u16>,
}

/// The exit code is that of the run's verdict.
pub(super) fn explain(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let path = &arguments.run;
    let capsule_path = if path.is_dir() { path.join("capsule.json") } else { path.clone() };
    let (capsule, case) = Capsule::read(&capsule_path, registry)
        .map_err(|error| Failure::wrong_use(format!("{}: {error}", capsule_path.display())))?;
    let (recording, results) = if path.is_dir() { read(path)? } else { run_again(&capsule, &case)? };
    let replay = format!("netsplit replay {}", capsule_path.display());
    let report = Report { case: &case, recording: &recording, results: &results, replay: &replay, often: None };
    voice::tell("explain", &json!({ "folder": path, "markdown": report.markdown(), "results": results }));
    say_finding(report.terminal(paper(arguments.width)).trim_end());
    Ok(results.overall.exit_code())
}

/// What the files of a run hold: all but the record of messages, which only a page shows.
fn read(folder: &Path) -> Result<(Recording, Results), Failure> {
    let named = |name: &str| {
        let path = folder.join(name);
        move |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", path.display()))
    };
    let open =
        |name: &str| std::fs::File::open(folder.join(name)).map(BufReader::new).map_err(|error| named(name)(&error));
    let results: Results =
        serde_json::from_reader(open("results.json")?).map_err(|error| named("results.json")(&error))?;
    let imported =
        formats::read(open("history.jsonl")?, Some(Format::Jsonl)).map_err(|error| named("history.jsonl")(&error))?;
    Ok((Recording { history: imported.history, ..Recording::default() }, results))
}

fn run_again(capsule: &Capsule, case: &Case) -> Result<(Recording, Results), Failure> {
    let recording = simulate::run(case).map_err(Failure::harness)?;
    let results = judge(case, &recording);
    if results.digest != capsule.digest {
        eprintln!("netsplit: warning: this run differs from its capsule; `netsplit replay` says where");
    }
    Ok((recording, results))
}

/// Colours only for a person at a terminal who does not mind them (<https://no-color.org>).
fn paper(width: Option<u16>) -> Paper {
    let terminal = Term::stdout();
    let here = terminal.size_checked().filter(|_| terminal.is_term()).map_or(100, |(_, columns)| columns);
    Paper { width: width.unwrap_or(here).into(), is_coloured: terminal.is_term() && console::colors_enabled() }
}
