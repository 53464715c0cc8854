//! What a participant does that has voted yes and hears nothing any more.
//!
//! With two phases it can only ask the coordinator, and wait for it (Bernstein et al. 1987, section 7.4). With three, those
//! that are up end the transaction among themselves (Skeen 1981): a commit is decided only when everybody who is up knows
//! that all voted yes, so that who is up and does not know it may abort. Who was restarted only listens, unless all were.
//! That is right as long as a node that does not reply in time has crashed. In a partition both sides think so.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::coordinator::Coordinator;
use super::durable::Promise;
use super::message::{Decision, Reply, Request, Stage, Stands, Txn};
use super::shard::{Prepared, Shard};
use super::{Mesh, Rule, Rules};
use crate::node::spawn;

/// How long a participant waits for the next message: longer than two phases and a message take.
const SILENCE: Duration = Duration::from_millis(700);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// How long others have to say where they stand.
const DEADLINE: Duration = Duration::from_millis(300);

/// The recovery of one node; clones are the same.
#[derive(Clone)]
pub(super) struct Recovery {
    pub(super) mesh: Mesh,
    pub(super) shard: Shard,
    pub(super) coordinator: Coordinator,
    pub(super) rules: Rules,
}

/// What somebody replied, if anything.
struct Heard {
    name: Arc<str>,
    stands: Option<Stands>,
}

impl Heard {
    fn stage(&self) -> Option<Stage> {
        self.stands.map(|stands| stands.participant)
    }
}

/// What follows from where everybody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Wait,
    Abort,
    Commit,
    /// First everybody who is up has to know that all voted yes.
    PreCommitFirst,
}

impl Recovery {
    /// Looks after transactions in doubt for ever.
    pub(super) async fn watch(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            for (txn, prepared) in self.shard.in_doubt(SILENCE) {
                let this = self.clone();
                spawn(async move {
                    if this.rules.pre_commit {
                        this.end_among_those_up(&txn, &prepared).await;
                    } else {
                        this.ask_coordinator(&txn).await;
                    }
                });
            }
        }
    }

    /// Where a transaction stands at this node.
    pub(super) fn stands(&self, txn: &Txn) -> Stands {
        Stands { coordinator: self.coordinator.decision(txn), participant: self.shard.stage(txn) }
    }

    async fn ask(&self, name: &Arc<str>, txn: &Txn) -> Option<Stands> {
        if *name == self.mesh.me {
            return Some(self.stands(txn));
        }
        match self.mesh.ask(name, Request::Stand(txn.clone()), DEADLINE).await {
            Ok(Reply::Stands(stands)) => Some(stands),
            _ => None,
        }
    }

    async fn ask_coordinator(&self, txn: &Txn) {
        match self.ask(&txn.coordinator, txn).await.map(|stands| stands.coordinator) {
            Some(Decision::Commit) => self.end(txn, true).await,
            Some(Decision::Open) => {}
            None if self.rules.keep(Rule::AwaitDecision) => {}
            Some(Decision::NoRecord) | None => self.end(txn, false).await,
        }
    }

    async fn end_among_those_up(&self, txn: &Txn, prepared: &Prepared) {
        let Promise { participants, .. } = &prepared.promise;
        let asked =
            participants.iter().map(|name| async { Heard { name: name.clone(), stands: self.ask(name, txn).await } });
        let (heard, coordinator) = futures::join!(join_all(asked), self.ask(&txn.coordinator, txn));
        let verdict = verdict(&self.mesh.me, &heard, coordinator.map(|stands| stands.coordinator));
        tracing::info!("{} ends {txn:?}: {verdict:?}", self.mesh.me);
        match verdict {
            Verdict::Wait => return,
            Verdict::Abort | Verdict::Commit => {}
            Verdict::PreCommitFirst => {
                let up = heard.iter().filter(|heard| heard.stands.is_some());
                let told = up.map(|heard| self.mesh.ask(&heard.name, Request::PreCommit(txn.clone()), DEADLINE));
                join_all(told).await;
            }
        }
        let commit = verdict != Verdict::Abort;
        self.end(txn, commit).await;
        for other in participants.iter().filter(|name| **name != self.mesh.me) {
            let (mesh, other, request) = (self.mesh.clone(), other.clone(), Request::End(txn.clone(), commit));
            spawn(async move {
                let _unheard = mesh.ask(&other, request, DEADLINE).await;
            });
        }
    }

    async fn end(&self, txn: &Txn, commit: bool) {
        self.mesh.fail_stop.checked(self.shard.end(txn, commit).await).await;
    }
}

