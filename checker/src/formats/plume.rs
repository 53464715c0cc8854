//! The text of Plume, `PolySI` and `IsoVista`: `r(key,value,session,transaction)` or `w(…)` a line.
//!
//! Transactions are the lines of one session with one number; -1 is the number of aborted ones.

use std::collections::BTreeMap;

use super::FormatError;
use super::cursor::{Shared, utf8};
use super::input::Input;
use super::json_value::shortened;
use super::transactions::{STEP_BYTES, Step, Transaction, history, word};
use crate::History;

pub(super) fn read(input: &mut Input<'_>, shared: &mut Shared) -> Result<(History, Vec<String>), FormatError> {
    let mut sessions: Vec<(u64, Vec<Transaction>)> = Vec::new();
    let mut session_at = BTreeMap::new();
    let mut transaction_at = BTreeMap::new();
    let mut last = None;
    let mut resumed = 0_u64;
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
        let (step, session, transaction) = step(text, shared).map_err(fail)?;
        shared.spend(STEP_BYTES).map_err(fail)?;
        let at = *session_at.entry(session).or_insert_with(|| {
            sessions.push((session, Vec::new()));
            sessions.len() - 1
        });
        let transactions = &mut sessions[at].1;
        // aborted transactions share a number, so only neighbours can be one
        let same = last == Some((session, transaction));
        let aborted = transaction == -1;
        if aborted && !same {
            transaction_at.remove(&(session, transaction));
        }
        let at = *transaction_at.entry((session, transaction)).or_insert_with(|| {
            transactions.push(Transaction { steps: Vec::new(), aborted });
            transactions.len() - 1
        });
        resumed += u64::from(!same && !transactions[at].steps.is_empty());
        transactions[at].steps.push(step);
        last = Some((session, transaction));
    }
    let mut warnings = Vec::new();
    if resumed > 0 {
        warnings.push(format!("{resumed} times a transaction goes on after lines of another: read as one transaction"));
    }
    let history = history(sessions, shared).map_err(|reason| FormatError { line: input.line, reason })?;
    Ok((history, warnings))
}

fn step(text: &str, shared: &mut Shared) -> Result<(Step, u64, i64), String> {
    let wrong = || format!("expected `r(key,value,session,transaction)` or `w(…)`, found `{}`", shortened(text));
    let (name, rest) = text.split_once('(').ok_or_else(wrong)?;
    let write = match name.trim() {
        "r" => false,
        "w" => true,
        _ => return Err(wrong()),
    };
    let mut parts = rest.strip_suffix(')').ok_or_else(wrong)?.split(',');
    let (Some(key), Some(value), Some(session), Some(transaction), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    if key.trim().is_empty() || value.trim().is_empty() {
        return Err(wrong());
    }
    let session = session.trim().parse().map_err(|_| wrong())?;
    let transaction = transaction.trim().parse().map_err(|_| wrong())?;
    Ok((Step { write, key: word(key, shared), value: word(value, shared) }, session, transaction))
}
