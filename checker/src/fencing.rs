//! Fencing tokens: a lock whose holder may be late hands out a number with each acquisition, and what it guards refuses
//! every write that carries a smaller number than one it has seen (Lamport's leases' remedy, as Kleppmann tells it: "How to
//! do distributed locking", 2016).
//!
//! Exact: accepted writes have an order in which tokens never decrease iff no accepted write begins after one with a
//! larger token was acknowledged. A refusal shows the newest token that was seen, and so is held to the same order. That
//! two processes never hold the lock at once is `owner-mutex`'s to judge.

use std::collections::BTreeMap;

use crate::history::{Operation, Unpaired};
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `acquire` answers a token, `write` takes `[token value]`, or only a value and then carries the token of its
/// process's last acquisition, and is refused with the newest token; `release` is not looked at. One lock and one guarded
/// object for each key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fencing;

/// An operation that shows a token and needs one at least as new as all shown before it began.
struct Shown<'h> {
    operation: Operation<'h>,
    token: i64,
}

/// What happened to one key.
#[derive(Default)]
struct Story<'h> {
    acquired: Vec<Shown<'h>>,
    /// What the guard has seen by each of its answers: the token that it accepted, or the newest that it showed.
    guarded: Vec<Shown<'h>>,
    /// Refused writes, with the token that they were shown.
    refused: Vec<(Shown<'h>, i64)>,
}

/// What was read of a history so far.
#[derive(Default)]
struct Stories<'h> {
    all: BTreeMap<&'h Value, Story<'h>>,
    /// The token that each process was last given, by key.
    last: BTreeMap<(&'h Value, u64), i64>,
    /// Why the first operation that means nothing means nothing.
    unreadable: Option<String>,
}

impl<'h> Stories<'h> {
    fn of(history: &'h History) -> Result<Stories<'h>, Unpaired> {
        let mut stories = Stories::default();
        for operation in history.operations()? {
            if let Outcome::Ok(answer) = operation.outcome()
                && let Err(why) = stories.add(operation, answer)
            {
                stories.unreadable.get_or_insert(why);
            }
        }
        Ok(stories)
    }

    fn add(&mut self, operation: Operation<'h>, answer: &Value) -> Result<(), String> {
        let (key, at, process) = (&operation.invocation.key, operation.index(), operation.process());
        let token = |value: &Value| value.as_int().ok_or_else(|| format!("#{at}: {value} is no token, a whole number"));
        let acquired = self.last.get(&(key, process)).copied();
        let given = || match (operation.invocation.value.as_list(), acquired) {
            (Some([first, _]), _) => token(first),
            (None, Some(acquired)) => Ok(acquired),
            _ => Err(format!("#{at}: a write takes [token value], not {}", operation.invocation.value)),
        };
        let story = self.all.entry(key).or_default();
        match (operation.f(), answer.as_refused()) {
            ("acquire", None) => {
                // if it is none, nobody knows what the process carries
                self.last.remove(&(key, process));
                let token = token(answer)?;
                self.last.insert((key, process), token);
                story.acquired.push(Shown { operation, token });
            }
            ("write", None) => story.guarded.push(Shown { operation, token: given()? }),
            ("write", Some(newest)) => {
                let newest = token(newest)?;
                story.guarded.push(Shown { operation, token: newest });
                story.refused.push((Shown { operation, token: given()? }, newest));
            }
            ("acquire" | "release" | "read" | "create", _) => {}
            (other, _) => {
                return Err(format!("#{at}: there is no operation `{other}`; there are acquire, release, write"));
            }
        }
        Ok(())
    }
}

/// The first operation that begins after one with a larger token ended (or an equal one, if tokens must differ), with
/// that one.
fn overtaken<'a, 'h>(all: &'a [Shown<'h>], differ: bool) -> Option<(&'a Shown<'h>, &'a Shown<'h>)> {
    let mut by_end: Vec<&Shown<'_>> = all.iter().collect();
    by_end.sort_by_key(|one| one.operation.completed_at);
    let mut ended = by_end.into_iter().peekable();
    let mut newest: Option<&Shown<'_>> = None;
    // in the order of their invocations
    all.iter().find_map(|one| {
        while let Some(before) = ended.next_if(|before| before.operation.completed_at < Some(one.operation.invoked_at))
        {
            newest = newest.filter(|newest| newest.token >= before.token).or(Some(before));
        }
        newest
            .filter(|newest| newest.token > one.token || (differ && newest.token == one.token))
            .map(|newest| (newest, one))
    })
}

