//! Operations on registers as what they observed and what they wrote, for the models that order whole histories.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::Unpaired;
use crate::models::register::{Register, RegisterOp, RegisterRet, RegisterSpec};
use crate::models::{Model, NilReads, Specification, Undecodable};
use crate::{Cause, History, Operation, Outcome, Value, Verdict};

/// One operation on one register, as [`RegisterSpec`] reads it: a refusal shows the present value, a claim that there was
/// none.
#[derive(Clone, Debug)]
pub(crate) struct Access<'h> {
    pub(crate) index: u64,
    pub(crate) process: u64,
    /// Which life of a process did it. What was not answered may take effect at any later time, so that it ends a life: a
    /// process that goes on, as imported ones do, does so as another.
    pub(crate) life: usize,
    pub(crate) key: &'h Value,
    /// The node that was asked, where known.
    pub(crate) node: Option<&'h str>,
    /// The index of its completion.
    pub(crate) completed: Option<u64>,
    op: RegisterOp,
    /// Without an answer it may not have taken effect.
    ret: Option<RegisterRet>,
    /// Whether it is a creation that surely found nothing, and not its own value.
    found_nothing: bool,
}

/// Why a history is not one of registers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Unpaired(#[from] Unpaired),
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
}

impl From<Unreadable> for Verdict {
    fn from(unreadable: Unreadable) -> Verdict {
        Verdict::Unknown(Cause::Undecided(unreadable.to_string()))
    }
}

/// What an allocation costs besides its bytes.
pub(crate) const ALLOCATION_BYTES: usize = 24;

/// Bytes that the accesses of a history take, with the operations that they are read from.
pub(crate) fn bytes(history: &History) -> usize {
    history.events.len() / 2 * (size_of::<Operation<'_>>() + 2 * size_of::<Access<'_>>())
}

/// The accesses of a history in the order of their invocations. What failed, and reads that show nothing, are left out.
pub(crate) fn accesses<'h>(history: &'h History, initial: &Value) -> Result<Vec<Access<'h>>, Unreadable> {
    let mut specification = RegisterSpec::new(initial.clone());
    let mut all = Vec::new();
    let (mut lives, mut life) = (BTreeMap::new(), 0);
    let operations = history.operations()?;
    if operations.iter().any(|operation| operation.f() == "delete") {
        specification.nil_reads = NilReads::Absent;
    }
    for operation in operations.iter().filter(|operation| operation.outcome() != Outcome::Fail) {
        if let Some((op, ret)) = specification.decode(operation)? {
            let key = specification.key(operation);
            let (index, process) = (operation.index(), operation.process());
            let node = operation.invocation.node.as_deref();
            let completed = operation.completion.map(|event| event.index);
            let own = *lives.entry(process).or_insert_with(|| {
                life += 1;
                life
            });
            if ret.is_none() {
                lives.remove(&process);
            }
            all.push(Access { index, process, life: own, key, node, completed, op, ret, found_nothing: false });
        }
    }
    Ok(all)
}

/// Why it is not known which write each read shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Untraced {
    /// The history does not tell, and why.
    Undecided(String),
    /// No order explains this access: the pattern's name, and where it is.
    Bad(&'static str, usize),
}

