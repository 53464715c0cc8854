//! The state machine of those variants whose nodes keep the links themselves and execute one command after another: links,
//! their counts and histories, and locks. The same commands in the same order give the same state and the same outcomes,
//! on every node and in every life.
//!
//! A command may come twice, because its frame was doubled or its node asked again. It takes effect once: every
//! node's commands of one life are a session, which keeps the outcomes that may still be asked for (Ongaro's
//! dissertation, section 6.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::transaction::{View, Write, codes};
use super::{Answer, Committed, Fenced, Lock, MicroOperation};

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::shortener) enum Command {
    Create { code: String, url: String },
    Claim { alias: String, url: String },
    Retarget { code: String, url: String },
    CompareAndSet { code: String, old: String, new: String },
    Follow { code: String },
    Delete { code: String },
    Transact(Vec<MicroOperation>),
    RetargetFenced { code: String, token: u64, url: String },
    Lock { name: String },
    Unlock { name: String, token: Option<u64> },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::shortener) enum Outcome {
    Written(Answer),
    Target(Option<String>),
    Transaction(Committed),
    Fenced(Fenced),
    Lock(Lock),
    Redirects(u64),
    /// Its node does not wait for it any more, and it took no effect now.
    Expired,
}

/// A command, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::shortener) struct Proposal {
    /// The node that a client asked, and which of its lives that was.
    pub(in crate::shortener) session: (Arc<str>, u64),
    /// Its place among the session's commands.
    pub(in crate::shortener) number: u64,
    /// The session waits for no command below this number any more.
    pub(in crate::shortener) settled: u64,
    pub(in crate::shortener) command: Command,
}

/// All state.
#[derive(Clone, Debug, Default)]
pub(in crate::shortener) struct Machine {
    links: BTreeMap<String, Link>,
    histories: BTreeMap<String, Vec<i64>>,
    locks: BTreeMap<String, u64>,
    last_token: u64,
    sessions: BTreeMap<(Arc<str>, u64), Session>,
    /// Only without the rule that tells repeats: a command is done as often as the log has it.
    forgets_sessions: bool,
}

#[derive(Clone, Debug, Default)]
struct Link {
    url: String,
    redirects: u64,
    /// The newest token that it was written with; 0 if with none.
    newest_token: u64,
}

#[derive(Clone, Debug, Default)]
struct Session {
    settled: u64,
    outcomes: BTreeMap<u64, Outcome>,
}

impl Machine {
    /// One that does not know a command again.
    pub(in crate::shortener) fn without_sessions() -> Machine {
        Machine { forgets_sessions: true, ..Machine::default() }
    }

    /// Applies a command, unless it was applied before: then the outcome is the first one's.
    pub(in crate::shortener) fn apply(&mut self, proposal: &Proposal) -> Outcome {
        if self.forgets_sessions {
            return self.execute(&proposal.command);
        }
        let session = self.sessions.entry(proposal.session.clone()).or_default();
        session.settled = session.settled.max(proposal.settled);
        session.outcomes = session.outcomes.split_off(&session.settled);
        if proposal.number < session.settled {
            return Outcome::Expired;
        }
        if let Some(outcome) = session.outcomes.get(&proposal.number) {
            return outcome.clone();
        }
        let outcome = self.execute(&proposal.command);
        let session = self.sessions.entry(proposal.session.clone()).or_default();
        session.outcomes.insert(proposal.number, outcome.clone());
        outcome
    }

    /// The target of a link, and nothing counted.
    pub(in crate::shortener) fn target(&self, code: &str) -> Option<String> {
        self.links.get(code).map(|link| link.url.clone())
    }

    /// What was appended to a link's history.
    pub(in crate::shortener) fn history(&self, code: &str) -> Vec<i64> {
        self.histories.get(code).cloned().unwrap_or_default()
    }

    /// How often a link was followed.
    pub(in crate::shortener) fn redirects(&self, code: &str) -> u64 {
        self.links.get(code).map_or(0, |link| link.redirects)
    }

