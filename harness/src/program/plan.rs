//! `netsplit plan`: shows what a run would do.

use super::config::PlanArguments;
use super::{Failure, say};
use crate::plan::Plan;
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
pub(super) fn plan(arguments: &Arguments) -> Result<u8, Failure> {
    let plan = arguments.plan.source()?.plan(arguments.seed).map_err(Failure::wrong_use)?;
    if arguments.json {
        say(&serde_json::to_string_pretty(&plan).expect("a plan has a JSON form"));
    } else {
        say(&heading(&plan));
        say(schedule::write(&plan.schedule).trim_end());
    }
    Ok(0)
}

/// What a schedule does not hold, as comments.
fn heading(plan: &Plan) -> String {
    let operations: usize = plan.scripts.iter().map(Vec::len).sum();
    let length = humantime::format_duration(std::time::Duration::from_millis(plan.length_ms));
    format!(
        "# {} faults ({}, seed {}) for {} under {operations} operations of `{}` in {length}\n\
         # hosts: {}\n\
         # keep this in a file, change it, and run it: netsplit run --schedule FILE\n",
        plan.schedule.len(),
        plan.nemesis,
        plan.seed,
        plan.system,
        plan.workload,
        plan.cluster().hosts().join(", "),
    )
}
