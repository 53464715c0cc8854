//! Membership: who the other nodes are, and which of them answer.
//!
//! A node knows one other by name, the seed. Nodes beat to all that they know, and every beat and every answer names all
//! that its sender knows: connecting is transitive, as in Erlang's distribution. A node is up from its first answer, and
//! down when it has missed three beats in a row. Only an answered beat counts: a node that is merely heard may not hear.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::call::CallError;
use crate::node::spawn;
use crate::peers::{Message, Peers};

/// Between two beats to the same node.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long a node has to answer a beat.
pub const DEADLINE: Duration = Duration::from_millis(300);

/// As many beats in a row may be missed, less one.
const MISSES: u32 = 3;

/// What nodes say to one another, and what they answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// All nodes that the sender knows, itself among them.
    pub known: BTreeSet<Arc<str>>,
    /// Tells one life of the sender from another.
    pub life: u64,
}

/// What a monitor learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The node answers: for the first time, again, or in a new life.
    Up(Arc<str>),
    /// The node does not answer any more.
    Down(Arc<str>),
}

/// One node's view of the cluster; clones are the same.
#[derive(Clone, Debug)]
pub struct Members(Arc<Mutex<View>>);

#[derive(Debug)]
struct View {
    me: Arc<str>,
    life: u64,
    others: BTreeMap<Arc<str>, Other>,
    monitor: mpsc::UnboundedSender<Event>,
}

/// What is known of another node.
#[derive(Debug, Default)]
struct Other {
    /// The life that answers; `None` while it is down.
    up: Option<u64>,
    missed: u32,
}

impl Members {
    /// The view of a node that was just started, in this life, and knows only `seed`; and what its monitor hears.
    pub fn new(me: Arc<str>, life: u64, seed: Arc<str>) -> (Members, mpsc::UnboundedReceiver<Event>) {
        let (monitor, events) = mpsc::unbounded_channel();
        let mut view = View { me, life, others: BTreeMap::new(), monitor };
        view.learn([seed]);
        (Members(Arc::new(Mutex::new(view))), events)
    }

