//! Faults, as plain data: what is broken, when, and for how long.

use serde::{Deserialize, Serialize};

use crate::CLIENTS;
use crate::target::Target;

/// How a cut treats what is sent across it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CutKind {
    /// Messages wait and arrive after the heal, as TCP does through a short outage.
    Stall,
    /// Messages are lost and connections die.
    Drop,
}

/// How a clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skew {
    /// Set ahead by so many milliseconds, or back.
    Jump(i64),
    /// Gains so many microseconds every second, or loses them.
    Drift(i64),
    /// Set ahead by the first number of milliseconds and right again, in turns that take the second.
    Strobe(i64, u64),
}

/// What a slow link adds to its latency, one way, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delay {
    /// Always the same.
    Constant(u64),
    /// Anything from the first to the second, drawn anew all the time.
    Uniform(u64, u64),
    /// Mostly less than this mean, sometimes much more, drawn anew all the time.
    Exponential(u64),
}

/// What the network does to single messages (see `netsplit_systems::weather`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mishap {
    /// They are lost.
    Loss,
    /// They arrive twice.
    Duplication,
    /// The next overtakes them.
    Reordering,
    /// A bit of them flips.
    Corruption,
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskTrouble {
    /// No space is left.
    Full,
    /// Every sync fails.
    SyncFails,
    /// Every sync says that it succeeded, and did nothing.
    SyncLies,
    /// A sync takes so many milliseconds.
    Slow(u64),
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
    /// No message passes on these links, in either direction.
    CutLinks {
        /// What becomes of messages on them.
        kind: CutKind,
        /// The two hosts of each.
        links: Vec<(String, String)>,
    },
    /// Hosts are cut off, each from all other hosts but the clients'.
    Isolate {
        /// What becomes of messages.
        kind: CutKind,
        /// The hosts.
        hosts: Vec<Target>,
    },
    /// Messages of some hosts to others are lost; those in the other direction arrive.
    OneWay {
        /// Who is not heard.
        from: Vec<String>,
        /// Who does not hear them.
        to: Vec<String>,
    },
    /// A cut that comes and goes: half of every period it is there.
    Flap {
        /// What becomes of messages across it.
        kind: CutKind,
        /// The hosts of each side.
        sides: Vec<Vec<String>>,
        /// How long it takes to come and to go, in milliseconds.
        period_ms: u64,
    },
    /// Processes are killed: their peers see connections end. They start again at the end of the step.
    Crash {
        /// Their hosts.
        hosts: Vec<Target>,
    },
    /// Hosts lose power: nobody is told, and what their disks have not synced is gone. They start again at the end.
    PowerLoss {
        /// The hosts.
        hosts: Vec<Target>,
        /// How much of the unsynced bytes of each file reached the disk, from its beginning, in a thousandth.
        #[serde(default)]
        torn_permille: u16,
    },
    /// Hosts are lost with all that their disks hold; empty machines take their places at the end of the step.
    Amnesia {
        /// The hosts.
        hosts: Vec<Target>,
    },
    /// Processes stand still, as under SIGSTOP; what is sent to them waits.
    Pause {
        /// Their hosts.
        hosts: Vec<Target>,
    },
    /// Clocks are wrong; they are set right at the end of the step.
    Skew {
        /// Whose.
        hosts: Vec<Target>,
        /// How.
        clock: Skew,
    },
    /// All links of some hosts are slow.
    Slow {
        /// The hosts.
        hosts: Vec<Target>,
        /// What their links add.
        delay: Delay,
    },
    /// Messages on all links of some hosts meet with mishaps.
    Weather {
        /// The hosts.
        hosts: Vec<Target>,
        /// Which.
        mishap: Mishap,
        /// How many of a thousand messages.
        permille: u16,
    },
    /// All links of some hosts carry few bytes a second: what is sent queues.
    Throttle {
        /// The hosts.
        hosts: Vec<Target>,
        /// How many bytes a second, in each direction of each link.
        bytes_per_s: u32,
    },
    /// Disks do not do what they are asked to.
    Disk {
        /// Whose.
        hosts: Vec<Target>,
        /// What is wrong.
        trouble: DiskTrouble,
    },
    /// Processes are killed, and before they start again at the end of the step, one bit of what their disks hold flips.
    /// Nothing flips it back.
    FlipBit {
        /// The hosts.
        hosts: Vec<Target>,
        /// Where: at this thousandth of all the bytes.
        at_permille: u16,
        /// Which of the byte's eight bits.
        bit: u8,
    },
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
    /// Whether it waits until a host that it hits is in the middle of a sync, but not for more than half of its length. What a
    /// system does before it is durable shows in these few milliseconds, which a time that was drawn seldom meets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mid_sync: bool,
    /// What breaks.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The faults of a run, in the order in which they begin.
pub type Schedule = Vec<Step>;

/// How long a slow link keeps the latency that was drawn for it.
const REDRAWN_MS: u64 = 50;

impl Fault {
    /// The family it belongs to, as findings and claims name it.
    pub fn family(&self) -> &'static str {
        match self {
            Fault::Cut { .. } | Fault::CutLinks { .. } | Fault::Isolate { .. } => "partition",
            Fault::OneWay { .. } => "one-way",
            Fault::Flap { .. } => "flapping",
            Fault::Crash { .. } => "crash",
            Fault::PowerLoss { .. } => "power-loss",
            Fault::Amnesia { .. } => "amnesia",
            Fault::Pause { .. } => "pause",
            Fault::Skew { .. } => "skew",
            Fault::Slow { .. } | Fault::Throttle { .. } => "slow",
            Fault::Weather { mishap: Mishap::Loss, .. } => "loss",
            Fault::Weather { mishap: Mishap::Duplication, .. } => "duplication",
            Fault::Weather { mishap: Mishap::Reordering, .. } => "reordering",
            Fault::Weather { mishap: Mishap::Corruption, .. } => "corruption",
            Fault::Disk { trouble: DiskTrouble::Full, .. } => "disk-full",
            Fault::Disk { trouble: DiskTrouble::SyncFails, .. } => "failed-sync",
            Fault::Disk { trouble: DiskTrouble::SyncLies, .. } => "lying-sync",
            Fault::Disk { trouble: DiskTrouble::Slow(_), .. } => "slow-disk",
            Fault::FlipBit { .. } => "bit-flip",
        }
    }

    /// The hosts that it aims at one by one; empty for a cut between sides.
    pub fn targets(&self) -> &[Target] {
        match self {
            Fault::Cut { .. } | Fault::CutLinks { .. } | Fault::OneWay { .. } | Fault::Flap { .. } => &[],
            Fault::Isolate { hosts, .. }
            | Fault::Crash { hosts }
            | Fault::PowerLoss { hosts, .. }
            | Fault::Amnesia { hosts }
            | Fault::Pause { hosts }
            | Fault::Skew { hosts, .. }
            | Fault::Slow { hosts, .. }
            | Fault::Weather { hosts, .. }
            | Fault::Throttle { hosts, .. }
            | Fault::Disk { hosts, .. }
            | Fault::FlipBit { hosts, .. } => hosts,
        }
    }

    /// The names of the hosts that it aims at one by one, when `leader` leads.
    pub fn aimed_at(&self, leader: Option<&str>) -> Vec<String> {
        let name = |target: &Target| match target {
            Target::Host(name) => Some(name.clone()),
            Target::Leader => leader.map(ToOwned::to_owned),
        };
        self.targets().iter().filter_map(name).collect()
    }

    /// Whether a message from one host to another does not pass while it is there; `hosts` are those that it aims at.
    pub fn blocks(&self, hosts: &[String], from: &str, to: &str) -> bool {
        let has = |side: &[String], host: &str| side.iter().any(|member| member == host);
        match self {
            Fault::Cut { sides, .. } | Fault::Flap { sides, .. } => {
                let side = |host| sides.iter().position(|side| has(side, host));
                matches!((side(from), side(to)), (Some(a), Some(b)) if a != b)
            }
            Fault::CutLinks { links, .. } => {
                links.iter().any(|(a, b)| (a == from && b == to) || (a == to && b == from))
            }
            Fault::Isolate { .. } => {
                let clients = [from, to].contains(&CLIENTS);
                !clients && (has(hosts, from) || has(hosts, to))
            }
            Fault::OneWay { from: mute, to: deaf } => has(mute, from) && has(deaf, to),
            _ => false,
        }
    }

    /// Whether it can hit nothing at all: a cut with one side, or a fault that aims at nobody.
    pub fn is_void(&self) -> bool {
        match self {
            Fault::Cut { sides, .. } | Fault::Flap { sides, .. } => {
                sides.iter().filter(|side| !side.is_empty()).count() < 2
            }
            Fault::CutLinks { links, .. } => links.is_empty(),
            Fault::OneWay { from, to } => from.is_empty() || to.is_empty(),
            _ => self.targets().is_empty(),
        }
    }

    /// Whether processes are down while it lasts.
    pub fn stops_processes(&self) -> bool {
        matches!(self, Fault::Crash { .. } | Fault::PowerLoss { .. } | Fault::Amnesia { .. } | Fault::FlipBit { .. })
    }

    /// Whether it befalls messages one by one.
    pub fn is_weather(&self) -> bool {
        matches!(self, Fault::Weather { .. } | Fault::Throttle { .. })
    }

    /// What a cut does with messages; `None` if the fault is no cut.
    pub fn cut_kind(&self) -> Option<CutKind> {
        match self {
            Fault::Cut { kind, .. }
            | Fault::CutLinks { kind, .. }
            | Fault::Isolate { kind, .. }
            | Fault::Flap { kind, .. } => Some(*kind),
            // A held message can only be held in both directions.
            Fault::OneWay { .. } => Some(CutKind::Drop),
            _ => None,
        }
    }

    /// For a fault that comes and goes, or is drawn anew: how long it is there, and how often, in milliseconds.
    fn rhythm_ms(&self) -> Option<(u64, u64)> {
        match self {
            Fault::Flap { period_ms, .. } | Fault::Skew { clock: Skew::Strobe(_, period_ms), .. } => {
                let half_ms = (period_ms / 2).max(1);
                Some((half_ms, 2 * half_ms))
            }
            Fault::Slow { delay: Delay::Uniform(..) | Delay::Exponential(_), .. } => Some((REDRAWN_MS, REDRAWN_MS)),
            _ => None,
        }
    }
}

