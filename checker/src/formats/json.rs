//! JSON operations of others: elle-cli's array of them, and the lines of jepsen-in-java.

use super::FormatError;
use super::cursor::{Cursor, Problem, Shared, located, utf8};
use super::foreign::{Fields, Importer};
use super::input::{Input, Syntax};
use super::json_value::{end, members, value};
use crate::{History, Kind, Value};

/// One array of operations.
pub(super) fn read_array(input: &mut Input<'_>, shared: &mut Shared) -> Result<(History, Vec<String>), FormatError> {
    let mut importer = Importer::default();
    input.skip_byte_order_mark()?;
    match input.next_token(Syntax::Json)? {
        Some(b'[') => operations(input, shared, &mut importer)?,
        None => return importer.finish(),
        Some(_) => return fail(input, "expected the `[` that opens the history"),
    }
    if input.next_token(Syntax::Json)?.is_some() {
        return fail(input, "expected nothing after the `]` that closes the history");
    }
    importer.finish()
}

fn fail<T>(input: &Input<'_>, reason: &str) -> Result<T, FormatError> {
    Err(FormatError { line: input.line, reason: reason.to_owned() })
}

/// Takes all operations, and the bracket after them.
fn operations(input: &mut Input<'_>, shared: &mut Shared, importer: &mut Importer) -> Result<(), FormatError> {
    let mut form = Vec::new();
    let mut token = input.next_token(Syntax::Json)?;
    while token != Some(b']') {
        let line = input.line;
        match token {
            Some(b'{') => input.form(b'{', Syntax::Json, &mut form)?,
            Some(_) => return fail(input, "expected an operation's object"),
            None => return fail(input, "the file ends before the `]` that closes it"),
        }
        let text = utf8(&form, line)?;
        let fields = fields(text, shared).map_err(|problem| located(problem, text, line))?;
        importer.push(fields, line, shared).map_err(|reason| FormatError { line, reason })?;
        token = input.next_token(Syntax::Json)?;
        if token == Some(b',') {
            token = input.next_token(Syntax::Json)?;
            if token == Some(b']') {
                return fail(input, "expected an operation's object after the `,`");
            }
        } else if token == Some(b'{') {
            return fail(input, "expected `,` or `]` after an operation");
        }
    }
    Ok(())
}

fn fields(text: &str, shared: &mut Shared) -> Result<Fields, Problem> {
    let mut c = Cursor::new(text, shared);
    let mut fields = Fields::default();
    members(&mut c, |c, name| {
        let spent = c.shared.spent();
        let value = value(c)?;
        match fields.field(name) {
            Some(Value::Nil) | None if value.is_nil() => {}
            Some(field @ Value::Nil) => *field = value,
            Some(_) => return c.fail(format!("`{name}` is given twice")),
            None => c.shared.restore(spent),
        }
        Ok(())
    })?;
    end(&c)?;
    Ok(fields)
}

/// One object a line, with names in upper case, milliseconds, and a 0 in the invocations of reads.
pub(super) fn read_lines(input: &mut Input<'_>, shared: &mut Shared) -> Result<(History, Vec<String>), FormatError> {
    let mut importer = Importer::default();
    let mut record = Vec::new();
    let mut origin = None;
    input.skip_byte_order_mark()?;
    loop {
        let line = input.line;
        if !input.next_line(&mut record)? {
            break;
        }
        let text = utf8(&record, line)?.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let mut fields = fields(text, shared).map_err(|problem| located(problem, text, line))?;
        for name in [&mut fields.kind, &mut fields.f] {
            if let Value::Text(upper) = name {
                *name = Value::Text(shared.text(&upper.to_ascii_lowercase()));
            }
        }
        let milliseconds = milliseconds(&fields.time);
        fields.time = Value::Nil;
        importer.push(fields, line, shared).map_err(|reason| FormatError { line, reason })?;
        let event = importer.events().last_mut().expect("just pushed");
        if let Some(now) = milliseconds {
            let since = (now - *origin.get_or_insert(now)) / 1000.0;
            event.time = std::time::Duration::try_from_secs_f64(since).unwrap_or_default();
        }
        if event.kind == Kind::Invoke && *event.f == *"read" {
            event.value = Value::Nil;
        }
    }
    importer.finish()
}

fn milliseconds(time: &Value) -> Option<f64> {
    match time {
        Value::Int(n) => n.to_string().parse().ok(),
        Value::Number(n) => n.parse().ok(),
        _ => None,
    }
}
