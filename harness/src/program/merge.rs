//! `netsplit merge`: from the folders of the shards of a campaign to that of the whole, as one machine would have written it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::campaign::finish::{self, Telling};
use super::{Failure, cores, interrupt, make_folder};
use crate::campaign::journal;
use crate::campaign::outcome::Outcome;
use crate::campaign::regressions::Regression;
use crate::campaign::shard::Shard;
use crate::campaign::spec::Spec;

const EXAMPLES: &str = "\
Example:
  netsplit campaign nightly.toml --shard 1/2 --out one     on one machine
  netsplit campaign nightly.toml --shard 2/2 --out two     on another
  netsplit merge one two --out whole

The exit code is that of the whole campaign, as `netsplit campaign --help` has it; a shard that is missing makes it 2.";

/// Arguments of `merge`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The folders of the shards
    #[arg(required = true, value_name = "FOLDER")]
    shards: Vec<PathBuf>,
    /// The folder of the whole campaign
    #[arg(long, default_value = "results/campaigns/merged")]
    out: PathBuf,
    /// How many findings are shrunk at a time, which does not change the result; as many as there are cores if left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    telling: Telling,
}

pub(super) fn merge(arguments: &Arguments) -> Result<u8, Failure> {
    let (spec, missing) = whole(&arguments.shards)?;
    let out = &arguments.out;
    if arguments.shards.iter().any(|shard| is_same(shard, out)) {
        return Err(Failure::wrong_use(format!("{} is one of the shards: say another --out", out.display())));
    }
    interrupt::listen("stopping after the searches under way");
    make_folder(out)?;
    finish::clear(out);
    let runs: Vec<PathBuf> = arguments.shards.iter().map(|shard| shard.join("runs.jsonl")).collect();
    journal::join(&runs, &out.join("runs.jsonl")).map_err(Failure::wrong_use)?;
    finish::put(out, "campaign.json", &finish::spec_json(&spec))?;
    let jobs = arguments.jobs.map_or_else(cores, usize::from);
    let outcome = finish::finish(&spec, out, kept(&arguments.shards)?, jobs, (&arguments.shards, missing))?;
    finish::tell(&outcome, out, &arguments.telling)
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// The campaign that all are shards of, each another one; and the shards that are missing.
fn whole(folders: &[PathBuf]) -> Result<(Spec, Vec<String>), Failure> {
    let mut whole: Option<(Spec, u64)> = None;
    let mut parts = BTreeSet::new();
    for folder in folders {
        let spec = finish::read_spec(folder)?;
        let named = |what: String| Failure::wrong_use(format!("{}: {what}", folder.display()));
        if !parts.insert(spec.shard.part()) {
            return Err(named(format!("shard {} is there twice", spec.shard)));
        }
        let (of, spec) = (spec.shard.of(), Spec { shard: Shard::default(), ..spec });
        match &whole {
            None => whole = Some((spec, of)),
            Some((known, parts)) if *known == spec && *parts == of => {}
            Some(_) => return Err(named(format!("it is a shard of another campaign than {}", folders[0].display()))),
        }
    }
    let (spec, of) = whole.ok_or_else(|| Failure::wrong_use("no shard is named"))?;
    Ok((spec, (1..=of).filter(|part| !parts.contains(part)).map(|part| format!("{part}/{of}")).collect()))
}

/// The kept capsules were replayed with the first shard.
fn kept(folders: &[PathBuf]) -> Result<Vec<Regression>, Failure> {
    for folder in folders {
        let path = folder.join("results.json");
        let named = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", path.display()));
        if finish::read_spec(folder)?.shard.part() == 1 {
            let text = std::fs::read_to_string(&path).map_err(|error| named(&error))?;
            let outcome: Outcome = serde_json::from_str(&text).map_err(|error| named(&error))?;
            return Ok(outcome.regressions);
        }
    }
    Ok(Vec::new())
}
