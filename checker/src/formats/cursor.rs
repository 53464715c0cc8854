//! A place in the text of one record, with the bounds that every parser of values keeps.

use std::mem::size_of;
use std::sync::Arc;

use super::{FormatError, Limits};
use crate::Value;

/// What the records of one file share: the bounds, what was spent of them, and repeated strings.
pub(super) struct Shared {
    limits: Limits,
    spent_bytes: u64,
    names: Vec<Option<Arc<str>>>,
}

/// Slots for repeated strings. A newer string takes the slot of an older one, so the table can't grow.
const NAMES: usize = 4096;
/// Longer strings are seldom repeated.
const NAME_BYTES: usize = 64;
/// What the allocator and the counters of an `Arc` add to a string or sequence.
const ALLOCATION_BYTES: usize = 32;

impl Shared {
    pub(super) fn new(limits: Limits) -> Shared {
        Shared { limits, spent_bytes: 0, names: vec![None; NAMES] }
    }

    /// The string, shared with its former occurrences.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() > NAME_BYTES {
            return text.into();
        }
        // FNV-1a: fixed, so that reading is the same in every process
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let slot = &mut self.names[usize::try_from(hash >> 32).unwrap_or(0) % NAMES];
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(slot.insert(text.into())),
        }
    }

    /// Notes that `bytes` more are kept; an `Err` past the bound.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.spent_bytes = self.spent_bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.spent_bytes <= self.limits.memory_bytes {
            return Ok(());
        }
        Err(format!("the history needs more than {} bytes of memory, the limit", self.limits.memory_bytes))
    }

    /// What was spent so far, to give back with [`Shared::restore`] what is not kept.
    pub(super) fn spent(&self) -> u64 {
        self.spent_bytes
    }

    pub(super) fn restore(&mut self, spent_bytes: u64) {
        self.spent_bytes = spent_bytes;
    }
}

/// What is wrong, and where in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) reason: String,
}

/// A place in the text of a record.
pub(super) struct Cursor<'t, 's> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// Whether `{"$map": …}` and `{"$number": …}` mean what our own formats mean by them.
    pub(super) escapes: bool,
    pub(super) shared: &'s mut Shared,
    depth: usize,
}

impl<'t, 's> Cursor<'t, 's> {
    pub(super) fn new(text: &'t str, shared: &'s mut Shared) -> Cursor<'t, 's> {
        Cursor { text, at: 0, escapes: false, shared, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The bytes not yet taken.
    pub(super) fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// Takes bytes while `wanted` holds. It may hold only of whole characters: ASCII ones, or all bytes above.
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.at += taken;
        &self.text[self.at - taken..self.at]
    }

    pub(super) fn fail<T>(&self, reason: impl Into<String>) -> Result<T, Problem> {
        Err(Problem { at: self.at, reason: reason.into() })
    }

    /// What comes next, as an error shows it.
    pub(super) fn found(&self) -> String {
        match self.text[self.at..].chars().next() {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end".to_owned(),
        }
    }

    /// Enters a bracket that was just taken.
    pub(super) fn enter(&mut self) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > self.shared.limits.depth {
            return self.fail(format!("nested deeper than {} levels, the limit", self.shared.limits.depth));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Problem> {
        self.shared.spend(bytes).map_err(|reason| Problem { at: self.at, reason })
    }

    pub(super) fn text_value(&mut self, text: &str) -> Result<Value, Problem> {
        self.spend(text.len())?;
        Ok(Value::Text(self.shared.text(text)))
    }

    pub(super) fn list_value(&mut self, items: Vec<Value>) -> Result<Value, Problem> {
        self.spend(ALLOCATION_BYTES)?;
        Ok(Value::List(items.into()))
    }

    /// Notes one more value in a sequence or map.
    pub(super) fn spend_item(&mut self) -> Result<(), Problem> {
        self.spend(size_of::<Value>() + ALLOCATION_BYTES)
    }

    /// A map, whose keys must differ.
    pub(super) fn map_value(&mut self, entries: Vec<(Value, Value)>) -> Result<Value, Problem> {
        self.spend(ALLOCATION_BYTES)?;
        let mut map = std::collections::BTreeMap::new();
        for (key, value) in entries {
            if map.contains_key(&key) {
                return self.fail(format!("a map has the key {key} twice"));
            }
            map.insert(key, value);
        }
        Ok(Value::Map(map.into()))
    }
}

/// The record as text.
pub(super) fn utf8(record: &[u8], line: u64) -> Result<&str, FormatError> {
    std::str::from_utf8(record).map_err(|error| {
        let reason = format!("no UTF-8 at byte {} of the record", error.valid_up_to());
        FormatError { line: line + newlines(&record[..error.valid_up_to()]), reason }
    })
}

/// The error in a record that begins at `line`.
pub(super) fn located(problem: Problem, text: &str, line: u64) -> FormatError {
    let before = &text.as_bytes()[..problem.at.min(text.len())];
    FormatError { line: line + newlines(before), reason: problem.reason }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}
