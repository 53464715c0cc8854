//! Bank accounts: transfers move money, so every snapshot has the same total, no balance is negative or missing, and no
//! account appears that the first snapshot did not show.

use std::collections::BTreeSet;

use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `read` answers a map from account to balance; `transfer` is not looked at.
#[derive(Clone, Debug, Default)]
pub struct Bank {
    /// The total that every snapshot must have; that of the first one if not given.
    pub total: Option<i64>,
    /// The accounts that there are; those of the first snapshot if not given.
    pub accounts: Option<BTreeSet<Value>>,
    /// Whether accounts may be overdrawn.
    pub allow_negative: bool,
}

/// As many accounts can be described by their first and last.
const MOST_ACCOUNTS: i64 = 1_000_000;

/// What a snapshot shows.
#[derive(Default)]
struct Snapshot<'h> {
    accounts: BTreeSet<&'h Value>,
    total: i128,
    /// The first account below zero, with its balance.
    negative: Option<(&'h Value, i64)>,
    /// The first account without a balance.
    empty: Option<&'h Value>,
}

impl<'h> Snapshot<'h> {
    /// Reads an answer; the `Err` says why it is no snapshot.
    fn of(answer: &'h Value) -> Result<Snapshot<'h>, String> {
        let mut snapshot = Snapshot::default();
        for (account, balance) in answer.as_map().ok_or_else(|| format!("{answer} is no map of balances"))? {
            snapshot.accounts.insert(account);
            match balance {
                Value::Nil => snapshot.empty = snapshot.empty.or(Some(account)),
                Value::Int(balance) => {
                    snapshot.total += i128::from(*balance);
                    let negative = (*balance < 0).then_some((account, *balance));
                    snapshot.negative = snapshot.negative.or(negative);
                }
                other => return Err(format!("account {account} holds {other}, no whole number")),
            }
        }
        Ok(snapshot)
    }
}

/// What every snapshot is held against.
struct Expected<'h> {
    total: i128,
    /// The snapshot that shows it, where it was not given.
    shown_by: Option<u64>,
    accounts: BTreeSet<&'h Value>,
}

impl Bank {
    /// The bank of a description as it is published: nothing, a total, or `{:total-amount 100, :accounts 0..9,
    /// :negative-balances? true}`. `None` if it is none of these.
    pub(crate) fn described(text: &str) -> Option<Bank> {
        let mut bank = Bank::default();
        let text = text.trim();
        if matches!(text, "" | "nil") {
            return Some(bank);
        }
        if let Ok(total) = text.parse() {
            return Some(Bank { total: Some(total), ..bank });
        }
        let inner = text.strip_prefix('{')?.strip_suffix('}')?;
        let words: Vec<&str> = inner.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let (pairs, rest) = words.as_chunks::<2>();
        for [name, value] in pairs {
            match *name {
                ":total-amount" => bank.total = Some(value.parse().ok()?),
                ":negative-balances?" => bank.allow_negative = value.parse().ok()?,
                ":accounts" => {
                    let (first, last) = value.split_once("..")?;
                    let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
                    let few = last.checked_sub(first).is_some_and(|size| size < MOST_ACCOUNTS);
                    // JSON has no keys but strings
                    let both = |account: i64| [Value::Int(account), Value::from(account.to_string().as_str())];
                    bank.accounts = Some(few.then(|| (first..=last).flat_map(both).collect())?);
                }
                _ => return None,
            }
        }
        rest.is_empty().then_some(bank)
    }

    /// The worst that is wrong with a snapshot: its name, and the sentence.
    fn contradiction(&self, at: u64, shown: &Snapshot<'_>, expected: &Expected<'_>) -> Option<(&'static str, String)> {
        let total = shown.total;
        if let Some(account) = shown.accounts.difference(&expected.accounts).next() {
            let summary = format!("snapshot #{at} shows account {account}, which does not exist");
            Some(("unexpected-key", summary))
        } else if let Some(account) = shown.empty {
            Some(("nil-balance", format!("snapshot #{at} shows no balance for account {account}")))
        } else if total != expected.total {
            let since = expected.shown_by.map_or_else(String::new, |first| format!(" that #{first} shows"));
            Some(("wrong-total", format!("snapshot #{at} totals {total} instead of the {}{since}", expected.total)))
        } else {
            let (account, balance) = shown.negative.filter(|_| !self.allow_negative)?;
            Some(("negative-value", format!("snapshot #{at} shows {balance} in account {account}, below zero")))
        }
    }
}

