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
    fn invoked(at: u32) -> Pair {
        Pair { invoked_at: at, completed_at: NEVER, from: LEFT, to: NONE }
    }

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
    /// Whether some failed.
    failed: bool,
}

/// Pairs a history's events; the `Err` is the verdict if they can't be, or not in time. Objects are numbered in the same
/// pass, but many of them by another thread meanwhile: it is a table beside the cache that they wait for.
pub(crate) fn pair<'h, S: Specification>(
    history: &'h History,
    specification: &S,
    budget: &Budget,
) -> Result<Paired<'h>, Verdict> {
    /// Events that are worth a thread.
    const MANY: usize = 1 << 16;
    let mut objects = Objects::default();
    let mut paired = if history.events.len() < MANY || has_one_object(history, specification) {
        pairs(history, specification, budget, Some(&mut objects))?
    } else {
        std::thread::scope(|scope| {
            let numbering = scope.spawn(|| numbered(history, specification));
            let paired = pairs(history, specification, budget, None);
            objects = numbering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            paired
        })?
    };
    if paired.failed {
        objects.retain(|at| paired.pairs[at].invoked_at != NEVER);
        paired.pairs.retain(|pair| pair.invoked_at != NEVER);
    }
    Ok(Paired { objects, ..paired })
}

/// Whether it looks so.
fn has_one_object<S: Specification>(history: &History, specification: &S) -> bool {
    const LOOKED_AT: usize = 64;
    let mut keys = invocations(history).take(LOOKED_AT).map(|pair| specification.key(&pair.operation(history)));
    let first = keys.next();
    keys.all(|key| Some(key) == first)
}

fn invocations(history: &History) -> impl Iterator<Item = Pair> {
    let invokes = |event: &crate::Event| event.kind == Kind::Invoke && matches!(event.process, Actor::Process(_));
    let all = history.events.iter().enumerate();
    all.filter(move |(_, event)| invokes(event)).map(|(at, _)| Pair::invoked(small(at)))
}

/// The objects alone.
fn numbered<'h, S: Specification>(history: &'h History, specification: &S) -> Objects<'h> {
    let mut objects = Objects::default();
    for (before, pair) in invocations(history).enumerate() {
        objects.add(specification.key(&pair.operation(history)), before);
    }
    objects
}

/// The pairs, those of failed operations marked by [`NEVER`], with their objects if these are wanted.
fn pairs<'h, S: Specification>(
    history: &'h History,
    specification: &S,
    budget: &Budget,
    mut objects: Option<&mut Objects<'h>>,
) -> Result<Paired<'h>, Verdict> {
    let mut numbers = Numbers::new(&specification.lean_initial(), history.events.len());
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
            let pair = Pair::invoked(at);
            if let Some(objects) = &mut objects {
                objects.add(specification.key(&pair.operation(history)), pairs.len());
            }
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
    Ok(Paired { pairs, objects: Objects::default(), numbers, failed })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;
    use crate::drawing::draw;
    use crate::linearizable::Limits;
    use crate::models::RegisterSpec;

    #[test]
    fn objects_have_the_same_numbers_in_either_pass() {
        let line = |n: u64| {
            let (process, key, kind) = (n % 3, n * n % 5, ["ok", "fail", "ok", "ok"][usize::try_from(n % 4).unwrap()]);
            format!("{process} invoke write k{key}={n}\n{process} {kind} write k{key}={n}\n~ info cut\n")
        };
        let history = draw(&(0..40).map(line).collect::<String>());
        let specification = RegisterSpec::new(Value::Nil);
        let mut same_pass = Objects::default();
        let budget = Budget::start(Limits::default());
        let paired = pairs(&history, &specification, &budget, Some(&mut same_pass)).expect("all are paired");
        assert!(paired.failed && !has_one_object(&history, &specification));
        assert_eq!(numbered(&history, &specification), same_pass);
    }
}
