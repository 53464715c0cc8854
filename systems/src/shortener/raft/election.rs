//! Elections (sections 5.2 and 5.4.1): at most one leader in a term, and only one that has every committed entry.
//!
//! Before a node stands it asks on trial whether it would win (dissertation, section 9.6): one that was cut off alone
//! does not come back with a high term that deposes a leader who serves everybody else.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Rule;
use super::consensus::{ELECTION, Raft, Reply, Request, Role};
use super::durable::Ballot;
use super::log::Position;

impl<C> Raft<C> {
    /// Asks everybody for a vote in the next term; on trial the term does not begin yet.
    pub(super) fn stand(&mut self, trial: bool) {
        self.leader = None;
        self.await_leader();
        let term = self.ballot.term + 1;
        if !trial {
            self.record_ballot(Ballot { term, vote: Some(self.me.clone()) });
        }
        self.role = Role::Candidate { trial, votes: BTreeSet::from([self.me.clone()]) };
        let last = self.log.last();
        for peer in &self.others {
            self.effects.requests.push((peer.clone(), Request::Vote { term, last, trial }));
        }
        self.count();
    }

    /// A majority of the votes makes a leader; of trial votes, a candidate.
    fn count(&mut self) {
        let Role::Candidate { trial, votes } = &self.role else { return };
        if votes.len() >= self.majority() {
            if *trial { self.stand(false) } else { self.lead() }
        }
    }

    /// Whether `from` gets this node's vote: one vote a term, and only for a log that is at least as up to date.
    pub(super) fn asked_for_vote(&mut self, from: &Arc<str>, term: u64, last: Position, trial: bool) -> Reply {
        if !trial {
            self.meet(term);
        }
        let free = self.ballot.vote.as_ref().is_none_or(|vote| vote == from);
        let in_term = term > self.ballot.term || (term == self.ballot.term && free);
        let up_to_date = last >= self.log.last() || !self.rules.keep(Rule::CompareLogs);
        let granted = in_term && up_to_date && !(trial && self.has_leader());
        if granted && !trial {
            self.record_ballot(Ballot { term, vote: Some(from.clone()) });
            self.await_leader();
        }
        Reply::Vote { term: self.ballot.term, asked: term, trial, granted }
    }

    /// Whether a leader was heard of so recently that nobody needs another.
    fn has_leader(&self) -> bool {
        self.leads() || self.heard_at.is_some_and(|heard_at| self.now < heard_at + ELECTION)
    }

    pub(super) fn got_vote(&mut self, from: &Arc<str>, asked: u64, of_trial: bool) {
        let wanted = self.ballot.term + u64::from(of_trial);
        if let Role::Candidate { trial, votes } = &mut self.role
            && *trial == of_trial
            && asked == wanted
        {
            votes.insert(from.clone());
            self.count();
        }
    }
}
