//! Invocations and completions paired in one pass over a history, for most of the time goes into fetching its events:
//! what the checks need of an event is taken while it is at hand.

use std::collections::BTreeMap;

use super::limits::Budget;
use super::near_linear::NONE;
use super::number::{LEFT, Numbers};
use super::split::Objects;
use crate::history::Unpaired;
use crate::models::Specification;
use crate::{Actor, History, Kind, Operation, Verdict};

/// Where an operation's two events are, and its step of a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) invoked_at: u32,
    pub(crate) completed_at: u32,
    /// The number of the value that it showed, or [`NONE`]; [`LEFT`] if that was not told at once.
    pub(crate) from: u32,
    /// The number of the value that it left behind, or [`NONE`].
    pub(crate) to: u32,
}

/// Events between two looks at the clock.
const LOOK: usize = 1 << 14;

/// The place of an event that there is not.
pub(crate) const NEVER: u32 = u32::MAX;

impl Pair {
    /// The operation in full.
    pub(crate) fn operation(self, history: &History) -> Operation<'_> {
        let invoked_at = self.invoked_at as usize;
        let completed_at = (self.completed_at != NEVER).then_some(self.completed_at as usize);
        let completion = completed_at.map(|at| &history.events[at]);
        Operation { invocation: &history.events[invoked_at], completion, invoked_at, completed_at }
    }
}

/// The clients' operations without those that failed, in the order of their invocations, with their objects and values
/// under numbers.
pub(crate) struct Paired<'h> {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) objects: Objects<'h>,
    pub(crate) numbers: Numbers<'h>,
}

/// Pairs a history's events; the `Err` is the verdict if they can't be, or not in time.
pub(crate) fn pair<'h, S: Specification>(
    history: &'h History,
    specification: &S,
    budget: &Budget,
) -> Result<Paired<'h>, Verdict> {
    let mut numbers = Numbers::new(&specification.lean_initial(), history.events.len());
    let mut objects = Objects::default();
    let mut pairs: Vec<Pair> = Vec::with_capacity(history.events.len() / 2 + 1);
    let mut open = Open::default();
    let mut failed = false;
    for (at, event) in history.events.iter().enumerate() {
        if at % LOOK == 0
            && let Some(cause) = budget.out_of_time()
        {
            return Err(Verdict::Unknown(cause));
        }
        let Actor::Process(process) = event.process else { continue };
        let slot = open.slot(process);
        let at = small(at);
        if event.kind == Kind::Invoke {
            if *slot != NEVER {
                let open = history.events[pairs[*slot as usize].invoked_at as usize].index;
                return Err(Unpaired::TwoAtOnce { index: event.index, process, open }.into());
            }
            *slot = small(pairs.len());
            let pair = Pair { invoked_at: at, completed_at: NEVER, from: LEFT, to: NONE };
            objects.add(specification.key(&pair.operation(history)), pairs.len());
            pairs.push(pair);
            continue;
        }
        if *slot == NEVER {
            return Err(Unpaired::NotInvoked { index: event.index, process }.into());
        }
        let pair = &mut pairs[std::mem::replace(slot, NEVER) as usize];
        match event.kind {
            Kind::Ok => pair.completed_at = at,
            Kind::Fail => {
                pair.invoked_at = NEVER;
                failed = true;
                continue;
            }
            Kind::Info | Kind::Invoke => {}
        }
        if let Some(lean) = specification.lean_at_once(&pair.operation(history)) {
            (pair.from, pair.to) = (numbers.optional(lean.from), numbers.optional(lean.to));
        }
    }
    if failed {
        objects.retain(|at| pairs[at].invoked_at != NEVER);
        pairs.retain(|pair| pair.invoked_at != NEVER);
    }
    Ok(Paired { pairs, objects, numbers })
}

pub(crate) fn small(n: usize) -> u32 {
    u32::try_from(n).expect("a history in memory has fewer than 2^32 events")
}

/// Each process's open operation. Nearly all processes have small numbers.
#[derive(Default)]
struct Open {
    small: Vec<u32>,
    large: BTreeMap<u64, u32>,
}

impl Open {
    fn slot(&mut self, process: u64) -> &mut u32 {
        const SMALL: u64 = 1 << 20;
        if process >= SMALL {
            return self.large.entry(process).or_insert(NEVER);
        }
        let process = usize::try_from(process).expect("less than 2^20");
        if process >= self.small.len() {
            self.small.resize(process + 1, NEVER);
        }
        &mut self.small[process]
    }
}
