//! The messages of a run as flights: when each was sent, and when it arrived, or why it did not.
//!
//! The record of the network holds bytes handed over and bytes taken. On one connection both are in the same order, so a
//! message has arrived when as many bytes were taken as had been sent with it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use netsplit_nemesis::Step;
use netsplit_systems::wire::{Message, What};

use super::story::Story;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was taken.
    Arrived(Duration),
    /// It was taken long after it should have been, after a fault between the two hosts.
    Held(Duration),
    /// It was never taken, and a fault stood in its way.
    Lost,
    /// It was never taken: the receiver had given up.
    Unread,
}

/// A message, or an attempt to open a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// The sender, as a position in the record's hosts.
    pub(super) from: u16,
    /// The receiver, likewise.
    pub(super) to: u16,
    /// When it was sent.
    pub(super) sent: Duration,
    /// What became of it.
    pub(super) fate: Fate,
    /// Its bytes; 0 for an attempt to open a connection.
    pub(super) size_bytes: u32,
    /// The connection: the port of the side that opened it, and whether that is the sender.
    pub(super) connection: (u16, bool),
}

impl Flight {
    /// When it was taken, if it was.
    pub(super) fn arrived(&self) -> Option<Duration> {
        match self.fate {
            Fate::Arrived(at) | Fate::Held(at) => Some(at),
            Fate::Lost | Fate::Unread => None,
        }
    }

    /// Whether it opens a connection.
    pub(super) fn is_opening(&self) -> bool {
        self.size_bytes == 0
    }
}

/// Beyond what its link takes, a message may be late by this without having been held.
const SLACK: Duration = Duration::from_millis(20);

/// The flights of one connection in one direction, each with its bytes that are not yet taken.
type UnderWay = VecDeque<(usize, u32)>;

/// The flights that are seen, in the order of their sending; `is_seen` is asked with when each was sent and taken.
pub(super) fn of(story: &Story<'_>, is_seen: impl Fn(Duration, Option<Duration>) -> bool) -> Vec<Flight> {
    let mut flights = paired(&story.recording.record.messages);
    flights.retain(|flight| is_seen(flight.sent, flight.arrived()));
    flights.into_iter().map(|flight| Flight { fate: fate(story, &flight), ..flight }).collect()
}

/// Every message as a flight that arrived or did not, whatever the reason.
fn paired(messages: &[Message]) -> Vec<Flight> {
    let mut flights: Vec<Flight> = Vec::new();
    let mut under_way: BTreeMap<(u16, u16, u16, bool), UnderWay> = BTreeMap::new();
    for message in messages {
        let connection = (message.from, message.to, message.port, message.dialled);
        match message.what {
            What::Connect => flights.push(sent(message)),
            What::Lose => flights.push(Flight { fate: Fate::Lost, ..sent(message) }),
            What::Send => {
                under_way.entry(connection).or_default().push_back((flights.len(), message.size_bytes));
                flights.push(sent(message));
            }
            What::Deliver => {
                let Some(queue) = under_way.get_mut(&connection) else { continue };
                take(queue, message, |at, time| flights[at].fate = Fate::Arrived(time));
            }
        }
    }
    flights
}

fn sent(message: &Message) -> Flight {
    Flight {
        from: message.from,
        to: message.to,
        sent: Duration::from_nanos(message.time_ns),
        fate: Fate::Unread,
        size_bytes: message.size_bytes,
        connection: (message.port, message.dialled),
    }
}

/// Takes the bytes of a delivery off the flights under way; those that are complete have arrived.
fn take(queue: &mut UnderWay, delivery: &Message, mut arrived: impl FnMut(usize, Duration)) {
    let mut bytes = delivery.size_bytes;
    while let Some((at, left)) = queue.front_mut() {
        if *left > bytes {
            *left -= bytes;
            return;
        }
        bytes -= *left;
        arrived(*at, Duration::from_nanos(delivery.time_ns));
        queue.pop_front();
    }
}

/// What became of a flight, in view of the faults.
fn fate(story: &Story<'_>, flight: &Flight) -> Fate {
    let due = flight.sent + latency(story, flight.from, flight.to);
    let hit_until = |to| is_in_the_way(story, flight.from, flight.to, flight.sent, to);
    match flight.arrived() {
        None if matches!(flight.fate, Fate::Lost) => Fate::Lost,
        Some(at) if at > due + SLACK && hit_until(at) => Fate::Held(at),
        Some(at) => Fate::Arrived(at),
        None if hit_until(due) => Fate::Lost,
        // the record does not say whether an attempt succeeded; it did, as nothing stood in its way
        None if flight.is_opening() => Fate::Arrived(due),
        None => Fate::Unread,
    }
}

fn latency(story: &Story<'_>, from: u16, to: u16) -> Duration {
    let (from, to) = (host(story, from), host(story, to));
    let joins = |a: &str, b: &str| (a, b) == (from, to) || (a, b) == (to, from);
    let link = story.case.latencies.iter().find(|link| joins(&link.a, &link.b));
    Duration::from_millis(link.map_or(story.case.tick_ms, |link| link.ms))
}

/// Whether a fault cuts two hosts apart, or stops one of them, at some time of a span.
fn is_in_the_way(story: &Story<'_>, a: u16, b: u16, from: Duration, to: Duration) -> bool {
    let (a, b) = (host(story, a), host(story, b));
    story.case.schedule.iter().any(|step| {
        let begins = Duration::from_millis(step.at_ms);
        let ends = Duration::from_millis(step.ends_ms().min(story.case.length_ms));
        if begins > to || ends < from {
            return false;
        }
        let hosts = aimed_at(story, step);
        let is_down = step.fault.stops_processes() && hosts.iter().any(|host| host == a || host == b);
        is_down || step.fault.blocks(&hosts, a, b)
    })
}

/// The hosts that a fault aimed at; of a leader only the run knows who that was.
pub(super) fn aimed_at(story: &Story<'_>, step: &Step) -> Vec<String> {
    let strike = story.recording.strikes.get(&step.id);
    strike.map_or_else(|| step.fault.aimed_at(None), |strike| strike.hosts.clone())
}

/// The name of a host.
pub(super) fn host<'a>(story: &Story<'a>, at: u16) -> &'a str {
    &story.recording.record.hosts[usize::from(at)]
}
