//! A system's story: how it answers, and how that leads to the anomalies that it can show. Told in its reports, beside the
//! system's own code, so that who adds a system adds its story with it.

/// Among a failure's anomalies: every cycle of transactions, whichever of Adya's letters it has (`G0`, `G1c`, `G-single`,
/// `G2-item`).
pub const CYCLE: &str = "cycle";

/// How a system works, for somebody who has just seen it break, or hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// How it answers reads and writes, in a few sentences.
    pub mechanism: &'static str,
    /// What can go wrong with that, the likeliest first.
    pub failures: &'static [Failure],
}

/// A way from the mechanism to an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The anomalies that it explains, by the names that checkers give them (`stale-read`, `lost`).
    pub anomalies: &'static [&'static str],
    /// What happens, step by step.
    pub steps: &'static [&'static str],
    /// What would have prevented it.
    pub remedy: &'static str,
    /// The variant that has the remedy, by its name on the command line.
    pub variant: Option<&'static str>,
    /// What the remedy costs.
    pub cost: &'static str,
}

/// What a read that shows an old state comes out as, by what is read.
pub const OLD_READS: &[&str] =
    &["stale-read", "non-linearizable", "below-lower-bound", "inexact-final-read", "lost", "went-back"];

/// What acknowledged writes that are gone come out as.
pub const LOST_WRITES: &[&str] = &[
    "lost",
    "stale-read",
    "non-linearizable",
    "lost-update",
    "never-written",
    "below-lower-bound",
    "inexact-final-read",
    "went-back",
    "overwritten",
    "divergence",
    "incompatible-order",
    CYCLE,
    "torn-swap",
    "fractured-read",
    "token-not-newer",
    "token-given-twice",
    "stale-token-accepted",
];

/// What a request that is done twice, or after its client was told that it failed, comes out as.
pub const DONE_TWICE: &[&str] = &[
    "above-upper-bound",
    "inexact-final-read",
    "failed-but-visible",
    "never-written",
    "duplicate-elements",
    "future-read",
    "stale-read",
    "non-linearizable",
    CYCLE,
];

/// What transactions that see, or leave, each other's halves come out as.
pub const TORN: &[&str] = &[
    "torn-swap",
    "fractured-read",
    "incompatible-order",
    CYCLE,
    "lost-update",
    "lost",
    "stale-read",
    "non-linearizable",
];

impl Story {
    /// Nothing is told of it yet.
    pub const NONE: Story = Story { mechanism: "", failures: &[] };

    /// The failure that explains an anomaly, if one does.
    pub fn explains(&self, anomaly: &str) -> Option<&'static Failure> {
        let is_told = |told: &str| told == anomaly || (told == CYCLE && anomaly.starts_with('G'));
        self.failures.iter().find(|failure| failure.anomalies.iter().any(|told| is_told(told)))
    }
}
