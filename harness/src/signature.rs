//! The signature of a finding: which anomaly, seen by which checker, in which system.
//!
//! Two runs with one signature most likely show one bug; shrinking keeps it, so that the explanation of a stale read
//! does not end as the explanation of a timeout.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::judge::Results;
use crate::plan::Plan;

/// The name under which nodes that do not come back are found; no checker's.
const RECOVERY: &str = "recovery";

/// What a finding is, whatever operations it was seen in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// The system.
    pub system: String,
    /// The checker, or `recovery`.
    pub checker: String,
    /// The field's name of what was seen, or `stuck`.
    pub anomaly: String,
}

/// `redis-stale-cache/linearizable/stale-read`
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.system, self.checker, self.anomaly)
    }
}

impl Signature {
    /// Every signature in the results of a run of `plan`, in the order of the evidence, each once.
    pub fn all(plan: &Plan, results: &Results) -> Vec<Signature> {
        let of = |checker: &str, anomaly: &str| Signature {
            system: plan.system.clone(),
            checker: checker.into(),
            anomaly: anomaly.into(),
        };
        let mut all: Vec<Signature> = Vec::new();
        let found = results.evidence().map(|(checker, evidence)| of(checker, &evidence.anomaly));
        for signature in found.chain(results.stuck.iter().map(|_| of(RECOVERY, "stuck"))) {
            if !all.contains(&signature) {
                all.push(signature);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use netsplit_checker::{Evidence, Verdict};

    use super::*;
    use crate::case::Case;
    use crate::judge::Judged;
    use crate::plan::Config;
    use crate::registry::Registry;
    use crate::simulate::Stuck;
    use crate::trial::Trial;

    #[test]
    fn every_anomaly_and_a_stuck_node_have_a_signature_each_once() {
        let config = Config { nemesis: "none".into(), ..Config::default() };
        let mut case = Case::draw(1, &config, &Registry::builtin()).expect("the names are known");
        case.plan.scripts.iter_mut().for_each(Vec::clear);
        let mut results = Trial::of(case.clone()).expect("embedded Redis needs nothing").results;
        assert_eq!(Signature::all(&case, &results), []);
        let evidence = |anomaly: &str| Evidence { anomaly: anomaly.into(), ..Evidence::default() };
        let found = vec![evidence("lost"), evidence("phantom"), evidence("lost")];
        results.verdicts = vec![Judged { checker: "set-full".into(), verdict: Verdict::Invalid(found) }];
        results.stuck = vec![Stuck { node: "n1".into(), last_answer_ms: None, reason: "timeout".into() }];
        let shown: Vec<String> = Signature::all(&case, &results).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["redis/set-full/lost", "redis/set-full/phantom", "redis/recovery/stuck"]);
    }
}