fn contradictions(key: &Value, story: &Story<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    if let Some((newest, stale)) = overtaken(&story.guarded, false) {
        let summary = format!(
            "the guard had seen token {} at most in #{}, though it had seen the newer token {} before, in #{}",
            stale.token,
            stale.operation.index(),
            newest.token,
            newest.operation.index()
        );
        all.push(evidence("stale-token-accepted", summary, key, &[newest, stale]));
    }
    if let Some((newest, again)) = overtaken(&story.acquired, true) {
        let summary = format!(
            "#{} was given token {}, though #{} had been given {} before",
            again.operation.index(),
            again.token,
            newest.operation.index(),
            newest.token
        );
        all.push(evidence("token-not-newer", summary, key, &[newest, again]));
    }
    let mut holders: BTreeMap<i64, &Shown<'_>> = BTreeMap::new();
    let twice = story.acquired.iter().find_map(|one| holders.insert(one.token, one).map(|first| (first, one)));
    if let Some((first, second)) = twice.filter(|_| all.iter().all(|one| one.anomaly != "token-not-newer")) {
        let (a, b) = (first.operation.index(), second.operation.index());
        let summary = format!("#{a} and #{b} were both given token {}", first.token);
        all.push(evidence("token-given-twice", summary, key, &[first, second]));
    }
    if let Some((refused, newest)) = story.refused.iter().find(|(refused, newest)| *newest <= refused.token) {
        let (at, token) = (refused.operation.index(), refused.token);
        let summary = format!("#{at} was refused with token {token}, though the newest was {newest}");
        all.push(evidence("bogus-refusal", summary, key, &[refused]));
    }
    all
}

fn evidence(anomaly: &str, summary: String, key: &Value, shown: &[&Shown<'_>]) -> Evidence {
    let told = |one: &&Shown<'_>| {
        let Shown { operation, token } = one;
        let newest = match operation.outcome() {
            Outcome::Ok(answer) => answer.as_refused().and_then(Value::as_int),
            _ => None,
        };
        let (at, process, f) = (operation.index(), operation.process(), operation.f());
        match newest {
            Some(newest) if newest == *token => {
                format!("#{at}, process {process}: {f} refused, the newest token being {newest}")
            }
            _ => format!("#{at}, process {process}: {f} with token {token}"),
        }
    };
    Evidence {
        anomaly: anomaly.to_owned(),
        summary,
        operations: shown.iter().map(|one| one.operation.index()).collect(),
        steps: shown.iter().map(told).collect(),
        culprit: shown.last().map(|one| one.operation.index()),
        key: key.as_key(),
        ..Evidence::default()
    }
}

