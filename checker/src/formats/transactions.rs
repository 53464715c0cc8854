//! What the formats of bare transactions share: sessions of transactions of reads and writes, without any real time.

use std::mem::size_of;
use std::time::Duration;

use super::cursor::Shared;
use crate::{Actor, Event, History, Kind, Value};

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) write: bool,
    pub(super) key: Value,
    pub(super) value: Value,
}

/// A transaction of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) steps: Vec<Step>,
    pub(super) aborted: bool,
}

/// What a step takes while it is read and as two values of two events.
pub(super) const STEP_BYTES: usize = size_of::<Step>() + 10 * size_of::<Value>();

/// A whole number, or else the word itself.
pub(super) fn word(text: &str, shared: &mut Shared) -> Value {
    let text = text.trim();
    match text.parse() {
        Ok(n) => Value::Int(n),
        Err(_) if text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) => {
            Value::Number(shared.text(text))
        }
        Err(_) => Value::Text(shared.text(text)),
    }
}

/// The history of `sessions`, one after the other: each transaction is an invocation and its completion, each session a
/// process of its number.
pub(super) fn history(sessions: Vec<(u64, Vec<Transaction>)>, shared: &mut Shared) -> Result<History, String> {
    let (f, read, write) = (shared.text("txn"), shared.text("r"), shared.text("w"));
    let mut events = Vec::new();
    for (session, transactions) in sessions {
        for transaction in transactions {
            shared.spend(2 * size_of::<Event>())?;
            let value = |seen: bool| {
                Value::list(transaction.steps.iter().map(|step| {
                    let name = Value::Text(if step.write { &write } else { &read }.clone());
                    let value = if seen || step.write { step.value.clone() } else { Value::Nil };
                    Value::list([name, step.key.clone(), value])
                }))
            };
            let completion = if transaction.aborted { Kind::Fail } else { Kind::Ok };
            for kind in [Kind::Invoke, completion] {
                events.push(Event {
                    index: u64::try_from(events.len()).expect("a machine has less than 2^64 events"),
                    time: Duration::ZERO,
                    process: Actor::Process(session),
                    node: None,
                    kind,
                    f: f.clone(),
                    key: Value::Nil,
                    value: value(kind == Kind::Ok),
                    error: None,
                });
            }
        }
    }
    Ok(History { events })
}
