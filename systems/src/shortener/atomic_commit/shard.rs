//! A node's shard, and its part as a participant: it locks links, promises, and does what was decided.
//!
//! What memory shows is on the disk before anybody is told of it: every reply waits for a sync.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::durable::{Promise, Record, Remembered};
use super::locks::{Locks, Mode};
use super::message::{Reply, Stage, Txn, Vote};
use super::{Rule, Rules};
use crate::disk::DiskError;
use crate::journal::Journal;
use crate::node::spawn;
use crate::shortener::machine::{Command, Machine, Outcome, Proposal};
use crate::shortener::transaction::{codes, written};

/// How long a request waits for links that others hold. Two transactions that wait for each other both give up.
const WAIT: Duration = Duration::from_millis(150);

/// How long a transaction may hold links before it asks for votes: its coordinator may be gone.
const LEASE: Duration = Duration::from_secs(1);

/// The shard of one node; clones are the same.
#[derive(Clone)]
pub(super) struct Shard {
    state: Arc<Mutex<State>>,
    journal: Journal<Record>,
    freed: Arc<Notify>,
    rules: Rules,
}

#[derive(Default)]
struct State {
    machine: Machine,
    locks: Locks,
    /// Transactions that hold locks and have not voted.
    reading: BTreeSet<Txn>,
    prepared: BTreeMap<Txn, Prepared>,
    ended: BTreeMap<Txn, bool>,
    /// Transactions that have lost their locks before they voted.
    given_up: BTreeSet<Txn>,
    /// Commands that were told that nothing will come of them; a second copy must not make that untrue.
    turned_away: BTreeSet<((Arc<str>, u64), u64)>,
}

impl State {
    fn is_past_reading(&self, txn: &Txn) -> bool {
        self.prepared.contains_key(txn) || self.ended.contains_key(txn) || self.given_up.contains(txn)
    }
}

/// A transaction that this participant has voted yes to.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) promise: Promise,
    pub(super) stage: Stage,
    /// When it was last heard of.
    heard: Instant,
}

impl Prepared {
    fn new(promise: Promise, stage: Stage) -> Prepared {
        Prepared { promise, stage, heard: Instant::now() }
    }
}

impl Shard {
    /// The shard as the journal tells it; links of transactions in doubt are locked as before.
    pub(super) fn recover(remembered: &mut Remembered, journal: Journal<Record>, rules: Rules) -> Shard {
        let mut state = State {
            machine: std::mem::take(&mut remembered.machine),
            ended: std::mem::take(&mut remembered.ended),
            ..State::default()
        };
        for (txn, (promise, pre_committed)) in std::mem::take(&mut remembered.prepared) {
            for write in &promise.writes {
                state.locks.take(write.code(), Mode::Exclusive, &txn);
            }
            let prepared = Prepared::new(promise, Stage::after_restart(pre_committed));
            state.prepared.insert(txn, prepared);
        }
        Shard { state: Arc::new(Mutex::new(state)), journal, freed: Arc::default(), rules }
    }

    /// Executes a command whose links are all here, as soon as no transaction holds one.
    pub(super) async fn run(&self, proposal: Proposal) -> Result<Reply, DiskError> {
        let end = Instant::now() + WAIT;
        let id = (proposal.session.clone(), proposal.number);
        let outcome = loop {
            {
                let mut state = self.state();
                if state.turned_away.contains(&id) {
                    return Ok(Reply::Busy);
                }
                if touched(&proposal.command).iter().all(|(code, mode)| state.locks.grants(code, *mode, None)) {
                    let outcome = state.machine.apply(&proposal);
                    // Below this the state itself knows a late copy.
                    state.turned_away.retain(|(session, number)| *session != id.0 || *number >= proposal.settled);
                    self.journal.append(&Record::Ran(proposal))?;
                    break outcome;
                }
            }
            if !self.wait(end).await {
                self.state().turned_away.insert(id);
                return Ok(Reply::Busy);
            }
        };
        self.journal.sync().await?;
        Ok(Reply::Outcome(outcome))
    }

