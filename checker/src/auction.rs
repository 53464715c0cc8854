//! Auctions: each item has one winner, whoever announces it, and nobody was outbid by less.
//!
//! Exact for what announcements can show. Whoever set the winner looked at the bids after the first announcement began, so
//! that a bid acknowledged before that was among them, unless the bids were not linearizable.

use std::collections::BTreeMap;

use crate::history::Operation;
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `bid` takes a whole number, `announce` answers the winning one, or nil if nobody had bid. Each key is an item.
#[derive(Clone, Copy, Debug)]
pub struct Auction {
    /// Whether one winner is promised at any time, and the highest bid; else only that all agree in the end.
    pub linearizable: bool,
    /// The index at which the quiet period ended: announcements from there on must agree.
    pub settled_from: u64,
}

/// What happened to one item.
#[derive(Default)]
struct Item<'h> {
    bids: Vec<(i64, Operation<'h>)>,
    /// All attempts that may have had an effect.
    announced: Vec<Operation<'h>>,
    /// What was answered, in the order of the invocations.
    winners: Vec<(i64, Operation<'h>)>,
}

fn items(history: &History) -> Result<BTreeMap<&Value, Item<'_>>, String> {
    let mut items: BTreeMap<&Value, Item<'_>> = BTreeMap::new();
    for operation in history.operations().map_err(|unpaired| unpaired.to_string())? {
        let item = items.entry(&operation.invocation.key).or_default();
        let whole =
            |value: &Value| value.as_int().ok_or_else(|| format!("#{}: {value} is no whole number", operation.index()));
        match (operation.f(), operation.outcome()) {
            ("bid" | "announce", Outcome::Fail) => {}
            ("bid", _) => item.bids.push((whole(&operation.invocation.value)?, operation)),
            ("announce", outcome) => {
                item.announced.push(operation);
                match outcome {
                    Outcome::Ok(winner) if !winner.is_nil() => item.winners.push((whole(winner)?, operation)),
                    _ => {}
                }
            }
            (other, _) => {
                return Err(format!(
                    "#{}: there is no operation `{other}`; there are bid, announce",
                    operation.index()
                ));
            }
        }
    }
    Ok(items)
}