    fn execute(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Create { code, url } => Outcome::Written(match self.target(code) {
                Some(current) if current != *url => Answer::Refused(Some(current)),
                Some(_) => Answer::Done,
                None => self.insert(code, url),
            }),
            Command::Claim { alias, url } => Outcome::Written(match self.target(alias) {
                Some(current) => Answer::Refused(Some(current)),
                None => self.insert(alias, url),
            }),
            Command::Retarget { code, url } => Outcome::Written(match self.links.get(code) {
                Some(_) => self.insert(code, url),
                None => Answer::Absent,
            }),
            Command::CompareAndSet { code, old, new } => Outcome::Written(match self.target(code) {
                Some(current) if current == *old => self.insert(code, new),
                current => Answer::Refused(current),
            }),
            Command::Follow { code } => Outcome::Target(self.links.get_mut(code).map(|link| {
                link.redirects += 1;
                link.url.clone()
            })),
            Command::Delete { code } => Outcome::Written(done_if(self.links.remove(code).is_some())),
            Command::Transact(steps) => Outcome::Transaction(self.transact(steps)),
            Command::RetargetFenced { code, token, url } => Outcome::Fenced(self.retarget_fenced(code, *token, url)),
            Command::Lock { name } => Outcome::Lock(self.lock(name)),
            Command::Unlock { name, token } => Outcome::Written(self.unlock(name, *token)),
        }
    }

    fn insert(&mut self, code: &str, url: &str) -> Answer {
        url.clone_into(&mut self.links.entry(code.to_owned()).or_default().url);
        Answer::Done
    }

    fn transact(&mut self, steps: &[MicroOperation]) -> Committed {
        let mut view = View::default();
        for code in codes(steps) {
            view.saw(code, self.target(code), self.history(code));
        }
        match view.run(steps.to_vec()) {
            Err(reason) => Committed::Aborted(reason),
            Ok((results, writes)) => {
                self.write(&writes);
                Committed::Yes(results)
            }
        }
    }

    /// What a transaction changes.
    pub(in crate::shortener) fn write(&mut self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::Target(code, url) => _ = self.insert(code, url),
                Write::Appended(code, value) => self.histories.entry(code.clone()).or_default().push(*value),
            }
        }
    }

    fn retarget_fenced(&mut self, code: &str, token: u64, url: &str) -> Fenced {
        match self.links.get_mut(code) {
            None => Fenced::Absent,
            Some(link) if link.newest_token > token => Fenced::Stale(link.newest_token),
            Some(link) => {
                link.newest_token = token;
                url.clone_into(&mut link.url);
                Fenced::Done
            }
        }
    }

    fn lock(&mut self, name: &str) -> Lock {
        if self.locks.contains_key(name) {
            return Lock::Held;
        }
        self.last_token += 1;
        self.locks.insert(name.to_owned(), self.last_token);
        Lock::Granted(self.last_token)
    }

    fn unlock(&mut self, name: &str, token: Option<u64>) -> Answer {
        let holder = self.locks.get(name).copied();
        match token {
            Some(_) if token != holder => Answer::Refused(holder.map(|holder| holder.to_string())),
            _ => done_if(self.locks.remove(name).is_some()),
        }
    }
}

fn done_if(existed: bool) -> Answer {
    if existed { Answer::Done } else { Answer::Absent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(number: u64, settled: u64, command: Command) -> Proposal {
        Proposal { session: ("n1".into(), 1), number, settled, command }
    }

    fn follow(code: &str) -> Command {
        Command::Follow { code: code.into() }
    }

    fn with_link() -> Machine {
        let mut machine = Machine::default();
        machine.apply(&proposal(1, 1, Command::Claim { alias: "a".into(), url: "https://one".into() }));
        machine
    }

    #[test]
    fn a_command_that_is_in_the_log_twice_takes_effect_once_and_has_one_outcome() {
        let mut machine = with_link();
        let first = machine.apply(&proposal(2, 1, follow("a")));
        assert_eq!(machine.apply(&proposal(2, 1, follow("a"))), first);
        assert_eq!(machine.redirects("a"), 1);
    }

    #[test]
    fn a_command_that_nobody_waits_for_takes_no_effect_late() {
        let mut machine = with_link();
        machine.apply(&proposal(4, 4, follow("a")));
        assert_eq!(machine.apply(&proposal(2, 1, follow("a"))), Outcome::Expired);
        assert_eq!(machine.redirects("a"), 1);
    }

    #[test]
    fn an_aborted_transaction_changes_nothing() {
        let mut machine = with_link();
        let write = MicroOperation::Write("a".into(), "https://two".into());
        let swap = MicroOperation::Swap("a".into(), "missing".into());
        let outcome = machine.apply(&proposal(2, 1, Command::Transact(vec![write, swap])));
        assert!(matches!(outcome, Outcome::Transaction(Committed::Aborted(_))), "{outcome:?}");
        assert_eq!(machine.target("a").as_deref(), Some("https://one"));
    }

    #[test]
    fn tokens_of_locks_grow() {
        let mut machine = Machine::default();
        let mut number = 0;
        let mut apply = |command| {
            number += 1;
            machine.apply(&proposal(number, 1, command))
        };
        let lock = Command::Lock { name: "l".into() };
        let unlock = |token| Command::Unlock { name: "l".into(), token };
        assert_eq!(apply(lock.clone()), Outcome::Lock(Lock::Granted(1)));
        assert_eq!(apply(lock.clone()), Outcome::Lock(Lock::Held));
        assert_eq!(apply(unlock(Some(7))), Outcome::Written(Answer::Refused(Some("1".into()))));
        assert_eq!(apply(unlock(Some(1))), Outcome::Written(Answer::Done));
        assert_eq!(apply(unlock(Some(1))), Outcome::Written(Answer::Refused(None)));
        assert_eq!(apply(lock), Outcome::Lock(Lock::Granted(2)));
        assert_eq!(apply(unlock(None)), Outcome::Written(Answer::Done));
    }

    #[test]
    fn a_link_refuses_a_token_that_is_older_than_one_before() {
        let mut machine = with_link();
        let mut write = |number, token| {
            let command = Command::RetargetFenced { code: "a".into(), token, url: format!("https://{token}") };
            machine.apply(&proposal(number, 1, command))
        };
        assert_eq!(write(2, 5), Outcome::Fenced(Fenced::Done));
        assert_eq!(write(3, 4), Outcome::Fenced(Fenced::Stale(5)));
        assert_eq!(write(4, 5), Outcome::Fenced(Fenced::Done));
        assert_eq!(machine.target("a").as_deref(), Some("https://5"));
    }
}
