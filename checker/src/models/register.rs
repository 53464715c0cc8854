//! A register, with compare-and-set, claim (set if absent) and delete: one value that is read and replaced.
//!
//! A refusal that shows the present state ([`Value::refused`]) is a read of it; one to a compare-and-set shows besides
//! that it was not the expected value.

use std::collections::BTreeMap;

use super::{Asked, Calls, Model, Specification, Undecodable};
use crate::linearizable::{Lean, Linearizable};
use crate::{Operation, Outcome, Value};

/// The value that the register holds; [`Value::Nil`] while there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Register(pub Value);

/// What a register is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOp {
    /// Its value.
    Read,
    /// Set it, whatever it holds.
    Write(Value),
    /// Set it to the second value if it holds the first.
    Cas(Value, Value),
    /// Set it if it holds nothing.
    Claim(Value),
    /// Set it if it holds nothing; fine too if it already holds this.
    Create(Value),
    /// Empty it; refused if it holds nothing.
    Delete,
}

/// What a register answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterRet {
    /// Done as asked.
    Done,
    /// The value, to a read.
    Value(Value),
    /// Refused, and this is the present value.
    Refused(Value),
}

impl Model for Register {
    type Op = RegisterOp;
    type Ret = RegisterRet;

    fn step(&self, op: &RegisterOp, ret: Option<&RegisterRet>) -> Option<Register> {
        let fits = match (op, ret) {
            (RegisterOp::Cas(old, _), Some(RegisterRet::Refused(current))) => {
                return (current == &self.0 && current != old).then(|| self.clone());
            }
            (_, Some(RegisterRet::Value(value) | RegisterRet::Refused(value))) => {
                return (value == &self.0).then(|| self.clone());
            }
            (RegisterOp::Read | RegisterOp::Write(_), _) => true,
            (RegisterOp::Cas(old, _), _) => *old == self.0,
            (RegisterOp::Claim(_), _) => self.0.is_nil(),
            (RegisterOp::Create(new), _) => self.0.is_nil() || self.0 == *new,
            (RegisterOp::Delete, _) => !self.0.is_nil(),
        };
        fits.then(|| Register(op.writes().cloned().unwrap_or_else(|| self.0.clone())))
    }

    fn is_read(op: &RegisterOp, ret: Option<&RegisterRet>) -> bool {
        matches!(op, RegisterOp::Read) || matches!(ret, Some(RegisterRet::Refused(_)))
    }

    fn legal(&self, op: &RegisterOp) -> String {
        match op {
            RegisterOp::Read => self.0.to_string(),
            _ => format!("what fits the value {}", self.0),
        }
    }
}

impl RegisterOp {
    /// The value that it leaves behind if it takes effect.
    fn writes(&self) -> Option<&Value> {
        match self {
            RegisterOp::Read => None,
            RegisterOp::Write(new) | RegisterOp::Cas(_, new) | RegisterOp::Claim(new) | RegisterOp::Create(new) => {
                Some(new)
            }
            RegisterOp::Delete => Some(&Value::Nil),
        }
    }

    /// The value that the register held, as this operation shows it.
    fn observes<'a>(&'a self, ret: Option<&'a RegisterRet>) -> Option<&'a Value> {
        match (self, ret) {
            (_, Some(RegisterRet::Value(value) | RegisterRet::Refused(value))) => Some(value),
            (RegisterOp::Cas(old, _), _) => Some(old),
            (RegisterOp::Claim(_) | RegisterOp::Create(_), _) => Some(&Value::Nil),
            _ => None,
        }
    }

    /// All values that the register may have held for this operation to be answered so.
    fn expects<'a>(&'a self, ret: Option<&'a RegisterRet>) -> impl Iterator<Item = &'a Value> {
        let its_own = match (self, ret) {
            (RegisterOp::Create(new), None | Some(RegisterRet::Done)) => Some(new),
            _ => None,
        };
        self.observes(ret).into_iter().chain(its_own)
    }
}

/// What a read that was answered with nil says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NilReads {
    /// That there was no value.
    Absent,
    /// Nothing: its answer is not known, as in Knossos' histories.
    Unknown,
}

