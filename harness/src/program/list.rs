//! `netsplit list`: what there is to run.

use clap::ValueEnum;
use netsplit_checker::judge;
use netsplit_systems::system::{Claim, MINIMUM, System};
use textwrap::{Options, WordSplitter, fill};

use super::{Failure, say};
use crate::registry::Registry;

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
pub(super) fn list(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let wanted = |what| arguments.what.is_none_or(|only| only == what);
    if wanted(What::Systems) {
        say("systems");
        registry.systems().iter().for_each(|system| tell(system));
        tell_row("", &format!("The usual faults are {}.", MINIMUM.join(", ")));
        if !registry.zoo().is_empty() {
            say("more systems with a rule left out, which `netsplit zoo` must find");
        }
        for system in registry.zoo() {
            tell_row(system.name, system.about);
        }
    }
    if wanted(What::Workloads) {
        say("workloads");
        for workload in registry.workloads() {
            tell_row(workload.name, workload.about);
        }
    }
    if wanted(What::Nemeses) {
        say("nemeses (join several with commas)");
        for nemesis in registry.nemeses() {
            tell_row(nemesis.name, nemesis.about);
        }
    }
    if wanted(What::Models) {
        say("models of `netsplit check`");
        tell_row("", &judge::names().collect::<Vec<_>>().join(", "));
    }
    Ok(0)
}

fn tell(system: &System) {
    tell_row(system.name, system.about);
    for claim in system.claims {
        let kind = if claim.weakened { "claims, but can't hold: " } else { "claims to be " };
        tell_row("", &format!("{kind}{} under {}", claim.level.word(), families(claim)));
    }
    tell_row("", &format!("gives up: {}", system.gives_up));
    tell_row("", &format!("source: {}", system.source));
    say("");
}

/// The fault families of a claim: the usual ones in two words.
fn families(claim: &Claim) -> String {
    if MINIMUM.iter().all(|usual| claim.under.contains(usual)) {
        let more = claim.under.iter().filter(|family| !MINIMUM.contains(family)).copied();
        return ["the usual faults"].into_iter().chain(more).collect::<Vec<_>>().join(", ");
    }
    claim.under.join(", ")
}

/// A name and what it is, in two columns.
fn tell_row(name: &str, about: &str) {
    let first = format!("  {name:<24} ");
    let rest = " ".repeat(first.len());
    let columns = Options::new(110).initial_indent(&first).subsequent_indent(&rest).break_words(false);
    say(&fill(about, columns.word_splitter(WordSplitter::NoHyphenation)));
}
