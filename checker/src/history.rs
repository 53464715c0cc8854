//! Histories: what the processes invoked and what they saw, in the order in which it was recorded.
//!
//! The words are Jepsen's: a *process* is one life of a caller and does one operation at a time; an operation is an
//! invocation and at most one completion, which is `ok`, `fail` (no effect, ever) or `info` (unknown).

use std::sync::Arc;
use std::time::Duration;

use crate::Value;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A client's process; after an `info` the client goes on under a new number.
    Process(u64),
    /// Somebody else whose events are no operations, such as `nemesis`.
    Other(Arc<str>),
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An operation begins.
    Invoke,
    /// It was answered, and what was answered is an observation.
    Ok,
    /// It had no effect and never will.
    Fail,
    /// Unknown: it may take effect at any time from its invocation on, or never.
    Info,
}

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event's place in the history, as it was recorded: the name by which evidence speaks of it.
    pub index: u64,
    /// Time since the start of the run. For people: order is the history's own.
    pub time: Duration,
    /// Who did it.
    pub process: Actor,
    /// The node that was asked, where known.
    pub node: Option<Arc<str>>,
    /// What kind of event this is.
    pub kind: Kind,
    /// The name of the operation: `read`, `write`, `cas`, ….
    pub f: Arc<str>,
    /// The independent object that it is about, or [`Value::Nil`].
    pub key: Value,
    /// The argument (of an invocation) or the answer (of an `ok`).
    pub value: Value,
    /// Why it failed, or why nobody knows.
    pub error: Option<Arc<str>>,
}

/// The events of a run, in the order in which they were recorded, those of the nemesis among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// In order.
    pub events: Vec<Event>,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'h> {
    /// Answered with this value.
    Ok(&'h Value),
    /// Without any effect.
    Fail,
    /// Nobody knows; this includes an invocation that never completed.
    Info,
}

/// An invocation with its completion.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'h> {
    /// The invocation.
    pub invocation: &'h Event,
    /// The completion, if it was ever recorded.
    pub completion: Option<&'h Event>,
    /// Position of the invocation in [`History::events`].
    pub invoked_at: usize,
    /// Position of the completion, if any.
    pub completed_at: Option<usize>,
}

impl<'h> Operation<'h> {
    /// How it ended.
    pub fn outcome(&self) -> Outcome<'h> {
        match self.completion {
            Some(event) if event.kind == Kind::Ok => Outcome::Ok(&event.value),
            Some(event) if event.kind == Kind::Fail => Outcome::Fail,
            _ => Outcome::Info,
        }
    }

    /// The index of its invocation: the name by which evidence speaks of it.
    pub fn index(&self) -> u64 {
        self.invocation.index
    }

    /// The process, a client's.
    pub fn process(&self) -> u64 {
        match self.invocation.process {
            Actor::Process(process) => process,
            Actor::Other(_) => unreachable!("only clients' events are paired"),
        }
    }

    /// The name of the operation.
    pub fn f(&self) -> &'h str {
        &self.invocation.f
    }
}

/// Why the events of a history can't be paired into operations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpaired {
    /// A completion whose process has no open invocation.
    #[error("event {index}: process {process} completes an operation that it never invoked")]
    NotInvoked {
        /// The event's index.
        index: u64,
        /// Its process.
        process: u64,
    },
    /// A process invokes while its previous operation is open.
    #[error("event {index}: process {process} invokes while its operation of event {open} is still open")]
    TwoAtOnce {
        /// The event's index.
        index: u64,
        /// Its process.
        process: u64,
        /// The index of the open invocation.
        open: u64,
    },
}

impl History {
    /// The operations of the clients in the order of their invocations; an `Err` names the first event that can't be
    /// paired.
    pub fn operations(&self) -> Result<Vec<Operation<'_>>, Unpaired> {
        let mut operations: Vec<Operation<'_>> = Vec::with_capacity(self.events.len() / 2);
        let mut open = std::collections::BTreeMap::new();
        for (at, event) in self.events.iter().enumerate() {
            let Actor::Process(process) = event.process else { continue };
            if event.kind == Kind::Invoke {
                if let Some(previous) = open.insert(process, operations.len()) {
                    let open = operations[previous].index();
                    return Err(Unpaired::TwoAtOnce { index: event.index, process, open });
                }
                operations.push(Operation { invocation: event, completion: None, invoked_at: at, completed_at: None });
            } else {
                let Some(invoked) = open.remove(&process) else {
                    return Err(Unpaired::NotInvoked { index: event.index, process });
                };
                operations[invoked].completion = Some(event);
                operations[invoked].completed_at = Some(at);
            }
        }
        Ok(operations)
    }
}
