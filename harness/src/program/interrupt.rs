//! Ctrl-C: the first asks the command to stop where nothing is half done, the second ends it at once.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Failure;

/// The exit code of a batch that was interrupted, as shells have it: 128 and the number of the signal.
pub(super) const INTERRUPTED: u8 = 130;

static CAME: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt is noted, and `answer` is told to the person who sent it.
pub(super) fn listen(answer: &'static str) {
    let heard = ctrlc::set_handler(move || {
        if CAME.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED.into());
        }
        eprintln!("netsplit: {answer}; press Ctrl-C again to stop at once");
    });
    // Without a handler an interrupt ends the process at once: no run's folder is half written even then.
    if let Err(error) = heard {
        eprintln!("netsplit: an interrupt will stop at once: {error}");
    }
}

/// An interrupt reaches every process of a terminal; this one ends when its parent is done with it.
pub(super) fn leave_to_parent() {
    // Without a handler the run under way is lost, and the parent says so.
    drop(ctrlc::set_handler(|| ()));
}

/// Whether an interrupt came.
pub(super) fn came() -> bool {
    CAME.load(Ordering::SeqCst)
}

/// What a batch ends with when an interrupt left some of its seeds undone.
pub(super) fn failure(undone: &Range<u64>) -> Failure {
    let Range { start, end } = undone;
    let message = format!(
        "interrupted: seeds {start}..{end} are missing, what is finished is whole; --seed {start}..{end} does the rest"
    );
    Failure { exit_code: INTERRUPTED, message }
}

/// What a command ends with that writes nothing before all is done.
pub(super) fn early(done: u64, total: u64) -> Failure {
    let message = format!("interrupted after {done} of {total}; nothing was written");
    Failure { exit_code: INTERRUPTED, message }
}
