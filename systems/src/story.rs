//! A system's story: how it answers, and how that leads to the anomalies that it can show. Told in its reports, beside the
//! system's own code, so that who adds a system adds its story with it.

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

impl Story {
    /// Nothing is told of it yet.
    pub const NONE: Story = Story { mechanism: "", failures: &[] };

    /// The failure that explains an anomaly, if one does.
    pub fn explains(&self, anomaly: &str) -> Option<&'static Failure> {
        self.failures.iter().find(|failure| failure.anomalies.contains(&anomaly))
    }
}
