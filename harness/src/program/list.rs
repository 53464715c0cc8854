//! `netsplit list`: what there is to run.

use clap::ValueEnum;
use netsplit_checker::judge;
use netsplit_systems::system::{Claim, MINIMUM, System};
use textwrap::{Options, WordSplitter, fill};

use super::Failure;
use super::voice::{self, say};
use crate::registry::Registry;
use crate::serve::redis;
use netsplit_nemesis::Nemesis;
use netsplit_workloads::Workload;
use serde_json::json;

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
    voice::tell("list", &document(registry));
    if wanted(What::Systems) {
        say("systems");
        registry.systems().iter().for_each(|system| tell(system));
        let usual = MINIMUM.iter().filter(|family| **family != "none").copied().collect::<Vec<_>>().join(", ");
        tell_part("usual faults", &usual);
        say("");
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
        tell_row(
            "MODEL/LEVEL",
            "what is claimed of transactions: list-append/serializable; without one, strict serializability",
        );
        tell_row("independent-MODEL", "each key by itself, in a history whose values are tuples [key value]");
    }
    Ok(0)
}

/// Everything, whatever was asked for: a program picks.
fn document(registry: &Registry) -> serde_json::Value {
    let claim =
        |claim: &Claim| json!({ "level": claim.level.word(), "under": claim.under, "weakened": claim.weakened });
    let offers = |system: &System| system.offers.iter().map(|offer| offer.word()).collect::<Vec<_>>();
    let system = |system: &&System| {
        json!({
            "name": system.name, "about": system.about, "gives_up": system.gives_up, "source": system.source,
            "offers": offers(system), "claims": system.claims.iter().map(claim).collect::<Vec<_>>(),
        })
    };
    let workload = |one: &&Workload| json!({ "name": one.name, "about": one.about, "needs": one.needs.iter().map(|it| it.word()).collect::<Vec<_>>() });
    let nemesis = |one: &&Nemesis| json!({ "name": one.name, "about": one.about, "families": one.families });
    json!({
        "systems": registry.systems().iter().map(&system).collect::<Vec<_>>(),
        "zoo": registry.zoo().iter().map(system).collect::<Vec<_>>(),
        "workloads": registry.workloads().iter().map(workload).collect::<Vec<_>>(),
        "nemeses": registry.nemeses().iter().map(nemesis).collect::<Vec<_>>(),
        "models": judge::names().collect::<Vec<_>>(),
    })
}

fn tell(system: &System) {
    tell_row(system.name, system.about);
    for claim in system.claims {
        let (level, families) = (claim.level.word(), families(claim));
        if claim.weakened {
            tell_part("can't hold", &format!("{level} {families}; caught by {}", anomalies(system)));
        } else {
            tell_part("claims", &format!("{level} {families}"));
        }
    }
    tell_part("gives up", system.gives_up);
    tell_part("offers", &system.offers.iter().map(|offer| offer.word()).collect::<Vec<_>>().join(", "));
    if let Some(fsync) = system.redis {
        tell_part("stands on", &format!("Redis, appendfsync {}", redis::word(fsync)));
    }
    tell_part("source", system.source);
    say("");
}

/// The fault families of a claim: the usual ones in three words.
fn families(claim: &Claim) -> String {
    let named = |families: &mut dyn Iterator<Item = &&'static str>| families.copied().collect::<Vec<_>>().join(", ");
    let faults = claim.under.iter().filter(|family| **family != "none");
    if faults.clone().next().is_none() {
        return "as long as nothing fails".into();
    }
    if !MINIMUM.iter().all(|usual| claim.under.contains(usual)) {
        return format!("under {}", named(&mut faults.into_iter()));
    }
    let more = named(&mut faults.filter(|family| !MINIMUM.contains(family)));
    if more.is_empty() { "under the usual faults".into() } else { format!("under the usual faults, {more}") }
}

/// What a system is known to be caught by.
fn anomalies(system: &System) -> String {
    let mut names: Vec<&str> = Vec::new();
    for anomaly in system.story.failures.iter().flat_map(|failure| failure.anomalies) {
        if !names.contains(anomaly) {
            names.push(anomaly);
        }
    }
    names.join(", ")
}

/// One thing about a system, with a word for it.
fn tell_part(word: &str, text: &str) {
    tell_columns(&format!("      {word:<13}"), text);
}

/// A name and what it is, in two columns.
fn tell_row(name: &str, about: &str) {
    tell_columns(&format!("  {name:<24} "), about);
}

/// Text behind what stands before its first line.
fn tell_columns(first: &str, text: &str) {
    let rest = " ".repeat(first.len());
    let columns = Options::new(110).initial_indent(first).subsequent_indent(&rest).break_words(false);
    say(&fill(text, columns.word_splitter(WordSplitter::NoHyphenation)));
}