    /// Beats to every node that is known, now or later; `ask` sends a beat and awaits the answer until [`DEADLINE`].
    pub async fn watch<F, Fut>(self, ask: F)
    where
        F: Fn(Arc<str>, Beat) -> Fut + Clone + 'static,
        Fut: Future<Output = Result<Beat, CallError>> + 'static,
    {
        let mut watched = BTreeSet::new();
        loop {
            for other in self.beat().known {
                if other != self.view().me && watched.insert(other.clone()) {
                    spawn(self.clone().beat_to(other, ask.clone()));
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn beat_to<F, Fut>(self, other: Arc<str>, ask: F)
    where
        F: Fn(Arc<str>, Beat) -> Fut,
        Fut: Future<Output = Result<Beat, CallError>>,
    {
        loop {
            match ask(other.clone(), self.beat()).await {
                Ok(answer) => self.view().answered(&other, answer),
                Err(_) => self.view().missed(&other),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// The same through links whose requests hold a beat among others.
    pub async fn watch_through<Q: Message, R: Message>(
        self,
        peers: Peers<Q, R>,
        say: fn(Beat) -> Q,
        understand: fn(R) -> Option<Beat>,
    ) {
        let ask = move |other: Arc<str>, beat: Beat| {
            let peers = peers.clone();
            async move {
                let answer = peers.ask(&other, say(beat), DEADLINE).await?;
                understand(answer).ok_or_else(|| CallError::Lost(format!("{other} does not answer a beat with one")))
            }
        };
        self.watch(ask).await;
    }

    /// Takes note of a beat from `from`, and answers it.
    pub fn heard(&self, from: Arc<str>, beat: Beat) -> Beat {
        self.view().learn(beat.known.into_iter().chain([from]));
        self.beat()
    }

    /// Whether `other` answered lately.
    pub fn is_up(&self, other: &str) -> bool {
        self.life_of(other).is_some()
    }

    /// The life of `other` that answered lately.
    pub fn life_of(&self, other: &str) -> Option<u64> {
        self.view().others.get(other).and_then(|other| other.up)
    }

    /// The others that answered lately, in the order of their names.
    pub fn up(&self) -> Vec<Arc<str>> {
        let view = self.view();
        view.others.iter().filter(|(_, other)| other.up.is_some()).map(|(name, _)| name.clone()).collect()
    }

    /// All nodes that are known, itself among them.
    pub fn known(&self) -> BTreeSet<Arc<str>> {
        let view = self.view();
        view.others.keys().chain([&view.me]).cloned().collect()
    }

    fn beat(&self) -> Beat {
        let known = self.known();
        Beat { known, life: self.view().life }
    }

    fn view(&self) -> MutexGuard<'_, View> {
        self.0.lock().expect("no holder panics")
    }
}

impl View {
    fn learn(&mut self, names: impl IntoIterator<Item = Arc<str>>) {
        for name in names {
            if name != self.me {
                self.others.entry(name).or_default();
            }
        }
    }

    fn answered(&mut self, name: &Arc<str>, answer: Beat) {
        self.learn(answer.known);
        let other = self.others.entry(name.clone()).or_default();
        other.missed = 0;
        let before = other.up.replace(answer.life);
        if before.is_some_and(|life| life != answer.life) {
            self.tell(Event::Down(name.clone()));
        }
        if before != Some(answer.life) {
            self.tell(Event::Up(name.clone()));
        }
    }

    fn missed(&mut self, name: &Arc<str>) {
        let Some(other) = self.others.get_mut(name) else { return };
        other.missed += 1;
        if other.missed >= MISSES && other.up.take().is_some() {
            self.tell(Event::Down(name.clone()));
        }
    }

    fn tell(&self, event: Event) {
        tracing::info!("{}: {event:?}", self.me);
        // A monitor that nobody listens to is no reason to stop beating.
        let _unheard = self.monitor.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(known: &[&str], life: u64) -> Beat {
        Beat { known: known.iter().map(|&name| name.into()).collect(), life }
    }

    fn joined() -> (Members, mpsc::UnboundedReceiver<Event>) {
        Members::new("n3".into(), 1, "n1".into())
    }

    #[test]
    fn whoever_joins_one_node_learns_of_all_that_it_knows() {
        let (members, mut events) = joined();
        members.view().answered(&"n1".into(), beat(&["n1", "n2"], 7));
        assert_eq!(members.known().len(), 3);
        assert_eq!(members.up(), [Arc::from("n1")]);
        assert_eq!(events.try_recv(), Ok(Event::Up("n1".into())));
        assert_eq!(members.heard("n4".into(), beat(&["n4", "n5"], 1)).known.len(), 5);
    }

    #[test]
    fn a_node_is_down_when_it_missed_three_beats_in_a_row_and_up_again_with_the_next_answer() {
        let (members, mut events) = joined();
        let n1: Arc<str> = "n1".into();
        let answer = || members.view().answered(&n1, beat(&["n1"], 7));
        answer();
        for _ in 0..2 {
            members.view().missed(&n1);
        }
        answer();
        for _ in 0..2 {
            members.view().missed(&n1);
        }
        assert!(members.is_up("n1"));
        members.view().missed(&n1);
        assert!(!members.is_up("n1"));
        answer();
        let heard: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
        assert_eq!(heard, [Event::Up(n1.clone()), Event::Down(n1.clone()), Event::Up(n1.clone())]);
    }

    #[test]
    fn a_node_that_came_back_between_two_beats_is_told_from_one_that_stayed() {
        let (members, mut events) = joined();
        let n1: Arc<str> = "n1".into();
        for life in [7, 7, 8] {
            members.view().answered(&n1, beat(&["n1"], life));
        }
        let heard: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
        assert_eq!(heard, [Event::Up(n1.clone()), Event::Down(n1.clone()), Event::Up(n1.clone())]);
    }
}
