//! A process's gate: while it is shut none of the process's tasks runs, as under SIGSTOP. Its machine lives on: what others
//! send waits in the sockets, and timers that have run out in the meantime fire together when the gate opens.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use futures::future::LocalBoxFuture;

/// The gate of one process; clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    shut: bool,
    waiting: Vec<Waker>,
}

tokio::task_local! {
    /// The gate of the process that the present task belongs to.
    static OWN: Gate;
}

impl Gate {
    /// Stops the process.
    pub fn shut(&self) {
        self.0.lock().expect("no holder panics").shut = true;
    }

    /// Lets the process go on.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.lock().expect("no holder panics");
            state.shut = false;
            std::mem::take(&mut state.waiting)
        };
        for waker in waiting {
            waker.wake();
        }
    }

    /// Runs a process behind this gate, with all the tasks that it spawns.
    pub async fn guard<T>(self, process: LocalBoxFuture<'static, T>) -> T {
        OWN.scope(self.clone(), Guarded { gate: self, process }).await
    }

    /// The gate of the process that the present task belongs to; one that is never shut if it belongs to none.
    pub(crate) fn own() -> Gate {
        OWN.try_with(Clone::clone).unwrap_or_default()
    }

    /// Whether the process runs; if not, the task is woken when it does.
    fn poll_open(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().expect("no holder panics");
        if state.shut {
            state.waiting.push(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

/// A future that is not polled while the gate is shut.
struct Guarded<T> {
    gate: Gate,
    process: LocalBoxFuture<'static, T>,
}

impl<T> Future for Guarded<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        ready!(self.gate.poll_open(cx));
        self.process.as_mut().poll(cx)
    }
}
