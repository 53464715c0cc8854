//! Calls: operations as intervals between two points of a history.

use crate::models::{Model, Specification, Undecodable};

use super::split::Part;

/// The return of a call that never returned.
pub const PENDING: u64 = u64::MAX;

/// An operation in a model's words, with the interval in which it took effect if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<Op, Ret> {
    /// Index of the invocation: its name in evidence.
    pub index: u64,
    /// The process that invoked it.
    pub process: u64,
    /// When it was invoked. A call precedes another if its return is less than the other's invocation.
    pub call: u64,
    /// When it returned, or [`PENDING`]: then it may have taken effect at any time from its invocation on, or never.
    pub ret: u64,
    /// What was asked.
    pub op: Op,
    /// What was answered, of a call that returned.
    pub ret_value: Option<Ret>,
}

impl<Op, Ret> Call<Op, Ret> {
    /// Whether it never returned.
    pub fn is_pending(&self) -> bool {
        self.ret == PENDING
    }
}

/// Calls in a model's words.
pub(crate) type Decoded<M> = Vec<Call<<M as Model>::Op, <M as Model>::Ret>>;

/// The calls of one part of a history, in the order of their invocations.
pub(crate) fn calls<S: Specification>(
    specification: &S,
    part: &Part<'_, '_>,
) -> Result<Decoded<S::Model>, Undecodable> {
    some_calls(specification, part, |_| true)
}

/// Those of them whose invocation's position in the history is wanted.
pub(crate) fn some_calls<S: Specification>(
    specification: &S,
    part: &Part<'_, '_>,
    wanted: impl Fn(usize) -> bool,
) -> Result<Decoded<S::Model>, Undecodable> {
    let mut calls = Vec::new();
    for operation in part.operations().filter(|operation| wanted(operation.invoked_at)) {
        let Some((op, ret_value)) = specification.decode(&operation)? else { continue };
        if ret_value.is_none() && S::Model::is_read(&op, None) {
            continue;
        }
        let ret = if ret_value.is_some() { operation.completed_at.map_or(PENDING, |at| at as u64) } else { PENDING };
        let (index, process) = (operation.index(), operation.process());
        calls.push(Call { index, process, call: operation.invoked_at as u64, ret, op, ret_value });
    }
    Ok(calls)
}
