//! `groups`: process groups, as presence shows them: whoever joins at a node is a member everywhere, until it leaves or its node
//! dies.
//!
//! Members live on the node at which they joined, and are in its memory only. Every node has a [`crate::roster`] of
//! everybody's own members. Source: Erlang's `pg`; presence in Phoenix, which shows who is online.
//!
//! | part | what it is |
//! |---|---|
//! | [`api`], [`client`] | the HTTP interface, and the client for it |

pub mod api;
pub mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::try_join;

use crate::http;
use crate::node::{Node, NodeFuture};
use crate::peers;
use crate::roster::{Monitor, Roster, Say};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, Offer, System};

/// The system: all agree in the end, on whoever lives.
pub const GROUPS: System = System {
    name: "groups",
    about: "process groups and presence: join, leave, members; monitors remove the dead",
    gives_up: "recency: a node that is cut off shows the members that it reaches",
    source: "Erlang/OTP 23, pg: process groups without consensus; Phoenix, presence",
    offers: &[Offer::Groups],
    redis: None,
    leads: false,
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "A node tells all others who its own members are, whenever that changes and whenever one of them comes up. What a node said is shown while the life of it that said it answers.",
        failures: &[],
    },
    start: |node| start(node, Monitor::Removes),
};

/// Weakened: nobody removes the members of a node that died.
pub const GROUPS_NO_MONITOR: System = System {
    name: "groups-no-monitor",
    about: "the same, but members of a node that died stay",
    gives_up: "the truth about who lives, once a node has crashed",
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "A node tells all others who its own members are; what any life of it has said is shown.",
        failures: &[Failure {
            anomalies: &["dead-member", "divergence"],
            steps: &[
                "A member joins at a node, and all others hear of it.",
                "The node crashes, and the member with it.",
                "The node comes back without it. The others still show what its earlier life said.",
            ],
            remedy: "To monitor the node, and to show what it said only while that life of it answers.",
            variant: Some("groups"),
            cost: "Beats between all nodes; and members of a node that is only cut off are not shown, though they live.",
        }],
    },
    start: |node| start(node, Monitor::Keeps),
    ..GROUPS
};

/// A node's own members, by their groups.
type Own = BTreeMap<String, BTreeSet<String>>;

/// A node; clones are the same.
#[derive(Clone, Debug)]
struct Groups {
    roster: Roster<Own>,
}

impl Groups {
    /// Lets a member join at this node.
    fn join(&self, group: String, member: String) {
        self.roster.change(|own| own.entry(group).or_default().insert(member));
    }

    /// Lets a member leave that joined at this node; `false` if it is not here.
    fn leave(&self, group: &str, member: &str) -> bool {
        self.roster.change(|own| own.get_mut(group).is_some_and(|members| members.remove(member)))
    }

    /// All members that this node knows of.
    fn members(&self, group: &str) -> BTreeSet<String> {
        let mut members = self.roster.own(|own| own.get(group).cloned().unwrap_or_default());
        for (_, mut theirs) in self.roster.shown() {
            members.append(&mut theirs.remove(group).unwrap_or_default());
        }
        members
    }
}

fn start(node: Node, monitor: Monitor) -> NodeFuture {
    Box::pin(async move {
        let groups = Groups { roster: Roster::begin(&node, monitor).await? };
        let roster = groups.roster.clone();
        let answer = move |from: Arc<str>, say: Say<Own>| {
            let heard = roster.heard(from, say);
            async move { heard }
        };
        try_join(peers::serve(&node, answer), http::serve(&node.net, api::router(groups))).await.map(|_| ())
    })
}
