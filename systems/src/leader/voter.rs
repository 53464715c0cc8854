//! What one node promised of leases and tokens, and its copy of the job's state.
//!
//! A promise is durable before it is given. Until when a lease lasts is not: a node that was started again waits for as long
//! as any lease that it may have granted before (Gray and Cheriton, section 2).

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{LEASE, Reply, Request, Rules, Watch};
use crate::disk::{Disk, DiskError};
use crate::journal::{BadJournal, Journal};

/// The job's state: the last number, and the token of who stored it. Of two the greater is the later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) token: u64,
    pub(super) number: u64,
}

/// What survives a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The highest token that was promised: no lower one is granted any more.
    promised: u64,
    stored: Checkpoint,
}

/// A lease that was granted, as far as this node knows.
#[derive(Clone, Debug)]
struct Lease {
    /// Whose it is; unknown after a restart.
    leader: Option<Arc<str>>,
    ends: Duration,
}

/// The voter; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Voter {
    /// Who is answered: a sync takes time, and the next in turn finds durable what this one changed.
    turn: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<(Kept, Lease)>>,
    journal: Journal<Kept>,
    watch: Watch,
    fences: bool,
}

impl Voter {
    pub(super) fn open(disk: &Disk, watch: Watch, rules: Rules) -> Result<Voter, BadJournal> {
        let (journal, kept) = Journal::open(disk, "voter")?;
        let mut kept: Kept = kept.last().copied().unwrap_or_default();
        journal.rewrite([&kept])?;
        if !rules.remembers {
            kept.promised = 0;
        }
        let lease = Lease { leader: None, ends: watch.now() + LEASE };
        let (turn, state) = (Arc::default(), Arc::new(Mutex::new((kept, lease))));
        Ok(Voter { turn, state, journal, watch, fences: rules.fences })
    }

    /// Whose lease this node granted last, if it knows.
    pub(super) fn leader(&self) -> Option<Arc<str>> {
        self.state().1.leader.clone()
    }

    /// When the lease ends that this node granted last, by its own watch.
    pub(super) fn lease_ends(&self) -> Duration {
        self.state().1.ends
    }

    /// The highest token that was promised here.
    pub(super) fn promised(&self) -> u64 {
        self.state().0.promised
    }

    /// Answers what concerns the lease and the storage.
    pub(super) async fn answer(&self, from: &Arc<str>, request: &Request) -> Reply {
        let _turn = self.turn.lock().await;
        let answered = match *request {
            Request::Lease { token } => self.lease(from, token).await,
            Request::Renew { token } => self.renew(from, token).await,
            Request::Release { token } => Ok(self.release(from, token)),
            Request::Load { token } => self.load(token).await,
            Request::Store(checkpoint) => self.store(checkpoint).await,
            Request::Act => Ok(Reply::NotActed("a voter does not act".into())),
        };
        answered.unwrap_or(Reply::Failed)
    }

    /// A token is granted once, and only if no other node's lease lasts.
    async fn lease(&self, from: &Arc<str>, token: u64) -> Result<Reply, DiskError> {
        let promised = self.promised();
        let is_anothers = self.watch.now() < self.lease_ends() && self.leader().as_ref() != Some(from);
        if is_anothers || token <= promised {
            return Ok(Reply::Refused { promised });
        }
        self.grant(from, token).await
    }

    /// Whoever has the lease of a majority may have it from this node, too.
    async fn renew(&self, from: &Arc<str>, token: u64) -> Result<Reply, DiskError> {
        let promised = self.promised();
        if token < promised { Ok(Reply::Refused { promised }) } else { self.grant(from, token).await }
    }

    /// Ends a lease that was granted in vain. Without this, candidates that stand one after another keep their votes from
    /// each other for as long as a lease lasts, and nobody ever has a majority.
    fn release(&self, from: &Arc<str>, token: u64) -> Reply {
        let mut state = self.state();
        let (Kept { promised, .. }, lease) = &mut *state;
        if *promised == token && lease.leader.as_ref() == Some(from) {
            lease.ends = self.watch.now();
        }
        Reply::Granted
    }

    async fn load(&self, token: u64) -> Result<Reply, DiskError> {
        let kept = self.kept();
        if self.fences && token < kept.promised {
            return Ok(Reply::Refused { promised: kept.promised });
        }
        // What was loaded is what this leader builds on: nothing of an older one may come after it.
        self.keep(Kept { promised: kept.promised.max(token), ..kept }).await?;
        Ok(Reply::Loaded(kept.stored))
    }

    async fn store(&self, checkpoint: Checkpoint) -> Result<Reply, DiskError> {
        let kept = self.kept();
        if self.fences && checkpoint.token < kept.promised {
            return Ok(Reply::Refused { promised: kept.promised });
        }
        // A message of the same leader that was overtaken on the way is not to undo its successor.
        let late = checkpoint.token == kept.stored.token && checkpoint.number <= kept.stored.number;
        let stored = if late { kept.stored } else { checkpoint };
        self.keep(Kept { promised: kept.promised.max(checkpoint.token), stored }).await?;
        Ok(Reply::Stored)
    }

    async fn grant(&self, from: &Arc<str>, token: u64) -> Result<Reply, DiskError> {
        self.keep(Kept { promised: token, ..self.kept() }).await?;
        self.state().1 = Lease { leader: Some(from.clone()), ends: self.watch.now() + LEASE };
        Ok(Reply::Granted)
    }

