//! Every checker by the name under which histories are published: from a model's name to a verdict.

use std::collections::BTreeMap;

use crate::bank::Bank;
use crate::causal::Causal;
use crate::counter::Counter;
use crate::long_fork::LongFork;
use crate::models::{self, Options, UnknownModel};
use crate::pn_counter::PnCounter;
use crate::sequential::Sequential;
use crate::set_full::SetFull;
use crate::total_queue::TotalQueue;
use crate::txn::{self, Assumptions, Model};
use crate::unique::Unique;
use crate::unordered_queue::UnorderedQueue;
use crate::{Checker, History, Verdict};

/// The models that are judged here besides the linearizable ones of [`models::NAMES`].
const OTHERS: &[&str] = &[
    "set",
    "set-full",
    "counter",
    "pn-counter(final reads)",
    "unique-ids",
    "total-queue",
    "unordered-queue(naive)",
    "bank",
    "long-fork",
    "register/sequential",
    "sequential",
    "causal",
    "list-append",
    "rw-register",
    "rw-register(session)/causal",
    "rw-register(session)/serializable",
];

/// Models that others publish histories of and that nothing here judges.
pub const UNSUPPORTED: &[&str] = &["kafka", "comments", "causal-reverse"];

/// Why a history was not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unjudged {
    /// The model is known, but has no checker.
    #[error("model not supported: `{0}`")]
    Unsupported(String),
    /// There is no such model, or its initial value can't be read.
    #[error(transparent)]
    Model(#[from] UnknownModel),
}

/// What a history shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict on the model's claim.
    pub verdict: Verdict,
    /// The verdict on each level of isolation by its name, where the model has levels.
    pub levels: BTreeMap<&'static str, Verdict>,
}

/// Every name that [`judge`] has a checker for.
pub fn names() -> impl Iterator<Item = &'static str> {
    models::NAMES.iter().chain(OTHERS).copied()
}

/// Whether a history of `model` has to pair into operations; the others are also published as fragments, of which
/// only the completions or only some invocations are there.
pub fn needs_pairs(model: &str) -> bool {
    !matches!(model, "unordered-queue(naive)" | "long-fork")
}

/// Judges `history` as one of `model`, which begins with `init` (see [`models::by_name`]). `options` are those of
/// the searches.
pub fn judge(model: &str, init: Option<&str>, history: &History, options: Options) -> Result<Judgement, Unjudged> {
    if UNSUPPORTED.contains(&model) {
        return Err(Unjudged::Unsupported(model.to_owned()));
    }
    if let Some(judgement) = transactions(model, history) {
        return Ok(judgement);
    }
    let verdict = checker(model, init, options)?.check(history);
    Ok(Judgement { verdict, levels: BTreeMap::new() })
}

/// Whether [`judge`] knows the model and its initial value, before any history is read.
pub fn knows(model: &str, init: Option<&str>) -> Result<(), Unjudged> {
    judge(model, init, &History::default(), Options::default()).map(|_| ())
}

fn checker(model: &str, init: Option<&str>, options: Options) -> Result<Box<dyn Checker>, UnknownModel> {
    let (initial, limits) = (|| models::initial(model, init), options.limits);
    Ok(match model {
        "set" | "set-full" => Box::new(SetFull::default()),
        "counter" => Box::new(Counter::default()),
        "pn-counter(final reads)" => Box::new(PnCounter::default()),
        "unique-ids" => Box::new(Unique),
        "total-queue" => Box::new(TotalQueue),
        "unordered-queue(naive)" => Box::new(UnorderedQueue),
        "bank" => Box::new(Bank::default()),
        "long-fork" => Box::new(LongFork),
        "register/sequential" | "sequential" => Box::new(Sequential { initial: initial()?, limits }),
        "causal" => Box::new(Causal { initial: initial()?, limits, ..Causal::default() }),
        _ => models::by_name(model, init, options)?,
    })
}

fn transactions(model: &str, history: &History) -> Option<Judgement> {
    let all = |verdict: &dyn Fn(Model) -> Verdict| Model::ALL.iter().map(|m| (m.name(), verdict(*m))).collect();
    let strict = Model::StrictSerializable;
    Some(match model {
        "list-append" => {
            let analysis = txn::analyze_list_append(history);
            Judgement { verdict: analysis.verdict(strict), levels: all(&|model| analysis.verdict(model)) }
        }
        "rw-register" => {
            let analysis = txn::analyze_rw_register(history, Assumptions::ALL);
            Judgement { verdict: analysis.verdict(strict), levels: all(&|model| analysis.verdict(model)) }
        }
        "rw-register(session)/causal" | "rw-register(session)/serializable" => {
            let claim = if model.ends_with("causal") { Model::Causal } else { Model::Serializable };
            let mut levels = txn::levels(history);
            let named = levels.iter().map(|(level, verdict)| (level.name(), verdict.clone())).collect();
            Judgement { verdict: levels.remove(&claim)?, levels: named }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_checker_and_no_other_has() {
        for name in names() {
            assert_eq!(knows(name, None), Ok(()), "{name}");
        }
        assert_eq!(knows("kafka", None), Err(Unjudged::Unsupported("kafka".to_owned())));
        assert!(matches!(knows("registre", None), Err(Unjudged::Model(UnknownModel::Name(_)))));
        assert!(matches!(knows("sequential", Some("{")), Err(Unjudged::Model(UnknownModel::Initial { .. }))));
    }
}
