//! What a plan may ask for at most. A plan may be a stranger's: it is data, and nothing starts before its sizes, times and
//! names are known to be bearable.

use netsplit_nemesis::Step;
use serde_json::Value;

use crate::plan::{BadConfig, Plan};

/// Five times what the largest comparison needs.
pub(crate) const MOST_NODES: u64 = 128;
pub(crate) const MOST_CLIENTS: u64 = 10_000;
pub(crate) const MOST_LENGTH_MS: u64 = 24 * 60 * 60 * 1000;
pub(crate) const MOST_OPERATIONS: u64 = 10_000_000;
const MOST_FAULTS: u64 = 10_000;
const MOST_PULSES: u64 = 1_000_000;
const MOST_WAIT_MS: u64 = 60 * 60 * 1000;
/// A run's cost is hosts × ticks: this many take some ten minutes.
const MOST_HOST_TICKS: u64 = 250_000_000;
const LONGEST_NAME_BYTES: u64 = 256;
/// Room for a transaction as one argument.
const LONGEST_ARGUMENT_BYTES: u64 = 64 << 10;
/// How often a fault may name each host.
const MENTIONS: u64 = 4;

/// An `Err` names what is too small or too large.
pub(crate) fn within(what: &'static str, value: u64, least: u64, most: u64) -> Result<(), BadConfig> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(BadConfig::Size { what, value, least, most }) }
}

/// Checks every size and time of `plan`, and the length of every text in it.
pub(crate) fn check(plan: &Plan) -> Result<(), BadConfig> {
    within("the number of nodes", count(&plan.nodes), 1, MOST_NODES)?;
    within("the number of clients", count(&plan.scripts), 1, MOST_CLIENTS)?;
    within("the number of latencies", count(&plan.latencies), 0, (MOST_NODES + 2) * (MOST_NODES + 2))?;
    times(plan)?;
    operations(plan)?;
    within("the number of faults", count(&plan.schedule), 0, MOST_FAULTS)?;
    within("the length of the nemesis's name in bytes", plan.nemesis.len() as u64, 0, LONGEST_NAME_BYTES)?;
    let pulses = plan.schedule.iter().map(|step| step.pulse_count(plan.length_ms)).fold(0, u64::saturating_add);
    within("the number of times that faults come and go", pulses, 0, MOST_PULSES)?;
    plan.schedule.iter().try_for_each(|step| fault(step, count(&plan.nodes) + 2))
}

fn times(plan: &Plan) -> Result<(), BadConfig> {
    within("the tick in milliseconds", plan.tick_ms, 1, 1000)?;
    within("the length in milliseconds", plan.length_ms, 1, MOST_LENGTH_MS)?;
    within("the start in milliseconds", plan.start_ms, 0, plan.length_ms)?;
    within("the quiet period in milliseconds", plan.quiet_ms, 0, MOST_WAIT_MS)?;
    within("the recovery time in milliseconds", plan.recovery_ms, 1, MOST_WAIT_MS)?;
    within("the deadline in milliseconds", plan.deadline_ms, 1, MOST_WAIT_MS)?;
    let ticks = (plan.length_ms + plan.quiet_ms + plan.recovery_ms) / plan.tick_ms;
    within("hosts × ticks", ticks * (count(&plan.nodes) + 2), 0, MOST_HOST_TICKS)
}

fn operations(plan: &Plan) -> Result<(), BadConfig> {
    let scripted = plan.scripts.iter().map(|script| count(script)).sum::<u64>();
    let asked = plan.finale.iter().map(|op| count(&op.args).max(1)).sum::<u64>();
    let finale = asked.saturating_mul(count(&plan.finale_nodes));
    let all = scripted.saturating_add(finale).saturating_add(count(&plan.setup));
    within("the number of operations", all, 0, MOST_OPERATIONS)?;
    for planned in plan.scripts.iter().flatten() {
        within("the time of an operation in milliseconds", planned.at_ms, 0, MOST_LENGTH_MS)?;
    }
    for op in plan.scripts.iter().flatten().map(|planned| &planned.op).chain(&plan.finale).chain(&plan.setup) {
        within("the length of an operation's name in bytes", op.f.len() as u64, 1, LONGEST_NAME_BYTES)?;
        within("the length of a key in bytes", op.key().len() as u64, 0, LONGEST_NAME_BYTES)?;
        for argument in &op.args {
            within("the length of an argument in bytes", size_bytes(argument), 0, LONGEST_ARGUMENT_BYTES)?;
        }
    }
    Ok(())
}

/// As the plan's file has it; a text without its quotes.
fn size_bytes(argument: &Value) -> u64 {
    argument.as_str().map_or_else(|| argument.to_string().len(), str::len) as u64
}

/// What a fault does to pairs of hosts grows with how often it names them.
fn fault(step: &Step, hosts: u64) -> Result<(), BadConfig> {
    within("the time of a fault in milliseconds", step.at_ms, 0, MOST_LENGTH_MS)?;
    let data = serde_json::to_value(&step.fault).expect("a fault has a JSON form");
    // A cut of links may name every pair.
    within("the number of names in a fault", texts(&data), 0, (MENTIONS + hosts) * (hosts + 1))
}

fn texts(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(texts).sum::<u64>().max(1),
        Value::Object(fields) => fields.values().map(texts).sum(),
        _ => 1,
    }
}

fn count<T>(items: &[T]) -> u64 {
    items.len() as u64
}
