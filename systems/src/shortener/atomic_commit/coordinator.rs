//! A node as a coordinator: it takes a client's command to the shard that has its links, and a transaction over several shards
//! through its phases.
//!
//! A transaction first locks and reads everything (two-phase locking), then asks for votes, then decides. Abort is presumed:
//! what has no record of a commit is aborted (Mohan and Lindsay 1983), so that only a commit has to be durable before it is
//! told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::oneshot;

use super::durable::Record;
use super::locks::Mode;
use super::message::{Decision, Reply, Request, Txn, Vote};
use super::{Mesh, Rule, Rules};
use crate::call::CallError;
use crate::journal::Journal;
use crate::node::spawn;
use crate::shortener::cached::ring::Ring;
use crate::shortener::commands::{Execute, unexpected};
use crate::shortener::machine::{Command, Outcome, Proposal};
use crate::shortener::session::Numbers;
use crate::shortener::transaction::{View, Write, codes, written};
use crate::shortener::{Committed, MicroOperation, Unavailable};

/// How long a phase waits for its replies: all three are over before a client gives up.
const PHASE: Duration = Duration::from_millis(300);

/// How long a command that is all on one shard is waited for.
const ONE_SHARD: Duration = Duration::from_millis(600);

/// The coordinator of one node; clones are the same.
#[derive(Clone)]
pub(super) struct Coordinator {
    mesh: Mesh,
    ring: Arc<Ring>,
    life: u64,
    journal: Journal<Record>,
    rules: Rules,
    numbers: Numbers,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    /// Transactions that are not decided.
    open: BTreeSet<Txn>,
    committed: BTreeSet<Txn>,
}

/// Why a transaction was aborted: an answer for the client.
type Aborted = Result<Committed, Unavailable>;

impl Coordinator {
    /// A coordinator in a new life that remembers what it decided to commit.
    pub(super) fn new(
        mesh: Mesh,
        ring: Ring,
        life: u64,
        committed: BTreeSet<Txn>,
        journal: Journal<Record>,
        rules: Rules,
    ) -> Coordinator {
        let state = Arc::new(Mutex::new(State { committed, ..State::default() }));
        Coordinator { mesh, ring: Arc::new(ring), life, journal, rules, numbers: Numbers::default(), state }
    }

    /// What it has decided.
    pub(super) fn decision(&self, txn: &Txn) -> Decision {
        let state = self.state();
        match (state.open.contains(txn), state.committed.contains(txn)) {
            (true, _) => Decision::Open,
            (_, true) => Decision::Commit,
            _ => Decision::NoRecord,
        }
    }

    /// Has a shard execute a command.
    async fn run(&self, owner: &Arc<str>, command: Command) -> Result<Outcome, Unavailable> {
        let (awaited, settled) = self.numbers.next();
        let session = (self.mesh.me.clone(), self.life);
        let proposal = Proposal { session, number: awaited.number, settled, command };
        match self.mesh.ask(owner, Request::Run(proposal), ONE_SHARD).await {
            Ok(Reply::Outcome(outcome)) => Ok(outcome),
            Ok(Reply::Busy) => Err(Unavailable::NoEffect("a transaction holds the link".into())),
            Err(CallError::NotSent(reason)) => {
                Err(Unavailable::NoEffect(format!("its shard is not reached: {reason}")))
            }
            Ok(_) => Err(Unavailable::MayTakeEffect(format!("the shard at {owner} failed"))),
            Err(error) => Err(Unavailable::MayTakeEffect(error.to_string())),
        }
    }

    async fn transact(&self, steps: Vec<MicroOperation>) -> Aborted {
        let mut shares: BTreeMap<Arc<str>, Vec<(String, Mode)>> = BTreeMap::new();
        let written = written(&steps);
        for code in codes(&steps) {
            let mode = if written.contains(code) { Mode::Exclusive } else { Mode::Shared };
            shares.entry(self.ring.owner(code).clone()).or_default().push((code.to_owned(), mode));
        }
        let Some((owner, _)) = shares.first_key_value().filter(|_| shares.len() == 1) else {
            return self.over_shards(steps, shares).await;
        };
        match self.run(owner, Command::Transact(steps)).await? {
            Outcome::Transaction(committed) => Ok(committed),
            other => Err(unexpected(&other)),
        }
    }

    /// Runs to its end whatever becomes of the client: a coordinator that stopped halfway would leave everybody in doubt.
    async fn over_shards(
        &self,
        steps: Vec<MicroOperation>,
        shares: BTreeMap<Arc<str>, Vec<(String, Mode)>>,
    ) -> Aborted {
        let (sender, answer) = oneshot::channel();
        let this = self.clone();
        spawn(async move {
            let txn = this.begin();
            let ended = this.phases(&txn, steps, &shares).await;
            if this.state().open.remove(&txn) {
                this.tell(shares.keys(), &txn, false);
            }
            // The client may have gone.
            let _gone = sender.send(ended);
        });
        answer.await.unwrap_or_else(|_| Err(Unavailable::MayTakeEffect("the coordinator ended".into())))
    }

    fn begin(&self) -> Txn {
        let mut state = self.state();
        state.last += 1;
        let txn = Txn { coordinator: self.mesh.me.clone(), life: self.life, number: state.last };
        state.open.insert(txn.clone());
        txn
    }

