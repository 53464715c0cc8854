//! Reading and writing histories, detected by content.
//!
//! Our own formats are [`Format::Jsonl`] and [`Format::Csv`]: what they hold is meant word for word. In all others the
//! order of the file is the order of the events; `index` becomes the event's place, and `time` is decoration. Nothing
//! is skipped silently: what can't be read is a [`FormatError`] with its line and reason.
//!
//! **Architecture invariant:** input is hostile. Every reader goes through `input` and `cursor`, which bound the
//! length of a record, the depth of nesting and the memory of what is kept.

mod awdit;
mod csv;
mod cursor;
mod detect;
mod edn;
mod edn_value;
mod foreign;
pub mod independent;
mod input;
mod jepsen_log;
mod json;
mod json_value;
mod jsonl;
mod own;
mod plume;
#[cfg(test)]
mod tests;
mod transactions;

use std::fmt;
use std::io::{self, BufRead, Write};
use std::str::FromStr;

pub use detect::detect;

use crate::History;
use crate::lint;

/// A format of histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Our canonical form: one JSON object a line.
    Jsonl,
    /// Our table: `index,time,process,node,type,f,key,value,error`.
    Csv,
    /// Jepsen's maps, in a stream, a vector or a list.
    Edn,
    /// The lines in which Jepsen logs operations, with or without the noise around them; also its `history.txt`.
    JepsenLog,
    /// One JSON array of operations, as elle-cli reads it.
    Json,
    /// One JSON object a line with upper-case types, as jepsen-in-java writes it.
    Ndjson,
    /// `r(key,value,session,transaction)` a line, as Plume, `PolySI` and `IsoVista` read it.
    Plume,
    /// `r KEY VALUE` a line, transactions and sessions between rules, as AWDIT's tests have it.
    AwditTest,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 8] = [
        Format::Jsonl,
        Format::Csv,
        Format::Edn,
        Format::JepsenLog,
        Format::Json,
        Format::Ndjson,
        Format::Plume,
        Format::AwditTest,
    ];

    /// Its name, as a user gives it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Edn => "edn",
            Format::JepsenLog => "jepsen-log",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Plume => "plume",
            Format::AwditTest => "awdit-test",
        }
    }

    /// Whether it is our own, and so linted strictly.
    pub fn is_own(self) -> bool {
        matches!(self, Format::Jsonl | Format::Csv)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names = Format::ALL.map(Format::name).join(", ");
            format!("no format `{name}`; try one of {names}")
        })
    }
}

/// Why a file does not hold a history; one line, to which the caller adds the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct FormatError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub reason: String,
}

/// What a reader may spend on its input before it gives up with a [`FormatError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, or operation where one may span lines, in bytes.
    pub record_bytes: usize,
    /// The deepest nesting of values.
    pub depth: usize,
    /// The memory of the history read, estimated, in bytes.
    pub memory_bytes: u64,
}

impl Default for Limits {
    /// 64 MiB a record, 128 levels, 4 GiB in all: some ten million operations.
    fn default() -> Limits {
        Limits { record_bytes: 64 << 20, depth: 128, memory_bytes: 4 << 30 }
    }
}

/// A history that was read, and what its format says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The events.
    pub history: History,
    /// The format, as given or detected.
    pub format: Format,
    /// Whether the order of events of different processes means anything. In [`Format::Plume`] and
    /// [`Format::AwditTest`] it does not: only the order within a process does.
    pub real_time: bool,
    /// What was assumed or left out while reading, in words.
    pub warnings: Vec<String>,
}

impl Imported {
    /// What is wrong with the history, as strictly as its format demands.
    pub fn lint(&self) -> lint::Report {
        if self.format.is_own() { lint::own(&self.history) } else { lint::imported(&self.history) }
    }
}

/// The history in `bytes`, which may be compressed with gzip, in the format given or else detected.
pub fn read(bytes: impl BufRead, name: Option<Format>) -> Result<Imported, FormatError> {
    read_within(bytes, name, Limits::default())
}

/// [`read`] with bounds of the caller's.
pub fn read_within(bytes: impl BufRead, name: Option<Format>, limits: Limits) -> Result<Imported, FormatError> {
    let mut input = input::Input::new(bytes, limits.record_bytes)?;
    let format = match name {
        Some(format) => format,
        None => detect(input.prefix()?).ok_or_else(|| FormatError { line: 1, reason: detect::undetected() })?,
    };
    let mut shared = cursor::Shared::new(limits);
    let (history, warnings) = match format {
        Format::Jsonl => jsonl::read(&mut input, &mut shared).map(|history| (history, Vec::new())),
        Format::Csv => csv::read(&mut input, &mut shared).map(|history| (history, Vec::new())),
        Format::Edn => edn::read(&mut input, &mut shared),
        Format::JepsenLog => jepsen_log::read(&mut input, &mut shared),
        Format::Json => json::read_array(&mut input, &mut shared),
        Format::Ndjson => json::read_lines(&mut input, &mut shared),
        Format::Plume => plume::read(&mut input, &mut shared),
        Format::AwditTest => awdit::read(&mut input, &mut shared),
    }?;
    let real_time = !matches!(format, Format::Plume | Format::AwditTest);
    Ok(Imported { history, format, real_time, warnings })
}

/// Writes `history`; an `Err` of kind `Unsupported` if the format is one that is only read.
pub fn write(format: Format, history: &History, out: impl Write) -> io::Result<()> {
    match format {
        Format::Jsonl => jsonl::write(history, out),
        Format::Csv => csv::write(history, out),
        Format::Edn => edn::write(history, out),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, format!("format `{format}` is only read, not written"))),
    }
}
