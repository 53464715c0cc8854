//! Our table: `index,time,process,node,type,f,key,value,error`, quoted as in RFC 4180.
//!
//! `key` and `value` are compact JSON as in the canonical form, and empty for no value. The other cells are plain text;
//! an empty one is none. What would be read as something else (an empty name, one that begins with `"`, a process that is
//! a name of digits) is written as a JSON string.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use super::FormatError;
use super::cursor::Shared;
use super::input::Input;
use super::json_value::write as write_value;
use super::jsonl::cell;
use super::own::{FIELDS, Fields, kind_name};
use crate::{Actor, Event, History, Value};

/// Stops a record that grows past the bound: the table's reader has none of its own.
struct Guard<'g, 'r> {
    input: &'g mut Input<'r>,
    left: Rc<Cell<usize>>,
}

impl Read for Guard<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        match self.left.get().checked_sub(read) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other("a record is longer than the limit")),
        }
        Ok(read)
    }
}

pub(super) fn read(input: &mut Input<'_>, shared: &mut Shared) -> Result<History, FormatError> {
    input.skip_byte_order_mark()?;
    let bound = input.record_bytes().saturating_add(2 * super::input::CHUNK_BYTES);
    let left = Rc::new(Cell::new(bound));
    let guard = Guard { input, left: Rc::clone(&left) };
    let mut table = ::csv::ReaderBuilder::new().has_headers(false).from_reader(guard);
    let mut record = ::csv::ByteRecord::new();
    let mut events = Vec::new();
    let mut first = true;
    loop {
        left.set(bound);
        let begun = table.position().line();
        let more = table.read_byte_record(&mut record).map_err(|error| malformed(&error, begun))?;
        let line = record.position().map_or(begun, ::csv::Position::line);
        let fail = |reason| FormatError { line, reason };
        match (more, first) {
            (false, true) => return Err(fail("expected the header of the table, found nothing".to_owned())),
            (false, false) => return Ok(History { events }),
            (true, true) if record.iter().eq(FIELDS.map(str::as_bytes)) => first = false,
            (true, true) => return Err(fail(format!("expected the header {}", FIELDS.join(",")))),
            (true, false) => events.push(event(&record, shared).map_err(fail)?),
        }
    }
}

fn malformed(error: &::csv::Error, line: u64) -> FormatError {
    let reason = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} cells, found {len}")
        }
        ::csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    FormatError { line: error.position().map_or(line, ::csv::Position::line), reason }
}

fn event(record: &::csv::ByteRecord, shared: &mut Shared) -> Result<Event, String> {
    let mut fields = Fields::default();
    for (name, bytes) in FIELDS.into_iter().zip(record) {
        let text = std::str::from_utf8(bytes).map_err(|_| format!("`{name}` is no UTF-8"))?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let json = match name {
            "index" | "time" | "key" | "value" => true,
            "process" => digits || text.starts_with('"'),
            _ => text.starts_with('"'),
        };
        let value = match text {
            "" => continue,
            _ if json => cell(text, shared).map_err(|problem| format!("`{name}`: {}", problem.reason))?,
            _ => {
                shared.spend(text.len())?;
                Value::Text(shared.text(text))
            }
        };
        fields.set(name, value)?;
    }
    fields.event(shared)
}

pub(super) fn write(history: &History, out: impl Write) -> io::Result<()> {
    let mut table = ::csv::WriterBuilder::new().from_writer(out);
    table.write_record(FIELDS)?;
    for event in &history.events {
        let process = match &event.process {
            Actor::Process(process) => process.to_string(),
            Actor::Other(name) if name.bytes().all(|byte| byte.is_ascii_digit()) => quoted(name),
            Actor::Other(name) => plain(name),
        };
        table.write_record([
            event.index.to_string(),
            event.time.as_nanos().to_string(),
            process,
            event.node.as_deref().map_or_else(String::new, plain),
            kind_name(event.kind).to_owned(),
            plain(&event.f),
            json(&event.key)?,
            json(&event.value)?,
            event.error.as_deref().map_or_else(String::new, plain),
        ])?;
    }
    table.flush()
}

fn plain(text: &str) -> String {
    if text.is_empty() || text.starts_with('"') { quoted(text) } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn json(value: &Value) -> io::Result<String> {
    let mut cell = Vec::new();
    if !value.is_nil() {
        write_value(&mut cell, value)?;
    }
    String::from_utf8(cell).map_err(io::Error::other)
}
