//! Operations on registers as what they observed and what they wrote, for the models that order whole histories.

use crate::history::{Operation, Unpaired};
use crate::{History, Outcome, Value};

/// One operation; `f` is `read`, `write`, or `cas` with `[old new]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'h> {
    pub(crate) index: u64,
    pub(crate) process: u64,
    pub(crate) key: &'h Value,
    /// The value that it surely saw.
    pub(crate) observed: Option<&'h Value>,
    /// The value that it wrote.
    pub(crate) wrote: Option<&'h Value>,
    /// If its answer is missing, it may not have taken effect, and a compare-and-set needs this value to do so.
    pub(crate) pending: bool,
    pub(crate) needs: Option<&'h Value>,
}

/// What an allocation costs besides its bytes.
pub(crate) const ALLOCATION_BYTES: usize = 24;

/// Bytes that the accesses of a history take, with the operations that they are read from.
pub(crate) fn bytes(history: &History) -> usize {
    history.events.len() / 2 * (size_of::<Operation<'_>>() + 2 * size_of::<Access<'_>>())
}

/// The accesses of a history in the order of their invocations. What failed, and reads without answer, are left out.
pub(crate) fn accesses(history: &History) -> Result<Vec<Access<'_>>, Unpaired> {
    Ok(history.operations()?.iter().filter_map(access).collect())
}

fn access<'h>(operation: &Operation<'h>) -> Option<Access<'h>> {
    let key = &operation.invocation.key;
    let (index, process) = (operation.index(), operation.process());
    let blank = Access { index, process, key, observed: None, wrote: None, pending: false, needs: None };
    let given = &operation.invocation.value;
    let pair = || given.as_list().and_then(|pair| Some((pair.first()?, pair.get(1)?)));
    match (operation.f(), operation.outcome()) {
        (_, Outcome::Fail) | ("read", Outcome::Info) => None,
        (_, Outcome::Ok(answer)) if answer.as_refused().is_some() => {
            Some(Access { observed: answer.as_refused(), ..blank })
        }
        ("read", Outcome::Ok(answer)) => Some(Access { observed: Some(answer), ..blank }),
        ("write", outcome) => Some(Access { wrote: Some(given), pending: outcome == Outcome::Info, ..blank }),
        ("cas", Outcome::Ok(_)) => pair().map(|(old, new)| Access { observed: Some(old), wrote: Some(new), ..blank }),
        ("cas", Outcome::Info) => {
            pair().map(|(old, new)| Access { wrote: Some(new), pending: true, needs: Some(old), ..blank })
        }
        _ => None,
    }
}

/// What an access did, as evidence tells it.
pub(crate) fn told(access: &Access<'_>) -> String {
    let of = if access.key.is_nil() { String::new() } else { format!(" in {}", access.key) };
    let did = match (access.observed, access.wrote) {
        (Some(old), Some(new)) => format!("replaces {old} by {new}"),
        (Some(seen), None) => format!("reads {seen}"),
        (None, Some(new)) if access.pending => format!("may have written {new}"),
        (None, Some(new)) => format!("writes {new}"),
        (None, None) => "does nothing".to_owned(),
    };
    format!("#{} of process {} {did}{of}", access.index, access.process)
}
