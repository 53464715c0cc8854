//! Every checker by the name under which histories are published: from a model's name to a verdict.

use std::collections::BTreeMap;

use crate::auction::Auction;
use crate::bank::Bank;
use crate::causal::Causal;
use crate::counter::Counter;
use crate::fencing::Fencing;
use crate::final_set::FinalSet;
use crate::formats::independent::split;
use crate::long_fork::LongFork;
use crate::models::{self, Options, UnknownModel};
use crate::pn_counter::PnCounter;
use crate::sequential::Sequential;
use crate::session::{Guarantee, Session};
use crate::set_full::SetFull;
use crate::swap::Swaps;
use crate::total_queue::TotalQueue;
use crate::txn::{self, Model};
use crate::unique::Unique;
use crate::unordered_queue::UnorderedQueue;
use crate::{Actor, Cause, Checker, History, Value, Verdict};

/// The models that are judged here besides the linearizable ones of [`models::NAMES`].
const OTHERS: &[&str] = &[
    "set",
    "set-full",
    "counter",
    "pn-counter(final reads)",
    "unique-ids",
    "total-queue",
    "unordered-queue(naive)",
    "auction",
    "bank",
    "swap",
    "long-fork",
    "register/sequential",
    "sequential",
    "causal",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
    "fencing",
    "list-append",
    "rw-register",
    "rw-register(session)/read-committed",
    "rw-register(session)/read-atomic",
    "rw-register(session)/causal",
    "rw-register(session)/snapshot-isolation",
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
    /// Transactions have no such level.
    #[error("no level `{level}` of `{model}`; there are {}", levels(model).join(", "))]
    Level {
        /// The model, known.
        model: String,
        /// The level, unknown.
        level: String,
    },
}

/// What a history shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict on the model's claim.
    pub verdict: Verdict,
    /// The verdict on each level of isolation by its name, where the model has levels. Those of `rw-register` assume of
    /// each key what its publishers do to learn the order of versions ([`txn::Assumptions::PUBLISHED`]): an invalid weaker level
    /// is one against the level or these assumptions.
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

/// Whether the model's claim is about real time, so that a history which tells none says nothing of it. It is asked of
/// transactions, the only ones that are published without.
pub fn needs_real_time(model: &str) -> bool {
    let (kind, _, claim) = claimed(model);
    matches!(kind, "list-append" | "rw-register") && claim.is_some_and(Model::keeps_real_time)
}

/// Judges `history` as one of `model`, which begins with `init` (see [`models::by_name`]). `options` are those of
/// the searches. Transactions are held to strict serializability, or to a level that is named behind a slash, as in
/// `list-append/serializable`: then registers are assumed to keep only what that level implies of each key. Behind
/// `independent-` stands what every key of a history of tuples `[key value]` is.
pub fn judge(model: &str, init: Option<&str>, history: &History, options: Options) -> Result<Judgement, Unjudged> {
    if UNSUPPORTED.contains(&model) {
        return Err(Unjudged::Unsupported(model.to_owned()));
    }
    if let Some(each) = model.strip_prefix("independent-").filter(|each| *each != "register") {
        return independent(each, init, history, options);
    }
    // objects by keys all begin alike
    let init = init.map(|init| init.trim().trim_end_matches("per key").trim());
    if let Some(judgement) = transactions(model, history) {
        nothing(model, init)?;
        return Ok(judgement);
    }
    if let Some((model, level)) = model.split_once('/').filter(|(model, _)| !levels(model).is_empty()) {
        return Err(Unjudged::Level { model: model.to_owned(), level: level.to_owned() });
    }
    let checker = checker(model, init, options)?;
    let verdict = strange(model, history).unwrap_or_else(|| checker.check(history));
    Ok(Judgement { verdict, levels: BTreeMap::new() })
}

