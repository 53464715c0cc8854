//! `netsplit plan`: shows what a run would do.

use super::Failure;
use super::config::PlanArguments;
use super::voice::{is_json, print};
use crate::case::Case;
use crate::registry::Registry;
use crate::schedule;

/// Arguments of `plan`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// The seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print the whole plan, operations and latencies included
    #[arg(long)]
    json: bool,
}

/// Without `--json` what is printed is a schedule file: the faults, for `netsplit run --schedule`.
pub(super) fn plan(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let case = arguments.plan.source(registry)?.case(arguments.seed).map_err(Failure::wrong_use)?;
    if arguments.json || is_json() {
        print(&serde_json::to_string_pretty(&case.plan).expect("a plan has a JSON form"));
    } else {
        print(&heading(&case));
        print(schedule::write(&case.schedule).trim_end());
    }
    Ok(0)
}

/// What a schedule does not hold, as comments.
fn heading(case: &Case) -> String {
    let operations: usize = case.scripts.iter().map(Vec::len).sum();
    let length = humantime::format_duration(std::time::Duration::from_millis(case.length_ms));
    format!(
        "# {} faults ({}, seed {}) for {} under {operations} operations of `{}` in {length}\n\
         # hosts: {}\n\
         # keep this in a file, change it, and run it: netsplit run --schedule FILE\n",
        case.schedule.len(),
        case.nemesis,
        case.seed,
        case.system.name,
        case.workload.name,
        case.cluster().hosts().join(", "),
    )
}
