//! The text of AWDIT's tests: `r KEY VALUE` or `w KEY VALUE` a line, transactions between rules of `-`, sessions between
//! rules of `=`.

use super::FormatError;
use super::cursor::{Shared, utf8};
use super::input::Input;
use super::json_value::shortened;
use super::transactions::{STEP_BYTES, Step, Transaction, history, word};
use crate::History;

pub(super) fn read(input: &mut Input<'_>, shared: &mut Shared) -> Result<(History, Vec<String>), FormatError> {
    let mut sessions: Vec<(u64, Vec<Transaction>)> = vec![(0, Vec::new())];
    let mut transaction = Transaction::default();
    let mut record = Vec::new();
    input.skip_byte_order_mark()?;
    loop {
        let line = input.line;
        if !input.next_line(&mut record)? {
            break;
        }
        let text = utf8(&record, line)?.trim();
        if text.is_empty() {
            continue;
        }
        let fail = |reason| FormatError { line, reason };
        let is_rule = |rule: u8| text.bytes().all(|byte| byte == rule);
        if is_rule(b'-') {
            close(&mut sessions, &mut transaction);
        } else if is_rule(b'=') {
            close(&mut sessions, &mut transaction);
            let next = sessions.last().map_or(0, |(session, _)| session + 1);
            shared.spend(STEP_BYTES).map_err(fail)?;
            sessions.push((next, Vec::new()));
        } else {
            shared.spend(STEP_BYTES).map_err(fail)?;
            transaction.steps.push(step(text, shared).map_err(fail)?);
        }
    }
    close(&mut sessions, &mut transaction);
    let history = history(sessions, shared).map_err(|reason| FormatError { line: input.line, reason })?;
    Ok((history, Vec::new()))
}

/// Ends the transaction; one without steps is none, so that a rule may stand at either end of a session.
fn close(sessions: &mut [(u64, Vec<Transaction>)], transaction: &mut Transaction) {
    let ended = std::mem::take(transaction);
    if let Some((_, transactions)) = sessions.last_mut()
        && !ended.steps.is_empty()
    {
        transactions.push(ended);
    }
}

fn step(text: &str, shared: &mut Shared) -> Result<Step, String> {
    let mut words = text.split_ascii_whitespace();
    let write = match words.next() {
        Some("r") => Some(false),
        Some("w") => Some(true),
        _ => None,
    };
    match (write, words.next(), words.next(), words.next()) {
        (Some(write), Some(key), Some(value), None) => {
            Ok(Step { write, key: word(key, shared), value: word(value, shared) })
        }
        _ => Err(format!("expected `r KEY VALUE`, `w KEY VALUE` or a rule, found `{}`", shortened(text))),
    }
}
