//! `netsplit meta`: is a run really a function of its plan? Every plan is run in two processes, which must agree on
//! everything that happened.

use std::io::{Read, Write};
use std::ops::Range;
use std::process::{Child, Command, Stdio};

use super::batch::{in_order, progress};
use super::config::{PlanArguments, seeds};
use super::voice::{self, say};
use super::{Failure, cores, interrupt};
use crate::case::Case;
use crate::plan::Plan;
use crate::registry::Registry;
use crate::transcript::{Difference, transcript};
use crate::trial::Trial;
use serde_json::json;

/// The hidden command that one of the two processes is.
pub(super) const RECORD: &str = "record";

/// The largest plan that `record` reads, in bytes.
const LARGEST_PLAN_BYTES: u64 = 64 << 20;

/// Arguments of `meta`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// A seed, or a half-open range of seeds such as `0..50`
    #[arg(long, default_value = "0", value_parser = seeds)]
    seed: Range<u64>,
}

/// Exit code 0 if all agree; a difference is a failure of the harness, or of a system that brings its own entropy.
pub(super) fn meta(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    interrupt::listen("stopping after the runs under way");
    let source = arguments.plan.source(registry)?;
    source.case(arguments.seed.start).map_err(Failure::wrong_use)?;
    let total = arguments.seed.end - arguments.seed.start;
    let bar = progress(total);
    let (mut same, mut failure) = (0, None);
    in_order(
        arguments.seed.clone(),
        cores().div_ceil(2),
        |seed| {
            let case = source.case(seed).map_err(Failure::wrong_use)?;
            twice(&case)
        },
        |seed, ended| {
            bar.inc(1);
            match ended {
                Ok(Ok(lines)) => {
                    bar.suspend(|| {
                        voice::tell("meta", &json!({ "seed": seed, "same": true, "lines": lines }));
                        say(&format!("seed {seed:<6} the same in two processes: {lines} events and messages"));
                    });
                    same += 1;
                }
                Ok(Err(difference)) => {
                    let told = difference.told("one process", "the other");
                    let what = format!("seed {seed}: two processes differ, first in line {}{told}", difference.line);
                    failure.get_or_insert(Failure::harness(what));
                }
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
            failure.is_none()
        },
    );
    bar.finish_and_clear();
    match failure {
        Some(failure) => Err(failure),
        None if same < total => Err(interrupt::failure(&(arguments.seed.start + same..arguments.seed.end))),
        None => Ok(0),
    }
}

/// The number of lines on which two processes agree, or their first difference.
pub(super) fn twice(plan: &Plan) -> Result<Result<usize, Difference>, Failure> {
    let plan = serde_json::to_vec(plan).expect("a plan has a JSON form");
    let children = [start(&plan)?, start(&plan)?];
    // Each blocks when its pipe is full, so the second goes on when the first has been read.
    let [one, other] = children.map(transcript_of);
    let (one, other) = (one?, other?);
    Ok(Difference::first(&one, &other).map_or_else(|| Ok(one.lines().count()), Err))
}

fn start(plan: &[u8]) -> Result<Child, Failure> {
    let broken = |error| Failure::harness(format!("netsplit can't start itself: {error}"));
    let program = std::env::current_exe().map_err(broken)?;
    let mut command = Command::new(program);
    command.arg(RECORD).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(broken)?;
    // The pipe closes here: the child has read all of the plan before it says anything.
    child.stdin.take().expect("it was asked for").write_all(plan).map_err(broken)?;
    Ok(child)
}

fn transcript_of(child: Child) -> Result<String, Failure> {
    let output = child.wait_with_output().map_err(Failure::harness)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::harness(format!("one of the two processes ended with {}: {}", output.status, said.trim())))
}

/// One of the two processes: runs the plan on standard input, and says everything that happened.
pub(super) fn record(registry: &Registry) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().take(LARGEST_PLAN_BYTES).read_to_end(&mut bytes).map_err(Failure::harness)?;
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| Failure::wrong_use(format!("no plan: {error}")))?;
    let case = Case::of(plan, registry).map_err(Failure::wrong_use)?;
    let trial = Trial::of(case).map_err(Failure::harness)?;
    let written = std::io::stdout().write_all(transcript(&trial.recording).as_bytes());
    written.map_err(Failure::harness)?;
    Ok(0)
}
