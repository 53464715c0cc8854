//! Values under small numbers, so that clusters are a table.

use hashbrown::HashMap;

use super::call::PENDING;
use super::hash::BuildWordHasher;
use super::near_linear::{INITIAL, NONE, Step};
use super::split::Part;
use crate::Value;
use crate::models::{Model, Specification, Undecodable};

/// A part of a history as a register's steps.
pub(crate) struct Numbered {
    pub(crate) steps: Vec<Step>,
    /// One more than the greatest number of a value.
    pub(crate) values: usize,
    /// Whether an answer in it could have refuted the claim.
    pub(crate) tested: bool,
}

/// Whole numbers are usually counted up: small ones are looked up in a table, all other values by their hash.
struct Numbers {
    dense: Vec<u32>,
    others: HashMap<Value, u32, BuildWordHasher>,
    count: u32,
}

impl Numbers {
    fn new(operations: usize) -> Numbers {
        Numbers { dense: vec![NONE; 2 * operations + 2], others: HashMap::default(), count: 0 }
    }

    fn number(&mut self, value: &Value) -> u32 {
        let small = match value {
            Value::Int(n) => usize::try_from(*n).ok().and_then(|n| self.dense.get_mut(n)),
            _ => None,
        };
        let count = self.count;
        let number = match small {
            Some(number) => {
                if *number == NONE {
                    *number = count;
                }
                *number
            }
            None => *self.others.entry_ref(value).or_insert(count),
        };
        self.count += u32::from(number == count);
        number
    }
}

/// The steps of a part; `Ok(None)` if some operation is none of a register's.
pub(crate) fn steps<S: Specification>(specification: &S, part: &Part<'_, '_>) -> Result<Option<Numbered>, Undecodable> {
    let mut numbers = Numbers::new(part.len());
    debug_assert_eq!(INITIAL, 0, "the first number given is the initial value's");
    numbers.number(&specification.lean_initial());
    let mut steps = Vec::with_capacity(part.len());
    let mut tested = false;
    for operation in part.operations() {
        let Some((op, ret)) = specification.decode(&operation)? else { continue };
        let ret = ret.as_ref();
        if ret.is_none() && S::Model::is_read(&op, ret) {
            continue;
        }
        tested |= specification.tests(&op, ret);
        let Some(lean) = specification.lean(&op, ret) else { return Ok(None) };
        let completed_at = if ret.is_some() { operation.completed_at } else { None };
        steps.push(Step {
            call: operation.invoked_at as u64 + 1,
            ret: completed_at.map_or(PENDING, |at| at as u64 + 1),
            from: lean.from.map_or(NONE, |value| numbers.number(value)),
            to: lean.to.map_or(NONE, |value| numbers.number(value)),
        });
    }
    Ok(Some(Numbered { steps, values: numbers.count as usize, tested }))
}
