//! `netsplit check`: judges a recorded history, of any source.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use netsplit_checker::formats::{self, Format, Imported};
use netsplit_checker::judge::{self, Judgement, Unjudged};
use netsplit_checker::linearizable::{Engine, is_disagreement};
use netsplit_checker::models::{Options, UnknownModel};
use netsplit_checker::txn::Model;
use netsplit_checker::{Actor, History, Kind, Verdict};

use super::Failure;
use super::voice::{self, say, say_finding};
use crate::judge::overall;
use crate::registry::meant;
use serde_json::json;

/// Arguments of `check`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The history: JSONL, CSV, Jepsen EDN or log, plain or compressed with gzip
    #[arg(required_unless_present = "manifest")]
    history: Option<PathBuf>,
    /// What it is a history of (see `netsplit list models`); of transactions also with the level that is claimed, as in
    /// `list-append/snapshot-isolation` and `rw-register/serializable`: without one, strict serializability. Behind
    /// `independent-` stands what each key of a history of tuples `[key value]` is
    #[arg(long, required_unless_present_any = ["manifest", "ladder"])]
    model: Option<String>,
    /// The value before the first operation, such as `0` or `nil`
    #[arg(long)]
    init: Option<String>,
    /// The format of the history, if it should not be detected; `human` or `json` say for whom the verdict is told, and
    /// a history that is one JSON array is always detected
    // The identifier is the one of `voice`, which this replaces.
    #[arg(long, value_parser = told_or_read())]
    format: Option<String>,
    /// Instead of one model: the strongest that a history of registers satisfies, from linearizable to session guarantees
    #[arg(long, conflicts_with = "model")]
    ladder: bool,
    /// A table of histories instead: CSV with the columns file, model, init, format, expected and levels
    #[arg(long, conflicts_with_all = ["history", "model", "init", "ladder"])]
    manifest: Option<PathBuf>,
    /// Who decides about linearizable models
    #[arg(long, value_enum, default_value_t = Decider::Own)]
    engine: Decider,
}

impl Arguments {
    /// As far as `--format` speaks of the history.
    fn history_format(&self) -> Option<Format> {
        let name = self.format.as_deref().filter(|name| !voice::FORMATS.contains(name))?;
        Some(name.parse().expect("only known names are taken"))
    }
}

/// All that `--format` can be.
fn told_or_read() -> PossibleValuesParser {
    let histories = Format::ALL.map(Format::name);
    let known = |name: &&str| !voice::FORMATS.contains(name);
    PossibleValuesParser::new(voice::FORMATS.into_iter().chain(histories.into_iter().filter(known)))
}

/// [`Engine`] as an argument.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Decider {
    /// The near-linear engine where it applies, else the general one
    Own,
    /// The general engine
    General,
    /// porcupine-rs
    Porcupine,
    /// Own and porcupine-rs, which have to agree
    Both,
}

impl From<Decider> for Engine {
    fn from(decider: Decider) -> Engine {
        match decider {
            Decider::Own => Engine::Own,
            Decider::General => Engine::General,
            Decider::Porcupine => Engine::Porcupine,
            Decider::Both => Engine::Both,
        }
    }
}

pub(super) fn check(arguments: &Arguments) -> Result<u8, Failure> {
    let options = Options { engine: arguments.engine.into(), ..Options::default() };
    if let (true, Some(history)) = (arguments.ladder, &arguments.history) {
        return super::ladder::check(history, arguments.init.as_deref(), arguments.history_format(), options.limits);
    }
    match (&arguments.manifest, &arguments.history, &arguments.model) {
        (Some(manifest), ..) => super::manifest::check(manifest, options),
        (None, Some(history), Some(model)) => {
            let (init, format) = (arguments.init.as_deref(), arguments.history_format());
            judge::knows(model, init).map_err(|error| unjudged(&error))?;
            let read = read(history, format, model)?;
            let judged = judge_read(history, &read, model, init, options)?;
            tell(model, &judged, &read.history);
            let exit_code = overall(&judged.verdict).exit_code();
            let told = json!({ "file": history, "model": model, "exit_code": exit_code, "verdict": judged.verdict });
            voice::tell("verdict", &told);
            Ok(exit_code)
        }
        _ => Err(Failure::wrong_use("`check` needs a history and --model, or --manifest")),
    }
}

