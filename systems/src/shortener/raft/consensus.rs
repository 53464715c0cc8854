//! Raft as a state machine without input or output: time and messages go in, messages and records come out.
//!
//! Source: Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014; and
//! Ongaro's dissertation, "Consensus: Bridging Theory and Practice", 2014, for leaders that step down when they are cut off
//! (section 6.2), reads without an entry (6.4) and trial votes (9.6).
//!
//! **Invariant:** no message may leave before the records that came out with it are durable.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Rules;
use super::durable::{Ballot, Record, Remembered};
use super::log::{Entry, Log, Position};
use super::replication::Leadership;
use crate::node::majority;

/// A leader that has nothing to say says so this often.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(100);

/// How long a node waits for its leader at least, and less than twice as long.
pub(super) const ELECTION: Duration = Duration::from_millis(300);

/// What a node asks of another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Request<C> {
    /// A candidate asks for a vote in `term`; on trial, whether it would get one.
    Vote { term: u64, last: Position, trial: bool },
    /// The leader of `term` says what follows the entry at `previous`, and how far the log is committed.
    Append { term: u64, round: u64, previous: Position, entries: Vec<Arc<Entry<C>>>, commit: u64 },
}

/// What the other replies; `term` is its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The answer to a candidate for the term `asked`.
    Vote { term: u64, asked: u64, trial: bool, granted: bool },
    /// The log agrees with the leader's up to `matched`.
    Appended { term: u64, round: u64, matched: u64 },
    /// The entry before the sent ones is missing; the logs may agree up to `hint`.
    Missing { term: u64, round: u64, hint: u64 },
}

/// What a node plays.
#[derive(Debug)]
pub(super) enum Role {
    Follower,
    Candidate { trial: bool, votes: BTreeSet<Arc<str>> },
    Leader(Leadership),
}

/// What must be done outside, in this order.
#[derive(Debug)]
pub(super) struct Effects<C> {
    /// To be made durable.
    pub(super) records: Vec<Record<C>>,
    /// To be sent, once the records are durable.
    pub(super) requests: Vec<(Arc<str>, Request<C>)>,
}

impl<C> Default for Effects<C> {
    fn default() -> Effects<C> {
        Effects { records: Vec::new(), requests: Vec::new() }
    }
}

/// One node's part.
#[derive(Debug)]
pub(super) struct Raft<C> {
    pub(super) me: Arc<str>,
    pub(super) others: Vec<Arc<str>>,
    pub(super) ballot: Ballot,
    pub(super) log: Log<C>,
    /// Up to which index the log will never change.
    pub(super) commit: u64,
    /// Up to which index the log is on this node's disk.
    pub(super) durable: u64,
    pub(super) role: Role,
    /// Who leads, as far as this node knows.
    pub(super) leader: Option<Arc<str>>,
    /// The present time, since this life of the node began.
    pub(super) now: Duration,
    /// When the node stands for election unless it hears of a leader.
    pub(super) election_at: Duration,
    /// When it last heard from a leader.
    pub(super) heard_at: Option<Duration>,
    pub(super) rng: ChaCha8Rng,
    pub(super) effects: Effects<C>,
    /// The rules that it keeps to.
    pub(super) rules: Rules,
}

impl<C> Raft<C> {
    /// A node that remembers this of its earlier lives.
    pub(super) fn start(me: Arc<str>, others: Vec<Arc<str>>, rng: ChaCha8Rng, remembered: Remembered<C>) -> Raft<C> {
        let mut raft = Raft {
            me,
            others,
            ballot: remembered.ballot,
            durable: remembered.log.last().index,
            log: remembered.log,
            commit: 0,
            role: Role::Follower,
            leader: None,
            now: Duration::ZERO,
            election_at: Duration::ZERO,
            heard_at: None,
            rng,
            effects: Effects::default(),
            rules: Rules::ALL,
        };
        raft.await_leader();
        raft
    }

    /// The present term.
    pub(super) fn term(&self) -> u64 {
        self.ballot.term
    }

    /// Whether this node leads.
    pub(super) fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// When time must pass next, at the latest.
    pub(super) fn wake_at(&self) -> Duration {
        if let Role::Leader(leadership) = &self.role { leadership.wake_at() } else { self.election_at }
    }

    /// Time passes.
    pub(super) fn pass(&mut self, now: Duration) {
        self.now = now;
        match &self.role {
            Role::Leader(leadership) if leadership.is_cut_off(now, self.majority()) => self.step_down(),
            Role::Follower | Role::Candidate { .. } if now >= self.election_at => self.stand(true),
            _ => {}
        }
    }

    /// Another node asks.
    pub(super) fn asked(&mut self, from: &Arc<str>, request: Request<C>) -> Reply
    where
        C: PartialEq,
    {
        match request {
            Request::Vote { term, last, trial } => self.asked_for_vote(from, term, last, trial),
            Request::Append { term, round, previous, entries, commit } => {
                self.asked_to_append(from, term, round, previous, entries, commit)
            }
        }
    }

    /// Another node replies to what it was asked.
    pub(super) fn replied(&mut self, from: &Arc<str>, reply: &Reply) {
        let (Reply::Vote { term, .. } | Reply::Appended { term, .. } | Reply::Missing { term, .. }) = *reply;
        self.meet(term);
        match *reply {
            Reply::Vote { asked, trial, granted: true, .. } => self.got_vote(from, asked, trial),
            Reply::Vote { .. } => {}
            Reply::Appended { round, matched, .. } => self.got_acknowledgement(from, term, round, Ok(matched)),
            Reply::Missing { round, hint, .. } => self.got_acknowledgement(from, term, round, Err(hint)),
        }
    }

    /// What is to be done since this was last asked; [`Raft::persisted`] says that it was.
    pub(super) fn take_effects(&mut self) -> Effects<C> {
        std::mem::take(&mut self.effects)
    }

    /// All records that came out so far are durable.
    pub(super) fn persisted(&mut self) {
        self.durable = self.log.last().index;
        self.advance();
    }

    /// The least number of nodes that is more than half of all.
    pub(super) fn majority(&self) -> usize {
        majority(self.others.len() + 1)
    }

    /// Whoever hears of a later term is a follower in it (section 5.1).
    pub(super) fn meet(&mut self, term: u64) {
        if term > self.ballot.term {
            self.record_ballot(Ballot { term, vote: None });
            self.step_down();
        }
    }

    /// Becomes a follower that knows no leader.
    pub(super) fn step_down(&mut self) {
        if !matches!(self.role, Role::Follower) {
            self.role = Role::Follower;
            self.await_leader();
        }
        self.leader = None;
    }

    /// Waits for a leader, for a time that the dice say, so that rarely two nodes stand at once (section 5.2).
    pub(super) fn await_leader(&mut self) {
        let extra_ms = self.rng.random_range(0..u64::try_from(ELECTION.as_millis()).expect("it is short"));
        self.election_at = self.now + ELECTION + Duration::from_millis(extra_ms);
    }

    pub(super) fn record_ballot(&mut self, ballot: Ballot) {
        self.effects.records.push(Record::Ballot(ballot.clone()));
        self.ballot = ballot;
    }

    /// Puts an entry into the log, and on the disk.
    pub(super) fn record_entry(&mut self, index: u64, entry: Arc<Entry<C>>) {
        self.effects.records.push(Record::Entry(index, entry.clone()));
        self.durable = self.durable.min(index - 1);
        self.log.put(index, entry);
    }
}
