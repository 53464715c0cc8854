//! Operations as others write them: maps of which most fields may be missing, read in the order of the file.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use super::cursor::Shared;
use super::json_value::shortened;
use super::own::{kind, whole};
use crate::{Actor, Event, History, Kind, Value};

/// The fields of one operation that mean something to us.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) kind: Value,
    pub(super) process: Value,
    pub(super) f: Value,
    pub(super) key: Value,
    pub(super) node: Value,
    pub(super) value: Value,
    pub(super) error: Value,
    /// Nanoseconds.
    pub(super) time: Value,
}

impl Fields {
    /// The field of that name; the others (`index`, `exception`, …) are decoration.
    pub(super) fn field(&mut self, name: &str) -> Option<&mut Value> {
        match name {
            "type" => Some(&mut self.kind),
            "process" => Some(&mut self.process),
            "f" => Some(&mut self.f),
            "key" => Some(&mut self.key),
            "node" => Some(&mut self.node),
            "value" => Some(&mut self.value),
            "error" => Some(&mut self.error),
            "time" => Some(&mut self.time),
            _ => None,
        }
    }
}

/// The events of a file so far.
#[derive(Default)]
pub(super) struct Importer {
    events: Vec<Event>,
    warnings: Vec<String>,
    without_f: u64,
    /// The line of the first event without a process; and whether any has one.
    without_process: Option<u64>,
    with_process: bool,
}

/// Open operations among which the invocation of a completion without a process is looked for.
const MOST_OPEN: usize = 256;

impl Importer {
    /// Appends the operation that begins at `line`.
    pub(super) fn push(&mut self, fields: Fields, line: u64, shared: &mut Shared) -> Result<(), String> {
        shared.spend(size_of::<Event>())?;
        let index = self.events.len();
        let found = fields.kind.as_text().and_then(kind);
        let kind =
            found.ok_or_else(|| format!("`type` must be invoke, ok, fail or info, found {}", shown(&fields.kind)))?;
        let process = match fields.process {
            Value::Nil => None,
            Value::Text(name) => Some(Actor::Other(name)),
            number => {
                let wrong = || format!("`process` must be a whole number from 0, or a name, found {}", shown(&number));
                Some(Actor::Process(whole(&number).ok_or_else(wrong)?))
            }
        };
        match process {
            Some(_) => self.with_process = true,
            None => drop(self.without_process.get_or_insert(line)),
        }
        let f = match fields.f {
            Value::Text(f) => f,
            Value::Nil => {
                self.without_f += 1;
                shared.text("txn")
            }
            other => return Err(format!("`f` must be a name, found {}", shown(&other))),
        };
        self.events.push(Event {
            index: u64::try_from(index).expect("a machine has less than 2^64 events"),
            time: time(&fields.time),
            process: process.unwrap_or(Actor::Process(0)),
            node: spoken(fields.node, shared),
            kind,
            f,
            key: fields.key,
            value: fields.value,
            error: spoken(fields.error, shared),
        });
        Ok(())
    }

    /// Adds a remark on the file.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// The events read so far.
    pub(super) fn events(&mut self) -> &mut Vec<Event> {
        &mut self.events
    }

    /// The history; an `Err` if operations lack processes and these can't be told, with the line.
    pub(super) fn finish(mut self) -> Result<(History, Vec<String>), super::FormatError> {
        if self.without_f > 0 {
            self.warnings.push(format!("{} events have no `f`: taken for `txn`", self.without_f));
        }
        if let Some(line) = self.without_process {
            let fail = |reason: String| super::FormatError { line, reason };
            if self.with_process {
                return Err(fail("`process` is missing, though other operations have one".to_owned()));
            }
            assign_processes(&mut self.events).map_err(fail)?;
            self.warnings.push("no event has a `process`: completions paired by their values".to_owned());
        }
        let answered = |event: &&Event| matches!(event.kind, Kind::Ok | Kind::Fail);
        let by_name = self.events.iter().filter(answered).find_map(|event| match &event.process {
            Actor::Other(name) => Some(name),
            Actor::Process(_) => None,
        });
        if let Some(name) = by_name {
            let name = shortened(&name.escape_debug().to_string());
            self.warnings
                .push(format!("the operations of `{name}` are left out: only processes with numbers are clients"));
        }
        if let Some(first) = complete(&mut self.events) {
            let how = "was answered with another value than it was asked with";
            self.warnings.push(format!("event {first}, and maybe more, {how}: the answer is taken for both"));
        }
        Ok((History { events: self.events }, self.warnings))
    }
}

