//! Mailboxes: what one node sends to another arrives in the order in which it was sent, if it arrives; it may come twice.
//!
//! Of two messages of one sender to one receiver, the first of which was accepted before the second was sent, the first
//! comes first in every mailbox that has both. What is not promised is counted, not judged: [`Mailbox::seen`]. Source: the
//! order of PRAM, Lipton and Sandberg 1988, for each pair.

use std::collections::BTreeMap;

use crate::history::{Operation, Unpaired};
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `send` takes a message, each another, at the node that sends; its key is the receiver. `read` answers the list of
/// `[sender message]` of the mailbox of the node that is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mailbox;

/// How often what a plain link does not promise did not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Accepted messages that the last reading of their mailbox does not show.
    pub lost: u64,
    /// Messages that a mailbox's last reading shows more than once.
    pub duplicated: u64,
    /// Neighbours in a mailbox's last reading that are of different senders, and the later was accepted before the other was sent.
    pub crossed: u64,
}

/// The sends, by receiver and message.
type Sent<'h> = BTreeMap<(&'h str, &'h Value), Operation<'h>>;

fn sent<'h>(operations: &[Operation<'h>]) -> Sent<'h> {
    let sends = operations.iter().filter(|operation| operation.f() == "send");
    let receiver = |send: &Operation<'h>| send.invocation.key.as_text().unwrap_or_default();
    sends.map(|send| ((receiver(send), &send.invocation.value), *send)).collect()
}

/// Whose mailbox is read.
fn owner<'h>(read: &Operation<'h>) -> &'h str {
    read.invocation.node.as_deref().unwrap_or_default()
}

/// The messages that a reading shows, each with its sender; `None` for an answer that is no mailbox.
fn letters(answer: &Value) -> Option<Vec<(&str, &Value)>> {
    answer
        .as_list()?
        .iter()
        .map(|letter| match letter.as_list() {
            Some([Value::Text(from), message]) => Some((from.as_ref(), message)),
            _ => None,
        })
        .collect()
}

/// The answered readings, each with its answer.
fn readings<'h>(operations: &[Operation<'h>]) -> Vec<(Operation<'h>, &'h Value)> {
    let answered = |one: &Operation<'h>| match (one.f(), one.outcome()) {
        ("read", Outcome::Ok(answer)) => Some((*one, answer)),
        _ => None,
    };
    operations.iter().filter_map(answered).collect()
}

/// Whether `first` was accepted before `second` was sent.
fn precedes(first: &Operation<'_>, second: &Operation<'_>) -> bool {
    matches!(first.outcome(), Outcome::Ok(_)) && first.completed_at < Some(second.invoked_at)
}

/// The first message that comes behind a later one of the same sender, after that one.
fn reordered<'h>(letters: &[Operation<'h>]) -> Option<[Operation<'h>; 2]> {
    // The latest by its invocation of what came before, for each sender: if any of them is too early, it is.
    let mut latest: BTreeMap<&str, Operation<'_>> = BTreeMap::new();
    letters.iter().find_map(|letter| {
        let before = latest.entry(letter.invocation.node.as_deref()?).or_insert(*letter);
        if precedes(letter, before) {
            return Some([*before, *letter]);
        }
        if letter.invoked_at > before.invoked_at {
            *before = *letter;
        }
        None
    })
}

/// What contradicts a reading.
fn contradiction<'h>(read: &Operation<'h>, sends: &Sent<'h>, shown: &[(&str, &'h Value)]) -> Option<Evidence> {
    let (at, owner) = (read.index(), owner(read));
    let mut first: Vec<Operation<'_>> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for (from, message) in shown {
        let send = sends
            .get(&(owner, *message))
            .filter(|send| send.outcome() != Outcome::Fail && Some(send.invoked_at) < read.completed_at);
        match send {
            Some(send) if send.invocation.node.as_deref() == Some(from) => {
                if known.insert(*message) {
                    first.push(*send);
                }
            }
            _ => {
                return Some(evidence("phantom", format!("#{at} shows {message}, which {from} never sent"), &[], read));
            }
        }
    }
    let [later, earlier] = reordered(&first)?;
    let told = |send: &Operation<'_>| format!("#{} ({})", send.index(), send.invocation.value);
    let summary = format!("#{at} shows {} behind {}, which was sent after it", told(&earlier), told(&later));
    Some(evidence("reordered", summary, &[earlier, later], read))
}

fn evidence(anomaly: &str, summary: String, sends: &[Operation<'_>], read: &Operation<'_>) -> Evidence {
    let told = |send: &Operation<'_>| {
        let node = send.invocation.node.as_deref().unwrap_or("a node");
        format!("#{}: {node} sends {}", send.index(), send.invocation.value)
    };
    let order = match sends {
        [first, second] => {
            Some(format!("#{} was accepted before #{} was sent: it comes first", first.index(), second.index()))
        }
        _ => None,
    };
    Evidence {
        anomaly: anomaly.to_owned(),
        operations: sends.iter().chain([read]).map(Operation::index).collect(),
        steps: sends.iter().map(told).chain(order).chain([summary.clone()]).collect(),
        summary,
        culprit: Some(read.index()),
        key: owner(read).to_owned(),
        ..Evidence::default()
    }
}

