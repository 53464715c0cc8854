//! `netsplit campaign`: many runs of everything, on all cores, and what they found.

mod conduct;
pub(super) mod finish;
mod kept;
mod progress;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::{Failure, cores, interrupt, make_folder, say, unwritten};
use crate::campaign::file::{Seeds, Wish};
use crate::campaign::journal::Journal;
use crate::campaign::shard::Shard;
use crate::campaign::spec::{Limits, MARK, Size, Spec};
use crate::campaign::{canary, cells};
use crate::registry::Registry;

const EXAMPLES: &str = "\
Examples:
  netsplit campaign                                     a few seeds of every system, within what each claims
  netsplit campaign --systems raft,quorum --nemeses crash+partition,swarm --seeds 0..200
  netsplit campaign --seeds 5000.. --budget 30m         as many fresh seeds as half an hour allows
  netsplit campaign nightly.toml --shard 3/8            the third of eight machines; `netsplit merge` joins them
  netsplit campaign nightly.toml --resume               go on after an interrupt
  netsplit campaign --issues --dry-run                  and print the issues that its findings would become

A shard is read from NETSPLIT_SHARD (3/8), CI_NODE_INDEX and CI_NODE_TOTAL (GitLab), JOB_COMPLETION_INDEX and
JOB_COMPLETIONS (Kubernetes, which does not set the latter) or NETSPLIT_SHARD_INDEX and NETSPLIT_SHARD_TOTAL (from 0, as a
GitHub matrix has strategy.job-index and strategy.job-total), unless --shard is given.

Exit codes: 0 valid · 1 a promise was broken · 3 a node did not come back · 2 a checker could not decide, a cell in which
no run could have broken anything, or runs that are missing · 64 wrong use · 70 no trust: a run without a verdict, two
processes that differ, a canary outside its interval, a stale kept capsule · 130 interrupted; of several the worst, in the
order 70, 1, 3, 2, 0";

/// Arguments of `campaign`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A TOML file that says the same as the flags, which go before it: `systems = ["raft"]`
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    wish: Wish,
    /// Do the third of eight parts, which are disjoint and together all of it: 3/8
    #[arg(help_heading = "How it is run", long)]
    shard: Option<Shard>,
    /// Go on where the same command was interrupted
    #[arg(help_heading = "How it is run", long)]
    resume: bool,
    /// How many runs at a time, which does not change the result; as many as there are cores if left out
    #[arg(help_heading = "How it is run", long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// The folder of the campaign [default: results/campaigns/NAME-SEED]
    #[arg(help_heading = "What is left behind", long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    telling: finish::Telling,
    /// Run nothing: keep the stale ones of the kept capsules as they run now, where their verdict is as it was
    #[arg(help_heading = "How it is run", long)]
    renew: bool,
}

pub(super) fn campaign(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let wish = wish(arguments)?;
    let kept = kept::folder(wish.regressions.as_deref())?;
    if arguments.renew {
        return kept::renew(kept.as_deref(), registry);
    }
    let shard = shard(arguments.shard)?;
    let (spec, left_out) = spec(wish, shard, registry)?;
    let folder = arguments.out.clone().unwrap_or_else(|| default_folder(&spec));
    let runs = folder.join("runs.jsonl");
    let (journal, done, next) = if arguments.resume { resumed(&folder, &spec)? } else { begun(&folder, &spec)? };
    announce(&spec, &left_out, done, &folder);
    interrupt::listen("stopping after the runs under way");
    let jobs = arguments.jobs.map_or_else(cores, usize::from);
    // One machine replays the kept capsules: that of the first shard.
    let kept = kept.filter(|_| shard.part() == 1).map(|folder| kept::replay(&folder, spec.limits)).transpose()?;
    conduct::conduct(&spec, journal, (done, next), jobs, &runs)?;
    let outcome = finish::finish(&spec, &folder, kept.unwrap_or_default(), jobs, (&[], Vec::new()))?;
    finish::tell(&outcome, &folder, &arguments.telling)
}

/// The largest campaign that is read, in bytes.
const LARGEST_CAMPAIGN_BYTES: u64 = 64 << 10;

/// What the flags say, and where they say nothing, the file.
fn wish(arguments: &Arguments) -> Result<Wish, Failure> {
    let flags = arguments.wish.clone();
    let Some(path) = &arguments.file else { return Ok(flags) };
    let named = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", path.display()));
    // A pipe or a device does not tell its size before it is read.
    let (file, mut text) = (fs::File::open(path).map_err(|error| named(&error))?, String::new());
    let read = file.take(LARGEST_CAMPAIGN_BYTES + 1).read_to_string(&mut text).map_err(|error| named(&error))?;
    if read as u64 > LARGEST_CAMPAIGN_BYTES {
        return Err(named(&format_args!(
            "it is longer than {LARGEST_CAMPAIGN_BYTES} bytes, the most that a campaign has"
        )));
    }
    let mut file: Wish = toml::from_str(&text).map_err(|error| named(&error.to_string().trim_end()))?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    file.name = file.name.or(stem);
    Ok(flags.or(file))
}

