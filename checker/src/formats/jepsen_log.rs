//! The lines in which Jepsen logs operations, in three shapes:
//!
//! - `INFO  jepsen.util - 0 :invoke :read nil`, where `:info` and `:fail` show the error in place of the value;
//! - `2022-07-28 … INFO [jepsen worker 4] jepsen.util: [ 183823060135 ] 109 :info :read nil`, of newer ones;
//! - `0 :invoke :read nil`, the lines of `history.txt`.
//!
//! A console log holds much else. Any line that is no operation is left out, and their number is a warning.

use std::collections::BTreeMap;

use super::FormatError;
use super::cursor::{Cursor, Problem, Shared, located, utf8};
use super::edn_value;
use super::foreign::{Fields, Importer};
use super::input::Input;
use super::own::kind;
use crate::{History, Kind, Value};

/// The parts of a line that logs an operation.
pub(super) struct Logged<'t> {
    /// Whether no logger's name stands before it, as in `history.txt`.
    bare: bool,
    process: &'t str,
    kind: Kind,
    f: &'t str,
    rest: &'t str,
}

pub(super) fn read(input: &mut Input<'_>, shared: &mut Shared) -> Result<(History, Vec<String>), FormatError> {
    let mut importer = Importer::default();
    let mut record = Vec::new();
    let mut open = BTreeMap::new();
    let mut others = 0_u64;
    // a console log ends with Knossos' report, which shows pending operations in the shape of `history.txt`
    let mut console = false;
    input.skip_byte_order_mark()?;
    loop {
        let line = input.line;
        if !input.next_line(&mut record)? {
            break;
        }
        // the noise may be in any encoding
        let lossy = String::from_utf8_lossy(&record);
        let operation = logged(&lossy).filter(|found| !(found.bare && console));
        console |= lossy.contains("jepsen.");
        match operation {
            Some(_) => {
                let text = utf8(&record, line)?;
                let parts = logged(text).expect("valid text is unchanged");
                let fields = fields(&parts, &mut open, shared).map_err(|problem| located(problem, "", line))?;
                importer.push(fields, line, shared).map_err(|reason| FormatError { line, reason })?;
            }
            None if lossy.trim().is_empty() => {}
            None => others += 1,
        }
    }
    if others > 0 {
        importer.warn(format!("{others} lines log no operation: left out"));
    }
    importer.finish()
}

/// The operation that a line logs.
pub(super) fn logged(line: &str) -> Option<Logged<'_>> {
    let (tail, bare) = match line.split_once("jepsen.util") {
        Some((_, tail)) => (after_logger(tail)?, false),
        None => (line, true),
    };
    if bare && !line.contains('\t') {
        return None;
    }
    let (process, tail) = word(tail)?;
    let (kind_name, tail) = word(tail)?;
    let kind = kind(kind_name.strip_prefix(':')?)?;
    let (f, rest) = word(tail)?;
    Some(Logged { bare, process, kind, f: f.strip_prefix(':')?, rest: rest.trim() })
}

/// What follows ` - ` or `: [ time ] `.
fn after_logger(tail: &str) -> Option<&str> {
    let tail = tail.trim_start();
    if let Some(tail) = tail.strip_prefix('-') {
        return Some(tail);
    }
    let tail = tail.strip_prefix(':')?.trim_start();
    match tail.strip_prefix('[') {
        Some(timed) => timed.split_once(']').map(|(_, tail)| tail),
        None => Some(tail),
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn fields(line: &Logged<'_>, open: &mut BTreeMap<u64, Value>, shared: &mut Shared) -> Result<Fields, Problem> {
    let number = line.process.parse::<u64>().ok();
    let process = match number {
        Some(n) => i64::try_from(n).map_or_else(|_| Value::Number(line.process.into()), Value::Int),
        None => Value::Text(shared.text(line.process.trim_start_matches(':'))),
    };
    let (mut value, mut error) = match value_and_error(line.rest, shared) {
        Ok(parts) => parts,
        // what the nemesis did is for people, and errors need not be EDN
        Err(_) if number.is_none() || matches!(line.kind, Kind::Fail | Kind::Info) => {
            (Value::Text(shared.text(line.rest)), Value::Nil)
        }
        Err(problem) => return Err(problem),
    };
    if let Some(number) = number {
        match line.kind {
            Kind::Invoke => drop(open.insert(number, value.clone())),
            Kind::Ok => drop(open.remove(&number)),
            Kind::Fail | Kind::Info => {
                if let Some(argument) = open.remove(&number) {
                    if error.is_nil() && value != argument {
                        error = value;
                    }
                    value = argument;
                }
            }
        }
    }
    let kind = Value::Text(shared.text(super::own::kind_name(line.kind)));
    let f = Value::Text(shared.text(line.f));
    Ok(Fields { kind, process, f, value, error, ..Fields::default() })
}

/// The value, and what follows it.
fn value_and_error(rest: &str, shared: &mut Shared) -> Result<(Value, Value), Problem> {
    let mut c = Cursor::new(rest, shared);
    edn_value::skip_space(&mut c)?;
    if c.peek().is_none() {
        return Ok((Value::Nil, Value::Nil));
    }
    let value = edn_value::value(&mut c)?;
    edn_value::skip_space(&mut c)?;
    let begin = c.at;
    if c.peek().is_none() {
        return Ok((value, Value::Nil));
    }
    let error = edn_value::value(&mut c);
    edn_value::skip_space(&mut c)?;
    match error {
        Ok(error) if c.peek().is_none() => Ok((value, error)),
        _ => c.text_value(&rest[begin..]).map(|error| (value, error)),
    }
}