/// Operations whose value is what they are given.
const GIVEN: [&str; 9] = ["write", "cas", "add", "inc", "increment", "enqueue", "push", "put", "append"];

/// Gives an invocation the value with which it was answered, as Knossos does: some clients learn only then what they wrote.
/// The index of the first that had another.
fn complete(events: &mut [Event]) -> Option<u64> {
    let (mut open, mut first) = (BTreeMap::new(), None);
    for at in 0..events.len() {
        let event = &events[at];
        let Actor::Process(process) = event.process else { continue };
        if event.kind == Kind::Invoke {
            if GIVEN.contains(&&*event.f) {
                open.insert(process, at);
            }
            continue;
        }
        let Some(invoked) = open.remove(&process) else { continue };
        let is_told = event.kind == Kind::Ok && !event.value.is_nil() && event.value.as_refused().is_none();
        if is_told && event.value != events[invoked].value {
            first = first.or(Some(event.index));
            events[invoked].value = event.value.clone();
        }
    }
    first
}

fn shown(value: &Value) -> String {
    match value {
        Value::Nil => "nothing".to_owned(),
        value => shortened(&value.to_string()),
    }
}

/// A name or an error in words.
fn spoken(value: Value, shared: &mut Shared) -> Option<Arc<str>> {
    match value {
        Value::Nil => None,
        Value::Text(text) => Some(text),
        other => Some(shared.text(&other.to_string())),
    }
}

/// Decoration: what is no time from 0 on is 0.
fn time(value: &Value) -> Duration {
    whole(value).map_or(Duration::ZERO, Duration::from_nanos)
}

/// Gives every event a process, where none has one: a completion belongs to the oldest open invocation that is most like
/// it, and an invocation to the lowest process that is free.
fn assign_processes(events: &mut [Event]) -> Result<(), String> {
    let mut open: Vec<(u64, usize)> = Vec::new();
    let mut left_open = std::collections::BTreeSet::new();
    for at in 0..events.len() {
        let process = if events[at].kind == Kind::Invoke {
            let is_free = |process: &u64| !open.iter().any(|(open, _)| open == process) && !left_open.contains(process);
            let most = u64::try_from(MOST_OPEN).expect("a small constant");
            let free = (0..=most).find(is_free).expect("one more than can be taken");
            open.push((free, at));
            if open.len() + left_open.len() > MOST_OPEN {
                return Err(format!("no event has a `process`, and more than {MOST_OPEN} operations are open at once"));
            }
            free
        } else {
            let likeness = |&(_, invoked): &(u64, usize)| likeness(&events[invoked], &events[at]);
            let best = open.iter().map(likeness).max().unwrap_or(0);
            let Some(found) = open.iter().position(|open| best > 0 && likeness(open) == best) else {
                return Err(format!("no event has a `process`, and event {at} completes no open operation"));
            };
            let (process, _) = open.remove(found);
            if events[at].kind == Kind::Info {
                left_open.insert(process);
            }
            process
        };
        events[at].process = Actor::Process(process);
    }
    Ok(())
}

/// How well a completion fits an invocation: 0 is not at all.
fn likeness(invocation: &Event, completion: &Event) -> u8 {
    if invocation.f != completion.f || invocation.key != completion.key {
        0
    } else if invocation.value == completion.value {
        3
    } else {
        match (invocation.value.as_list(), completion.value.as_list()) {
            (Some(before), Some(after)) if same_steps(before, after) => 2,
            _ => 1,
        }
    }
}

/// Whether two transactions do the same to the same keys, whatever they saw.
fn same_steps(before: &[Value], after: &[Value]) -> bool {
    let step = |value: &Value| value.as_list().map(|step| step.iter().take(2).cloned().collect::<Vec<_>>());
    before.len() == after.len() && before.iter().zip(after).all(|(a, b)| step(a).is_some() && step(a) == step(b))
}
