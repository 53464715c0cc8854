//! Times that a person can remember: no long gaps in which nothing begins, and round numbers.

use netsplit_workloads::Workload;

use super::Search;
use super::passes::cut;
use crate::plan::Plan;
use crate::redis_kind::NoRedis;

/// Gaps are closed in multiples of this, so that what was round stays round.
const GAP_MS: u64 = 1000;

/// From the roundest on; each divides the ones before it or is at least as coarse as a tick.
const UNITS_MS: [u64; 6] = [1000, 500, 100, 50, 20, 10];

/// The latency of a link that does not matter.
const USUAL_LATENCY_MS: u64 = 10;

/// Moves everything behind a long gap towards it.
pub(super) fn close_gaps(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let workload = search.workload();
    loop {
        let plan = search.plan().clone();
        let mut starts = vec![0, plan.start_ms];
        starts.extend(plan.schedule.iter().flat_map(|step| [step.at_ms, step.ends_ms().min(plan.length_ms)]));
        starts.extend(plan.scripts.iter().flatten().map(|planned| planned.at_ms));
        starts.push(plan.length_ms);
        starts.sort_unstable();
        let gaps = starts.windows(2).filter(|pair| pair[1] - pair[0] > GAP_MS).map(|pair| (pair[1], pair[1] - pair[0]));
        let closed = gaps.map(|(from_ms, gap_ms)| earlier(&plan, from_ms, (gap_ms - 1) / GAP_MS * GAP_MS, workload));
        if search.advance(closed)?.is_none() {
            return Ok(());
        }
    }
}

/// The plan with everything from `from_ms` on `by_ms` earlier; a fault that spans the gap gets shorter.
fn earlier(plan: &Plan, from_ms: u64, by_ms: u64, workload: &Workload) -> Plan {
    let moved = |ms: u64| if ms >= from_ms { ms - by_ms } else { ms };
    let mut plan = plan.clone();
    for step in &mut plan.schedule {
        let ends_ms = moved(step.ends_ms().min(plan.length_ms));
        step.at_ms = moved(step.at_ms);
        step.lasts_ms = ends_ms - step.at_ms;
    }
    plan.scripts.iter_mut().flatten().for_each(|planned| planned.at_ms = moved(planned.at_ms));
    plan.start_ms = moved(plan.start_ms);
    let length_ms = moved(plan.length_ms);
    cut(&plan, length_ms, workload)
}

/// Rounds every time: all at once to the roundest unit that works, then each alone. The quiet period stays as long as there
/// are final reads: a right system, too, needs it to agree.
pub(super) fn round(search: &mut Search<'_>) -> Result<(), NoRedis> {
    let plan = search.plan().clone();
    if plan.setup.is_empty() && plan.start_ms > 0 {
        search.advance(std::iter::once(Plan { start_ms: 0, ..plan }))?;
    }
    let plan = search.plan().clone();
    let times = 0..times(&mut plan.clone()).len();
    search.advance(UNITS_MS.iter().filter_map(|unit_ms| rounded(&plan, times.clone(), *unit_ms)))?;
    for at in times {
        let plan = search.plan().clone();
        search.advance(UNITS_MS.iter().filter_map(|unit_ms| rounded(&plan, at..at + 1, *unit_ms)))?;
    }
    latencies(search)
}

/// Every time of a plan: when and how long for faults, when for operations.
fn times(plan: &mut Plan) -> Vec<&mut u64> {
    let faults = plan.schedule.iter_mut().flat_map(|step| [&mut step.at_ms, &mut step.lasts_ms]);
    faults.chain(plan.scripts.iter_mut().flatten().map(|planned| &mut planned.at_ms)).collect()
}

/// The plan with the times at `places` rounded to `unit_ms`; `None` if they are no rounder then, or out of order.
fn rounded(plan: &Plan, places: std::ops::Range<usize>, unit_ms: u64) -> Option<Plan> {
    let mut rounder = plan.clone();
    let (mut better, length_ms) = (false, plan.length_ms);
    for time in &mut times(&mut rounder)[places] {
        let nearest = (**time + unit_ms / 2) / unit_ms * unit_ms;
        let worse = roundness(nearest) <= roundness(**time) || nearest >= length_ms;
        if !worse {
            **time = nearest;
            better = true;
        }
    }
    let in_order = rounder.scripts.iter().all(|script| script.is_sorted_by_key(|planned| planned.at_ms));
    let in_time = rounder.schedule.iter().all(|step| step.lasts_ms > 0 && step.ends_ms() <= length_ms);
    (better && in_order && in_time && rounder.schedule.is_sorted_by_key(|step| step.at_ms)).then_some(rounder)
}

/// How round a time is: the more, the rounder.
fn roundness(ms: u64) -> usize {
    UNITS_MS.len() - UNITS_MS.iter().position(|unit_ms| ms.is_multiple_of(*unit_ms)).unwrap_or(UNITS_MS.len())
}

/// Gives all links the usual latency, or all that can have it.
fn latencies(search: &mut Search<'_>) -> Result<(), NoRedis> {
    super::ddmin::ddmin(
        search,
        |plan| (0..plan.latencies.len()).filter(|at| plan.latencies[*at].ms != USUAL_LATENCY_MS).collect(),
        |plan, places: &[usize]| {
            let mut plan = plan.clone();
            for at in places {
                plan.latencies[*at].ms = USUAL_LATENCY_MS;
            }
            plan
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounder_times_are_multiples_of_larger_units() {
        let times = [4321, 4310, 4320, 4350, 4300, 4500, 4000, 0];
        let measured: Vec<usize> = times.iter().map(|ms| roundness(*ms)).collect();
        assert_eq!(measured, [0, 1, 2, 3, 4, 5, 6, 6]);
    }
}
