//! A node's session with a replicated state: every command has a number of its own, so that a second copy is known again, and
//! says below which number nobody waits any more, so that old outcomes can be forgotten (Ongaro 2014, section 6.3).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// The numbers of one session; clones give out the same ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    awaited: BTreeSet<u64>,
    last: u64,
}

/// A command that somebody waits for, until this is dropped.
#[derive(Debug)]
pub(super) struct Awaited {
    numbers: Numbers,
    pub(super) number: u64,
}

impl Numbers {
    /// A number of its own for a command, and the lowest that somebody waits for.
    pub(super) fn next(&self) -> (Awaited, u64) {
        let mut open = self.0.lock().expect("no holder panics");
        open.last += 1;
        let number = open.last;
        open.awaited.insert(number);
        let settled = open.awaited.first().copied().unwrap_or(number);
        (Awaited { numbers: self.clone(), number }, settled)
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.numbers.0.lock().expect("no holder panics").awaited.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn what_nobody_waits_for_any_more_is_settled() {
        let numbers = Numbers::default();
        let (first, settled) = numbers.next();
        assert_eq!((first.number, settled), (1, 1));
        let (second, settled) = numbers.next();
        assert_eq!((second.number, settled), (2, 1), "the first is still awaited");
        drop(first);
        assert_eq!(numbers.next().1, 2, "whoever waited is gone, answered or not");
        drop(second);
        assert_eq!(numbers.next().1, 4);
    }
}