/// Reads, lints and judges one file.
pub(super) fn judge_file(
    path: &Path,
    model: &str,
    init: Option<&str>,
    format: Option<Format>,
    options: Options,
) -> Result<Judgement, Failure> {
    judge_read(path, &read(path, format, model)?, model, init, options)
}

/// Judges a history that was read from a file.
fn judge_read(
    path: &Path,
    read: &Imported,
    model: &str,
    init: Option<&str>,
    options: Options,
) -> Result<Judgement, Failure> {
    let mut judged = judge::judge(model, init, &read.history, options).map_err(|error| unjudged(&error))?;
    judged.levels.retain(|level, _| read.real_time || !Model::named(level).is_some_and(Model::keeps_real_time));
    if let (true, Verdict::Unknown(cause)) = (is_disagreement(&judged.verdict), &judged.verdict) {
        return Err(Failure::harness(format!("{}: {cause}; keep this history, it shows a bug", path.display())));
    }
    Ok(judged)
}

/// Reads and lints one file; one that can't be paired, or tells no times, is an error if the model needs that.
pub(super) fn read(path: &Path, format: Option<Format>, model: &str) -> Result<Imported, Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", path.display()));
    if path.is_dir() {
        return Err(named(&"a folder is no history; name a file"));
    }
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => named(&"there is no such file"),
        _ => named(&format!("can't be opened: {error}")),
    })?;
    let imported = formats::read(BufReader::new(file), format).map_err(|error| named(&error))?;
    let lint = imported.lint();
    if !imported.real_time && judge::needs_real_time(model) {
        return Err(named(&format!(
            "the format `{}` tells no times, and `{model}` is about them; name a level that is not, as in \
             `rw-register/strong-session-serializable` or `rw-register(session)/causal`",
            imported.format.name()
        )));
    }
    if let Some(error) = lint.errors.first().filter(|_| judge::needs_pairs(model)) {
        return Err(named(&format!("the history is not well formed: {error}")));
    }
    for warning in imported.warnings.iter().cloned().chain(lint.warnings.iter().map(ToString::to_string)).take(5) {
        eprintln!("netsplit: {}: warning: {warning}", path.display());
    }
    Ok(imported)
}

/// Wrong use, with the name that was perhaps meant.
pub(super) fn unjudged(error: &Unjudged) -> Failure {
    Failure::wrong_use(match error {
        Unjudged::Model(UnknownModel::Name(name)) => {
            let (meant, all) = (meant(name, judge::names()), judge::names().collect::<Vec<_>>().join(", "));
            format!("no model `{}`{meant}; there are {all}", name.escape_debug())
        }
        Unjudged::Level { model, level } => format!("{error}{}", meant(level, judge::levels(model).into_iter())),
        Unjudged::Unsupported(_) | Unjudged::Model(UnknownModel::Initial { .. }) => error.to_string(),
    })
}

/// As many contradictions are told unless all are asked for; a thousand broken objects are as bad as five.
const TOLD: usize = 5;

fn tell(model: &str, judged: &Judgement, history: &History) {
    match &judged.verdict {
        Verdict::Valid { vacuous: None } => say(&format!("valid: {model} ({})", size(history))),
        Verdict::Valid { vacuous: Some(reason) } => say(&format!("vacuous: {model}: {reason} ({})", size(history))),
        Verdict::Unknown(cause) => say(&format!("unknown: {model}: {cause} ({})", size(history))),
        Verdict::Invalid(all) => {
            say_finding(&format!("invalid: not {model} ({})", size(history)));
            let told = if voice::is_verbose() { all.len() } else { TOLD };
            all.iter().take(told).for_each(super::tell_evidence);
            if all.len() > told {
                say_finding(&format!("  and {} contradictions more, told with --verbose", all.len() - told));
            }
        }
    }
    let holds = judge::strongest(&judged.levels);
    if !holds.is_empty() {
        say(&format!("strongest level that still holds: {}", holds.join(", ")));
    }
}

/// How much there was to judge.
fn size(history: &History) -> String {
    let (mut operations, mut processes, mut keys) = (0_u64, BTreeSet::new(), BTreeSet::new());
    for event in &history.events {
        if let Actor::Process(process) = event.process {
            operations += u64::from(event.kind == Kind::Invoke);
            processes.insert(process);
            keys.insert(&event.key);
        }
    }
    let count = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let by = count(processes.len() as u64, "process", "processes");
    let on = if keys.len() > 1 { format!(" on {} keys", keys.len()) } else { String::new() };
    format!("{} by {by}{on}", count(operations, "operation", "operations"))
}
