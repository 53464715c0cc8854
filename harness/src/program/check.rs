//! `netsplit check`: judges a recorded history, of any source.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use netsplit_checker::formats::{self, Format};
use netsplit_checker::models::{self, Options};
use netsplit_checker::{Checker, Verdict};

use super::{Failure, say};

/// Arguments of `check`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The history: JSONL, CSV, Jepsen EDN or log, plain or compressed with gzip
    history: PathBuf,
    /// What it is a history of (see `netsplit list models`)
    #[arg(long)]
    model: String,
    /// The value before the first operation, such as `0` or `nil`
    #[arg(long)]
    init: Option<String>,
    /// The format, if it should not be detected
    #[arg(long)]
    format: Option<Format>,
}

pub(super) fn check(arguments: &Arguments) -> Result<u8, Failure> {
    let checker = models::by_name(&arguments.model, arguments.init.as_deref(), Options::default())
        .map_err(Failure::wrong_use)?;
    let named = |error: &dyn std::fmt::Display| {
        Failure::wrong_use(format!("{}: {error}", arguments.history.display()))
    };
    let file = File::open(&arguments.history).map_err(|error| named(&error))?;
    let imported = formats::read(BufReader::new(file), arguments.format).map_err(|error| named(&error))?;
    let lint = imported.lint();
    if let Some(error) = lint.errors.first() {
        return Err(named(&format!("the history is not well formed: {error}")));
    }
    for warning in imported.warnings.iter().cloned().chain(lint.warnings.iter().map(ToString::to_string)).take(5) {
        eprintln!("netsplit: {}: warning: {warning}", arguments.history.display());
    }
    let verdict = checker.check(&imported.history);
    tell(checker.as_ref(), &verdict);
    Ok(exit_code(&verdict))
}

fn tell(checker: &dyn Checker, verdict: &Verdict) {
    match verdict {
        Verdict::Valid { vacuous: None } => say(&format!("valid: {}", checker.name())),
        Verdict::Valid { vacuous: Some(reason) } => say(&format!("vacuous: {}: {reason}", checker.name())),
        Verdict::Unknown(cause) => say(&format!("unknown: {}: {cause}", checker.name())),
        Verdict::Invalid(all) => {
            say(&format!("invalid: not {}", checker.name()));
            for evidence in all {
                super::run::tell_evidence(evidence);
            }
        }
    }
}

fn exit_code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Valid { vacuous: None } => 0,
        Verdict::Invalid(_) => 1,
        Verdict::Valid { vacuous: Some(_) } | Verdict::Unknown(_) => 2,
    }
}
