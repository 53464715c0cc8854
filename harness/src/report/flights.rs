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

/// All flights, in the order of their sending.
pub(super) fn of(story: &Story<'_>) -> Vec<Flight> {
    let record = &story.recording.record;
    let mut flights: Vec<Flight> = Vec::new();
    let mut under_way: BTreeMap<(u16, u16, u16, bool), UnderWay> = BTreeMap::new();
    for message in &record.messages {
        let connection = (message.from, message.to, message.port, message.dialled);
        match message.what {
            What::Connect => flights.push(opening(story, message)),
            What::Send => {
                under_way.entry(connection).or_default().push_back((flights.len(), message.size_bytes));
                flights.push(sent(story, message));
            }
            What::Deliver => {
                let Some(queue) = under_way.get_mut(&connection) else { continue };
                take(queue, message, |at, time| flights[at].fate = arrival(story, &flights[at], time));
            }
        }
    }
    flights
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

/// A message that has not arrived so far.
fn sent(story: &Story<'_>, message: &Message) -> Flight {
    let sent = Duration::from_nanos(message.time_ns);
    let stood = in_the_way(story, message.from, message.to, sent, sent + latency(story, message.from, message.to));
    Flight {
        from: message.from,
        to: message.to,
        sent,
        fate: if stood.is_some() { Fate::Lost } else { Fate::Unread },
        size_bytes: message.size_bytes,
        connection: (message.port, message.dialled),
    }
}

/// The record does not say whether an attempt succeeded; it did unless a fault stood in its way.
fn opening(story: &Story<'_>, message: &Message) -> Flight {
    let attempt = sent(story, message);
    let arrives = attempt.sent + latency(story, message.from, message.to);
    let fate = if attempt.fate == Fate::Lost { Fate::Lost } else { Fate::Arrived(arrives) };
    Flight { fate, size_bytes: 0, ..attempt }
}

fn arrival(story: &Story<'_>, flight: &Flight, at: Duration) -> Fate {
    let due = flight.sent + latency(story, flight.from, flight.to) + SLACK;
    let late = at > due;
    if late && in_the_way(story, flight.from, flight.to, flight.sent, at).is_some() {
        Fate::Held(at)
    } else {
        Fate::Arrived(at)
    }
}

fn latency(story: &Story<'_>, from: u16, to: u16) -> Duration {
    let (from, to) = (host(story, from), host(story, to));
    let joins = |a: &str, b: &str| (a, b) == (from, to) || (a, b) == (to, from);
    let link = story.plan.latencies.iter().find(|link| joins(&link.a, &link.b));
    Duration::from_millis(link.map_or(story.plan.tick_ms, |link| link.ms))
}

/// The fault that cuts two hosts apart, or stops one of them, at some time of a span.
fn in_the_way<'a>(story: &Story<'a>, a: u16, b: u16, from: Duration, to: Duration) -> Option<&'a Step> {
    let (a, b) = (host(story, a), host(story, b));
    story.plan.schedule.iter().find(|step| {
        let begins = Duration::from_millis(step.at_ms);
        let ends = Duration::from_millis(step.ends_ms().min(story.plan.length_ms));
        if begins > to || ends < from {
            return false;
        }
        let pairs = step.fault.cut_pairs();
        pairs.contains(&(a, b))
            || pairs.contains(&(b, a))
            || step.fault.stopped_host().is_some_and(|host| host == a || host == b)
    })
}

/// The name of a host.
pub(super) fn host<'a>(story: &Story<'a>, at: u16) -> &'a str {
    &story.recording.record.hosts[usize::from(at)]
}
