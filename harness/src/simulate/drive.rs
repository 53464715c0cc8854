//! Stepping the simulation until the clients have done everything; faults come and go between steps.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use netsplit_nemesis::Step;
use netsplit_nemesis::inject::{Injector, Machines};
use turmoil::Sim;

use super::hard_end_ms;
use super::hosts::Hosts;
use super::log;
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
    let mut agenda = Agenda::of(&plan.schedule, plan.length_ms);
    loop {
        let now_ms = u64::try_from(sim.elapsed().as_millis()).unwrap_or(u64::MAX);
        log::between_steps(sim.elapsed());
        for exit in supervisor.new_exits() {
            pen.exit(sim.elapsed(), &exit);
            injector.exited(sim, &exit.host);
        }
        for host in supervisor.due(now_ms) {
            injector.revive(sim, &host);
        }
        do_faults(sim, &mut agenda, now_ms, &mut injector, pen);
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
pub(crate) fn do_faults(
    sim: &mut Sim<'_>,
    agenda: &mut Agenda<'_>,
    now_ms: u64,
    injector: &mut Injector<impl Machines>,
    pen: &Pen,
) {
    while let Some(Item { moment, step, by_ms }) = agenda.next_by(now_ms) {
        if now_ms < by_ms && !injector.meets_a_sync(step) {
            agenda.put(now_ms + 1, Item { moment, step, by_ms });
            continue;
        }
        match moment {
            Moment::Begins => {
                let hosts = injector.aim(step, now_ms);
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

/// Something that happens to a step of the schedule: at `by_ms` at the latest, and before that in the middle of a sync.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'p> {
    moment: Moment,
    step: &'p Step,
    by_ms: u64,
}

/// Everything that has yet to happen to the steps of a schedule, in the order of its time.
#[derive(Debug)]
pub(crate) struct Agenda<'p>(BTreeMap<(u64, Moment, u32), Item<'p>>);

impl<'p> Agenda<'p> {
    /// All that happens; all has ended when the main phase has.
    pub(crate) fn of(schedule: &'p [Step], length_ms: u64) -> Agenda<'p> {
        let mut agenda = Agenda(BTreeMap::new());
        for step in schedule.iter().filter(|step| step.at_ms < length_ms) {
            let late_ms = step.begins_by_ms(length_ms) - step.at_ms;
            let mut put = |at_ms, moment, late_ms| agenda.put(at_ms, Item { moment, step, by_ms: at_ms + late_ms });
            put(step.at_ms, Moment::Begins, late_ms);
            for (from_ms, to_ms) in step.pulses(length_ms) {
                put(from_ms, Moment::Strikes, if from_ms == step.at_ms { late_ms } else { 0 });
                put(to_ms, Moment::Heals, 0);
            }
            put(step.ends_ms().clamp(step.at_ms + 1, length_ms), Moment::Ends, 0);
        }
        agenda
    }

    fn put(&mut self, at_ms: u64, item: Item<'p>) {
        self.0.insert((at_ms, item.moment, item.step.id), item);
    }

    fn next_by(&mut self, now_ms: u64) -> Option<Item<'p>> {
        let first = self.0.first_entry().filter(|first| first.key().0 <= now_ms)?;
        Some(first.remove())
    }
}
