//! The pen that writes a run's history: one counter for all, so that the order of the history is the order of events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use netsplit_checker::{Actor, Event, History, Kind, Value};
use netsplit_nemesis::Step;
use netsplit_systems::wire;

use super::supervisor::Exit;

/// A shared pen.
#[derive(Clone, Default)]
pub(crate) struct Pen(Arc<Mutex<History>>);

/// A client's event, without what the pen knows.
pub(crate) struct Entry<'a> {
    pub(crate) process: u64,
    pub(crate) node: &'a Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) f: &'a Arc<str>,
    pub(crate) key: Value,
    pub(crate) value: Value,
    pub(crate) error: Option<String>,
}

impl Pen {
    /// Notes what a client did or saw, now.
    pub(crate) fn client(&self, entry: Entry<'_>) {
        self.write(Event {
            index: 0,
            time: wire::now(),
            process: Actor::Process(entry.process),
            node: Some(entry.node.clone()),
            kind: entry.kind,
            f: entry.f.clone(),
            key: entry.key,
            value: entry.value,
            error: entry.error.map(Arc::from),
        });
    }

    /// Notes that a fault begins or ends, with the hosts that it aims at.
    pub(crate) fn fault(&self, time: Duration, step: &Step, hosts: &[String], begins: bool) {
        let family = step.fault.family();
        let f = if begins { family.into() } else { format!("heal-{family}").into() };
        self.other("nemesis", time, None, f, format!("{}: {}", step.id, step.fault.told(hosts)));
    }

    /// Notes that a node dies for good.
    pub(crate) fn death(&self, time: Duration, node: &str) {
        self.other("nemesis", time, Some(node), "dead".into(), format!("{node} is dead and does not come back"));
    }

    /// Notes that a process ended by itself.
    pub(crate) fn exit(&self, time: Duration, exit: &Exit) {
        self.other("supervisor", time, Some(&exit.host), "exit".into(), format!("{}: {}", exit.host, exit.reason));
    }

    fn other(&self, who: &str, time: Duration, node: Option<&str>, f: Arc<str>, what: String) {
        self.write(Event {
            index: 0,
            time,
            process: Actor::Other(who.into()),
            node: node.map(Arc::from),
            kind: Kind::Info,
            f,
            key: Value::Nil,
            value: Value::text(what),
            error: None,
        });
    }

    /// Takes the history out.
    pub(crate) fn take(&self) -> History {
        std::mem::take(&mut self.0.lock().expect("no holder panics"))
    }

    fn write(&self, mut event: Event) {
        let mut history = self.0.lock().expect("no holder panics");
        event.index = history.events.len() as u64;
        history.events.push(event);
    }
}