impl<'h> Item<'h> {
    /// A winner that nobody had bid by then.
    fn phantom(&self) -> Option<[(i64, Operation<'h>); 1]> {
        let was_bid = |(winner, seen): &&(i64, Operation<'_>)| {
            self.bids.iter().any(|(bid, made)| bid == winner && Some(made.invoked_at) < seen.completed_at)
        };
        self.winners.iter().find(|winner| !was_bid(winner)).map(|winner| [*winner])
    }

    /// The first two answers that differ, of those from an index on.
    fn two_winners(&self, from: u64) -> Option<[(i64, Operation<'h>); 2]> {
        let mut seen = self.winners.iter().filter(|(_, announce)| announce.index() >= from);
        let first = seen.next()?;
        seen.find(|(winner, _)| *winner != first.0).map(|other| [*first, *other])
    }

    /// A bid that was acknowledged before the first announcement began, and a lower winner.
    fn outbid(&self) -> Option<[(i64, Operation<'h>); 2]> {
        let opened = self.announced.first()?.invoked_at;
        let in_time = |(_, bid): &&(i64, Operation<'_>)| {
            matches!(bid.outcome(), Outcome::Ok(_)) && bid.completed_at < Some(opened)
        };
        let highest = self.bids.iter().filter(in_time).max_by_key(|(amount, _)| *amount)?;
        self.winners.iter().find(|(winner, _)| *winner < highest.0).map(|lower| [*highest, *lower])
    }
}

impl Checker for Auction {
    fn name(&self) -> &'static str {
        "auction"
    }

    fn check(&self, history: &History) -> Verdict {
        let items = match items(history) {
            Ok(items) => items,
            Err(why) => return Verdict::Unknown(Cause::Undecided(why)),
        };
        let mut all = Vec::new();
        for (key, item) in &items {
            all.extend(item.phantom().map(|shown| evidence("phantom", key, &shown)));
            let from = if self.linearizable { 0 } else { self.settled_from };
            all.extend(item.two_winners(from).map(|shown| evidence("two-winners", key, &shown)));
            all.extend(item.outbid().filter(|_| self.linearizable).map(|shown| evidence("outbid", key, &shown)));
        }
        match all.is_empty() {
            false => Verdict::Invalid(all),
            true if items.values().all(|item| item.winners.len() < 2) => {
                Verdict::vacuous("no item had its winner announced twice")
            }
            true => Verdict::VALID,
        }
    }
}

/// How many winners each item had that was announced at all, by the word of whoever was asked.
pub fn winners(history: &History) -> Result<Vec<usize>, String> {
    let sold = items(history)?.into_values().filter(|item| !item.winners.is_empty());
    let distinct = |mut winners: Vec<i64>| {
        winners.sort_unstable();
        winners.dedup();
        winners.len()
    };
    Ok(sold.map(|item| distinct(item.winners.iter().map(|(winner, _)| *winner).collect())).collect())
}

fn evidence(anomaly: &str, item: &Value, shown: &[(i64, Operation<'_>)]) -> Evidence {
    let told = |(amount, operation): &(i64, Operation<'_>)| {
        let node = operation.invocation.node.as_deref().unwrap_or("somebody");
        match operation.f() {
            "bid" => format!("#{}: {node} takes a bid of {amount}", operation.index()),
            _ => format!("#{}: {node} announces that {amount} wins", operation.index()),
        }
    };
    let (first, last) = (&shown[0], &shown[shown.len() - 1]);
    let at = |of: &(i64, Operation<'_>)| of.1.index();
    let summary = match anomaly {
        "phantom" => format!("#{} announces that {} wins {item}, which nobody had bid", at(first), first.0),
        "two-winners" => {
            format!("#{} announces that {} wins {item}, and #{}, that {} does", at(first), first.0, at(last), last.0)
        }
        _ => format!(
            "#{} bid {} for {item} before any announcement began, and #{} announces that {} wins",
            at(first),
            first.0,
            at(last),
            last.0
        ),
    };
    let mut operations: Vec<u64> = shown.iter().map(at).collect();
    operations.sort_unstable();
    Evidence {
        anomaly: anomaly.to_owned(),
        summary,
        operations,
        steps: shown.iter().map(told).collect(),
        culprit: Some(at(last)),
        legal: Vec::new(),
        key: item.as_key(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{anomalies, draw};

    const BIDS: &str = "0 invoke bid x=10\n0 ok bid x=10\n1 invoke bid x=20\n1 ok bid x=20\n";

    fn announce(process: u64, winner: &str) -> String {
        format!("{process} invoke announce x=nil\n{process} ok announce x={winner}\n")
    }

    fn check(lines: &str) -> String {
        anomalies(&Auction { linearizable: true, settled_from: 0 }, lines)
    }

    #[test]
    fn an_item_has_one_winner() {
        assert_eq!(check(&[BIDS, &announce(0, "20"), &announce(1, "20")].concat()), "valid");
        assert_eq!(check(&[BIDS, &announce(0, "20")].concat()), "vacuous");
        let later = "2 invoke bid x=30\n2 ok bid x=30\n";
        assert_eq!(check(&[BIDS, &announce(0, "20"), later, &announce(1, "30")].concat()), "two-winners");
        assert_eq!(check(&[BIDS, &announce(0, "20"), later, &announce(1, "20")].concat()), "valid", "it came too late");
    }

    #[test]
    fn the_highest_bid_that_was_there_wins() {
        assert_eq!(check(&[BIDS, &announce(0, "10"), &announce(1, "10")].concat()), "outbid");
        let open = "1 invoke announce x=nil\n";
        let meanwhile = "0 invoke bid x=30\n0 ok bid x=30\n";
        let closed = "1 ok announce x=20\n";
        assert_eq!(check(&[BIDS, open, meanwhile, closed, &announce(0, "20")].concat()), "valid", "at the same time");
        assert_eq!(check(&[BIDS, meanwhile, open, closed, &announce(0, "20")].concat()), "outbid");
        let unanswered = "0 invoke bid x=30\n0 info bid x=30\n";
        assert_eq!(check(&[BIDS, unanswered, open, closed, &announce(2, "20")].concat()), "valid", "it may be lost");
        let lost = "3 invoke announce x=nil\n3 info announce x=nil\n";
        assert_eq!(
            check(&[BIDS, lost, meanwhile, open, closed, &announce(2, "20")].concat()),
            "valid",
            "#4 may have won"
        );
    }

    #[test]
    fn only_a_bid_wins() {
        assert_eq!(check(&[BIDS, &announce(0, "30"), &announce(1, "30")].concat()), "phantom");
        let late = "2 invoke bid x=30\n2 ok bid x=30\n";
        assert_eq!(check(&[BIDS, &announce(0, "30"), &announce(1, "30"), late].concat()), "phantom");
        let refused = "2 invoke bid x=30\n2 fail bid x=30\n";
        assert_eq!(check(&[BIDS, refused, &announce(0, "30"), &announce(1, "30")].concat()), "phantom");
        assert_eq!(check(&announce(0, "nil")), "vacuous", "nobody bid");
    }

    #[test]
    fn where_all_agree_only_in_the_end_two_may_be_announced_before() {
        let lines = [BIDS, &announce(0, "10"), &announce(1, "20")].concat();
        let eventual = |lines: &str, settled_from| anomalies(&Auction { linearizable: false, settled_from }, lines);
        assert_eq!(eventual(&lines, 8), "valid");
        assert_eq!(eventual(&lines, 4), "two-winners");
        assert_eq!(eventual(&[&lines, announce(0, "10").as_str(), &announce(1, "20")].concat(), 8), "two-winners");
        assert_eq!(winners(&draw(&lines)), Ok(vec![2]));
    }

    #[test]
    fn what_is_no_auction_is_not_judged() {
        assert_eq!(check("0 invoke bid x=high\n0 ok bid x=high"), "unknown");
        assert_eq!(check("0 invoke sell x=1\n0 ok sell x=1"), "unknown");
    }
}
