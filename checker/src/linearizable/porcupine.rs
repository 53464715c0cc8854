//! The second opinion: porcupine-rs, through `check_operations` only, on a thread of its own that is abandoned when the
//! time is over. Its event and information paths answer wrongly on a timeout.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use porcupine_rs as porcupine;

use super::call::Call;
use crate::Cause;
use crate::models::{Calls, Model};

/// Our model as porcupine-rs' one. Its initial state has no argument, so that the first operation brings it.
#[derive(Clone)]
struct Adapter<M>(PhantomData<M>);

/// An operation, or the beginning.
#[derive(Clone)]
enum Step<M: Model> {
    Begin(M),
    Call(Arc<Call<M::Op, M::Ret>>),
}

impl<M: Model> fmt::Debug for Step<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Begin(state) => write!(f, "begin {state:?}"),
            Step::Call(call) => write!(f, "#{}", call.index),
        }
    }
}

impl<M: Model + 'static> porcupine::Model for Adapter<M> {
    type State = Option<M>;
    type Op = Step<M>;
    type Metadata = ();

    fn init() -> Option<M> {
        None
    }

    fn step(state: &Option<M>, op: &Step<M>) -> (bool, Option<M>) {
        match (state, op) {
            (None, Step::Begin(initial)) => (true, Some(initial.clone())),
            (Some(state), Step::Call(call)) => match state.step(&call.op, call.ret_value.as_ref()) {
                Some(next) => (true, Some(next)),
                // what never returned has no effect where it does not fit
                None => (call.is_pending(), Some(state.clone())),
            },
            _ => (false, state.clone()),
        }
    }
}

/// Whether `calls` are linearizable as porcupine-rs sees it, within `time`. A pending call becomes one that returns after
/// everything; one that never took effect comes last there, where nobody sees it.
pub(crate) fn opinion<M: Model + 'static>(initial: &M, calls: &Calls<M>, time: Duration) -> Result<bool, Cause> {
    let end =
        calls.iter().flat_map(|call| [call.call, if call.is_pending() { 0 } else { call.ret }]).max().unwrap_or(0);
    let begin = porcupine::Operation {
        client_id: Some(0),
        call_time: -2,
        return_time: -1,
        op: Step::Begin(initial.clone()),
        metadata: None,
    };
    // of equal times a call comes before a return: twice the time, and returns one later
    let at = |time: u64, late: i64| i64::try_from(time).unwrap_or(i64::MAX / 4).min(i64::MAX / 4) * 2 + late;
    let others = calls.iter().filter(|call| !(call.is_pending() && M::is_read(&call.op, None))).map(|call| {
        let ret = if call.is_pending() { end + 1 } else { call.ret };
        porcupine::Operation {
            client_id: Some(u32::try_from(call.process).unwrap_or(u32::MAX)),
            call_time: at(call.call, 0),
            return_time: at(ret, 1),
            op: Step::Call(Arc::new(call.clone())),
            metadata: None,
        }
    });
    let operations: Vec<porcupine::Operation<Adapter<M>>> = std::iter::once(begin).chain(others).collect();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(porcupine::check_operations(&operations)));
    match told.recv_timeout(time) {
        Ok(linearizable) => Ok(linearizable),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Cause::Time(time)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Cause::Undecided("porcupine-rs panicked".to_owned())),
    }
}
