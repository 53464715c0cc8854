//! The canonical form: one JSON object a line, with the fields of [`own::FIELDS`].
//!
//! `node`, `key`, `value` and `error` may be left out when there is none, and `time`, which only people read, when it is 0.

use std::io::{self, Write};

use super::cursor::{Cursor, Problem, Shared, located, utf8};
use super::input::Input;
use super::json_value::{end, members, only_value, value, write as write_value, write_string};
use super::own::{Fields, kind_name};
use super::{FormatError, own};
use crate::{Actor, Event, History, Value};

pub(super) fn read(input: &mut Input<'_>, shared: &mut Shared) -> Result<History, FormatError> {
    let mut events = Vec::new();
    let mut record = Vec::new();
    input.skip_byte_order_mark()?;
    loop {
        let line = input.line;
        if !input.next_line(&mut record)? {
            return Ok(History { events });
        }
        let text = utf8(&record, line)?.trim_ascii();
        if !text.is_empty() {
            events.push(event(text, shared).map_err(|problem| located(problem, text, line))?);
        }
    }
}

fn event(text: &str, shared: &mut Shared) -> Result<Event, Problem> {
    let mut c = Cursor::new(text, shared);
    c.escapes = true;
    let mut fields = Fields::default();
    let mut seen = [false; own::FIELDS.len()];
    members(&mut c, |c, name| {
        if let Some(field) = own::FIELDS.iter().position(|&field| field == name)
            && std::mem::replace(&mut seen[field], true)
        {
            return c.fail(format!("`{name}` is given twice"));
        }
        let value = value(c)?;
        fields.set(name, value).or_else(|reason| c.fail(reason))
    })?;
    end(&c)?;
    fields.event(c.shared).map_err(|reason| Problem { at: 0, reason })
}

/// The one JSON value in `text`, with our escapes: what a cell of the table holds.
pub(super) fn cell(text: &str, shared: &mut Shared) -> Result<Value, Problem> {
    let mut c = Cursor::new(text, shared);
    c.escapes = true;
    only_value(&mut c)
}

pub(super) fn write(history: &History, out: impl Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for event in &history.events {
        write!(out, "{{\"index\":{},\"time\":{},\"process\":", event.index, event.time.as_nanos())?;
        match &event.process {
            Actor::Process(process) => write!(out, "{process}")?,
            Actor::Other(name) => write_string(&mut out, name)?,
        }
        if let Some(node) = &event.node {
            out.write_all(b",\"node\":")?;
            write_string(&mut out, node)?;
        }
        write!(out, ",\"type\":\"{}\",\"f\":", kind_name(event.kind))?;
        write_string(&mut out, &event.f)?;
        out.write_all(b",\"key\":")?;
        write_value(&mut out, &event.key)?;
        out.write_all(b",\"value\":")?;
        write_value(&mut out, &event.value)?;
        if let Some(error) = &event.error {
            out.write_all(b",\"error\":")?;
            write_string(&mut out, error)?;
        }
        out.write_all(b"}\n")?;
    }
    out.flush()
}