/// The rule of the termination protocol, for `me` among all participants, itself included.
fn verdict(me: &Arc<str>, heard: &[Heard], coordinator: Option<Decision>) -> Verdict {
    let any = |which: fn(Stage) -> bool| heard.iter().filter_map(Heard::stage).any(which);
    if coordinator == Some(Decision::Open) {
        return Verdict::Wait;
    }
    if coordinator == Some(Decision::Commit) || any(|stage| stage == Stage::Committed) {
        return Verdict::Commit;
    }
    if any(|stage| matches!(stage, Stage::Aborted | Stage::NotVoted)) {
        return Verdict::Abort;
    }
    let is_up = |heard: &&Heard| {
        matches!(heard.stage(), Some(Stage::Prepared { restarted: false } | Stage::PreCommitted { restarted: false }))
    };
    match heard.iter().find(is_up) {
        // The first of those that are up acts for all.
        Some(first) if first.name != *me => Verdict::Wait,
        Some(_) => {
            let knows = |heard: &Heard| heard.stage() == Some(Stage::PreCommitted { restarted: false });
            if heard.iter().any(knows) { Verdict::PreCommitFirst } else { Verdict::Abort }
        }
        // All were restarted: only all together know that nobody has decided.
        None if coordinator.is_none() || heard.iter().any(|heard| heard.stands.is_none()) => Verdict::Wait,
        None if any(|stage| matches!(stage, Stage::PreCommitted { .. })) => Verdict::Commit,
        None => Verdict::Abort,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNCERTAIN: Stage = Stage::Prepared { restarted: false };
    const KNOWS: Stage = Stage::PreCommitted { restarted: false };

    /// What `n1` concludes when itself, `n2`, … stand so.
    fn concludes(stages: &[Option<Stage>], coordinator: Option<Decision>) -> Verdict {
        let heard = |(number, stage): (usize, &Option<Stage>)| Heard {
            name: format!("n{}", number + 1).into(),
            stands: stage.map(|participant| Stands { coordinator: Decision::NoRecord, participant }),
        };
        let heard: Vec<Heard> = stages.iter().enumerate().map(heard).collect();
        verdict(&"n1".into(), &heard, coordinator)
    }

    #[test]
    fn those_that_are_up_abort_what_none_of_them_knows_to_be_agreed() {
        assert_eq!(concludes(&[Some(UNCERTAIN), Some(UNCERTAIN)], None), Verdict::Abort);
        assert_eq!(concludes(&[Some(UNCERTAIN), None], None), Verdict::Abort);
        let restarted = Some(Stage::PreCommitted { restarted: true });
        assert_eq!(
            concludes(&[Some(UNCERTAIN), restarted], None),
            Verdict::Abort,
            "who was restarted has no part in it"
        );
    }

    #[test]
    fn what_one_of_them_knows_all_must_know_before_a_commit() {
        assert_eq!(concludes(&[Some(UNCERTAIN), Some(KNOWS)], None), Verdict::PreCommitFirst);
        assert_eq!(concludes(&[Some(KNOWS), None], None), Verdict::PreCommitFirst);
    }

    #[test]
    fn a_decision_that_anybody_knows_is_everybodys() {
        assert_eq!(concludes(&[Some(UNCERTAIN), Some(Stage::Aborted)], None), Verdict::Abort);
        assert_eq!(concludes(&[Some(UNCERTAIN), Some(Stage::NotVoted)], None), Verdict::Abort);
        assert_eq!(concludes(&[Some(KNOWS), Some(Stage::Committed)], None), Verdict::Commit);
        assert_eq!(concludes(&[Some(KNOWS), None], Some(Decision::Commit)), Verdict::Commit);
        assert_eq!(concludes(&[Some(KNOWS), Some(KNOWS)], Some(Decision::Open)), Verdict::Wait);
    }

    #[test]
    fn who_was_restarted_waits_for_the_others_unless_all_were() {
        let (uncertain, knows) = (Stage::Prepared { restarted: true }, Stage::PreCommitted { restarted: true });
        assert_eq!(concludes(&[Some(uncertain), Some(UNCERTAIN)], Some(Decision::NoRecord)), Verdict::Wait);
        assert_eq!(concludes(&[Some(uncertain), None], Some(Decision::NoRecord)), Verdict::Wait);
        assert_eq!(concludes(&[Some(uncertain), Some(uncertain)], None), Verdict::Wait);
        assert_eq!(concludes(&[Some(uncertain), Some(uncertain)], Some(Decision::NoRecord)), Verdict::Abort);
        assert_eq!(concludes(&[Some(uncertain), Some(knows)], Some(Decision::NoRecord)), Verdict::Commit);
    }
}
