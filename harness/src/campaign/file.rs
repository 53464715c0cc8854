//! A campaign as a TOML file. What it leaves out has a default, and a flag of the command line goes before it.
//!
//! ```toml
//! name = "nightly"
//! systems = ["raft", "quorum"]
//! nemeses = ["partition,crash", "swarm"]
//! seeds = "0..200"
//! budget = "30m"
//! ```

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// What a person says of a campaign, as a file or as flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[command(next_help_heading = "What is run")]
pub struct Wish {
    /// Its name, and that of its folder
    #[arg(long)]
    pub name: Option<String>,
    /// These systems, joined by commas; all but the weakened ones, if left out
    #[arg(long, value_delimiter = ',')]
    pub systems: Vec<String>,
    /// These workloads, joined by commas; all that a system serves, if left out
    #[arg(long, value_delimiter = ',')]
    pub workloads: Vec<String>,
    /// These nemeses, joined by commas, with `+` between those that go together: `crash+partition,swarm`; swarm if left out
    #[arg(long, value_delimiter = ',')]
    pub nemeses: Vec<String>,
    /// Run under faults too under which a system claims nothing
    #[arg(long)]
    pub beyond: bool,
    /// A half-open range of seeds of every cell: 0..8 if left out; 17.. goes on from 17 until the budget ends
    #[arg(long, value_parser = seeds)]
    #[serde(deserialize_with = "seeds_of")]
    pub seeds: Option<Seeds>,
    /// Begin no more runs after so much real time, such as 30m
    #[arg(long, value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration_of")]
    pub budget: Option<Duration>,
    /// How many nodes [default: 5]
    #[arg(long)]
    pub nodes: Option<usize>,
    /// How many clients [default: 10]
    #[arg(long)]
    pub clients: Option<usize>,
    /// Length of the main phase of a run, in simulated time [default: 15s]
    #[arg(long, value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration_of")]
    pub time_limit: Option<Duration>,
    /// Operations per second of simulated time, of all clients together [default: 70]
    #[arg(long)]
    pub rate: Option<u32>,
    /// Kill a run that has not ended after so much real time, and count it as hung [default: 60s]
    #[arg(help_heading = "How it is run", long, value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration_of")]
    pub run_timeout: Option<Duration>,
    /// Kill a run whose process takes more memory, in MiB [default: 2048]
    #[arg(help_heading = "How it is run", long, value_parser = clap::value_parser!(u64).range(64..=1_048_576))]
    pub memory: Option<u64>,
    /// How often the canary is run, a bug that must be found in about 1 % of the runs [default: 1000]
    #[arg(help_heading = "How it is run", long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub canary_runs: Option<u64>,
    /// How many candidates are asked about to shrink a finding [default: 2000]
    #[arg(help_heading = "How it is run", long)]
    pub candidates: Option<usize>,
    /// The folder of kept capsules, which are replayed first [default: netsplit-regressions, if it is there]
    #[arg(help_heading = "How it is run", long, value_name = "FOLDER")]
    pub regressions: Option<PathBuf>,
}

/// A range of seeds, perhaps without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: Option<u64>,
}

impl From<Range<u64>> for Seeds {
    fn from(range: Range<u64>) -> Seeds {
        Seeds { first: range.start, count: Some(range.end - range.start) }
    }
}

impl Wish {
    /// This, and where it says nothing, what `other` says.
    #[must_use]
    pub fn or(self, other: Wish) -> Wish {
        let first = |own: Vec<String>, other| if own.is_empty() { other } else { own };
        Wish {
            name: self.name.or(other.name),
            systems: first(self.systems, other.systems),
            workloads: first(self.workloads, other.workloads),
            nemeses: first(self.nemeses, other.nemeses),
            beyond: self.beyond || other.beyond,
            seeds: self.seeds.or(other.seeds),
            budget: self.budget.or(other.budget),
            nodes: self.nodes.or(other.nodes),
            clients: self.clients.or(other.clients),
            time_limit: self.time_limit.or(other.time_limit),
            rate: self.rate.or(other.rate),
            run_timeout: self.run_timeout.or(other.run_timeout),
            memory: self.memory.or(other.memory),
            canary_runs: self.canary_runs.or(other.canary_runs),
            candidates: self.candidates.or(other.candidates),
            regressions: self.regressions.or(other.regressions),
        }
    }
}

/// `7`, `0..50` without its end, or `17..` without an end.
fn seeds(text: &str) -> Result<Seeds, String> {
    let Some(first) = text.trim().strip_suffix("..") else {
        return crate::seeds::parse(text.trim()).map(Seeds::from);
    };
    let first = first.parse().map_err(|error| format!("`{first}` is no seed: {error}"))?;
    Ok(Seeds { first, count: None })
}

fn seeds_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Seeds>, D::Error> {
    let text = String::deserialize(deserializer)?;
    seeds(&text).map(Some).map_err(serde::de::Error::custom)
}

fn duration_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_flags_say_and_flags_go_before_it() {
        let file: Wish = toml::from_str(
            "name = \"nightly\"\nsystems = [\"raft\"]\nnemeses = [\"partition,crash\"]\nseeds = \"5..9\"\nbudget = \"30m\"\n",
        )
        .expect("it is well formed");
        assert_eq!(file.seeds, Some(Seeds { first: 5, count: Some(4) }));
        assert_eq!(file.budget, Some(Duration::from_mins(30)));
        let flags = Wish { seeds: Some((0..2).into()), ..Wish::default() }.or(file);
        assert_eq!((flags.seeds, flags.name.as_deref()), (Some((0..2).into()), Some("nightly")));
        assert_eq!((flags.systems, flags.nemeses), (vec!["raft".to_owned()], vec!["partition,crash".to_owned()]));
    }

    #[test]
    fn what_a_file_can_not_say_is_refused_by_line() {
        for (wrong, word) in
            [("sedes = \"1\"", "sedes"), ("seeds = \"9..5\"", "holds no seed"), ("budget = \"soon\"", "line 1")]
        {
            let error = toml::from_str::<Wish>(wrong).expect_err("it is wrong").to_string();
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(seeds("17.."), Ok(Seeds { first: 17, count: None }));
    }
}
