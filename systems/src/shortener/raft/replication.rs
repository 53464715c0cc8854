//! Replication (sections 5.3, 5.4.2 and 8): the leader's log becomes everybody's, and what a majority has is committed.
//!
//! A follower is sent every entry once, at once, without waiting for its reply to the one before. If one is lost, the next
//! does not fit and the follower says so. One that does not reply is sent only heartbeats until it does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Rule;
use super::consensus::{ELECTION, HEARTBEAT, Raft, Reply, Request, Role};
use super::log::{Entry, Position};

/// The most entries in one message.
const BATCH: usize = 256;

/// What a leader knows.
#[derive(Debug)]
pub(super) struct Leadership {
    followers: BTreeMap<Arc<str>, Progress>,
    /// The entry that its term begins with.
    first: u64,
    /// How often it was asked to show that it still leads.
    round: u64,
    /// The reads that wait for that, in order.
    reads: VecDeque<Read>,
    /// The reads that may be answered from what is committed.
    ready: Vec<u64>,
}

/// What a leader knows of a follower.
#[derive(Debug)]
struct Progress {
    /// The index of the next entry to be sent.
    next: u64,
    /// Up to where its log is known to agree with the leader's.
    matched: u64,
    /// The round of the last message, and of the last reply.
    sent_round: u64,
    heard_round: u64,
    /// When it was last sent something, and last replied.
    sent_at: Duration,
    heard_at: Duration,
    silent: bool,
}

/// A read: it sees at least what was committed when it came.
#[derive(Debug)]
struct Read {
    number: u64,
    round: u64,
    index: u64,
}

impl Leadership {
    /// When the next heartbeat is due.
    pub(super) fn wake_at(&self) -> Duration {
        let due = self.followers.values().map(|follower| follower.sent_at + HEARTBEAT).min();
        due.unwrap_or(Duration::MAX)
    }

    /// Whether so few followers reply that others may long have elected another leader.
    pub(super) fn is_cut_off(&self, now: Duration, majority: usize) -> bool {
        let reply = |follower: &&Progress| now < follower.heard_at + 2 * ELECTION;
        self.followers.values().filter(reply).count() + 1 < majority
    }
}

impl<C> Raft<C> {
    /// Begins to lead with an empty entry: only an entry of its own term tells a leader what is committed (section 8).
    pub(super) fn lead(&mut self) {
        let first = self.log.last().index + 1;
        let progress = || Progress {
            next: first,
            matched: 0,
            sent_round: 0,
            heard_round: 0,
            sent_at: self.now,
            heard_at: self.now,
            silent: false,
        };
        let followers = self.others.iter().map(|peer| (peer.clone(), progress())).collect();
        self.role = Role::Leader(Leadership { followers, first, round: 0, reads: VecDeque::new(), ready: Vec::new() });
        self.leader = Some(self.me.clone());
        self.record_entry(first, Arc::new(Entry { term: self.ballot.term, command: None }));
    }

    /// Takes a command into the log and says where; `None` if this node does not lead.
    pub(super) fn propose(&mut self, command: C) -> Option<u64> {
        if !self.leads() {
            return None;
        }
        let index = self.log.last().index + 1;
        self.record_entry(index, Arc::new(Entry { term: self.ballot.term, command: Some(command) }));
        Some(index)
    }

    /// Takes in a read; [`Raft::ready_reads`] gives back its number when it may be answered. `false` if this node does not
    /// lead.
    ///
    /// It waits for a round of replies that began after it: a leader that was deposed does not get one (section 8).
    pub(super) fn read(&mut self, number: u64) -> bool {
        let Role::Leader(leadership) = &mut self.role else { return false };
        leadership.round += 1;
        let index = self.commit.max(leadership.first);
        leadership.reads.push_back(Read { number, round: leadership.round, index });
        true
    }

    /// The reads that may be answered now from all that is committed.
    pub(super) fn ready_reads(&mut self) -> Vec<u64> {
        match &mut self.role {
            Role::Leader(leadership) => std::mem::take(&mut leadership.ready),
            _ => Vec::new(),
        }
    }