    pub(super) async fn redirects(&self, code: &str) -> Result<Reply, DiskError> {
        let redirects = self.state().machine.redirects(code);
        self.journal.sync().await?;
        Ok(Reply::Outcome(Outcome::Redirects(redirects)))
    }

    /// Locks links for a transaction, and reads them. A second copy of the message finds the locks taken by the first; one
    /// that comes when the transaction has voted, was given up or has ended must not take them again.
    pub(super) async fn read(&self, txn: Txn, wanted: Vec<(String, Mode)>) -> Result<Reply, DiskError> {
        let end = Instant::now() + WAIT;
        let seen = loop {
            {
                let mut state = self.state();
                if state.is_past_reading(&txn) {
                    return Ok(Reply::Busy);
                }
                if wanted.iter().all(|(code, mode)| state.locks.grants(code, *mode, Some(&txn))) {
                    for (code, mode) in &wanted {
                        state.locks.take(code, *mode, &txn);
                    }
                    state.reading.insert(txn.clone());
                    let read = |(code, _): &(String, Mode)| (state.machine.target(code), state.machine.history(code));
                    break wanted.iter().map(read).collect();
                }
            }
            if !self.wait(end).await {
                return Ok(Reply::Busy);
            }
        };
        self.journal.sync().await?;
        let shard = self.clone();
        spawn(async move {
            tokio::time::sleep(LEASE).await;
            shard.give_up(&txn);
        });
        Ok(Reply::Read(seen))
    }

    /// Votes. A yes is a promise that survives a crash.
    pub(super) async fn prepare(&self, txn: Txn, promise: Promise) -> Result<Reply, DiskError> {
        {
            let mut state = self.state();
            if !state.prepared.contains_key(&txn) {
                if !state.reading.remove(&txn) {
                    return Ok(Reply::Vote(Vote::No));
                }
                if promise.writes.is_empty() {
                    state.locks.release(&txn);
                    self.freed.notify_waiters();
                    return Ok(Reply::Vote(Vote::ReadOnly));
                }
                if self.rules.keep(Rule::HoldLocks) {
                    state.locks.release_shared(&txn);
                } else {
                    state.locks.release(&txn);
                }
                self.freed.notify_waiters();
                if self.rules.keep(Rule::LogPromise) {
                    self.journal.append(&Record::Prepared(txn.clone(), promise.clone()))?;
                }
                state.prepared.insert(txn, Prepared::new(promise, Stage::Prepared { restarted: false }));
            }
        }
        self.journal.sync().await?;
        Ok(Reply::Vote(Vote::Yes))
    }

    /// Notes that all have voted yes; who was restarted meanwhile has no part in that any more.
    pub(super) async fn pre_commit(&self, txn: &Txn) -> Result<Reply, DiskError> {
        {
            let mut state = self.state();
            let Some(prepared) = state.prepared.get_mut(txn) else {
                return Ok(Reply::Vote(if state.ended.get(txn) == Some(&true) { Vote::Yes } else { Vote::No }));
            };
            if prepared.stage != (Stage::Prepared { restarted: false }) {
                let is_known = prepared.stage == Stage::PreCommitted { restarted: false };
                return Ok(if is_known { Reply::Done } else { Reply::Busy });
            }
            prepared.stage = Stage::PreCommitted { restarted: false };
            prepared.heard = Instant::now();
            self.journal.append(&Record::PreCommitted(txn.clone()))?;
        }
        self.journal.sync().await?;
        Ok(Reply::Done)
    }

    /// Does what was decided, once.
    pub(super) async fn end(&self, txn: &Txn, commit: bool) -> Result<Reply, DiskError> {
        {
            let mut state = self.state();
            if state.reading.remove(txn) {
                state.given_up.insert(txn.clone());
            }
            if let Some(prepared) = state.prepared.remove(txn) {
                if commit {
                    state.machine.write(&prepared.promise.writes);
                }
                state.ended.insert(txn.clone(), commit);
                self.journal.append(&Record::Ended(txn.clone(), commit))?;
            }
            state.locks.release(txn);
            self.freed.notify_waiters();
        }
        self.journal.sync().await?;
        Ok(Reply::Done)
    }