/// The models whose checkers look at nothing but these operations.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("set", &["add", "read"]),
    ("set-full", &["add", "read"]),
    ("counter", &["add", "inc", "increment", "dec", "decrement", "read"]),
    ("pn-counter(final reads)", &["add", "inc", "increment", "dec", "decrement", "read"]),
    ("bank", &["transfer", "read"]),
    ("total-queue", &["enqueue", "dequeue", "drain"]),
];

/// Of a history with an operation that the model does not have nobody knows what it should show.
fn strange(model: &str, history: &History) -> Option<Verdict> {
    let (_, known) = OPERATIONS.iter().find(|(name, _)| *name == model)?;
    let of_clients = history.events.iter().filter(|event| matches!(event.process, Actor::Process(_)));
    let strange = of_clients.map(|event| &*event.f).find(|f| !known.contains(f))?;
    let why = format!("the model has no operation `{}`; it has {}", strange.escape_debug(), known.join(", "));
    Some(Verdict::Unknown(Cause::Undecided(why)))
}

/// The levels that a model of transactions can be held to; of any other model none.
pub fn levels(model: &str) -> Vec<&'static str> {
    match model {
        "list-append" | "rw-register" => Model::ALL.iter().map(|level| level.name()).collect(),
        "rw-register(session)" => names().filter_map(|name| name.strip_prefix(model)?.strip_prefix('/')).collect(),
        _ => Vec::new(),
    }
}

/// The models that are judged as a whole, their keys being only names in it.
const BY_KEYS: [&str; 6] =
    ["sequential", "causal", "read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"];

/// Judges a history whose values are tuples `[key value]`, each key with an object of its own.
fn independent(model: &str, init: Option<&str>, history: &History, options: Options) -> Result<Judgement, Unjudged> {
    let history = split(history.clone());
    if BY_KEYS.contains(&model) {
        return judge(model, init, &history, options);
    }
    let mut keys: BTreeMap<Value, History> = BTreeMap::new();
    for event in history.events.into_iter().filter(|event| matches!(event.process, Actor::Process(_))) {
        keys.entry(event.key.clone()).or_default().events.push(event);
    }
    let mut all: Option<Judgement> = None;
    for history in keys.values() {
        let mut one = judge(model, init, history, options)?;
        if let Some(before) = all.take() {
            // a key with nothing to test takes nothing from another
            let worst = |a: Verdict, b: Verdict| match (a, b) {
                (Verdict::VALID, Verdict::Valid { .. }) | (Verdict::Valid { .. }, Verdict::VALID) => Verdict::VALID,
                (a, b) => a.worst(b),
            };
            one.verdict = worst(before.verdict, one.verdict);
            for (level, verdict) in before.levels {
                let here = one.levels.remove(level).unwrap_or(Verdict::VALID);
                one.levels.insert(level, worst(verdict, here));
            }
        }
        all = Some(one);
    }
    all.map_or_else(|| judge(model, init, &History::default(), options), Ok)
}