    async fn keep(&self, kept: Kept) -> Result<(), DiskError> {
        if self.kept() != kept {
            self.journal.write(&kept).await?;
            self.state().0 = kept;
        }
        Ok(())
    }

    fn kept(&self) -> Kept {
        self.state().0
    }

    fn state(&self) -> MutexGuard<'_, (Kept, Lease)> {
        self.state.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::super::RULES;
    use super::*;
    use crate::clock::Clock;
    use crate::disk::Platter;

    const NO_FENCE: Rules = Rules { fences: false, ..RULES };

    struct Bench {
        platter: Platter,
        clock: Clock,
        rules: Rules,
    }

    impl Bench {
        fn new(rules: Rules) -> Bench {
            Bench { platter: Platter::default(), clock: Clock::reading(|| Duration::from_secs(9)), rules }
        }

        fn open(&self) -> Voter {
            Voter::open(&self.platter.disk(), Watch::WallClock(self.clock.clone()), self.rules).unwrap()
        }

        /// A voter that grants whatever is asked first.
        fn ready(&self) -> Voter {
            let voter = self.open();
            self.clock.jump(800);
            voter
        }
    }

    fn ask(voter: &Voter, from: &str, request: &Request) -> String {
        let from = from.into();
        let answer = voter.answer(&from, request).now_or_never();
        format!("{:?}", answer.expect("a disk without trouble syncs at once"))
    }

    fn store(token: u64, number: u64) -> Request {
        Request::Store(Checkpoint { token, number })
    }

    #[test]
    fn a_lease_keeps_others_out_until_it_ends() {
        let bench = Bench::new(RULES);
        let voter = bench.ready();
        assert_eq!(ask(&voter, "a", &Request::Lease { token: 1 }), "Granted");
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Refused { promised: 1 }");
        bench.clock.jump(700);
        assert_eq!(ask(&voter, "a", &Request::Renew { token: 1 }), "Granted");
        bench.clock.jump(700);
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Refused { promised: 1 }");
        bench.clock.jump(100);
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Granted");
        assert_eq!(ask(&voter, "a", &Request::Renew { token: 1 }), "Refused { promised: 2 }");
    }

    #[test]
    fn a_lease_that_was_granted_in_vain_is_anothers_once_it_is_released_by_whoever_has_it() {
        let voter = Bench::new(RULES).ready();
        assert_eq!(ask(&voter, "a", &Request::Lease { token: 1 }), "Granted");
        for (from, token) in [("b", 1), ("a", 0)] {
            ask(&voter, from, &Request::Release { token });
            assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Refused { promised: 1 }");
        }
        ask(&voter, "a", &Request::Release { token: 1 });
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 1 }), "Refused { promised: 1 }");
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Granted");
    }

    #[test]
    fn a_node_that_was_started_again_waits_out_what_it_may_have_granted_and_grants_no_token_twice() {
        let bench = Bench::new(RULES);
        assert_eq!(ask(&bench.ready(), "a", &Request::Lease { token: 1 }), "Granted");
        let voter = bench.open();
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Refused { promised: 1 }");
        bench.clock.jump(800);
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 1 }), "Refused { promised: 1 }");
        assert_eq!(ask(&voter, "b", &Request::Lease { token: 2 }), "Granted");
    }

    #[test]
    fn a_voter_that_forgets_its_promises_grants_a_token_twice() {
        let bench = Bench::new(Rules { remembers: false, ..RULES });
        assert_eq!(ask(&bench.ready(), "a", &Request::Lease { token: 1 }), "Granted");
        assert_eq!(ask(&bench.ready(), "b", &Request::Lease { token: 1 }), "Granted");
    }

    #[test]
    fn the_fence_keeps_a_deposed_leader_from_the_storage_and_without_it_it_overwrites_its_successor() {
        for (rules, answer, number) in [(RULES, "Refused { promised: 2 }", 8), (NO_FENCE, "Stored", 6)] {
            let voter = Bench::new(rules).ready();
            assert_eq!(ask(&voter, "b", &store(2, 8)), "Stored");
            assert_eq!(ask(&voter, "a", &store(1, 6)), answer);
            assert_eq!(voter.state().0.stored.number, number);
        }
    }

    #[test]
    fn a_message_that_was_overtaken_undoes_nothing() {
        let voter = Bench::new(NO_FENCE).ready();
        ask(&voter, "a", &store(1, 8));
        assert_eq!(ask(&voter, "a", &store(1, 7)), "Stored");
        assert_eq!(ask(&voter, "a", &Request::Load { token: 1 }), "Loaded(Checkpoint { token: 1, number: 8 })");
    }

    #[tokio::test(start_paused = true)]
    async fn a_promise_is_given_when_it_is_durable_and_whoever_asks_meanwhile_waits_for_it() {
        let sync = Duration::from_millis(6);
        let bench = Bench { platter: Platter::with_syncs_of(sync), ..Bench::new(RULES) };
        let voter = bench.ready();
        let (a, b) = ("a".into(), "b".into());
        let before = tokio::time::Instant::now();
        let (lease, rival) = (Request::Lease { token: 1 }, Request::Lease { token: 2 });
        let given = tokio::join!(voter.answer(&a, &lease), voter.answer(&b, &rival));
        assert_eq!(format!("{given:?}"), "(Granted, Refused { promised: 1 })");
        assert_eq!(before.elapsed(), sync);
        assert!(voter.answer(&a, &Request::Load { token: 2 }).now_or_never().is_none());
        bench.platter.lose_unsynced();
        assert_eq!(bench.open().promised(), 1, "what was not answered may be lost");
    }
}