    /// How far a transaction is here. Who is asked has not heard the coordinator for long: it won't vote yes any more.
    pub(super) fn stage(&self, txn: &Txn) -> Stage {
        self.give_up(txn);
        let state = self.state();
        match (state.ended.get(txn), state.prepared.get(txn)) {
            (Some(true), _) => Stage::Committed,
            (Some(false), _) => Stage::Aborted,
            (None, Some(prepared)) => prepared.stage,
            (None, None) => Stage::NotVoted,
        }
    }

    /// The transactions that were not heard of for so long; from now on they count as heard of.
    pub(super) fn in_doubt(&self, silence: Duration) -> Vec<(Txn, Prepared)> {
        let mut state = self.state();
        let now = Instant::now();
        let silent = state.prepared.iter_mut().filter(|(_, prepared)| now - prepared.heard >= silence);
        silent
            .map(|(txn, prepared)| {
                prepared.heard = now;
                (txn.clone(), prepared.clone())
            })
            .collect()
    }

    /// A transaction that has not voted loses its locks, and will not vote yes.
    fn give_up(&self, txn: &Txn) {
        let mut state = self.state();
        if state.reading.remove(txn) {
            state.given_up.insert(txn.clone());
            state.locks.release(txn);
            self.freed.notify_waiters();
        }
    }

    /// Waits until some link is free; false when time is up.
    async fn wait(&self, end: Instant) -> bool {
        timeout_at(end, self.freed.notified()).await.is_ok()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

/// The links that a command touches. A redirect is counted beside a link's target, so that readers don't stand against it.
fn touched(command: &Command) -> Vec<(&str, Mode)> {
    match command {
        Command::Follow { code } => vec![(code, Mode::Shared)],
        Command::Create { code, .. }
        | Command::Claim { alias: code, .. }
        | Command::Retarget { code, .. }
        | Command::CompareAndSet { code, .. }
        | Command::RetargetFenced { code, .. }
        | Command::Delete { code } => vec![(code, Mode::Exclusive)],
        Command::Transact(steps) => {
            let written = written(steps);
            let mode = |code: &str| if written.contains(code) { Mode::Exclusive } else { Mode::Shared };
            codes(steps).into_iter().map(|code| (code, mode(code))).collect()
        }
        // No transaction holds a lock of the clients'.
        Command::Lock { .. } | Command::Unlock { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Platter;
    use crate::shortener::atomic_commit::TWO_PHASES;
    use crate::shortener::transaction::Write;

    fn txn(number: u64) -> Txn {
        Txn { coordinator: "n1".into(), life: 1, number }
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_copy_of_a_read_neither_waits_for_the_first_nor_locks_what_has_ended() {
        let journal = Journal::open(&Platter::default().disk(), "commit").unwrap().0;
        let shard = Shard::recover(&mut Remembered::default(), journal, TWO_PHASES);
        let wanted = vec![("a".to_owned(), Mode::Exclusive)];
        let read = |number| shard.read(txn(number), wanted.clone());
        let work = async {
            let begun = Instant::now();
            for copy in 0..2 {
                assert!(matches!(read(1).await, Ok(Reply::Read(_))), "copy {copy}");
            }
            assert_eq!(begun.elapsed(), Duration::ZERO);
            let writes = vec![Write::Target("a".into(), "https://one".into())];
            let promise = Promise { writes, participants: Vec::new() };
            assert!(matches!(shard.prepare(txn(1), promise).await, Ok(Reply::Vote(Vote::Yes))));
            assert!(matches!(read(1).await, Ok(Reply::Busy)), "it has voted");
            shard.end(&txn(1), true).await.unwrap();
            assert!(matches!(read(1).await, Ok(Reply::Busy)), "it has ended");
            assert!(matches!(read(2).await, Ok(Reply::Read(_))), "nobody holds the link");
            tokio::time::sleep(2 * LEASE).await;
            assert!(matches!(read(2).await, Ok(Reply::Busy)), "its coordinator was silent for too long");
            assert!(matches!(read(3).await, Ok(Reply::Read(_))), "nobody holds the link");
        };
        tokio::task::LocalSet::new().run_until(work).await;
    }
}
