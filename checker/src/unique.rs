//! Unique identifiers: no value is handed out twice.

use std::collections::BTreeMap;

use crate::{Checker, Evidence, History, Kind, Value, Verdict};

/// The checker: `generate` answers a value, once for each key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unique;

impl Checker for Unique {
    fn name(&self) -> &'static str {
        "unique"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let mut handed_out: BTreeMap<(&Value, &Value), Vec<u64>> = BTreeMap::new();
        for operation in operations.iter().filter(|operation| operation.f() == "generate") {
            let Some(completion) = operation.completion.filter(|event| event.kind == Kind::Ok) else { continue };
            handed_out.entry((&completion.key, &completion.value)).or_default().push(operation.index());
        }
        if handed_out.is_empty() {
            return Verdict::vacuous("no value was handed out");
        }
        let twice: Vec<Evidence> = handed_out
            .iter()
            .filter(|(_, to)| to.len() > 1)
            .map(|((key, value), to)| evidence(key, value, to))
            .collect();
        if twice.is_empty() { Verdict::VALID } else { Verdict::Invalid(twice) }
    }
}

fn evidence(key: &Value, value: &Value, to: &[u64]) -> Evidence {
    Evidence {
        anomaly: "duplicated".to_owned(),
        summary: format!("#{} and #{} were both given {value} ({} times in all)", to[0], to[1], to.len()),
        operations: to[..2].to_vec(),
        steps: to.iter().map(|at| format!("#{at} is given {value}")).collect(),
        culprit: Some(to[1]),
        legal: Vec::new(),
        key: key.as_key(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::anomalies;

    #[test]
    fn a_value_is_handed_out_once() {
        let first = "0 invoke generate\n0 ok generate 1\n1 invoke generate\n1 ok generate ";
        assert_eq!(anomalies(&Unique, &format!("{first}2")), "valid");
        assert_eq!(anomalies(&Unique, &format!("{first}1")), "duplicated");
        assert_eq!(anomalies(&Unique, "0 invoke generate\n0 info generate 1"), "vacuous");
    }
}