impl Step {
    /// The latest time at which it begins, in milliseconds, in a main phase that ends at `end_ms`.
    pub fn begins_by_ms(&self, end_ms: u64) -> u64 {
        if self.mid_sync { self.at_ms.midpoint(self.ends_within_ms(end_ms)) } else { self.at_ms }
    }

    /// The same step, with the time at which it began in a run.
    #[must_use]
    pub fn begun(&self, at_ms: u64) -> Step {
        Step { at_ms, lasts_ms: self.ends_ms().saturating_sub(at_ms), mid_sync: false, ..self.clone() }
    }

    /// When it is healed, in milliseconds.
    pub fn ends_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.lasts_ms)
    }

    /// When it is really there, from and to, in milliseconds, in a main phase that ends at `end_ms`: once and for its whole
    /// length, or again and again for a fault that comes and goes or is drawn anew.
    pub fn pulses(&self, end_ms: u64) -> Vec<(u64, u64)> {
        let until_ms = self.ends_within_ms(end_ms);
        let Some((there_ms, every_ms)) = self.fault.rhythm_ms() else { return vec![(self.at_ms, until_ms)] };
        let every = usize::try_from(every_ms).unwrap_or(usize::MAX);
        (self.at_ms..until_ms).step_by(every).map(|from| (from, (from + there_ms).min(until_ms))).collect()
    }

    /// How many pulses those are.
    pub fn pulse_count(&self, end_ms: u64) -> u64 {
        let lasts_ms = self.ends_within_ms(end_ms) - self.at_ms;
        self.fault.rhythm_ms().map_or(1, |(_, every_ms)| lasts_ms.div_ceil(every_ms))
    }

    /// When it is healed in a main phase that ends at `end_ms`: it is there for a moment at least.
    fn ends_within_ms(&self, end_ms: u64) -> u64 {
        self.ends_ms().min(end_ms).max(self.at_ms.saturating_add(1))
    }
}
