//! Panics of node code are findings: caught, with their place and backtrace, and never the end of a batch.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A panic inside a run, or a host that ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// What it said.
    pub message: String,
    /// Where.
    pub location: String,
    /// How it got there; for the log only, since it names addresses.
    pub backtrace: String,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panic: {}\nat {}\n{}", self.message, self.location, self.backtrace)
    }
}

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static FIRST: RefCell<Option<Panicked>> = const { RefCell::new(None) };
}

/// Runs `body`; the first panic in it on this thread, or its `Err`, is returned.
pub(crate) fn caught<T>(body: impl FnOnce() -> Result<T, String>) -> Result<T, Panicked> {
    install();
    WATCHED.set(true);
    let ended = catch_unwind(AssertUnwindSafe(body));
    WATCHED.set(false);
    let first = FIRST.take();
    let by_itself = |message: String| Panicked { message, location: "no panic".into(), backtrace: String::new() };
    match ended {
        Ok(Ok(value)) => first.map_or(Ok(value), Err),
        Ok(Err(message)) => Err(first.unwrap_or_else(|| by_itself(message))),
        Err(_) => Err(first.unwrap_or_else(|| by_itself("a panic without a message".into()))),
    }
}

/// The process's panic hook: keeps the first panic of a watched thread, and leaves all others to the hook before.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !WATCHED.get() {
                return before(info);
            }
            let said = info.payload_as_str().unwrap_or("no message").to_owned();
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let backtrace = Backtrace::force_capture().to_string();
            FIRST.with_borrow_mut(|first| {
                first.get_or_insert(Panicked { message: said, location, backtrace });
            });
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_place_and_backtrace() {
        let caught = caught(|| -> Result<(), String> { panic!("node n3 broke") }).expect_err("it panicked");
        assert_eq!(caught.message, "node n3 broke");
        assert!(caught.location.contains("panics.rs") && !caught.backtrace.is_empty(), "{caught}");
    }

    #[test]
    fn a_panic_that_a_task_swallowed_is_still_a_finding() {
        let caught = caught(|| {
            let _swallowed = catch_unwind(|| panic!("in a task"));
            Ok(())
        });
        assert_eq!(caught.expect_err("it panicked").message, "in a task");
    }

    #[test]
    fn a_host_that_ends_and_a_body_without_panic_are_told_apart() {
        assert_eq!(caught(|| Ok(7)).expect("nothing broke"), 7);
        assert_eq!(
            caught(|| -> Result<(), String> { Err("n1 ended".into()) }).expect_err("it ended").message,
            "n1 ended"
        );
    }
}