    async fn phases(
        &self,
        txn: &Txn,
        steps: Vec<MicroOperation>,
        shares: &BTreeMap<Arc<str>, Vec<(String, Mode)>>,
    ) -> Aborted {
        let view = match self.read(txn, shares).await {
            Ok(view) => view,
            Err(aborted) => return aborted,
        };
        let (results, writes) = match view.run(steps) {
            Ok(done) => done,
            Err(reason) => return Ok(Committed::Aborted(reason)),
        };
        let mut parts: BTreeMap<Arc<str>, Vec<Write>> = BTreeMap::new();
        for write in writes {
            parts.entry(self.ring.owner(write.code()).clone()).or_default().push(write);
        }
        if let Err(aborted) = self.prepare(txn, shares.keys(), &parts).await {
            return aborted;
        }
        if !parts.is_empty() {
            if self.rules.pre_commit && !self.pre_commit(txn, parts.keys()).await {
                return Ok(Committed::Aborted("a participant had aborted alone".into()));
            }
            self.decide(txn).await;
            self.tell(parts.keys(), txn, true);
        }
        Ok(Committed::Yes(results))
    }

    /// Locks and reads all links.
    async fn read(&self, txn: &Txn, shares: &BTreeMap<Arc<str>, Vec<(String, Mode)>>) -> Result<View, Aborted> {
        let asked = shares.iter().map(|(owner, wanted)| {
            let request = Request::Read(txn.clone(), wanted.clone());
            async move { (wanted, self.mesh.ask(owner, request, PHASE).await) }
        });
        let mut view = View::default();
        for (wanted, reply) in join_all(asked).await {
            match reply {
                Ok(Reply::Read(seen)) => {
                    for ((code, _), (target, history)) in wanted.iter().zip(seen) {
                        view.saw(code, target, history);
                    }
                }
                Ok(Reply::Busy) => {
                    return Err(Ok(Committed::Aborted("another transaction holds one of the links".into())));
                }
                Ok(_) => return Err(Err(Unavailable::NoEffect("a shard failed".into()))),
                Err(error) => return Err(Err(Unavailable::NoEffect(error.to_string()))),
            }
        }
        Ok(view)
    }

    /// Asks everybody for a vote; who only read says whether it still holds its locks.
    async fn prepare(
        &self,
        txn: &Txn,
        owners: impl Iterator<Item = &Arc<str>>,
        parts: &BTreeMap<Arc<str>, Vec<Write>>,
    ) -> Result<(), Aborted> {
        let everyone: Vec<Arc<str>> = parts.keys().cloned().collect();
        let asked = owners.map(|owner| {
            let writes = parts.get(owner).cloned().unwrap_or_default();
            self.mesh.ask(owner, Request::Prepare(txn.clone(), writes, everyone.clone()), PHASE)
        });
        for reply in join_all(asked).await {
            match reply {
                Ok(Reply::Vote(Vote::Yes | Vote::ReadOnly)) => {}
                Ok(Reply::Vote(Vote::No)) => {
                    return Err(Ok(Committed::Aborted("a participant lost its locks".into())));
                }
                Ok(_) => return Err(Err(Unavailable::NoEffect("a participant failed".into()))),
                Err(error) => return Err(Err(Unavailable::NoEffect(format!("a vote is missing: {error}")))),
            }
        }
        Ok(())
    }

    /// Tells everybody that all voted yes. Who does not answer in time has crashed, and will ask when it is back; false if
    /// somebody has aborted alone, which only happens when that was not so.
    async fn pre_commit(&self, txn: &Txn, writers: impl Iterator<Item = &Arc<str>>) -> bool {
        let asked = writers.map(|owner| self.mesh.ask(owner, Request::PreCommit(txn.clone()), PHASE));
        join_all(asked).await.iter().all(|reply| !matches!(reply, Ok(Reply::Vote(Vote::No))))
    }

    /// Decides to commit: from when that is durable, nothing else can happen.
    async fn decide(&self, txn: &Txn) {
        if self.rules.keep(Rule::LogDecision) {
            self.mesh.fail_stop.checked(self.journal.write(&Record::Committed(txn.clone())).await).await;
        }
        let mut state = self.state();
        state.open.remove(txn);
        state.committed.insert(txn.clone());
    }

    /// Tells the decision, once: who does not hear it will ask.
    fn tell<'o>(&self, owners: impl Iterator<Item = &'o Arc<str>>, txn: &Txn, commit: bool) {
        for owner in owners {
            let (mesh, owner, request) = (self.mesh.clone(), owner.clone(), Request::End(txn.clone(), commit));
            spawn(async move {
                let _unheard = mesh.ask(&owner, request, PHASE).await;
            });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

/// The name that says which shard executes a command.
fn key(command: &Command) -> &str {
    match command {
        Command::Create { code, .. }
        | Command::Retarget { code, .. }
        | Command::CompareAndSet { code, .. }
        | Command::Follow { code }
        | Command::RetargetFenced { code, .. }
        | Command::Delete { code } => code,
        Command::Claim { alias, .. } => alias,
        Command::Lock { name } | Command::Unlock { name, .. } => name,
        Command::Transact(steps) => codes(steps).first().copied().unwrap_or_default(),
    }
}

impl Execute for Coordinator {
    async fn execute(&self, command: Command) -> Result<Outcome, Unavailable> {
        match command {
            Command::Transact(steps) => self.transact(steps).await.map(Outcome::Transaction),
            command => {
                let owner = self.ring.owner(key(&command)).clone();
                self.run(&owner, command).await
            }
        }
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        match self.mesh.ask(self.ring.owner(code), Request::Redirects(code.into()), ONE_SHARD).await {
            Ok(Reply::Outcome(Outcome::Redirects(redirects))) => Ok(redirects),
            Ok(_) => Err(Unavailable::NoEffect("the shard failed".into())),
            Err(error) => Err(Unavailable::NoEffect(error.to_string())),
        }
    }
}
