//! Stepping the simulation until the clients have done everything; faults come and go between steps.

use std::iter::Peekable;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use netsplit_nemesis::Step;
use netsplit_nemesis::inject::{Injector, Machines};
use turmoil::Sim;

use super::hard_end_ms;
use super::hosts::Hosts;
use super::pen::Pen;
use super::supervisor::Supervisor;
use crate::plan::Plan;

/// What happens to a step of the schedule, in the order in which simultaneous ones are done: what heals goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// It is undone, for good or until its next pulse.
    Heals,
    /// It is over.
    Ends,
    /// It is aimed.
    Begins,
    /// It is done.
    Strikes,
}

/// Runs to the end; an `Err` says why there was none.
pub(super) fn drive(
    sim: &mut Sim<'_>,
    plan: &Plan,
    mut injector: Injector<Hosts>,
    supervisor: &Supervisor,
    pen: &Pen,
) -> Result<Duration, String> {
    let mut dying: Vec<&String> = plan.dead.iter().collect();
    let mut due = agenda(&plan.schedule, plan.length_ms).into_iter().peekable();
    loop {
        let now_ms = u64::try_from(sim.elapsed().as_millis()).unwrap_or(u64::MAX);
        for exit in supervisor.new_exits() {
            pen.exit(sim.elapsed(), &exit);
            injector.exited(sim, &exit.host);
        }
        for host in supervisor.due(now_ms) {
            injector.revive(sim, &host);
        }
        do_faults(sim, &mut due, now_ms, &mut injector, pen);
        if now_ms >= plan.length_ms {
            for node in std::mem::take(&mut dying) {
                pen.death(sim.elapsed(), node);
                injector.bury(sim, node);
            }
        }
        match catch_unwind(AssertUnwindSafe(|| sim.step())) {
            Ok(Ok(false)) if now_ms > hard_end_ms(plan) => return Err("the clients did not end in time".into()),
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => return Ok(sim.elapsed()),
            Ok(Err(error)) => return Err(format!("the simulation ended: {error}")),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Does what is due by now.
pub(crate) fn do_faults<'p>(
    sim: &mut Sim<'_>,
    due: &mut Peekable<impl Iterator<Item = (u64, Moment, &'p Step)>>,
    now_ms: u64,
    injector: &mut Injector<impl Machines>,
    pen: &Pen,
) {
    while let Some((_, moment, step)) = due.next_if(|(at_ms, ..)| *at_ms <= now_ms) {
        match moment {
            Moment::Begins => {
                let hosts = injector.aim(step);
                tracing::info!("nemesis: {}", step.fault.told(&hosts));
                pen.fault(sim.elapsed(), step, &hosts, true);
            }
            Moment::Strikes => injector.strike(sim, step),
            Moment::Heals => injector.heal(sim, step),
            Moment::Ends => {
                let hosts = injector.aimed(step);
                tracing::info!("nemesis: heal of {}", step.fault.told(&hosts));
                pen.fault(sim.elapsed(), step, &hosts, false);
            }
        }
    }
}

/// Everything that happens to the steps of a schedule, in the order of its time; all has ended when the main phase has.
pub(crate) fn agenda(schedule: &[Step], length_ms: u64) -> Vec<(u64, Moment, &Step)> {
    let mut agenda = Vec::new();
    for step in schedule.iter().filter(|step| step.at_ms < length_ms) {
        let pulses = step.pulses(length_ms);
        let over_ms = step.ends_ms().clamp(step.at_ms + 1, length_ms);
        agenda.extend([(step.at_ms, Moment::Begins, step), (over_ms, Moment::Ends, step)]);
        agenda
            .extend(pulses.iter().flat_map(|(from, to)| [(*from, Moment::Strikes, step), (*to, Moment::Heals, step)]));
    }
    agenda.sort_by_key(|(at_ms, moment, step)| (*at_ms, *moment, step.id));
    agenda
}