impl Checker for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn check(&self, history: &History) -> Verdict {
        let given = self.accounts.as_ref().map(|accounts| accounts.iter().collect());
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let (mut expected, mut all, mut reads, mut unreadable) = (None, Vec::new(), 0, None);
        for operation in operations.iter().filter(|operation| operation.f() == "read") {
            let Outcome::Ok(answer) = operation.outcome() else { continue };
            let at = operation.index();
            let snapshot = match Snapshot::of(answer) {
                Ok(snapshot) => snapshot,
                Err(why) => {
                    unreadable = unreadable.or(Some(format!("read #{at}: {why}")));
                    continue;
                }
            };
            reads += 1;
            let expected = expected.get_or_insert_with(|| Expected {
                total: self.total.map_or(snapshot.total, i128::from),
                shown_by: self.total.is_none().then_some(at),
                accounts: given.clone().unwrap_or_else(|| snapshot.accounts.clone()),
            });
            if let Some((anomaly, summary)) = self.contradiction(at, &snapshot, expected) {
                let first = expected.shown_by.filter(|first| anomaly == "wrong-total" && *first != at);
                all.push(evidence(anomaly, summary, first, at, answer));
            }
        }
        match (all.is_empty(), reads) {
            (false, _) => Verdict::Invalid(all),
            _ if unreadable.is_some() => Verdict::Unknown(Cause::Undecided(unreadable.unwrap_or_default())),
            (true, 0) => Verdict::vacuous("no snapshot was read"),
            (true, _) => Verdict::VALID,
        }
    }
}

fn evidence(anomaly: &str, summary: String, first: Option<u64>, at: u64, shown: &Value) -> Evidence {
    Evidence {
        anomaly: anomaly.to_owned(),
        summary,
        operations: first.into_iter().chain([at]).collect(),
        steps: vec![format!("#{at} shows {shown}")],
        culprit: Some(at),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    const FIRST: &str = "0 invoke read\n0 ok read {a 10 b 0}\n0 invoke read\n0 ok read ";

    #[test]
    fn every_snapshot_has_the_same_total() {
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}{{a 4 b 6}}")), "valid");
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}{{a 4 b 5}}")), "wrong-total");
        let of_eleven = Bank { total: Some(11), ..Bank::default() };
        assert_eq!(anomalies(&of_eleven, &format!("{FIRST}{{a 5 b 6}}")), "wrong-total");
        assert_eq!(anomalies(&Bank::default(), "0 invoke read\n0 info read"), "vacuous");
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}7")), "unknown");
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}{{a 10 b nil}}")), "nil-balance");
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}{{a 10 c 0}}")), "unexpected-key");
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}{{a 10}}")), "valid");
    }

    #[test]
    fn overdrafts_are_contradictions_unless_allowed() {
        let lines = format!("{FIRST}{{a 11 b -1}}");
        assert_eq!(anomalies(&Bank::default(), &lines), "negative-value");
        assert_eq!(anomalies(&Bank { allow_negative: true, ..Bank::default() }, &lines), "valid");
    }

    #[test]
    fn an_answer_that_is_no_snapshot_hides_no_wrong_one() {
        let (wrong, unreadable) = (format!("{FIRST}{{a 4 b 5}}\n"), "1 invoke read\n1 ok read soon\n");
        assert_eq!(anomalies(&Bank::default(), &format!("{wrong}{unreadable}")), "wrong-total");
        assert_eq!(anomalies(&Bank::default(), &format!("{unreadable}{wrong}")), "wrong-total");
        assert_eq!(anomalies(&Bank::default(), unreadable), "unknown");
    }

    #[test]
    fn a_bank_is_described_as_it_is_published() {
        let described =
            |text: &str| Bank::described(text).map(|bank| anomalies(&bank, &format!("{FIRST}{{a 10 b 0}}")));
        assert_eq!(described("10").as_deref(), Some("valid"));
        assert_eq!(described("{:total-amount 11}").as_deref(), Some("wrong-total wrong-total"));
        assert_eq!(described("{:total-amount 10, :accounts 0..9}").as_deref(), Some("unexpected-key unexpected-key"));
        assert_eq!(described("{:total-amount}"), None);
        assert_eq!(described("{:accounts 0..9999999999999}"), None);
    }
}
