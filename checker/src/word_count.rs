//! Word counts: a job's result is a function of its text, however often its parts were done, and what was accepted is not lost.

use std::collections::BTreeMap;

use crate::history::Operation;
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `submit` takes a text, `read` answers a map from words to their counts, or nil if there is no such job. One job
/// for each key.
#[derive(Clone, Copy, Debug, Default)]
pub struct WordCount;

/// How often each word occurs.
type Counts<'h> = BTreeMap<&'h str, i64>;

fn count(text: &str) -> Counts<'_> {
    text.split_whitespace().fold(Counts::new(), |mut counts, word| {
        *counts.entry(word).or_default() += 1;
        counts
    })
}

/// The counts that an answer shows; an `Err` for what is none.
fn shown(answer: &Value) -> Result<Option<Counts<'_>>, String> {
    match answer {
        Value::Nil => Ok(None),
        Value::Map(entries) => {
            let counts = entries.iter().map(|(word, count)| Some((word.as_text()?, count.as_int()?)));
            let counts: Option<Counts<'_>> = counts.collect();
            counts.map(Some).ok_or_else(|| format!("{answer} is no map from words to counts"))
        }
        other => Err(format!("{other} is no map from words to counts")),
    }
}

/// The first word whose count is wrong: how often it occurs, and how often it was counted.
fn wrong<'h>(expected: &Counts<'h>, counted: &Counts<'h>) -> Option<(&'h str, i64, i64)> {
    let of = |counts: &Counts<'h>, word: &str| counts.get(word).copied().unwrap_or(0);
    let words = expected.keys().chain(counted.keys());
    words.map(|word| (*word, of(expected, word), of(counted, word))).find(|(_, expected, counted)| expected != counted)
}

/// What contradicts a read: the anomaly, and why. `seen` is a read that showed the job before.
fn contradiction(
    submit: Option<&Operation<'_>>,
    seen: Option<&Operation<'_>>,
    read: &Operation<'_>,
    counted: Option<&Counts<'_>>,
) -> Option<(&'static str, String)> {
    let at = read.index();
    // A job that failed, or was asked for only after the answer, was never there.
    let submit =
        submit.filter(|submit| submit.outcome() != Outcome::Fail && Some(submit.invoked_at) < read.completed_at);
    match (submit, counted) {
        (None, None) => None,
        (None, Some(_)) => Some(("phantom", format!("#{at} shows the counts of a job that nobody submitted"))),
        (Some(submit), None) => {
            let ended = |one: &&Operation<'_>| one.completed_at.is_some_and(|ended| ended < read.invoked_at);
            let accepted = matches!(submit.outcome(), Outcome::Ok(_)) && ended(&submit);
            let known = || seen.filter(ended).map(|seen| format!("#{} showed it", seen.index()));
            let why = if accepted { Some(format!("#{} was accepted", submit.index())) } else { known() };
            why.map(|why| ("lost", format!("#{at} finds no job, though {why} before")))
        }
        (Some(submit), Some(counted)) => {
            let text = submit.invocation.value.as_text().unwrap_or_default();
            let (word, expected, counted) = wrong(&count(text), counted)?;
            let anomaly = if counted > expected { "double-counted" } else { "under-counted" };
            let times = |count: i64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
            let (counted, expected) = (times(counted), times(expected));
            let told = format!("#{at} counts {word:?} {counted}; the text of #{} has it {expected}", submit.index());
            Some((anomaly, told))
        }
    }
}

