//! A fault as a person reads it: `cut n1 n2 | n3 redis (messages are lost)`.

use std::fmt;

use crate::{CutKind, Delay, DiskTrouble, Fault, Mishap, Skew, Target};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Cut { kind, sides } => write!(f, "cut {} ({kind})", split(sides)),
            Fault::CutLinks { kind, links } => {
                let links: Vec<String> = links.iter().map(|(a, b)| format!("{a}–{b}")).collect();
                write!(f, "cut the links {} ({kind})", links.join(" "))
            }
            Fault::Isolate { kind, hosts } => write!(f, "isolate {} ({kind})", listed(hosts)),
            Fault::OneWay { from, to } => write!(f, "cut {} → {} (one way)", from.join(" "), to.join(" ")),
            Fault::Flap { kind, sides, period_ms } => {
                write!(f, "cut {}, on and off every {period_ms} ms ({kind})", split(sides))
            }
            Fault::Crash { hosts } => write!(f, "crash {}", listed(hosts)),
            Fault::PowerLoss { hosts, torn_permille: 0 } => write!(f, "power loss at {}", listed(hosts)),
            Fault::PowerLoss { hosts, torn_permille } => {
                write!(f, "power loss at {}, in the middle of a write ({torn_permille} ‰ of it is kept)", listed(hosts))
            }
            Fault::Amnesia { hosts } => write!(f, "the disk of {} is lost", listed(hosts)),
            Fault::Pause { hosts } => write!(f, "pause {}", listed(hosts)),
            Fault::Skew { hosts, clock } => write!(f, "the clock of {} {clock}", listed(hosts)),
            Fault::Slow { hosts, delay } => write!(f, "the links of {} are slow: {delay}", listed(hosts)),
            Fault::Weather { hosts, mishap, permille } => {
                write!(f, "{permille} ‰ of the messages of {} {mishap}", listed(hosts))
            }
            Fault::Throttle { hosts, bytes_per_s } => {
                write!(f, "the links of {} carry {bytes_per_s} bytes a second", listed(hosts))
            }
            Fault::Disk { hosts, trouble } => write!(f, "the disk of {} {trouble}", listed(hosts)),
            Fault::FlipBit { hosts, at_permille, bit } => {
                write!(f, "a bit of the disk of {} flips (bit {bit} at {at_permille} ‰)", listed(hosts))
            }
        }
    }
}

impl Fault {
    /// The same, with the name of the leader if it aims at the leader.
    pub fn told(&self, hosts: &[String]) -> String {
        match hosts {
            _ if !self.targets().contains(&Target::Leader) => self.to_string(),
            [] => format!("{self} (nobody leads)"),
            hosts => format!("{self} ({})", hosts.join(" ")),
        }
    }
}

fn split(sides: &[Vec<String>]) -> String {
    sides.iter().map(|side| side.join(" ")).collect::<Vec<_>>().join(" | ")
}

fn listed(hosts: &[Target]) -> String {
    hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for CutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CutKind::Stall => "messages wait",
            CutKind::Drop => "messages are lost",
        })
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Skew::Jump(ms) if *ms < 0 => write!(f, "is {} ms behind", ms.unsigned_abs()),
            Skew::Jump(ms) => write!(f, "is {ms} ms ahead"),
            Skew::Drift(ppm) if *ppm < 0 => write!(f, "loses {} µs every second", ppm.unsigned_abs()),
            Skew::Drift(ppm) => write!(f, "gains {ppm} µs every second"),
            Skew::Strobe(ms, period_ms) => write!(f, "jumps by {ms} ms and back every {period_ms} ms"),
        }
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delay::Constant(ms) => write!(f, "{ms} ms more"),
            Delay::Uniform(least, most) => write!(f, "{least} to {most} ms more"),
            Delay::Exponential(mean) => write!(f, "{mean} ms more on average, sometimes much more"),
        }
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mishap::Loss => "are lost",
            Mishap::Duplication => "arrive twice",
            Mishap::Reordering => "are overtaken",
            Mishap::Corruption => "are damaged",
        })
    }
}

impl fmt::Display for DiskTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskTrouble::Full => f.write_str("is full"),
            DiskTrouble::SyncFails => f.write_str("fails to sync"),
            DiskTrouble::SyncLies => f.write_str("only says that it syncs"),
            DiskTrouble::Slow(ms) => write!(f, "takes {ms} ms to sync"),
        }
    }
}
