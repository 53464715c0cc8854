//! The whole of a recording as lines in the order of time, and the first line in which two differ.

use std::fmt::Write;

use netsplit_systems::wire::What;

use crate::digest;
use crate::simulate::Recording;

/// How many equal lines are shown before a difference.
const CONTEXT: usize = 3;

/// What happened, one event or message a line.
pub fn transcript(recording: &Recording) -> String {
    let history = digest::history(recording);
    let history = String::from_utf8_lossy(&history);
    let mut events = recording.history.events.iter().zip(history.lines()).peekable();
    let mut text = String::new();
    for message in &recording.record.messages {
        while let Some((event, line)) =
            events.next_if(|(event, _)| event.time.as_nanos() <= u128::from(message.time_ns))
        {
            put(&mut text, event.time.as_nanos(), line);
        }
        let host = |at: u16| recording.record.hosts[usize::from(at)].as_ref();
        let (from, to, port, size) = (host(message.from), host(message.to), message.port, message.size_bytes);
        let line = match message.what {
            What::Connect => format!("{from} connects to {to}"),
            What::Send => format!("{from} sends {size} bytes to {to} (port {port})"),
            What::Lose => format!("{size} bytes from {from} to {to} are lost (port {port})"),
            What::Deliver => format!("{to} takes {size} bytes from {from} (port {port})"),
        };
        put(&mut text, u128::from(message.time_ns), &line);
    }
    events.for_each(|(event, line)| put(&mut text, event.time.as_nanos(), line));
    for stuck in &recording.stuck {
        put(&mut text, recording.simulated.as_nanos(), &format!("{} did not come back: {}", stuck.node, stuck.reason));
    }
    if let Some(panicked) = &recording.panicked {
        put(
            &mut text,
            recording.simulated.as_nanos(),
            &format!("panic: {:?} at {}", panicked.message, panicked.location),
        );
    }
    put(&mut text, recording.simulated.as_nanos(), "the run ends");
    text
}

fn put(text: &mut String, time_ns: u128, line: &str) {
    let (seconds, micros) = (time_ns / 1_000_000_000, time_ns / 1000 % 1_000_000);
    writeln!(text, "{seconds:>4}.{micros:06} s  {line}").expect("writing to memory does not fail");
}

/// The first line in which two texts differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its number, from zero.
    pub line: usize,
    /// The lines before it, which are equal.
    pub before: Vec<String>,
    /// It in the one; `None` if that has ended.
    pub one: Option<String>,
    /// It in the other.
    pub other: Option<String>,
}

impl Difference {
    /// The first, or `None` if the texts are equal.
    pub fn first(one: &str, other: &str) -> Option<Difference> {
        let lines = |text: &str, from: usize, count: usize| -> Vec<String> {
            text.lines().skip(from).take(count).map(str::to_owned).collect()
        };
        let (mut ones, mut others) = (one.lines(), other.lines());
        let mut line = 0_usize;
        loop {
            match (ones.next(), others.next()) {
                (None, None) => return None,
                (a, b) if a == b => line += 1,
                (a, b) => {
                    let from = line.saturating_sub(CONTEXT);
                    let before = lines(one, from, line - from);
                    return Some(Difference { line, before, one: a.map(str::to_owned), other: b.map(str::to_owned) });
                }
            }
        }
    }

    /// The lines before, then the two that differ, each with its name.
    pub fn told(&self, one: &str, other: &str) -> String {
        let width = one.len().max(other.len());
        let mut text = String::new();
        for line in &self.before {
            write!(text, "\n  {:width$}  {line}", "").expect("writing to memory does not fail");
        }
        for (name, line) in [(one, &self.one), (other, &self.other)] {
            let line = line.as_deref().unwrap_or("(nothing more)");
            write!(text, "\n  {name:width$}  {line}").expect("writing to memory does not fail");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_told_with_what_came_before() {
        assert_eq!(Difference::first("a\nb\n", "a\nb\n"), None);
        let difference = Difference::first("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nx\n").expect("they differ");
        assert_eq!((difference.line, difference.before.as_slice()), (4, ["b", "c", "d"].map(String::from).as_slice()));
        assert!(difference.told("here", "there").ends_with("\n  here   e\n  there  x"));
        let ended = Difference::first("a\n", "a\nb\n").expect("they differ");
        assert_eq!((ended.one, ended.other), (None, Some("b".into())));
    }
}
