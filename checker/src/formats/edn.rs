//! Jepsen's maps: a stream of them, one vector or one list; read one by one, wherever lines end.

use std::io::{self, Write};

use super::FormatError;
use super::cursor::{Cursor, Problem, Shared, located, utf8};
use super::edn_value::{entries_of, skip_space, value, write as write_value, write_name, write_string};
use super::foreign::{Fields, Importer};
use super::input::{Input, Syntax};
use super::own::kind_name;
use crate::{Actor, History, Value};

pub(super) fn read(input: &mut Input<'_>, shared: &mut Shared) -> Result<(History, Vec<String>), FormatError> {
    let mut importer = Importer::default();
    let mut form = Vec::new();
    input.skip_byte_order_mark()?;
    let mut closer = None;
    let mut first = true;
    while let Some(byte) = input.next_token(Syntax::Edn)? {
        let line = input.line;
        match byte {
            b'[' if first => closer = Some(b']'),
            b'(' if first => closer = Some(b')'),
            _ if Some(byte) == closer => return finish(input, importer),
            b'{' | b'#' => {
                input.form(byte, Syntax::Edn, &mut form)?;
                let text = utf8(&form, line)?;
                if let Some(fields) = fields(text, shared).map_err(|problem| located(problem, text, line))? {
                    importer.push(fields, line, shared).map_err(|reason| FormatError { line, reason })?;
                }
            }
            other => {
                let reason = format!("expected an operation's map, found `{}`", char::from(other).escape_debug());
                return Err(FormatError { line, reason });
            }
        }
        first = false;
    }
    let Some(closer) = closer else { return importer.finish() };
    let reason = format!("the file ends before the `{}` that closes it", char::from(closer));
    Err(FormatError { line: input.line, reason })
}

fn finish(input: &mut Input<'_>, importer: Importer) -> Result<(History, Vec<String>), FormatError> {
    if input.next_token(Syntax::Edn)?.is_none() {
        return importer.finish();
    }
    let reason = "expected nothing after the bracket that closes the history".to_owned();
    Err(FormatError { line: input.line, reason })
}

/// The fields of the operation in `text`; none if it is a discarded form.
fn fields(text: &str, shared: &mut Shared) -> Result<Option<Fields>, Problem> {
    let mut c = Cursor::new(text, shared);
    skip_space(&mut c)?;
    if c.peek().is_none() {
        return Ok(None);
    }
    if c.peek() == Some(b'#') {
        // a record such as #jepsen.history.Op{…} is its map
        c.take_while(|byte| !matches!(byte, b'{' | b'"' | b'[' | b'('));
    }
    let mut fields = Fields::default();
    entries_of(&mut c, |c, name| {
        let spent = c.shared.spent();
        let value = value(c)?;
        match name.as_text().and_then(|name| fields.field(name)) {
            Some(Value::Nil) | None if value.is_nil() => {}
            Some(field @ Value::Nil) => *field = value,
            Some(_) => return c.fail(format!("`{name}` is given twice")),
            None => c.shared.restore(spent),
        }
        Ok(())
    })?;
    skip_space(&mut c)?;
    match c.peek() {
        None => Ok(Some(fields)),
        Some(_) => c.fail(format!("expected nothing after the operation's map, found {}", c.found())),
    }
}

pub(super) fn write(history: &History, out: impl Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for event in &history.events {
        write!(out, "{{:index {}, :time {}, :process ", event.index, event.time.as_nanos())?;
        match &event.process {
            Actor::Process(process) => write!(out, "{process}")?,
            Actor::Other(name) => write_name(&mut out, name)?,
        }
        if let Some(node) = &event.node {
            out.write_all(b", :node ")?;
            write_string(&mut out, node)?;
        }
        write!(out, ", :type :{}, :f ", kind_name(event.kind))?;
        write_name(&mut out, &event.f)?;
        if !event.key.is_nil() {
            out.write_all(b", :key ")?;
            write_value(&mut out, &event.key)?;
        }
        out.write_all(b", :value ")?;
        write_value(&mut out, &event.value)?;
        if let Some(error) = &event.error {
            out.write_all(b", :error ")?;
            write_string(&mut out, error)?;
        }
        out.write_all(b"}\n")?;
    }
    out.flush()
}
