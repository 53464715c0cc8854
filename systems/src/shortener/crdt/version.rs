//! Who changed something and when, and how much of everybody's changes somebody has seen.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clock::Stamp;

/// One life of a node. A life that ended may have told others of changes that its disk never kept, so the next one must
/// not sign with the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Actor {
    pub(super) node: Arc<str>,
    pub(super) life: u64,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.node, self.life)
    }
}

/// `n1#2`: a string, because actors are keys of JSON objects.
impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.to_string()
    }
}

impl TryFrom<String> for Actor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Actor, &'static str> {
        let (node, life) = text.rsplit_once('#').ok_or("an actor is a node, `#` and a life")?;
        Ok(Actor { node: node.into(), life: life.parse().map_err(|_| "a life is a number")? })
    }
}

/// The name of one change: no two have the same. In the order of time, actors decide between equal times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Dot {
    pub(super) at: Stamp,
    pub(super) by: Actor,
}

/// A version vector: of each actor, all changes up to a stamp (Parker et al., "Detection of Mutual Inconsistency in
/// Distributed Systems", 1983; an actor's stamps grow, so they do as well as counts).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen(BTreeMap<Actor, Stamp>);

impl Seen {
    pub(super) fn covers(&self, dot: &Dot) -> bool {
        self.latest(&dot.by) >= dot.at
    }

    /// The last change of `actor` that was seen; before all changes if none was.
    pub(super) fn latest(&self, actor: &Actor) -> Stamp {
        self.0.get(actor).copied().unwrap_or_default()
    }

    pub(super) fn note(&mut self, dot: Dot) {
        let latest = self.0.entry(dot.by).or_default();
        *latest = dot.at.max(*latest);
    }

    /// Joins: what either has seen.
    pub(super) fn merge(&mut self, other: &Seen) {
        for (by, at) in other.iter() {
            self.note(Dot { at, by: by.clone() });
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Actor, Stamp)> {
        self.0.iter().map(|(actor, stamp)| (actor, *stamp))
    }

    /// Whether everything in `other` was seen here.
    pub(super) fn includes(&self, other: &Seen) -> bool {
        other.iter().all(|(actor, at)| self.latest(actor) >= at)
    }
}