/// What [`sources`] can trace: without the writes that had no answer and that nobody saw, for they need never take effect.
pub(crate) fn traceable(mut all: Vec<Access<'_>>) -> Vec<Access<'_>> {
    let seen: BTreeSet<(&Value, &Value)> = all.iter().filter_map(|one| Some((one.key, one.observed()?))).collect();
    let is_seen = |one: &Access<'_>| one.wrote().is_some_and(|new| seen.contains(&(one.key, new)));
    let kept: Vec<bool> = all.iter().map(|one| !one.pending() || is_seen(one)).collect();
    let lone = lone_creations(&all);
    all.iter_mut().zip(lone).for_each(|(one, lone)| one.found_nothing = lone);
    let mut kept = kept.into_iter();
    all.retain(|_| kept.next().is_some_and(|kept| kept));
    all
}

/// Which accesses create what nobody else writes, not even without an answer: what they found was not that.
fn lone_creations(all: &[Access<'_>]) -> Vec<bool> {
    let mut writes: BTreeMap<(&Value, &Value), usize> = BTreeMap::new();
    for one in all {
        if let Some(new) = one.wrote() {
            *writes.entry((one.key, new)).or_default() += 1;
        }
    }
    let is_lone = |one: &Access<'_>| one.wrote().is_some_and(|new| writes[&(one.key, new)] == 1);
    all.iter().map(|one| matches!(one.op, RegisterOp::Create(_)) && is_lone(one)).collect()
}

/// The write that each access shows; `None` for the initial value and for what shows nothing.
pub(crate) fn sources(all: &[Access<'_>], initial: &Value) -> Result<Vec<Option<usize>>, Untraced> {
    let mut writers: BTreeMap<(&Value, &Value), usize> = BTreeMap::new();
    for (at, access) in all.iter().enumerate() {
        if !access.is_plain() {
            let why = format!("#{} creates or deletes: the values written must be distinct", access.index);
            return Err(Untraced::Undecided(why));
        }
        let Some(wrote) = access.wrote() else { continue };
        if wrote == initial || writers.insert((access.key, wrote), at).is_some() {
            let why = format!("#{} writes {wrote} again: the values written must be distinct", access.index);
            return Err(Untraced::Undecided(why));
        }
    }
    let source = |(at, access): (usize, &Access<'_>)| match access.observed() {
        _ if access.is_bogus() => Err(Untraced::Bad("BogusRefusal", at)),
        Some(seen) if seen != initial => {
            let writer = writers.get(&(access.key, seen)).copied();
            writer.map(Some).ok_or(Untraced::Bad("ThinAirRead", at))
        }
        _ => Ok(None),
    };
    all.iter().enumerate().map(source).collect()
}

/// Why an access that [`sources`] found bad can't be, in words.
pub(crate) fn told_untraced(pattern: &str, access: &Access<'_>) -> String {
    if pattern == "BogusRefusal" {
        format!("#{} was refused because of the very value that it expected", access.index)
    } else {
        format!("#{} shows a value that nobody wrote", access.index)
    }
}

static ABSENT: Value = Value::Nil;

impl Access<'_> {
    pub(crate) fn pending(&self) -> bool {
        self.ret.is_none()
    }

    /// Whether it asks for the value and for nothing else.
    pub(crate) fn is_read(&self) -> bool {
        self.op == RegisterOp::Read
    }

    /// The value that it surely saw.
    pub(crate) fn observed(&self) -> Option<&Value> {
        match (&self.op, self.ret.as_ref()?) {
            (_, RegisterRet::Value(seen) | RegisterRet::Refused(seen)) => Some(seen),
            (RegisterOp::Cas(old, _), RegisterRet::Done) => Some(old),
            (RegisterOp::Claim(_), RegisterRet::Done) => Some(&ABSENT),
            (RegisterOp::Create(_), RegisterRet::Done) if self.found_nothing => Some(&ABSENT),
            _ => None,
        }
    }

    /// The value that it left, if it took effect.
    pub(crate) fn wrote(&self) -> Option<&Value> {
        match (&self.op, &self.ret) {
            (RegisterOp::Read, _) | (_, Some(RegisterRet::Refused(_))) => None,
            (
                RegisterOp::Write(new) | RegisterOp::Cas(_, new) | RegisterOp::Claim(new) | RegisterOp::Create(new),
                _,
            ) => Some(new),
            (RegisterOp::Delete, _) => Some(&ABSENT),
        }
    }

    /// Whether it can take effect, and be answered as it was, while the register holds `current`.
    pub(crate) fn fits(&self, current: &Value) -> bool {
        Register(current.clone()).step(&self.op, self.ret.as_ref()).is_some()
    }

    /// Whether its answer contradicts itself: refused because of the very value that it expected.
    pub(crate) fn is_bogus(&self) -> bool {
        matches!((&self.op, &self.ret), (RegisterOp::Cas(old, _), Some(RegisterRet::Refused(seen))) if old == seen)
    }

    /// Whether what it saw and what it wrote is all that there is to it; a deletion, and a creation
    /// that may have found its own value, also saw something that these can't tell.
    pub(crate) fn is_plain(&self) -> bool {
        match (&self.op, &self.ret) {
            (_, Some(RegisterRet::Refused(_))) => true,
            (RegisterOp::Create(_), _) => self.found_nothing,
            (op, _) => *op != RegisterOp::Delete,
        }
    }

    /// What it did, as evidence tells it.
    pub(crate) fn told(&self) -> String {
        let of = if self.key.is_nil() { String::new() } else { format!(" of {}", self.key) };
        let did = RegisterSpec::new(Value::Nil).say(&self.op, self.ret.as_ref());
        format!("#{}, process {}: {did}{of}", self.index, self.process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;

    /// What the operation saw and wrote.
    fn read(line: &str, initial: &Value) -> String {
        let (history, nothing) = (draw(line), "-".to_owned());
        let all = accesses(&history, initial).unwrap();
        let shown = |value: Option<&Value>| value.map_or(nothing.clone(), ToString::to_string);
        let told = |one: &Access<'_>| format!("{} {}", shown(one.observed()), shown(one.wrote()));
        all.iter().map(told).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn refusals_are_reads_and_claims_saw_nothing_there() {
        let read = |line: &str| read(line, &Value::Nil);
        assert_eq!(read("0 invoke cas [1 2]\n0 ok cas [1 2]"), "1 2");
        assert_eq!(read("0 invoke cas [1 2]\n0 ok cas {refused 3}"), "3 -");
        assert_eq!(read("0 invoke cas [1 2]\n0 info cas"), "- 2");
        assert_eq!(read("0 invoke claim 2\n0 ok claim 2"), "nil 2");
        assert_eq!(read("0 invoke claim 2\n0 ok claim {refused 3}"), "3 -");
        assert_eq!(read("0 invoke write 2\n0 fail write 2"), "");
        assert_eq!(read("0 invoke read\n0 info read"), "");
    }

    #[test]
    fn a_nil_read_says_nothing_of_a_register_that_always_holds_a_value() {
        assert_eq!(read("0 invoke read\n0 ok read nil", &Value::Nil), "nil -");
        assert_eq!(read("0 invoke read\n0 ok read nil", &Value::Int(0)), "");
    }

    #[test]
    fn a_history_of_something_else_is_not_read() {
        assert!(accesses(&draw("0 invoke enqueue 1\n0 ok enqueue 1"), &Value::Nil).is_err());
    }
}
