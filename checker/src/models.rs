//! Sequential specifications: what an object may answer when nobody else is there (Herlihy & Wing 1990, section 2).
//!
//! A [`Model`] is a state that takes steps; a [`Specification`] reads canonical operations as a model's. One file a model.

mod by_name;
pub mod counter;
pub mod kv;
pub mod multi_register;
pub mod mutex;
pub mod queue;
pub mod register;
pub mod set;
pub mod stack;

use std::fmt::Debug;
use std::hash::Hash;

pub(crate) use by_name::initial;
pub use by_name::{NAMES, Options, UnknownModel, by_name};
pub use register::{NilReads, RegisterSpec, cas_register, claim, register};

use crate::linearizable::{Call, Decided, Lean};
use crate::{Operation, Value};

/// A sequential object: the state that it is in.
pub trait Model: Clone + Eq + Hash + Debug + Send + Sync {
    /// What it is asked.
    type Op: Clone + Eq + Hash + Debug + Send + Sync;
    /// What it answers.
    type Ret: Clone + Eq + Hash + Debug + Send + Sync;

    /// The state after `op` was answered with `ret`, or `None` if it can't be answered so here. Without a `ret` the answer
    /// is unknown, and `None` says that the operation would have no effect here.
    #[must_use]
    fn step(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<Self>;

    /// Whether the operation, so answered, changes no state whatever. Such operations are taken as soon as they fit.
    fn is_read(op: &Self::Op, ret: Option<&Self::Ret>) -> bool;

    /// What would have been a legal answer to `op` in this state, as a person reads it.
    fn legal(&self, op: &Self::Op) -> String;

    /// Bytes that this state occupies, those behind pointers among them.
    fn size_bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// An operation in a model's words: what was asked, and the answer if there was one.
pub type Asked<M> = (<M as Model>::Op, Option<<M as Model>::Ret>);

/// A model's calls.
pub type Calls<M> = [Call<<M as Model>::Op, <M as Model>::Ret>];

/// How canonical operations become a model's. One of your own needs five methods and a [`Model`]:
///
/// ```
/// use netsplit_checker::models::{Asked, Model, Specification, Undecodable};
/// use netsplit_checker::{Checker, Linearizable, Operation, Outcome, Value, formats};
///
/// /// A switch: `flip` answers what it was before.
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct Switch(bool);
///
/// impl Model for Switch {
///     type Op = ();
///     type Ret = bool;
///     fn step(&self, _: &(), before: Option<&bool>) -> Option<Switch> {
///         before.is_none_or(|before| *before == self.0).then(|| Switch(!self.0))
///     }
///     fn is_read(_: &(), _: Option<&bool>) -> bool {
///         false
///     }
///     fn legal(&self, _: &()) -> String {
///         self.0.to_string()
///     }
/// }
///
/// struct Flips;
///
/// impl Specification for Flips {
///     type Model = Switch;
///     fn initial(&self) -> Switch {
///         Switch(false)
///     }
///     fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Switch>>, Undecodable> {
///         Ok(Some(((), matches!(operation.outcome(), Outcome::Ok(Value::Bool(true))).then_some(true))))
///     }
///     fn tests(&self, _: &(), before: Option<&bool>) -> bool {
///         before.is_some()
///     }
///     fn say(&self, _: &(), before: Option<&bool>) -> String {
///         format!("flip {before:?}")
///     }
/// }
///
/// let flipped = br#"[{:process 0, :type :invoke, :f :flip, :value nil} {:process 0, :type :ok, :f :flip, :value true}]"#;
/// let history = formats::read(&flipped[..], None).expect("Jepsen's maps").history;
/// assert!(Linearizable::new(Flips).check(&history).is_invalid());
/// ```
pub trait Specification: Send + Sync {
    /// The sequential object.
    type Model: Model;

    /// The state before everything.
    fn initial(&self) -> Self::Model;

    /// The operation in the model's words; `None` if it can be left out because it neither changed nor showed anything.
    /// Failed operations are never passed.
    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Self::Model>>, Undecodable>;

    /// The object that an operation is about: histories are checked object by object (locality, section 3.1). It is told
    /// from the invocation: the completion is not known yet.
    fn key<'h>(&self, operation: &Operation<'h>) -> &'h Value {
        &operation.invocation.key
    }

    /// Whether this answer could have refuted the model.
    fn tests(&self, op: &<Self::Model as Model>::Op, ret: Option<&<Self::Model as Model>::Ret>) -> bool;

    /// The operation as a person reads it, without its number.
    fn say(&self, op: &<Self::Model as Model>::Op, ret: Option<&<Self::Model as Model>::Ret>) -> String;

    /// The operation as a step of a register, where the model is one: the near-linear engine's input. `None` sends the
    /// whole history to the general engine.
    fn lean<'a>(
        &self,
        _op: &'a <Self::Model as Model>::Op,
        _ret: Option<&'a <Self::Model as Model>::Ret>,
    ) -> Option<Lean<'a>> {
        None
    }

    /// The same straight from the operation, for the commonest ones, because decoding a million takes longer than deciding
    /// them. It has to be what [`Specification::decode`] and [`Specification::lean`] give, of an operation that
    /// [`Specification::tests`] calls a test exactly if it was answered and shows a value; `None` leaves it to them.
    fn lean_at_once<'h>(&self, _operation: &Operation<'h>) -> Option<Lean<'h>> {
        None
    }

    /// The value that the register of [`Specification::lean`] begins with.
    fn lean_initial(&self) -> Value {
        Value::Nil
    }

    /// What a near-linear engine of the model's own says, where these calls allow one; `None` leaves them to the general one.
    fn near_linear(&self, _calls: &Calls<Self::Model>) -> Option<Decided> {
        None
    }

    /// Pending calls that no linearization needs, true for each.
    fn needless(&self, calls: &Calls<Self::Model>) -> Vec<bool> {
        vec![false; calls.len()]
    }

    /// Sets of calls, each of which can be left out of any linearizable history without making it illegal. Single reads
    /// always can and need not be named.
    fn bundles(&self, _calls: &Calls<Self::Model>) -> Vec<Vec<usize>> {
        Vec::new()
    }
}

/// Why an operation means nothing to a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// The model has no such operation.
    #[error("#{index}: the model has no operation `{f}`; it has {known}")]
    UnknownF {
        /// Index of the event.
        index: u64,
        /// The operation's name, escaped.
        f: String,
        /// Those that it has.
        known: &'static str,
    },
    /// The value is not what the operation takes.
    #[error("#{index}: `{f}` with the value {value}: expected {expected}")]
    Shape {
        /// Index of the event.
        index: u64,
        /// The operation's name, escaped.
        f: String,
        /// What it was given.
        value: String,
        /// What it takes.
        expected: &'static str,
    },
}

impl Undecodable {
    pub(crate) fn unknown(operation: &Operation<'_>, known: &'static str) -> Undecodable {
        Undecodable::UnknownF { index: operation.index(), f: operation.f().escape_debug().to_string(), known }
    }

    pub(crate) fn shape(operation: &Operation<'_>, value: &Value, expected: &'static str) -> Undecodable {
        let index = operation.index();
        Undecodable::Shape { index, f: operation.f().escape_debug().to_string(), value: value.to_string(), expected }
    }
}
