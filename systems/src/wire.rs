//! The record of the network: every connection attempt, send and delivery, for message counts, space-time diagrams and
//! the proof that two runs were the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happened on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// `from` tries to open a connection to `to`.
    Connect,
    /// `from` handed bytes to the network.
    Send,
    /// `to` took bytes from the network.
    Deliver,
    /// The network lost a message of `from` to `to`.
    Lose,
}

impl What {
    /// Whether it hands something to the network that may arrive.
    pub fn departs(self) -> bool {
        matches!(self, What::Connect | What::Send)
    }
}

/// One entry of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Simulated time, nanoseconds since the start of the run.
    pub time_ns: u64,
    /// The sender, as a position in [`Record::hosts`].
    pub from: u16,
    /// The receiver, likewise.
    pub to: u16,
    /// The connecting side's port, which names the connection (0 while it is being opened).
    pub port: u16,
    /// Whether the sender is the one who opened the connection: two hosts may each open one from the same port.
    pub dialled: bool,
    /// What happened.
    pub what: What,
    /// Payload bytes (0 for [`What::Connect`]).
    pub size_bytes: u32,
}

/// A connection, as its sender names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// See [`Message::port`].
    pub(crate) port: u16,
    /// See [`Message::dialled`].
    pub(crate) dialled: bool,
}

/// All that crossed the network of a run, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The names of the hosts.
    pub hosts: Vec<Arc<str>>,
    /// The entries.
    pub messages: Vec<Message>,
}

/// A shared pen for the [`Record`].
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Record>>);

impl Recorder {
    /// Notes one entry, at the present simulated time.
    pub(crate) fn note(&self, from: &Arc<str>, to: &Arc<str>, connection: Connection, what: What, size_bytes: usize) {
        let time_ns = u64::try_from(now().as_nanos()).unwrap_or(u64::MAX);
        let mut record = self.0.lock().expect("no holder panics");
        let (from, to) = (record.host(from), record.host(to));
        let size_bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
        let Connection { port, dialled } = connection;
        record.messages.push(Message { time_ns, from, to, port, dialled, what, size_bytes });
    }

    /// Takes the record out; the pen starts a new one.
    pub fn take(&self) -> Record {
        std::mem::take(&mut self.0.lock().expect("no holder panics"))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.lock().expect("no holder panics").messages.len()
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Record {
    fn host(&mut self, name: &Arc<str>) -> u16 {
        let at = self.hosts.iter().position(|host| host == name).unwrap_or_else(|| {
            self.hosts.push(name.clone());
            self.hosts.len() - 1
        });
        u16::try_from(at).expect("a cluster has fewer than 65,536 hosts")
    }
}

/// Simulated time since the start of the run; zero outside a simulation.
pub fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}