/// How operations are read as a register's.
#[derive(Clone, Debug)]
pub struct RegisterSpec {
    /// The value before everything.
    pub initial: Value,
    /// What a nil read says.
    pub nil_reads: NilReads,
    /// Whether values are tuples `[key value]` of independent registers.
    pub tuples: bool,
}

impl RegisterSpec {
    /// One that begins with `initial`. A register that begins with a value never holds none unless it is deleted, so there
    /// a nil read says nothing.
    pub fn new(initial: Value) -> RegisterSpec {
        let nil_reads = if initial.is_nil() { NilReads::Absent } else { NilReads::Unknown };
        RegisterSpec { initial, nil_reads, tuples: false }
    }

    fn untuple<'a>(&self, operation: &Operation<'_>, value: &'a Value) -> Result<&'a Value, Undecodable> {
        if !self.tuples || !operation.invocation.key.is_nil() {
            return Ok(value);
        }
        match value.as_list() {
            Some([_, value]) => Ok(value),
            _ => Err(Undecodable::shape(operation, value, "a tuple [key value]")),
        }
    }
}

/// A register that begins empty, with `read`, `write`, `create`, `delete`.
pub fn register() -> Linearizable<RegisterSpec> {
    Linearizable::new(RegisterSpec::new(Value::Nil))
}

/// A register that begins empty, with compare-and-set besides.
pub fn cas_register() -> Linearizable<RegisterSpec> {
    register()
}

/// A name that the first to ask for it gets: `claim` and `read`.
pub fn claim() -> Linearizable<RegisterSpec> {
    register()
}

const KNOWN: &str = "read, write, cas, claim, create, delete";

impl Specification for RegisterSpec {
    type Model = Register;

    fn initial(&self) -> Register {
        Register(self.initial.clone())
    }