impl Checker for WordCount {
    fn name(&self) -> &'static str {
        "word-count"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let of = |f: &'static str| operations.iter().filter(move |operation| operation.f() == f);
        let submits: BTreeMap<&Value, &Operation<'_>> = of("submit").map(|one| (&one.invocation.key, one)).collect();
        if submits.len() < of("submit").count() {
            return Verdict::Unknown(Cause::Undecided(
                "a job was submitted twice: each must have a name of its own".into(),
            ));
        }
        let mut all = Vec::new();
        let mut seen: BTreeMap<&Value, &Operation<'_>> = BTreeMap::new();
        for read in of("read") {
            let Outcome::Ok(answer) = read.outcome() else { continue };
            let counts = match shown(answer) {
                Ok(counts) => counts,
                Err(why) => return Verdict::Unknown(Cause::Undecided(format!("#{}: {why}", read.index()))),
            };
            let (key, counts) = (&read.invocation.key, counts.as_ref());
            let (submit, before) = (submits.get(key).copied(), seen.get(key).copied());
            if let Some((anomaly, summary)) = contradiction(submit, before, read, counts) {
                all.push(evidence(anomaly, summary, submit, before, read));
            }
            if counts.is_some() && before.is_none_or(|before| read.completed_at < before.completed_at) {
                seen.insert(key, read);
            }
        }
        match (all.is_empty(), seen.is_empty()) {
            (false, _) => Verdict::Invalid(all),
            (true, true) => Verdict::vacuous("no job's counts were read"),
            (true, false) => Verdict::VALID,
        }
    }
}

fn evidence(
    anomaly: &str,
    summary: String,
    submit: Option<&Operation<'_>>,
    seen: Option<&Operation<'_>>,
    read: &Operation<'_>,
) -> Evidence {
    let seen = seen.filter(|_| anomaly == "lost");
    let mut operations: Vec<u64> = submit.into_iter().chain(seen).chain([read]).map(Operation::index).collect();
    operations.sort_unstable();
    Evidence {
        anomaly: anomaly.to_owned(),
        summary,
        operations,
        culprit: Some(read.index()),
        key: read.invocation.key.as_key(),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;
    use crate::{Event, Kind};

    /// A drawn history, in which the job `x` has the text `a b a`.
    fn check(lines: &str) -> String {
        let mut history = draw(lines);
        let submits = |event: &&mut Event| event.f.as_ref() == "submit" && event.kind == Kind::Invoke;
        history.events.iter_mut().filter(submits).for_each(|event| event.value = "a b a".into());
        match WordCount.check(&history) {
            Verdict::Valid { vacuous: None } => "valid".into(),
            Verdict::Valid { .. } => "vacuous".into(),
            Verdict::Unknown(_) => "unknown".into(),
            Verdict::Invalid(all) => all[0].anomaly.clone(),
        }
    }

    const SUBMITTED: &str = "0 invoke submit x=nil\n0 ok submit x=nil\n1 invoke read x=nil\n1 ok read x=";

    #[test]
    fn counts_are_those_of_the_text() {
        assert_eq!(check(&format!("{SUBMITTED}{{a 2 b 1}}")), "valid");
        assert_eq!(check(&format!("{SUBMITTED}{{a 4 b 1}}")), "double-counted");
        assert_eq!(check(&format!("{SUBMITTED}{{a 2 b 1 c 1}}")), "double-counted");
        assert_eq!(check(&format!("{SUBMITTED}{{a 2}}")), "under-counted");
        assert_eq!(check(&format!("{SUBMITTED}soon")), "unknown");
    }

    #[test]
    fn an_accepted_job_is_there_and_one_that_failed_is_not() {
        assert_eq!(check(&format!("{SUBMITTED}nil")), "lost");
        let ended =
            |how: &str| format!("0 invoke submit x=nil\n0 {how} submit x=nil\n1 invoke read x=nil\n1 ok read x=");
        assert_eq!(check(&format!("{}nil", ended("info"))), "vacuous");
        assert_eq!(check(&format!("{}{{a 2 b 1}}", ended("info"))), "valid");
        assert_eq!(check(&format!("{}{{a 2 b 1}}", ended("fail"))), "phantom");
        let seen = format!("{}{{a 2 b 1}}\n", ended("info"));
        assert_eq!(check(&format!("{seen}1 invoke read x=nil\n1 ok read x=nil")), "lost", "it was seen");
        assert_eq!(check(&format!("2 invoke read x=nil\n{seen}2 ok read x=nil")), "valid", "it looked before");
        let both =
            format!("{}{{a 2 b 1}}\n2 ok read x=nil", ended("info").replace("1 ok", "2 invoke read x=nil\n1 ok"));
        assert_eq!(check(&both), "valid", "they looked at the same time");
        assert_eq!(check("1 invoke read x=nil\n1 ok read x={a 2 b 1}"), "phantom");
        assert_eq!(check(&format!("{}nil", ended("ok").replace("0 ok", "0 fail"))), "vacuous");
    }
}