/// The strongest of some levels of isolation that hold, by their names: none of them is implied by another.
pub fn strongest(levels: &BTreeMap<&'static str, Verdict>) -> Vec<&'static str> {
    let holds = |(name, verdict): (&&str, &Verdict)| Model::named(name).filter(|_| *verdict == Verdict::VALID);
    let holding: Vec<Model> = levels.iter().filter_map(holds).collect();
    let is_implied = |model: &Model| holding.iter().any(|other| other != model && other.implied().contains(model));
    holding.iter().filter(|model| !is_implied(model)).map(|model| model.name()).collect()
}

/// The value that a register begins with, as it is published: `nil`, `0`, `"A"`.
pub fn initial(init: Option<&str>) -> Result<Value, Unjudged> {
    Ok(models::initial("register", init)?)
}

/// Whether [`judge`] knows the model and its initial value, before any history is read.
pub fn knows(model: &str, init: Option<&str>) -> Result<(), Unjudged> {
    judge(model, init, &History::default(), Options::default()).map(|_| ())
}

fn checker(model: &str, init: Option<&str>, options: Options) -> Result<Box<dyn Checker>, UnknownModel> {
    let (initial, limits) = (|| models::initial(model, init), options.limits);
    Ok(match model {
        "counter" => Box::new(Counter { initial: whole(model, init)?, settled_from: None, may_lag: false }),
        "pn-counter(final reads)" => Box::new(PnCounter { initial: whole(model, init)?, settled_from: None }),
        "bank" => {
            let described = Bank::described(init.unwrap_or_default());
            Box::new(described.ok_or_else(|| refused(model, init))?)
        }
        "register/sequential" | "sequential" => Box::new(Sequential { initial: initial()?, limits }),
        "causal" => Box::new(Causal { initial: initial()?, limits, ..Causal::default() }),
        _ => {
            if let Some(guarantee) = Guarantee::ALL.into_iter().find(|guarantee| guarantee.name() == model) {
                Box::new(Session { initial: initial()?, limits, ..Session::new(guarantee) })
            } else if let Some(checker) = empty_at_first(model) {
                nothing(model, init).map(|()| checker)?
            } else {
                models::by_name(model, init, options)?
            }
        }
    })
}

/// The models that begin empty.
fn empty_at_first(model: &str) -> Option<Box<dyn Checker>> {
    Some(match model {
        "set" => Box::new(FinalSet),
        "set-full" => Box::new(SetFull::default()),
        "unique-ids" => Box::new(Unique),
        "total-queue" => Box::new(TotalQueue),
        "unordered-queue(naive)" => Box::new(UnorderedQueue),
        "auction" => Box::new(Auction { linearizable: true, settled_from: 0 }),
        "swap" => Box::new(Swaps),
        "long-fork" => Box::new(LongFork),
        "fencing" => Box::new(Fencing),
        _ => return None,
    })
}

/// What a counter holds at first.
fn whole(model: &str, init: Option<&str>) -> Result<i64, UnknownModel> {
    match models::initial(model, init)? {
        Value::Nil => Ok(0),
        Value::Int(initial) => Ok(initial),
        _ => Err(refused(model, init)),
    }
}

/// Refuses to begin with anything.
fn nothing(model: &str, init: Option<&str>) -> Result<(), UnknownModel> {
    let is_nothing = matches!(init.unwrap_or_default().trim(), "" | "nil" | "null" | "[]" | "#{}" | "{}");
    if is_nothing { Ok(()) } else { Err(refused(model, init)) }
}

fn refused(model: &str, init: Option<&str>) -> UnknownModel {
    UnknownModel::Initial { model: model.to_owned(), init: init.unwrap_or_default().to_owned() }
}

/// What a name of transactions is made of: what they work on, the level if one is named, and the level that is claimed.
fn claimed(model: &str) -> (&str, Option<&str>, Option<Model>) {
    let (kind, level) = model.split_once('/').map_or((model, None), |(kind, level)| (kind, Some(level)));
    (kind, level, level.map_or(Some(Model::StrictSerializable), Model::named))
}

fn transactions(model: &str, history: &History) -> Option<Judgement> {
    let all = |verdict: &dyn Fn(Model) -> Verdict| Model::ALL.iter().map(|m| (m.name(), verdict(*m))).collect();
    let (kind, level, claim) = claimed(model);
    let claim = claim?;
    Some(match kind {
        "list-append" => {
            let analysis = txn::analyze_list_append(history);
            Judgement { verdict: analysis.verdict(claim), levels: all(&|model| analysis.verdict(model)) }
        }
        "rw-register" => {
            let levels = txn::register_levels(history, level.is_some());
            Judgement { verdict: levels[&claim].clone(), levels: all(&|model| levels[&model].clone()) }
        }
        "rw-register(session)" => {
            let mut levels = txn::levels(history);
            let named = levels.iter().map(|(level, verdict)| (level.name(), verdict.clone())).collect();
            Judgement { verdict: levels.remove(&claim)?, levels: named }
        }
        _ => return None,
    })
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
