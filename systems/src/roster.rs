//! A roster: what every node has to say of itself, shown at all others while they see that life of it.
//!
//! A node tells its own part as a whole, with its life and a version, so that a message that is lost, doubled or late does no
//! harm; it tells it again to whoever comes up. What a node said is shown only while the very life that said it answers: a
//! monitor that removes the dead. Nothing is relayed and nothing is agreed on, so every node always answers, and all show
//! the same soon after the network is whole. Source: Erlang's `pg` (OTP 23, process groups without consensus), whose nodes
//! exchange their own members when they connect, and forget those of a node that is down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::journal::Journal;
use crate::membership::{Beat, DEADLINE, Event, Members};
use crate::node::{Node, NodeError, spawn};
use crate::peers::{Message, Peers};

/// What can be a node's part: plain data.
pub(crate) trait Part: Message + Clone + Default + Sync + std::fmt::Debug {}

impl<T: Message + Clone + Default + Sync + std::fmt::Debug> Part for T {}

/// A node's own part, as it tells it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told<T> {
    /// In which of its lives, counted from 1.
    life: u64,
    version: u64,
    part: T,
}

/// What nodes say to one another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Say<T> {
    /// Are you there?
    Beat(Beat),
    /// This is what I have to say of myself.
    Told(Told<T>),
    /// Is there a process of this name at your place?
    Call(String),
}

/// What they answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Heard {
    Beat(Beat),
    Noted,
    /// The process, if it is there.
    Called(Option<String>),
}

/// Whether a node forgets what an earlier life of another said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Monitor {
    /// It shows what the life says that answers now.
    Removes,
    /// It shows what any life has said.
    Keeps,
}

/// The roster as one node has it; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Roster<T> {
    pub(crate) me: Arc<str>,
    state: Arc<Mutex<State<T>>>,
    members: Members,
    pub(crate) peers: Peers<Say<T>, Heard>,
    monitor: Monitor,
    /// Counts what changed in what is shown.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct State<T> {
    own: Told<T>,
    others: BTreeMap<Arc<str>, Vec<Told<T>>>,
    /// To whom the own part is being told.
    telling: BTreeSet<Arc<str>>,
}

impl<T: Part> Roster<T> {
    /// Begins another life, which is counted durably, and starts to look for the others.
    pub(crate) async fn begin(node: &Node, monitor: Monitor) -> Result<Roster<T>, NodeError> {
        let (journal, lives) = Journal::<u64>::open(&node.disk, "lives")?;
        let life = lives.last().copied().unwrap_or_default() + 1;
        journal.write(&life).await?;
        let seed = node.everyone().swap_remove(0);
        let (members, events) = Members::new(node.id.clone(), life, seed);
        let own = Told { life, ..Told::default() };
        let state = State { own, others: BTreeMap::new(), telling: BTreeSet::new() };
        let roster = Roster {
            me: node.id.clone(),
            state: Arc::new(Mutex::new(state)),
            members,
            peers: Peers::of(node),
            monitor,
            changes: watch::Sender::new(0),
        };
        let beat = |heard| if let Heard::Beat(beat) = heard { Some(beat) } else { None };
        spawn(roster.members.clone().watch_through(roster.peers.clone(), Say::Beat, beat));
        spawn(roster.clone().follow(events));
        Ok(roster)
    }

    /// Looks at the own part.
    pub(crate) fn own<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.state().own.part)
    }

    /// Changes the own part, and has everybody told; returns what `change` returns.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let changed = {
            let mut state = self.state();
            state.own.version += 1;
            change(&mut state.own.part)
        };
        for other in self.members.up() {
            spawn(self.clone().tell(other));
        }
        changed
    }

    /// What the others say that are to be shown, each with its node.
    pub(crate) fn shown(&self) -> Vec<(Arc<str>, T)> {
        let state = self.state();
        let is_shown = |node: &Arc<str>, told: &Told<T>| {
            self.monitor == Monitor::Keeps || self.members.life_of(node) == Some(told.life)
        };
        let all = state.others.iter().flat_map(|(node, lives)| lives.iter().map(move |told| (node, told)));
        all.filter(|(node, told)| is_shown(node, told)).map(|(node, told)| (node.clone(), told.part.clone())).collect()
    }

    /// Changes whenever what is shown may have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes note of a beat, or of what `from` says.
    pub(crate) fn heard(&self, from: Arc<str>, say: Say<T>) -> Heard {
        match say {
            Say::Beat(beat) => Heard::Beat(self.members.heard(from, beat)),
            Say::Call(_) => Heard::Called(None),
            Say::Told(told) => {
                self.state().note(from, told, self.monitor);
                self.changed();
                Heard::Noted
            }
        }
    }

    /// Whoever comes up is told.
    async fn follow(self, mut events: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            if let Event::Up(other) = event {
                spawn(self.clone().tell(other));
            }
            self.changed();
        }
    }

    /// Tells `other` the own part until it has noted the present version, or is down: then its return is an event.
    async fn tell(self, other: Arc<str>) {
        if !self.state().telling.insert(other.clone()) {
            return;
        }
        while self.members.is_up(&other) {
            let told = self.state().own.clone();
            let version = told.version;
            match self.peers.ask(&other, Say::Told(told), DEADLINE).await {
                Ok(Heard::Noted) if self.state().own.version == version => break,
                Ok(_) => {}
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
        self.state().telling.remove(&other);
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("no holder panics")
    }
}

/// How long a node waits before it tells again what was not noted.
const AGAIN: Duration = Duration::from_millis(100);

impl<T> State<T> {
    /// A later version of a life takes the place of an earlier one, and a later life that of an earlier one.
    fn note(&mut self, from: Arc<str>, told: Told<T>, monitor: Monitor) {
        let lives = self.others.entry(from).or_default();
        let is_old = |known: &Told<T>| (known.life, known.version) >= (told.life, told.version);
        if lives.last().is_some_and(is_old) {
            return;
        }
        lives.retain(|known| monitor == Monitor::Keeps && known.life != told.life);
        lives.push(told);
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, BTreeSet, Monitor, State, Told};

    fn shown(monitor: Monitor, told: &[(u64, u64, char)]) -> String {
        let mut state = State { own: Told::default(), others: BTreeMap::new(), telling: BTreeSet::new() };
        for &(life, version, part) in told {
            state.note("n2".into(), Told { life, version, part }, monitor);
        }
        state.others["n2"].iter().map(|told| told.part).collect()
    }

    #[test]
    fn what_is_late_or_comes_twice_changes_nothing() {
        assert_eq!(shown(Monitor::Removes, &[(1, 2, 'b'), (1, 1, 'a'), (1, 2, 'b')]), "b");
        assert_eq!(shown(Monitor::Removes, &[(1, 9, 'a'), (2, 1, 'b'), (1, 10, 'c')]), "b");
    }

    #[test]
    fn a_new_life_takes_the_place_of_the_old_one_unless_nobody_removes_the_dead() {
        let told = [(1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c')];
        assert_eq!(shown(Monitor::Removes, &told), "c");
        assert_eq!(shown(Monitor::Keeps, &told), "bc");
    }
}
