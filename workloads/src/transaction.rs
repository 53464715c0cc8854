//! Transactions as plans and histories hold them: a list of micro-operations `[f, key, value]`, each one argument.

use netsplit_checker::Value;
use netsplit_systems::call::CallError;
use serde_json::{Value as Json, json};

use crate::op;

/// The name of an operation that is a transaction.
pub(crate) const TXN: &str = "txn";

/// The argument for one micro-operation.
pub(crate) fn step(f: &str, key: &str, value: impl Into<Json>) -> Json {
    json!([f, key, value.into()])
}

/// The body of the request that runs these micro-operations as one transaction.
pub(crate) fn body(steps: &[Json]) -> String {
    json!(steps).to_string()
}

/// What a transaction answered, as a history shows it.
pub(crate) fn answer(body: &str) -> Result<Value, CallError> {
    let answer: Result<Json, _> = serde_json::from_str(body);
    answer.map(|json| op::shown(&json)).map_err(|error| CallError::Lost(format!("the answer is no JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Op;

    #[test]
    fn a_transaction_is_shown_as_the_list_of_its_steps() {
        let args = [step("r", "a", Json::Null), step("append", "b", 7)];
        assert_eq!(body(&args), r#"[["r","a",null],["append","b",7]]"#);
        assert_eq!(Op::new(TXN, args.clone()).value().to_string(), r#"[["r" "a" nil] ["append" "b" 7]]"#);
        let [read, _] = args;
        assert_eq!(Op::new(TXN, [read]).value().to_string(), r#"[["r" "a" nil]]"#);
        assert_eq!(
            answer(r#"[["r","a",[1,2]]]"#).map(|shown| shown.to_string()),
            Ok(r#"[["r" "a" [1 2]]]"#.to_owned())
        );
    }
}