fn shard(flag: Option<Shard>) -> Result<Shard, Failure> {
    if let Some(shard) = flag {
        return Ok(shard);
    }
    let found = Shard::from_environment(|name| std::env::var(name).ok()).map_err(Failure::wrong_use)?;
    Ok(found.map_or_else(Shard::default, |(shard, variable)| {
        say(&format!("shard    {shard}, from {variable}"));
        shard
    }))
}

/// With every default filled in, and what is left out.
fn spec(wish: Wish, shard: Shard, registry: &Registry) -> Result<(Spec, Vec<String>), Failure> {
    let choice =
        cells::Choice { systems: wish.systems, workloads: wish.workloads, nemeses: wish.nemeses, beyond: wish.beyond };
    let chosen = choice.cells(registry).map_err(Failure::wrong_use)?;
    let Seeds { first, count } = wish.seeds.unwrap_or((0..8).into());
    if count.is_none() && wish.budget.is_none() {
        return Err(Failure::wrong_use(format!("the seeds {first}.. have no end: say --budget 30m, or an end")));
    }
    let length = wish.time_limit.unwrap_or(std::time::Duration::from_secs(15));
    let spec = Spec {
        what: MARK.into(),
        netsplit: env!("CARGO_PKG_VERSION").into(),
        name: plain(wish.name.as_deref().unwrap_or("campaign"))?,
        cells: chosen.cells,
        size: Size {
            nodes: wish.nodes.unwrap_or(5),
            clients: wish.clients.unwrap_or(10),
            length_ms: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
            rate: wish.rate.unwrap_or(70),
            beyond: wish.beyond,
        },
        first_seed: first,
        seeds: count,
        budget_seconds: wish.budget.map(|budget| budget.as_secs().max(1)),
        shard,
        canary_runs: wish.canary_runs.unwrap_or(canary::RUNS),
        limits: Limits {
            seconds: wish.run_timeout.map_or(60, |timeout| timeout.as_secs().max(1)),
            memory_mib: wish.memory.unwrap_or(2048),
        },
        candidates: wish.candidates.unwrap_or(2000),
    };
    let Some(cell) = spec.cells.first() else {
        let why = chosen.left_out.first().cloned().unwrap_or_default();
        return Err(Failure::wrong_use(format!("nothing is left to run: {why}")));
    };
    // What is wrong with one plan is wrong with all: say it before anything starts.
    spec.draw(cell, first).case(registry).map_err(Failure::wrong_use)?;
    Ok((spec, chosen.left_out))
}

/// A name that can be a folder's.
fn plain(name: &str) -> Result<String, Failure> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(good) {
        return Ok(name.to_owned());
    }
    let name = name.escape_debug();
    Err(Failure::wrong_use(format!("`{name}` can't be a campaign's name: up to 64 letters, digits, `-` and `_`")))
}

fn default_folder(spec: &Spec) -> PathBuf {
    let shard = if spec.shard.is_part() {
        format!("-shard-{}-of-{}", spec.shard.part(), spec.shard.of())
    } else {
        String::new()
    };
    Path::new("results/campaigns").join(format!("{}-{}{shard}", spec.name, spec.first_seed))
}

/// A new folder, or one of a campaign that has ended: the same command writes the same again.
fn begun(folder: &Path, spec: &Spec) -> Result<(Journal, u64, u64), Failure> {
    if folder.join("campaign.json").exists() && !folder.join("results.json").exists() {
        return Err(Failure::wrong_use(format!(
            "{} holds a campaign that has not ended: --resume goes on with it; or remove it, or say another --out",
            folder.display()
        )));
    }
    finish::clear(folder);
    make_folder(folder)?;
    finish::put(folder, "campaign.json", &finish::spec_json(spec))?;
    let journal = Journal::create(&folder.join("runs.jsonl")).map_err(Failure::harness)?;
    Ok((journal, 0, 0))
}

fn resumed(folder: &Path, spec: &Spec) -> Result<(Journal, u64, u64), Failure> {
    let stored = finish::read_spec(folder)?;
    if stored != *spec {
        return Err(Failure::wrong_use(format!(
            "{} holds another campaign ({} cells, seeds {}): --resume needs the same flags as before",
            folder.display(),
            stored.cells.len(),
            stored.seeds_told()
        )));
    }
    Journal::resume(&folder.join("runs.jsonl"), spec).map_err(Failure::wrong_use)
}

fn announce(spec: &Spec, left_out: &[String], done: u64, folder: &Path) {
    let runs =
        spec.own_total().map_or_else(|| "as many runs as the budget allows".to_owned(), |own| format!("{own} runs"));
    say(&format!("campaign {}: {} cells, seeds {}, {runs}", spec.name, spec.cells.len(), spec.seeds_told()));
    for one in left_out {
        say(&format!("left out {one}"));
    }
    if done > 0 {
        say(&format!("resumed  {done} runs are there already"));
    }
    say(&format!("folder   {}", folder.display()));
}

/// Adds a text to the end of a file.
fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let opened = fs::OpenOptions::new().append(true).create(true).open(path);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| unwritten(path, &error))
}
