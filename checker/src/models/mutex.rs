//! A lock: `acquire` and `release`. Knossos' has no owner, so that anybody may release it; ours knows who holds it.

use super::{Asked, Model, Specification, Undecodable};
use crate::{Operation, Outcome};

/// Who holds the lock. Of an ownerless one the holder is always process 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mutex(pub Option<u64>);

/// What a lock is asked, and by which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutexOp {
    /// Take it.
    Acquire(u64),
    /// Give it back.
    Release(u64),
}

/// What a lock answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutexRet {
    /// Done as asked.
    Done,
    /// Refused: an acquisition because it is held, a release because the process does not hold it.
    Refused,
}

impl Model for Mutex {
    type Op = MutexOp;
    type Ret = MutexRet;

    fn step(&self, op: &MutexOp, ret: Option<&MutexRet>) -> Option<Mutex> {
        let (fits, then) = match op {
            MutexOp::Acquire(process) => (self.0.is_none(), Some(*process)),
            MutexOp::Release(process) => (self.0 == Some(*process), None),
        };
        match ret {
            Some(MutexRet::Refused) => (!fits).then_some(*self),
            _ => fits.then_some(Mutex(then)),
        }
    }

    fn is_read(_: &MutexOp, ret: Option<&MutexRet>) -> bool {
        ret == Some(&MutexRet::Refused)
    }

    fn legal(&self, op: &MutexOp) -> String {
        let (MutexOp::Acquire(process) | MutexOp::Release(process)) = op;
        match self.0 {
            None => "nobody held the lock".to_owned(),
            // without owners everybody is process 0
            Some(holder) if holder == *process => "the lock was held".to_owned(),
            Some(holder) => format!("process {holder} held the lock"),
        }
    }
}

/// How operations are read as a lock's.
#[derive(Clone, Copy, Debug)]
pub struct MutexSpec {
    /// Whether only the holder may release.
    pub owners: bool,
}

impl Specification for MutexSpec {
    type Model = Mutex;

    fn initial(&self) -> Mutex {
        Mutex(None)
    }

    /// A lock with owners may stand in one history with what it guards.
    fn decode(&self, operation: &Operation<'_>) -> Result<Option<Asked<Mutex>>, Undecodable> {
        let process = if self.owners { operation.process() } else { 0 };
        let op = match operation.f() {
            "acquire" => MutexOp::Acquire(process),
            "release" => MutexOp::Release(process),
            "create" | "read" | "write" if self.owners => return Ok(None),
            _ => return Err(Undecodable::unknown(operation, "acquire, release")),
        };
        let ret = match operation.outcome() {
            Outcome::Ok(answer) if answer.as_refused().is_some() => Some(MutexRet::Refused),
            Outcome::Ok(_) => Some(MutexRet::Done),
            Outcome::Fail | Outcome::Info => None,
        };
        Ok(Some((op, ret)))
    }

    fn tests(&self, _: &MutexOp, ret: Option<&MutexRet>) -> bool {
        ret.is_some()
    }

    fn say(&self, op: &MutexOp, ret: Option<&MutexRet>) -> String {
        let asked = match op {
            MutexOp::Acquire(process) if self.owners => format!("acquire by process {process}"),
            MutexOp::Release(process) if self.owners => format!("release by process {process}"),
            MutexOp::Acquire(_) => "acquire".to_owned(),
            MutexOp::Release(_) => "release".to_owned(),
        };
        match ret {
            Some(MutexRet::Done) => asked,
            Some(MutexRet::Refused) => format!("{asked}, refused"),
            None => format!("{asked} (outcome unknown)"),
        }
    }
}
