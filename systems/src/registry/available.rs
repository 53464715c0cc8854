//! Names on a roster: every node answers what it sees, and two holders are one again when they see each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join;

use super::{Names, Registered, api};
use crate::http;
use crate::membership::DEADLINE;
use crate::node::{Node, NodeFuture, spawn};
use crate::peers;
use crate::roster::{Heard, Monitor, Roster, Say};
use crate::shortener::Unavailable;
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};

/// The system: one holder for each name, soon after the network is whole.
pub const REGISTRY: System = System {
    name: "registry",
    about: "global names for processes; always there, and conflicts are resolved when the network is whole again",
    gives_up: "uniqueness: on each side of a cut a name may have a holder",
    source: "Erlang/OTP, global: registration with conflict resolution; Gilbert & Lynch 2002",
    offers: &[Offer::Names],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "A node gives a name to a process of its own if it sees no other holder, and tells all others. Of two holders that see each other the one on the node whose name comes first stays, and the other is stopped.",
        failures: &[Failure {
            anomalies: &["two-holders"],
            steps: &[
                "A process registers a name at a node.",
                "Another node is cut off from it, or has not yet heard of it, and gives the name to a process of its own.",
                "Both are called by the same name at the same time.",
            ],
            remedy: "To give a name only when a majority has agreed to it, in one order.",
            variant: Some("registry-raft"),
            cost: "Who is cut off from the majority can neither register nor call; and the name of a node that is down is kept for it.",
        }],
    },
    start: |node| start(node, Conflict::Resolved),
};

/// Weakened: two holders of a name stay two.
pub const REGISTRY_UNRESOLVED: System = System {
    name: "registry-unresolved",
    about: "the same, but two processes that have the same name both keep it",
    gives_up: "uniqueness for ever, once two have got the same name",
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "A node gives a name to a process of its own if it sees no other holder, and tells all others. Nobody looks for names that two have.",
        failures: &[Failure {
            anomalies: &["divergence"],
            steps: &[
                "Two nodes of which neither has heard yet what the other gives out give the same name to a process each.",
                "They hear of each other's. Each node calls its own process, or the one that it saw first.",
                "The two processes have the same name for as long as both live.",
            ],
            remedy: "To look for names that two have whenever another node comes up or tells of its names, and to stop all holders but one.",
            variant: Some("registry"),
            cost: "The processes that are stopped, with what they knew.",
        }],
    },
    start: |node| start(node, Conflict::Ignored),
    ..REGISTRY
};

/// What becomes of a name that two have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conflict {
    Resolved,
    Ignored,
}

/// The processes of a node, by their names.
type Own = BTreeMap<String, String>;

/// A node; clones are the same.
#[derive(Clone, Debug)]
struct Registry {
    roster: Roster<Own>,
}

impl Registry {
    /// The holder that this node sees, and its node: its own process, or that of the node whose name comes first.
    fn holder(&self, name: &str) -> Option<(Arc<str>, String)> {
        if let Some(own) = self.roster.own(|own| own.get(name).cloned()) {
            return Some((self.roster.me.clone(), own));
        }
        let holds = |(node, mut theirs): (Arc<str>, Own)| Some((node, theirs.remove(name)?));
        self.roster.shown().into_iter().find_map(holds)
    }

    /// Stops every process of this node whose name is also held by a node that comes before this one.
    async fn resolve(self) {
        let mut changes = self.roster.changes();
        while changes.changed().await.is_ok() {
            let before = self.roster.shown().into_iter().filter(|(node, _)| *node < self.roster.me);
            let taken: Vec<String> = before.flat_map(|(_, theirs)| theirs.into_keys()).collect();
            let lost = |own: &Own| taken.iter().any(|name| own.contains_key(name));
            if self.roster.own(lost) {
                tracing::info!("{} stops its processes of names that another has", self.roster.me);
                self.roster.change(|own| own.retain(|name, _| !taken.contains(name)));
            }
        }
    }
}

impl Names for Registry {
    async fn register(&self, name: &str, process: &str) -> Result<Registered, Unavailable> {
        if let Some((_, holder)) = self.holder(name) {
            return Ok(Registered::Held(holder));
        }
        self.roster.change(|own| own.insert(name.to_owned(), process.to_owned()));
        Ok(Registered::Done)
    }

    async fn call(&self, name: &str) -> Result<Option<String>, Unavailable> {
        let Some((node, process)) = self.holder(name) else { return Ok(None) };
        if node == self.roster.me {
            return Ok(Some(process));
        }
        match self.roster.peers.ask(&node, Say::Call(name.to_owned()), DEADLINE).await {
            Ok(Heard::Called(Some(process))) => Ok(Some(process)),
            other => Err(Unavailable::NoEffect(format!("{process} at {node} can't be called: {other:?}"))),
        }
    }
}

fn start(node: Node, conflict: Conflict) -> NodeFuture {
    Box::pin(async move {
        let registry = Registry { roster: Roster::begin(&node, Monitor::Removes).await? };
        if conflict == Conflict::Resolved {
            spawn(registry.clone().resolve());
        }
        let serving = registry.clone();
        let answer = move |from: Arc<str>, say: Say<Own>| {
            let heard = match say {
                Say::Call(name) => Heard::Called(serving.roster.own(|own| own.get(&name).cloned())),
                say => serving.roster.heard(from, say),
            };
            async move { heard }
        };
        try_join(peers::serve(&node, answer), http::serve(&node.net, api::router(registry))).await.map(|_| ())
    })
}