impl Checker for Fencing {
    fn name(&self) -> &'static str {
        "fencing"
    }

    fn check(&self, history: &History) -> Verdict {
        let Stories { all: stories, unreadable, .. } = match Stories::of(history) {
            Ok(stories) => stories,
            Err(unpaired) => return unpaired.into(),
        };
        let all: Vec<Evidence> = stories.iter().flat_map(|(key, story)| contradictions(key, story)).collect();
        let tested = |story: &Story<'_>| story.guarded.len() > 1 || story.acquired.len() > 1;
        match all.is_empty() {
            false => Verdict::Invalid(all),
            true if unreadable.is_some() => Verdict::Unknown(Cause::Undecided(unreadable.unwrap_or_default())),
            true if stories.values().any(tested) => Verdict::VALID,
            true => Verdict::vacuous("no two answers show tokens that could be compared"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::drawing::{anomalies, draw};
    use crate::random::{self, SplitMix};

    fn check(lines: &str) -> String {
        anomalies(&Fencing, lines)
    }

    const NEWER: &str = "1 invoke write [2 a]\n1 ok write\n";

    #[test]
    fn no_write_is_accepted_behind_one_with_a_newer_token() {
        assert_eq!(check(&format!("{NEWER}2 invoke write [3 b]\n2 ok write")), "valid");
        assert_eq!(check(&format!("{NEWER}2 invoke write [2 b]\n2 ok write")), "valid");
        assert_eq!(check(&format!("{NEWER}2 invoke write [1 b]\n2 ok write")), "stale-token-accepted");
        assert_eq!(check(&format!("2 invoke write [1 b]\n{NEWER}2 ok write")), "valid");
        assert_eq!(check(&format!("{NEWER}2 invoke write [1 b]\n2 fail write")), "vacuous");
        assert_eq!(check("1 invoke write [2 a]\n1 info write\n2 invoke write [1 b]\n2 ok write"), "vacuous");
    }

    #[test]
    fn an_answer_that_is_no_token_hides_no_stale_one() {
        let (stale, strange) = ("2 invoke write [1 b]\n2 ok write\n", "3 invoke acquire\n3 ok acquire soon\n");
        assert_eq!(check(&format!("{strange}{NEWER}{stale}")), "stale-token-accepted");
        assert_eq!(check(&format!("{strange}{NEWER}")), "unknown");
        // what the process carries is not what it had before
        let again = "3 invoke acquire\n3 ok acquire 1\n".to_owned() + strange;
        assert_eq!(check(&format!("{again}{NEWER}3 invoke write c\n3 ok write c")), "unknown");
    }

    #[test]
    fn what_a_refusal_showed_was_seen() {
        let refused = "1 invoke write [2 a]\n1 info write\n2 invoke write [1 b]\n2 ok write {refused 2}\n";
        assert_eq!(check(&format!("{refused}2 invoke write [1 c]\n2 ok write")), "stale-token-accepted");
        let Verdict::Invalid(all) = Fencing.check(&draw(&format!("{refused}2 invoke write [1 c]\n2 ok write"))) else {
            panic!("an older token is accepted")
        };
        assert_eq!(all[0].steps[0], "#2, process 2: write refused, the newest token being 2");
        assert_eq!(check(&format!("{refused}2 invoke write [1 c]\n2 ok write {{refused 2}}")), "valid");
        assert_eq!(
            check(&format!("{NEWER}{refused}3 invoke write [0 d]\n3 ok write {{refused 1}}")),
            "stale-token-accepted"
        );
    }

    #[test]
    fn a_refusal_needs_a_newer_token() {
        assert_eq!(check(&format!("{NEWER}2 invoke write [1 b]\n2 ok write {{refused 2}}")), "valid");
        assert_eq!(check(&format!("{NEWER}2 invoke write [2 b]\n2 ok write {{refused 2}}")), "bogus-refusal");
    }

    #[test]
    fn a_write_without_a_token_carries_that_of_its_processs_last_acquisition() {
        let acquired =
            "1 invoke acquire\n1 ok acquire 1\n2 invoke acquire\n2 ok acquire 2\n2 invoke write b\n2 ok write b\n";
        assert_eq!(check(&format!("{acquired}1 invoke write a\n1 ok write a")), "stale-token-accepted");
        assert_eq!(check(&format!("{acquired}1 invoke write a\n1 ok write {{refused 2}}")), "valid");
        assert_eq!(
            check(&format!("{acquired}1 invoke write a\n1 ok write {{refused 1}}")),
            "stale-token-accepted bogus-refusal"
        );
        assert_eq!(check(&format!("{acquired}3 invoke write a\n3 ok write a")), "unknown");
    }

    #[test]
    fn every_acquisition_gets_a_newer_token() {
        let first = "1 invoke acquire\n1 ok acquire 5\n";
        assert_eq!(check(&format!("{first}2 invoke acquire\n2 ok acquire 6")), "valid");
        assert_eq!(check(&format!("{first}2 invoke acquire\n2 ok acquire 4")), "token-not-newer");
        assert_eq!(check(&format!("{first}2 invoke acquire\n2 ok acquire 5")), "token-not-newer");
        assert_eq!(check(&format!("2 invoke acquire\n{first}2 ok acquire 5")), "token-given-twice");
        assert_eq!(check(&format!("{first}2 invoke acquire\n2 ok acquire soon")), "unknown");
    }

    /// Whether the accepted writes can be put in an order that keeps real time and never lowers the token.
    fn has_an_order(writes: &[Shown<'_>], taken: u32, least: i64) -> bool {
        let open = |at: &usize| taken >> at & 1 == 0;
        let first = |at: &usize| {
            let begun = Some(writes[*at].operation.invoked_at);
            (0..writes.len()).filter(open).all(|other| writes[other].operation.completed_at > begun)
        };
        taken.count_ones() as usize == writes.len()
            || (0..writes.len())
                .filter(open)
                .filter(first)
                .any(|at| writes[at].token >= least && has_an_order(writes, taken | 1 << at, writes[at].token))
    }

    #[test]
    fn agrees_with_every_order_tried_on_random_histories() {
        let mut counts = [0_u64; 2];
        for seed in 0..random::histories() {
            let mut random = SplitMix(seed);
            let (mut lines, mut open) = (String::new(), [None; 3]);
            for _ in 0..12 {
                let process = usize::try_from(random.below(3)).unwrap();
                let token = random.below(4);
                match open[process].take() {
                    Some(token) => writeln!(lines, "{process} ok write [{token} a]").unwrap(),
                    None => writeln!(lines, "{process} invoke write [{} a]", open[process].insert(token)).unwrap(),
                }
            }
            let history = draw(&lines);
            let truth = Stories::of(&history).unwrap().all.values().all(|story| has_an_order(&story.guarded, 0, 0));
            assert_eq!(Fencing.check(&history).is_invalid(), !truth, "seed {seed}:\n{lines}");
            counts[usize::from(truth)] += 1;
        }
        assert!(random::histories() < 20_000 || counts.iter().all(|count| *count > 100), "{counts:?}");
    }
}
