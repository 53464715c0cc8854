//! Faults, as plain data: what is broken, when, and for how long.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a cut treats what is sent across it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CutKind {
    /// Messages wait and arrive after the heal, as TCP does through a short outage.
    Stall,
    /// Messages are lost and connections die.
    Drop,
}

/// Something that breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault", deny_unknown_fields)]
pub enum Fault {
    /// No message passes between hosts on different sides.
    Cut {
        /// What becomes of messages across it.
        kind: CutKind,
        /// The hosts of each side; a host on no side is cut from nobody.
        sides: Vec<Vec<String>>,
    },
    /// The process on a host is killed: its peers see the connection end. It starts again at the end of the step.
    Crash {
        /// The host.
        host: String,
    },
    /// A host loses power: nobody is told, and what its disk has not synced is gone. It starts again at the end of the step.
    PowerLoss {
        /// The host.
        host: String,
    },
}

impl Fault {
    /// The family it belongs to, as findings name it.
    pub fn family(&self) -> &'static str {
        match self {
            Fault::Cut { .. } => "partition",
            Fault::Crash { .. } => "crash",
            Fault::PowerLoss { .. } => "power-loss",
        }
    }

    /// The pairs of hosts that it keeps apart, each in the order of the sides.
    pub fn cut_pairs(&self) -> Vec<(&str, &str)> {
        let Fault::Cut { sides, .. } = self else { return Vec::new() };
        let mut pairs = Vec::new();
        for (at, side) in sides.iter().enumerate() {
            for other in &sides[at + 1..] {
                pairs.extend(side.iter().flat_map(|a| other.iter().map(move |b| (a.as_str(), b.as_str()))));
            }
        }
        pairs
    }

    /// The host that it stops, if it stops one.
    pub fn stopped_host(&self) -> Option<&str> {
        match self {
            Fault::Crash { host } | Fault::PowerLoss { host } => Some(host),
            Fault::Cut { .. } => None,
        }
    }
}

/// As a person reads it: `cut n1 n2 | n3 redis (drop)`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Cut { kind, sides } => {
                let sides: Vec<String> = sides.iter().map(|side| side.join(" ")).collect();
                let kind = match kind {
                    CutKind::Stall => "messages wait",
                    CutKind::Drop => "messages are lost",
                };
                write!(f, "cut {} ({kind})", sides.join(" | "))
            }
            Fault::Crash { host } => write!(f, "crash {host}"),
            Fault::PowerLoss { host } => write!(f, "power loss at {host}"),
        }
    }
}

/// A fault with its time; it is healed when it has lasted, and in any case at the end of the main phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, which stays when other steps are removed.
    pub id: u32,
    /// When it begins, in milliseconds of simulated time.
    pub at_ms: u64,
    /// How long it lasts, in milliseconds.
    pub lasts_ms: u64,
    /// What breaks.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Step {
    /// When it is healed, in milliseconds.
    pub fn ends_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.lasts_ms)
    }
}

/// The faults of a run, in the order in which they begin.
pub type Schedule = Vec<Step>;
