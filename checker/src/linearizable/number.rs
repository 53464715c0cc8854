//! Values under small numbers, so that clusters are a table.
//!
//! Twice: all values of a history while its events are paired, whatever their object, and then those of one object, with
//! no gaps.

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use super::near_linear::{INITIAL, NO_RETURN, NONE, Step};
use super::pair::Pair;
use super::split::Part;
use crate::Value;
use crate::models::{Model, Specification, Undecodable};

/// In place of a number: an operation's step was not told at once, and is left to the decoding.
pub(crate) const LEFT: u32 = NONE - 1;

/// The numbers of all values of a history. Whole numbers are usually counted up: a small one is its own number and one;
/// others have numbers above those, by their hash.
pub(crate) struct Numbers<'h> {
    initial: Value,
    /// Whole numbers are small below this.
    dense: u32,
    others: HashMap<&'h Value, u32, BuildWordHasher>,
}

impl<'h> Numbers<'h> {
    /// For a history of so many events.
    pub(crate) fn new(initial: &Value, events: usize) -> Numbers<'h> {
        let dense = u32::try_from(events).unwrap_or(u32::MAX).min(1 << 30);
        Numbers { initial: initial.clone(), dense, others: HashMap::default() }
    }

    fn known(&self, value: &Value) -> Option<u32> {
        match (value, &self.initial) {
            (Value::Int(n), Value::Int(initial)) if n == initial => Some(INITIAL),
            (Value::Int(n), _) if *n >= 0 && *n < i64::from(self.dense) => u32::try_from(*n + 1).ok(),
            (value, initial) if value == initial => Some(INITIAL),
            _ => self.others.get(value).copied(),
        }
    }

    fn number(&mut self, value: &'h Value) -> u32 {
        self.known(value).unwrap_or_else(|| {
            let fresh = self.dense + 1 + u32::try_from(self.others.len()).expect("as few as events");
            self.others.insert(value, fresh);
            fresh
        })
    }

    /// The value's number, or [`NONE`].
    pub(crate) fn optional(&mut self, value: Option<&'h Value>) -> u32 {
        value.map_or(NONE, |value| self.number(value))
    }
}

/// A part of a history as a register's steps.
pub(crate) struct Numbered {
    pub(crate) steps: Vec<Step>,
    /// One more than the greatest number of a value.
    pub(crate) values: usize,
    /// Whether an answer in it could have refuted the claim.
    pub(crate) tested: bool,
}

/// The numbers of one object's values, without gaps.
struct Local<'s, 'h> {
    all: &'s Numbers<'h>,
    /// By the history's number, where that is small; zero if there is none yet.
    dense: Vec<u32>,
    sparse: HashMap<u32, u32, BuildWordHasher>,
    /// Values that only decoding showed.
    others: HashMap<Value, u32, BuildWordHasher>,
    count: u32,
}

impl<'s, 'h> Local<'s, 'h> {
    fn new(part: &Part<'s, 'h>) -> Local<'s, 'h> {
        let dense = vec![0; 2 * part.pairs.len() + 2];
        let (sparse, others) = (HashMap::default(), HashMap::default());
        Local { all: part.numbers, dense, sparse, others, count: INITIAL + 1 }
    }

    fn local(&mut self, number: u32) -> u32 {
        if number == INITIAL || number == NONE {
            return number;
        }
        let fresh = self.count;
        let local = if let Some(local) = self.dense.get_mut(number as usize) {
            if *local == 0 {
                *local = fresh;
            }
            *local
        } else {
            if self.sparse.is_empty() {
                // one allocation for a short history
                self.sparse.reserve(self.dense.len().min(64) / 2);
            }
            *self.sparse.entry(number).or_insert(fresh)
        };
        self.count += u32::from(local == fresh);
        local
    }

    fn decoded(&mut self, value: Option<&Value>) -> u32 {
        let Some(value) = value else { return NONE };
        if let Some(number) = self.all.known(value) {
            return self.local(number);
        }
        let fresh = self.count;
        let local = *self.others.entry_ref(value).or_insert(fresh);
        self.count += u32::from(local == fresh);
        local
    }
}

/// The steps of a part; `Ok(None)` if some operation is none of a register's.
pub(crate) fn steps<S: Specification>(specification: &S, part: &Part<'_, '_>) -> Result<Option<Numbered>, Undecodable> {
    let mut numbers = Local::new(part);
    let mut steps = Vec::with_capacity(part.pairs.len());
    let mut tested = false;
    for &pair in part.pairs {
        if pair.from != LEFT {
            let (from, to) = (numbers.local(pair.from), numbers.local(pair.to));
            let step = step(pair, from, to);
            tested |= step.ret != NO_RETURN && from != NONE;
            steps.push(step);
            continue;
        }
        let Some((op, ret)) = specification.decode(&part.operation(pair))? else { continue };
        let ret = ret.as_ref();
        if ret.is_none() && S::Model::is_read(&op, ret) {
            continue;
        }
        tested |= specification.tests(&op, ret);
        let Some(lean) = specification.lean(&op, ret) else { return Ok(None) };
        let step = step(pair, numbers.decoded(lean.from), numbers.decoded(lean.to));
        steps.push(if ret.is_some() { step } else { Step { ret: NO_RETURN, ..step } });
    }
    Ok(Some(Numbered { steps, values: numbers.count as usize, tested }))
}

fn step(pair: Pair, from: u32, to: u32) -> Step {
    let ret = pair.completed_at.saturating_add(1);
    debug_assert_eq!(super::pair::NEVER.saturating_add(1), NO_RETURN, "what never completed never returns");
    Step { call: pair.invoked_at + 1, ret, from, to }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;
    use crate::models::RegisterSpec;
    use crate::{History, Kind};

    fn alone(f: &str, given: Value, kind: Kind, answer: Value) -> History {
        let mut history = draw(&format!("1 invoke {f}\n1 ok {f}"));
        history.events[0].value = given;
        (history.events[1].kind, history.events[1].value) = (kind, answer);
        history
    }

    #[test]
    fn what_is_told_at_once_is_what_decoding_tells() {
        let specifications = [Value::Nil, 7.into()].map(RegisterSpec::new);
        let mut told = 0;
        for (f, kind) in ["read", "write", "cas"].into_iter().flat_map(|f| [(f, Kind::Ok), (f, Kind::Info)]) {
            let refused = Value::refused(3.into());
            for answer in [Value::Nil, 7.into(), "x".into(), Value::list([7.into()]), refused] {
                let given = if f == "cas" { Value::list([1.into(), 7.into()]) } else { 7.into() };
                let history = alone(f, given, kind, answer);
                let operation = history.operations().expect("a pair")[0];
                for specification in &specifications {
                    let Some(lean) = specification.lean_at_once(&operation) else { continue };
                    told += 1;
                    let (op, ret) = specification.decode(&operation).expect("a register's").expect("not left out");
                    let decoded = specification.lean(&op, ret.as_ref()).expect("a register's step");
                    assert_eq!((lean.from, lean.to), (decoded.from, decoded.to), "{f} {kind:?}");
                    assert_eq!(ret.is_some(), kind == Kind::Ok, "{f} {kind:?}");
                    let tests = kind == Kind::Ok && lean.from.is_some();
                    assert_eq!(tests, specification.tests(&op, ret.as_ref()), "{f} {kind:?}");
                }
            }
        }
        assert!(told >= 40, "only {told} were told at once");
    }
}
