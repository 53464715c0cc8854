//! What a system is, as data: its name, what it serves, what it stands on, what it promises and how a node of it starts.

use crate::node::{Node, NodeFuture};
use crate::story::Story;

/// The consistency that a system promises, or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As if every operation took effect at one instant between its invocation and its completion.
    Linearizable,
    /// As if in some order that every process agrees with.
    Sequential,
    /// The writes of an object happen in one order; a read may show an earlier state of it.
    Timeline,
    /// Causes before effects, for everyone.
    Causal,
    /// As if transactions ran one after the other.
    Serializable,
    /// The same updates give the same state.
    Eventual,
    /// What one node sends to another arrives in order (PRAM, for each pair).
    Fifo,
}

impl Level {
    /// As a sentence says it: `linearizable`.
    pub fn word(self) -> &'static str {
        match self {
            Level::Linearizable => "linearizable",
            Level::Sequential => "sequentially consistent",
            Level::Timeline => "timeline consistent",
            Level::Causal => "causally consistent",
            Level::Serializable => "serializable",
            Level::Eventual => "eventually consistent",
            Level::Fifo => "in order for each pair",
        }
    }
}

/// The fault families that every system has to live with, unless its row says otherwise: cuts of every kind, links that are
/// slow or do harm to single messages, and nodes that stop, come back, or have wrong clocks.
pub const MINIMUM: &[&str] = &[
    "none",
    "partition",
    "one-way",
    "flapping",
    "slow",
    "loss",
    "duplication",
    "reordering",
    "corruption",
    "pause",
    "skew",
    "crash",
    "power-loss",
];

/// [`MINIMUM`] for a system that does not live with one of them; of another name it panics while compiling.
pub const fn minimum_without(family: &str) -> [&'static str; MINIMUM.len() - 1] {
    let mut others = ["none"; MINIMUM.len() - 1];
    let (mut at, mut kept) = (0, 0);
    while at < MINIMUM.len() {
        if !same(MINIMUM[at], family) {
            others[kept] = MINIMUM[at];
            kept += 1;
        }
        at += 1;
    }
    assert!(kept == others.len(), "not one of the minimum");
    others
}

/// Whether two names are the same; `==` can't be asked while compiling.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// What a promise is made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is promised.
    pub level: Level,
    /// The fault families under which it is promised.
    pub under: &'static [&'static str],
    /// Whether it is deliberately more than the system can hold.
    pub weakened: bool,
}

/// What clients can ask of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Offer {
    /// Create a link under the code of its url, and follow it.
    Links,
    /// Re-target a link.
    Retarget,
    /// Claim an alias that nobody has.
    Claim,
    /// Re-target a link only if it has a known target.
    CompareAndSet,
    /// Delete a link.
    Delete,
    /// Count how often a link was followed.
    Count,
    /// Run several steps on links as one.
    Transactions,
    /// Take and give back locks.
    Locks,
    /// Count pings, each node its own, and show everybody's.
    Pings,
    /// Something else, in words: what a user's own system offers to a user's own workload.
    Other(&'static str),
    /// Have a job act that only one node at a time may do.
    Job,
    /// Count the words of texts.
    WordCounts,
    /// Give processes global names, and call them.
    Names,
    /// Join groups, leave them, and show who is there.
    Groups,
    /// Send messages from node to node.
    Mail,
}

impl Offer {
    /// As a sentence names it: `compare-and-set`.
    pub fn word(self) -> &'static str {
        match self {
            Offer::Links => "links",
            Offer::Retarget => "re-targeting",
            Offer::Claim => "claims of an alias",
            Offer::CompareAndSet => "compare-and-set",
            Offer::Delete => "deletion",
            Offer::Count => "redirect counts",
            Offer::Transactions => "transactions",
            Offer::Locks => "locks",
            Offer::Pings => "pings",
            Offer::Other(word) => word,
            Offer::Job => "a singleton job",
            Offer::WordCounts => "word counts",
            Offer::Names => "global names",
            Offer::Groups => "process groups",
            Offer::Mail => "mail",
        }
    }

    /// Everything that the link shortener's HTTP interface has.
    pub const WHOLE_SHORTENER: &'static [Offer] = &[
        Offer::Links,
        Offer::Retarget,
        Offer::Claim,
        Offer::CompareAndSet,
        Offer::Delete,
        Offer::Count,
        Offer::Transactions,
        Offer::Locks,
    ];
}

/// When Redis makes its append-only file durable: its own `appendfsync` setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before any reply leaves.
    Always,
    /// Once a second.
    EverySecond,
}

/// A system under test.
#[derive(Clone, Copy)]
pub struct System {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What it gives up for what it promises, in one line.
    pub gives_up: &'static str,
    /// Where its algorithm is described.
    pub source: &'static str,
    /// What clients can ask of it.
    pub offers: &'static [Offer],
    /// The Redis host that it stands on, if any.
    pub redis: Option<Fsync>,
    /// Whether one of its nodes leads and says so on the [`crate::board::Board`]: faults that aim at the leader hit any node of
    /// other systems.
    pub leads: bool,
    /// What it promises, the strongest first.
    pub claims: &'static [Claim],
    /// How it works and how it fails, for its reports.
    pub story: Story,
    /// Starts a node; called again after every crash.
    pub start: fn(Node) -> NodeFuture,
}

impl System {
    /// A system that offers and promises nothing yet: what the fields that follow it in `System { …, ..System::new(…) }` say.
    pub const fn new(name: &'static str, start: fn(Node) -> NodeFuture) -> System {
        System {
            name,
            about: "",
            gives_up: "",
            source: "",
            offers: &[],
            redis: None,
            leads: false,
            claims: &[Claim { level: Level::Eventual, under: &["none"], weakened: false }],
            story: Story::NONE,
            start,
        }
    }

    /// The claim that covers these fault families: the strongest that is made under all of them. `None` if the system
    /// does not say what it is then.
    pub fn claim_under(&self, families: &[&str]) -> Option<&'static Claim> {
        self.claims.iter().find(|claim| families.iter().all(|family| claim.under.contains(family)))
    }
}

#[cfg(test)]
mod tests {
    use super::{MINIMUM, minimum_without};

    #[test]
    fn the_minimum_without_one_is_all_others_in_their_order() {
        for family in MINIMUM {
            let others: Vec<&str> = MINIMUM.iter().copied().filter(|other| other != family).collect();
            assert_eq!(minimum_without(family).to_vec(), others);
        }
    }
}