impl Mailbox {
    /// How often what is not promised did not hold; an `Err` if the history can't be paired.
    pub fn seen(&self, history: &History) -> Result<Seen, Unpaired> {
        let operations = history.operations()?;
        let sent = sent(&operations);
        let mut last: BTreeMap<&str, Vec<(&str, &Value)>> = BTreeMap::new();
        for (read, answer) in readings(&operations) {
            last.insert(owner(&read), letters(answer).unwrap_or_default());
        }
        let mut seen = Seen::default();
        for ((to, message), send) in &sent {
            let Some(shown) = last.get(to) else { continue };
            let times = shown.iter().filter(|(_, shown)| shown == message).count();
            seen.lost += u64::from(times == 0 && matches!(send.outcome(), Outcome::Ok(_)));
            seen.duplicated += u64::from(times > 1);
        }
        for (to, shown) in &last {
            let crossed = |pair: &&[(&str, &Value)]| {
                let [first, second] = [pair[0], pair[1]].map(|(_, message)| sent.get(&(*to, message)));
                pair[0].0 != pair[1].0 && first.zip(second).is_some_and(|(first, second)| precedes(second, first))
            };
            seen.crossed += shown.windows(2).filter(crossed).count() as u64;
        }
        Ok(seen)
    }
}

impl Checker for Mailbox {
    fn name(&self) -> &'static str {
        "mailbox"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let sent = sent(&operations);
        if sent.len() < operations.iter().filter(|operation| operation.f() == "send").count() {
            return Verdict::Unknown(Cause::Undecided("a message was sent twice: each must be another".into()));
        }
        let (mut all, mut tested) = (Vec::new(), false);
        for (read, answer) in readings(&operations) {
            let Some(shown) = letters(answer) else {
                let why = format!("#{} answers {answer}, which is no list of [sender message]", read.index());
                return Verdict::Unknown(Cause::Undecided(why));
            };
            tested |= shown.len() > 1;
            all.extend(contradiction(&read, &sent, &shown));
        }
        match (all.is_empty(), tested) {
            (false, _) => Verdict::Invalid(all),
            (true, false) => Verdict::vacuous("no mailbox showed two messages"),
            (true, true) => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    const SENT: &str = "1@a invoke send c=m1\n1@a ok send c=m1\n1@a invoke send c=m2\n1@a ok send c=m2\n\
                        1@b invoke send c=m3\n1@b ok send c=m3\n";

    fn read(mailbox: &str) -> String {
        format!("{SENT}9@c invoke read\n9@c ok read [{mailbox}]")
    }

    fn check(mailbox: &str) -> String {
        anomalies(&Mailbox, &read(mailbox))
    }

    #[test]
    fn messages_of_one_sender_keep_their_order() {
        assert_eq!(check("[a m1] [a m2]"), "valid");
        assert_eq!(check("[a m2] [a m1]"), "reordered");
        assert_eq!(check("[b m3] [a m2] [b m3] [a m1]"), "reordered");
        let together = "1@a invoke send c=m1\n2@a invoke send c=m2\n1@a ok send c=m1\n2@a ok send c=m2\n";
        let shown = "9@c invoke read\n9@c ok read [[a m2] [a m1]]";
        assert_eq!(anomalies(&Mailbox, &format!("{together}{shown}")), "valid");
    }

    #[test]
    fn what_is_not_promised_is_counted_and_not_judged() {
        let seen = |mailbox: &str| {
            let Seen { lost, duplicated, crossed } = Mailbox.seen(&draw(&read(mailbox))).unwrap();
            (check(mailbox), lost, duplicated, crossed)
        };
        assert_eq!(seen("[a m1] [a m2] [b m3]"), ("valid".into(), 0, 0, 0));
        assert_eq!(seen("[a m2] [b m3]"), ("valid".into(), 1, 0, 0));
        assert_eq!(seen("[a m1] [a m2] [a m1] [b m3]"), ("valid".into(), 0, 1, 0));
        assert_eq!(seen("[b m3] [a m1] [a m2]"), ("valid".into(), 0, 0, 1));
    }

    #[test]
    fn what_nobody_sent_does_not_arrive() {
        assert_eq!(check("[a m1] [a m9]"), "phantom");
        assert_eq!(check("[b m1]"), "phantom");
        assert_eq!(anomalies(&Mailbox, "9@c invoke read\n9@c ok read []"), "vacuous");
        assert_eq!(anomalies(&Mailbox, "9@c invoke read\n9@c ok read soon"), "unknown");
    }
}
