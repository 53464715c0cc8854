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
