//! Bank accounts: transfers move money, so every snapshot has the same total, and no balance is negative.

use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `read` answers a map from account to balance; `transfer` is not looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bank {
    /// The total that every snapshot must have; that of the first one if not given.
    pub total: Option<i64>,
    /// Whether accounts may be overdrawn.
    pub allow_negative: bool,
}

/// An account and what it holds.
type Balance<'h> = (&'h Value, i64);

/// The sum of a snapshot, with the first account below zero; the `Err` says why it is none.
fn sum(snapshot: &Value) -> Result<(i128, Option<Balance<'_>>), String> {
    let accounts = snapshot.as_map().ok_or_else(|| format!("{snapshot} is no map of balances"))?;
    let (mut total, mut negative) = (0, None);
    for (account, balance) in accounts {
        let balance = balance.as_int().ok_or_else(|| format!("account {account} holds {balance}, no whole number"))?;
        total += i128::from(balance);
        if balance < 0 && negative.is_none() {
            negative = Some((account, balance));
        }
    }
    Ok((total, negative))
}

impl Checker for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let (mut expected, mut all, mut reads) = (self.total.map(|total| (i128::from(total), None)), Vec::new(), 0);
        for operation in operations.iter().filter(|operation| operation.f() == "read") {
            let Outcome::Ok(snapshot) = operation.outcome() else { continue };
            let at = operation.index();
            let (total, negative) = match sum(snapshot) {
                Ok(sum) => sum,
                Err(why) => return Verdict::Unknown(Cause::Undecided(format!("read #{at}: {why}"))),
            };
            reads += 1;
            let (wanted, first) = *expected.get_or_insert((total, Some(at)));
            if total != wanted {
                let since = first.map_or_else(String::new, |first| format!(" that #{first} shows"));
                let summary = format!("snapshot #{at} totals {total} instead of the {wanted}{since}");
                all.push(evidence("wrong-total", summary, first, at, snapshot));
            }
            if let (false, Some((account, balance))) = (self.allow_negative, negative) {
                let summary = format!("snapshot #{at} shows {balance} in account {account}, below zero");
                all.push(evidence("negative-value", summary, None, at, snapshot));
            }
        }
        match (all.is_empty(), reads) {
            (false, _) => Verdict::Invalid(all),
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
        let of_eleven = Bank { total: Some(11), allow_negative: false };
        assert_eq!(anomalies(&of_eleven, &format!("{FIRST}{{a 5 b 6}}")), "wrong-total");
        assert_eq!(anomalies(&Bank::default(), "0 invoke read\n0 info read"), "vacuous");
        assert_eq!(anomalies(&Bank::default(), &format!("{FIRST}7")), "unknown");
    }

    #[test]
    fn overdrafts_are_contradictions_unless_allowed() {
        let lines = format!("{FIRST}{{a 11 b -1}}");
        assert_eq!(anomalies(&Bank::default(), &lines), "negative-value");
        assert_eq!(anomalies(&Bank { total: None, allow_negative: true }, &lines), "valid");
    }
}
