//! `netsplit list`: what there is to run.

use clap::ValueEnum;
use netsplit_checker::judge;

use super::{Failure, say};
use crate::registry;

/// Arguments of `list`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to show; everything if left out
    what: Option<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Systems,
    Workloads,
    Nemeses,
    Models,
}

#[expect(clippy::unnecessary_wraps, reason = "every command has this signature")]
pub(super) fn list(arguments: &Arguments) -> Result<u8, Failure> {
    let wanted = |what| arguments.what.is_none_or(|only| only == what);
    if wanted(What::Systems) {
        say("systems");
        for system in registry::SYSTEMS {
            say(&format!("  {:<18} {}", system.name, system.about));
            for claim in system.claims {
                let kind = if claim.weakened { "claims, but can't hold" } else { "claims" };
                let level = format!("{:?}", claim.level).to_lowercase();
                say(&format!("  {:<18} {kind}: {level} under {}", "", claim.under.join(", ")));
            }
            say(&format!("  {:<18} gives up: {}", "", system.gives_up));
            say(&format!("  {:<18} source: {}", "", system.source));
        }
    }
    if wanted(What::Workloads) {
        say("workloads");
        for workload in registry::WORKLOADS {
            say(&format!("  {:<18} {}", workload.name, workload.about));
        }
    }
    if wanted(What::Nemeses) {
        say("nemeses (join several with commas)");
        for nemesis in registry::NEMESES {
            say(&format!("  {:<18} {}", nemesis.name, nemesis.about));
        }
    }
    if wanted(What::Models) {
        say("models of `netsplit check`");
        say(&format!("  {}", judge::names().collect::<Vec<_>>().join(", ")));
    }
    Ok(0)
}
