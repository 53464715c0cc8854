//! The program: its commands, and what it tells a person.
//!
//! Exit codes: 0 valid, 1 invalid, 2 unknown or vacuous, 3 recovery did not happen, 64 wrong use, 70 the harness itself
//! failed, 130 an interrupt left runs undone. Of several the worst, in the order 70, 1, 3, 2, 0.

mod batch;
mod bench;
mod campaign;
mod check;
mod config;
mod doctor;
mod explain;
mod interrupt;
mod ladder;
mod list;
mod manifest;
mod matrix;
mod merge;
mod meta;
mod new;
mod plan;
mod replay;
mod run;
mod serve;
mod shell;
mod shrink;
mod view;
mod voice;
mod zoo;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use netsplit_checker::Evidence;

use crate::browse;
use crate::campaign::worker;
use crate::judge::{HARNESS_FAILED, worst};
use crate::registry::Registry;
use voice::{say, say_finding};

/// Wrong use: arguments, or a file that does not parse.
const WRONG_USE: u8 = 64;

/// Deploys small distributed systems in a simulated network, breaks it under load, and checks what the clients saw.
///
/// A bare `netsplit run` runs a link shortener on one Redis through partitions and crashes, and writes a report. Every
/// run is a function of its seed: the command that is printed at the end replays it, byte for byte.
#[derive(Parser)]
#[command(name = "netsplit", version, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 valid · 1 invalid · 2 unknown or vacuous · 3 recovery did not happen · \
                        64 wrong use · 70 the harness itself failed · 130 interrupted")]
struct Arguments {
    #[command(flatten)]
    voice: voice::Arguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw a plan from each seed, run it, check it, and write its files
    Run(run::Arguments),
    /// Show what a run would do: its faults as a file that `run --schedule` takes
    Plan(plan::Arguments),
    /// Run a capsule again and compare its verdict and digest
    Replay(replay::Arguments),
    /// Find the smallest plan that still shows a capsule's anomaly
    Shrink(shrink::Arguments),
    /// Run each plan in two processes, and compare everything that happened
    Meta(meta::Arguments),
    /// One of the two processes of `meta`
    #[command(name = meta::RECORD, hide = true)]
    Record,
    /// Serve a system on the real sockets of this machine, until Ctrl-C
    Serve(serve::Arguments),
    /// Keeps a program no longer than whoever started it
    #[command(name = serve::GUARD, hide = true)]
    Guard(serve::Guarded),
    /// Many runs of everything on all cores, their findings shrunk, and the reports that a CI shows
    Campaign(Box<campaign::Arguments>),
    /// One of the processes of `campaign`
    #[command(name = worker::COMMAND, hide = true)]
    Worker,
    /// Join the shards of a campaign
    Merge(merge::Arguments),
    /// Compare the systems under every family of faults
    Matrix(matrix::Arguments),
    /// Look for every planted bug over many seeds, and for alarms where there is none
    Zoo(zoo::Arguments),
    /// Browse a folder of results: search, sort and filter runs, and read their reports
    View(view::Arguments),
    /// Tell what a run shows, and why that is so
    Explain(explain::Arguments),
    /// Check a recorded history, of any source
    Check(check::Arguments),
    /// Show the systems, workloads, nemeses and models
    List(list::Arguments),
    /// Write a crate with a system of your own to begin from
    New(new::Arguments),
    /// Look whether everything is here, and whether two processes agree on a run
    Doctor,
    /// Measure how fast runs are here, where the time goes, and what more nodes cost
    Bench(bench::Arguments),
    /// Print the completions of a shell
    Completions(shell::Arguments),
    /// Print the manual page
    Man,
}

/// Why a command did not come to a verdict.
#[derive(Debug)]
struct Failure {
    exit_code: u8,
    message: String,
}

impl Failure {
    fn wrong_use(message: impl std::fmt::Display) -> Failure {
        Failure { exit_code: WRONG_USE, message: message.to_string() }
    }

    fn harness(message: impl std::fmt::Display) -> Failure {
        Failure { exit_code: HARNESS_FAILED, message: message.to_string() }
    }
}

/// Runs the program with this process's arguments, over what is in `registry`.
pub fn main(registry: &Registry) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let told = error.print();
            let asked_for = !error.use_stderr() && told.is_ok();
            return ExitCode::from(if asked_for { 0 } else { WRONG_USE });
        }
    };
    arguments.voice.set();
    let ended = match arguments.command {
        Command::Run(arguments) => run::run(&arguments, registry),
        Command::Plan(arguments) => plan::plan(&arguments, registry),
        Command::Replay(arguments) => replay::replay(&arguments, registry),
        Command::Shrink(arguments) => shrink::shrink(&arguments, registry),
        Command::Meta(arguments) => meta::meta(&arguments, registry),
        Command::Record => meta::record(registry),
        Command::Serve(arguments) => serve::serve(&arguments, registry),
        Command::Guard(arguments) => serve::guard(&arguments),
        Command::Campaign(arguments) => campaign::campaign(&arguments, registry),
        Command::Worker => {
            interrupt::leave_to_parent();
            crate::campaign::serve::serve(registry);
            Ok(0)
        }
        Command::Merge(arguments) => merge::merge(&arguments),
        Command::Matrix(arguments) => matrix::matrix(&arguments, registry),
        Command::Zoo(arguments) => zoo::zoo(&arguments, registry),
        Command::View(arguments) => view::view(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments, registry),
        Command::Check(arguments) => check::check(&arguments),
        Command::List(arguments) => list::list(&arguments, registry),
        Command::New(arguments) => new::new(&arguments),
        Command::Doctor => doctor::doctor(registry),
        Command::Bench(arguments) => bench::bench(&arguments, registry),
        Command::Completions(arguments) => shell::completions(&arguments),
        Command::Man => shell::man(),
    };
    match ended {
        Ok(exit_code) => ExitCode::from(exit_code),
        Err(failure) => {
            eprintln!("netsplit: {}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}

/// A contradiction, for a person at a terminal.
fn tell_evidence(evidence: &Evidence) {
    let about = if evidence.key.is_empty() { String::new() } else { format!(" on {}", evidence.key) };
    say_finding(&format!("  {}{about}: {}", evidence.anomaly, evidence.summary));
    for step in &evidence.steps {
        say_finding(&format!("    - {step}"));
    }
    // the sentence says it already where there are few
    if evidence.legal.iter().any(|legal| !evidence.summary.contains(legal.as_str())) {
        say_finding(&format!("    legal there: {}", evidence.legal.join(", ")));
    }
}

/// How many runs at a time unless a person says otherwise.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Makes the folder that runs go to.
fn make_folder(out: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(out)
        .map_err(|error| Failure::harness(format!("the folder {} can't be made: {error}", out.display())))
}

/// Writes the index of the runs in `folder` beside them.
fn index(folder: &Path) -> Result<(), Failure> {
    browse::index::write(folder, &[""]).map_err(|error| unwritten(&folder.join(browse::index::FILE), &error))
}

/// The files of a run could not be written.
fn unwritten(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::harness(format!(
        "{} can't be written: {error}; make room there or choose another place with --out",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