    fn key<'h>(&self, operation: &Operation<'h>) -> &'h Value {
        let key = &operation.invocation.key;
        if !self.tuples || !key.is_nil() {
            return key;
        }
        operation.invocation.value.as_list().and_then(<[Value]>::first).unwrap_or(key)
    }

    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Register>>, Undecodable> {
        let given = &operation.invocation.value;
        let answer = match operation.outcome() {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        let refusal = answer.and_then(Value::as_refused);
        if operation.f() == "read" {
            let Some(answer) = answer else { return Ok(None) };
            let value = refusal.map_or_else(|| self.untuple(operation, answer), Ok)?;
            let unknown = value.is_nil() && self.nil_reads == NilReads::Unknown;
            let read = || (RegisterOp::Read, Some(RegisterRet::Value(value.clone())));
            return Ok((!unknown).then(read));
        }
        let given = self.untuple(operation, given)?;
        let op = match operation.f() {
            "write" => RegisterOp::Write(given.clone()),
            "cas" => match given.as_list() {
                Some([old, new]) => RegisterOp::Cas(old.clone(), new.clone()),
                _ => return Err(Undecodable::shape(operation, given, "a pair [old new]")),
            },
            "claim" => RegisterOp::Claim(given.clone()),
            "create" => RegisterOp::Create(given.clone()),
            "delete" => RegisterOp::Delete,
            _ => return Err(Undecodable::unknown(operation, KNOWN)),
        };
        let ret = match (answer, refusal) {
            (None, _) => None,
            (_, Some(current)) => Some(RegisterRet::Refused(current.clone())),
            (Some(_), None) => Some(RegisterRet::Done),
        };
        Ok(Some((op, ret)))
    }

    fn tests(&self, op: &RegisterOp, ret: Option<&RegisterRet>) -> bool {
        ret.is_some() && (op.observes(ret).is_some() || *op == RegisterOp::Delete)
    }

    fn say(&self, op: &RegisterOp, ret: Option<&RegisterRet>) -> String {
        let asked = match op {
            RegisterOp::Read => "read".to_owned(),
            RegisterOp::Write(new) => format!("write {new}"),
            RegisterOp::Cas(old, new) => format!("compare-and-set from {old} to {new}"),
            RegisterOp::Claim(new) => format!("claim {new}"),
            RegisterOp::Create(new) => format!("create {new}"),
            RegisterOp::Delete => "delete".to_owned(),
        };
        match ret {
            Some(RegisterRet::Done) => asked,
            Some(RegisterRet::Value(value)) => format!("{asked} {value}"),
            Some(RegisterRet::Refused(current)) => format!("{asked}, refused because the value is {current}"),
            None => format!("{asked} (outcome unknown)"),
        }
    }

    fn lean<'a>(&self, op: &'a RegisterOp, ret: Option<&'a RegisterRet>) -> Option<Lean<'a>> {
        if *op == RegisterOp::Delete {
            return None;
        }
        let from = op.observes(ret);
        if let (RegisterOp::Cas(old, _), Some(RegisterRet::Refused(current))) = (op, ret)
            && old == current
        {
            return None;
        }
        let to = if Register::is_read(op, ret) { None } else { op.writes() };
        Some(Lean { from, to })
    }

    fn lean_at_once<'h>(&self, operation: &Operation<'h>) -> Option<Lean<'h>> {
        if self.tuples {
            return None;
        }
        let given = &operation.invocation.value;
        let answer = match operation.outcome() {
            Outcome::Ok(Value::Map(_)) => return None,
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Info => None,
        };
        match (operation.f(), answer, given) {
            ("read", Some(Value::Nil), _) if self.nil_reads == NilReads::Unknown => None,
            ("read", Some(answer), _) => Some(Lean { from: Some(answer), to: None }),
            ("write", ..) => Some(Lean { from: None, to: Some(given) }),
            ("cas", _, Value::List(pair)) if pair.len() == 2 => Some(Lean { from: Some(&pair[0]), to: Some(&pair[1]) }),
            _ => None,
        }
    }

    fn lean_initial(&self) -> Value {
        self.initial.clone()
    }

    /// A pending write is needed only for a value that somebody saw or was content with, or that a needed operation expects.
    fn needless(&self, calls: &Calls<Register>) -> Vec<bool> {
        let deletes = calls.iter().any(|call| call.op == RegisterOp::Delete);
        let mut needless: Vec<bool> = calls.iter().map(|call| call.is_pending() && !deletes).collect();
        let mut wanted: Vec<&Value> = Vec::new();
        let mut writers: BTreeMap<&Value, Vec<usize>> = BTreeMap::new();
        for (i, call) in calls.iter().enumerate() {
            if !needless[i] {
                wanted.extend(call.op.expects(call.ret_value.as_ref()));
            } else if let Some(value) = call.op.writes() {
                writers.entry(value).or_default().push(i);
            }
        }
        while let Some(value) = wanted.pop() {
            for i in writers.remove(value).unwrap_or_default() {
                needless[i] = false;
                wanted.extend(calls[i].op.expects(None));
            }
        }
        needless
    }

    /// All that wrote a value together with all that saw it; compare-and-sets tie the values that they name.
    fn bundles(&self, calls: &Calls<Register>) -> Vec<Vec<usize>> {
        if calls.iter().any(|call| call.op == RegisterOp::Delete) {
            return Vec::new();
        }
        let mut ties = Ties::default();
        for call in calls {
            let written = if Register::is_read(&call.op, call.ret_value.as_ref()) { None } else { call.op.writes() };
            if let (Some(from), Some(to)) = (call.op.observes(call.ret_value.as_ref()), written) {
                ties.tie(from, to);
            }
        }
        let mut bundles: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, call) in calls.iter().enumerate() {
            let observed = call.op.observes(call.ret_value.as_ref());
            if let Some(value) = observed.or_else(|| call.op.writes()) {
                bundles.entry(ties.root(value)).or_default().push(i);
            }
        }
        bundles.into_values().collect()
    }
}

/// Values tied into groups.
#[derive(Default)]
struct Ties<'v> {
    ids: BTreeMap<&'v Value, usize>,
    parents: Vec<usize>,
}

impl<'v> Ties<'v> {
    fn root(&mut self, value: &'v Value) -> usize {
        let fresh = self.parents.len();
        let mut id = *self.ids.entry(value).or_insert(fresh);
        if id == fresh {
            self.parents.push(fresh);
        }
        while self.parents[id] != id {
            self.parents[id] = self.parents[self.parents[id]];
            id = self.parents[id];
        }
        id
    }

    fn tie(&mut self, a: &'v Value, b: &'v Value) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}
