//! Independent objects in one history, as `jepsen.independent` writes them: every value is a tuple `[key value]`.
//!
//! A tuple prints as a plain vector, so that a compare-and-set `[old new]` and a tuple `[k v]` look alike: the caller
//! must know which it has.

use std::collections::BTreeMap;

use crate::{Actor, Event, History, Kind, Value};

/// Moves the key of every tuple of a client into [`Event::key`].
///
/// A completion that is no tuple of its invocation's key (a failure that shows nothing, a bare read) keeps its value and
/// gets the invocation's key. An invocation without a tuple is left as it is, and so is its completion.
pub fn split(mut history: History) -> History {
    let mut open: BTreeMap<u64, Option<Value>> = BTreeMap::new();
    for event in &mut history.events {
        let Actor::Process(process) = event.process else { continue };
        if event.kind == Kind::Invoke {
            let key = tuple(&event.value).map(|(key, _)| key.clone());
            if key.is_some() {
                move_key(event);
            }
            open.insert(process, key);
        } else if let Some(Some(key)) = open.remove(&process) {
            match tuple(&event.value) {
                Some((same, _)) if *same == key => move_key(event),
                _ => event.key = key,
            }
        }
    }
    history
}

fn tuple(value: &Value) -> Option<(&Value, &Value)> {
    match value.as_list() {
        Some([key, value]) => Some((key, value)),
        _ => None,
    }
}

fn move_key(event: &mut Event) {
    if let Some((key, value)) = tuple(&event.value) {
        (event.key, event.value) = (key.clone(), value.clone());
    }
}
