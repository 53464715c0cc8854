//! What a fault may be: a schedule can come from a stranger's file, and is data until it was checked.

use crate::{CLIENTS, Cluster, Delay, DiskTrouble, Fault, Skew, Target};

/// The longest time that is written in a fault, in milliseconds: a day.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1000;

/// How often something may come and go, in milliseconds.
const PERIODS_MS: std::ops::RangeInclusive<u64> = 10..=LONGEST_MS;

/// The longest delay of a link, in milliseconds.
const LONGEST_DELAY_MS: u64 = 60_000;

impl Fault {
    /// What is wrong with the fault for a run of `cluster`; `None` if it can be done.
    pub fn flaw(&self, cluster: &Cluster) -> Option<String> {
        self.flaw_of_hosts(cluster).or_else(|| self.flaw_of_numbers())
    }

    fn flaw_of_hosts(&self, cluster: &Cluster) -> Option<String> {
        let network_only = self.is_weather() || matches!(self, Fault::Slow { .. }) || self.cut_kind().is_some();
        let known = if network_only { cluster.everyone() } else { cluster.hosts() };
        let groups = self.groups();
        let named = groups.iter().flatten().chain(self.targets().iter().filter_map(|target| match target {
            Target::Host(name) => Some(name),
            Target::Leader => None,
        }));
        for host in named {
            if host == CLIENTS && !network_only {
                return Some(format!("aims at `{host}`, where only links can break"));
            }
            if !known.contains(host) {
                return Some(format!("names `{}`, no host of the plan", host.escape_debug()));
            }
        }
        for (at, group) in groups.iter().enumerate() {
            if let Some(host) = group.iter().find(|host| groups[at + 1..].iter().any(|other| other.contains(host))) {
                return Some(format!("cuts `{host}` from itself"));
            }
        }
        match self {
            Fault::CutLinks { links, .. } => links.iter().find_map(|(a, b)| {
                let strange = [a, b].into_iter().find(|host| !known.contains(host));
                strange
                    .map(|host| format!("names `{}`, no host of the plan", host.escape_debug()))
                    .or_else(|| (a == b).then(|| format!("cuts `{a}` from itself")))
            }),
            _ => None,
        }
    }

    /// The groups of hosts that a cut keeps apart.
    fn groups(&self) -> Vec<Vec<String>> {
        match self {
            Fault::Cut { sides, .. } | Fault::Flap { sides, .. } => sides.clone(),
            Fault::OneWay { from, to } => vec![from.clone(), to.clone()],
            _ => Vec::new(),
        }
    }

    fn flaw_of_numbers(&self) -> Option<String> {
        let (what, value, least, most) = match self {
            Fault::Flap { period_ms, .. } | Fault::Skew { clock: Skew::Strobe(_, period_ms), .. }
                if !PERIODS_MS.contains(period_ms) =>
            {
                ("the period in milliseconds", *period_ms, *PERIODS_MS.start(), *PERIODS_MS.end())
            }
            Fault::Skew { clock: Skew::Strobe(ms, _), .. } | Fault::Skew { clock: Skew::Jump(ms), .. } => {
                ("the skew in milliseconds", ms.unsigned_abs(), 0, LONGEST_MS)
            }
            Fault::Skew { clock: Skew::Drift(ppm), .. } => ("the drift in ppm", ppm.unsigned_abs(), 0, 1_000_000),
            Fault::Slow { delay: Delay::Uniform(least, most), .. } => {
                ("the delay in milliseconds", *most, *least, LONGEST_DELAY_MS)
            }
            Fault::Slow { delay: Delay::Constant(ms) | Delay::Exponential(ms), .. } => {
                ("the delay in milliseconds", *ms, 0, LONGEST_DELAY_MS)
            }
            Fault::Disk { trouble: DiskTrouble::Slow(ms), .. } => {
                ("the time of a sync in milliseconds", *ms, 0, LONGEST_DELAY_MS)
            }
            Fault::Weather { permille, .. } => ("the share in a thousandth", u64::from(*permille), 0, 1000),
            Fault::Throttle { bytes_per_s, .. } => {
                ("the bytes a second", u64::from(*bytes_per_s), 10, u64::from(u32::MAX))
            }
            Fault::PowerLoss { torn_permille, .. } => ("the torn share", u64::from(*torn_permille), 0, 1000),
            Fault::FlipBit { at_permille, .. } => ("the place of the bit", u64::from(*at_permille), 0, 999),
            _ => return None,
        };
        let fits = (least..=most).contains(&value);
        (!fits).then(|| format!("has {what} at {value}; the least is {least} and the most is {most}"))
    }
}