    /// Sends every follower what it has not been sent, and a heartbeat when one is due.
    pub(super) fn replicate(&mut self) {
        let Role::Leader(leadership) = &mut self.role else { return };
        for (peer, follower) in &mut leadership.followers {
            let news = !follower.silent && follower.next <= self.log.last().index;
            let asked = follower.sent_round < leadership.round;
            if !news && !asked && self.now < follower.sent_at + HEARTBEAT {
                continue;
            }
            let entries = if news { self.log.from(follower.next, BATCH) } else { Vec::new() };
            let before = follower.next - 1;
            let term = self.log.term_at(before).expect("a follower is never sent what the leader does not have");
            follower.next += entries.len() as u64;
            follower.sent_round = leadership.round;
            follower.sent_at = self.now;
            let append = Request::Append {
                term: self.ballot.term,
                round: leadership.round,
                previous: Position { term, index: before },
                entries,
                commit: self.commit,
            };
            self.effects.requests.push((peer.clone(), append));
        }
    }

    /// The follower's side: agrees with the leader of a term that is not over.
    pub(super) fn asked_to_append(
        &mut self,
        from: &Arc<str>,
        term: u64,
        round: u64,
        previous: Position,
        entries: Vec<Arc<Entry<C>>>,
        commit: u64,
    ) -> Reply {
        self.meet(term);
        let mine = self.ballot.term;
        if term < mine {
            // It confirms no read: the asker may lead again in this node's term, and count its rounds anew.
            return Reply::Missing { term: mine, round: 0, hint: 0 };
        }
        self.step_down();
        self.leader = Some(from.clone());
        self.heard_at = Some(self.now);
        self.await_leader();
        if self.log.term_at(previous.index) != Some(previous.term) {
            return Reply::Missing { term, round, hint: self.log.end_of_agreement(previous.index) };
        }
        let matched = previous.index + entries.len() as u64;
        for (index, entry) in (previous.index + 1..).zip(entries) {
            // A message that was overtaken holds less than the log by now: only a conflict takes entries out.
            if self.log.term_at(index) != Some(entry.term) {
                self.record_entry(index, entry);
            }
        }
        self.commit = self.commit.max(commit.min(matched));
        Reply::Appended { term, round, matched }
    }

    /// The leader's side: `Ok` says up to where the logs agree, `Err` up to where they may.
    pub(super) fn got_acknowledgement(&mut self, from: &Arc<str>, term: u64, round: u64, agreed: Result<u64, u64>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(follower) = leadership.followers.get_mut(from) else { return };
        if term != self.ballot.term {
            return;
        }
        follower.heard_at = self.now;
        follower.heard_round = follower.heard_round.max(round);
        let was_silent = std::mem::take(&mut follower.silent);
        match agreed {
            Ok(matched) => {
                follower.matched = follower.matched.max(matched);
                // What it was sent before it fell silent may be lost.
                let next = if was_silent { 0 } else { follower.next };
                follower.next = next.max(follower.matched + 1);
            }
            Err(hint) => follower.next = hint + 1,
        }
        self.advance();
    }

    /// A follower did not reply.
    pub(super) fn unanswered(&mut self, peer: &Arc<str>) {
        if let Role::Leader(leadership) = &mut self.role
            && let Some(follower) = leadership.followers.get_mut(peer)
        {
            follower.silent = true;
        }
    }

    /// Commits what a majority has on disk, if it is of this term (section 5.4.2), and readies reads.
    pub(super) fn advance(&mut self) {
        let majority = self.majority();
        let copies = if self.rules.keep(Rule::MajorityCommits) { majority } else { (majority - 1).max(1) };
        let Role::Leader(leadership) = &mut self.role else { return };
        let followers = leadership.followers.values();
        let matched = followers.clone().map(|follower| follower.matched).chain([self.durable]);
        let on_majority = reached_by(matched, copies);
        if self.log.term_at(on_majority) == Some(self.ballot.term) {
            self.commit = self.commit.max(on_majority);
        }
        let round = reached_by(followers.map(|follower| follower.heard_round).chain([leadership.round]), majority);
        while let Some(read) = leadership.reads.front()
            && read.round <= round
            && read.index <= self.commit
        {
            leadership.ready.push(read.number);
            leadership.reads.pop_front();
        }
    }
}

/// The greatest number that so many of these reach.
fn reached_by(numbers: impl Iterator<Item = u64>, majority: usize) -> u64 {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers[majority - 1]
}
