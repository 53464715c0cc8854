//! A file as a schedule. What is wrong with it is told with its line and what to do.

use std::ops::Range;
use std::time::Duration;

use netsplit_nemesis::target::LEADER;
use netsplit_nemesis::{Cluster, Fault, Schedule, Step};
use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::kinds::{fields, kinds, main_field};
use super::{HOST_FIELDS, MILLISECONDS};
use crate::registry::meant;

/// What is wrong with a file, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadSchedule {
    /// Counted from one.
    pub line: usize,
    /// What, and what to do.
    pub reason: String,
}

/// Reads the file `text` for the hosts of `cluster` and a main phase of `length`. The steps are numbered in the order of
/// their beginnings.
pub fn read(text: &str, cluster: &Cluster, length: Duration) -> Result<Schedule, BadSchedule> {
    let reader = Reader { text, hosts: named(cluster), length };
    let mut schedule = reader.schedule()?;
    schedule.sort_by_key(|step| step.at_ms);
    for (id, step) in (0..).zip(&mut schedule) {
        step.id = id;
    }
    Ok(schedule)
}

/// Every name that a fault may have: the hosts' and the leader's.
fn named(cluster: &Cluster) -> Vec<String> {
    let mut names = cluster.everyone();
    names.push(LEADER.to_owned());
    names
}

/// The entry of a fault that waits for a sync.
const MID_SYNC: &str = "mid_sync";

/// What a fault of any kind can have.
const OF_EVERY_FAULT: [&str; 3] = ["at", "for", MID_SYNC];

struct Reader<'t> {
    text: &'t str,
    hosts: Vec<String>,
    length: Duration,
}

type Entry<'t> = (&'t str, &'t Spanned<DeValue<'t>>);

impl Reader<'_> {
    fn schedule(&self) -> Result<Schedule, BadSchedule> {
        let file = DeTable::parse(self.text)
            .map_err(|error| self.bad(&error.span().unwrap_or_default(), error.message().to_owned()))?;
        let mut schedule = Schedule::new();
        for (name, value) in file.get_ref() {
            let faults = match (name.get_ref().as_ref(), value.get_ref()) {
                ("fault", DeValue::Array(faults)) => faults,
                (other, _) => {
                    let reason =
                        format!("`{}` is nothing of a schedule: begin every fault with `[[fault]]`", shown(other));
                    return Err(self.bad(&name.span(), reason));
                }
            };
            for fault in faults {
                let DeValue::Table(table) = fault.get_ref() else {
                    return Err(self.bad(&fault.span(), "a fault begins with `[[fault]]`".into()));
                };
                schedule.push(self.step(&fault.span(), table)?);
            }
        }
        Ok(schedule)
    }

    fn step(&self, whole: &Range<usize>, table: &DeTable<'_>) -> Result<Step, BadSchedule> {
        let entries: Vec<Entry<'_>> = table.iter().map(|(name, value)| (name.get_ref().as_ref(), value)).collect();
        let at = self.time(whole, &entries, "at", "when it begins")?;
        let lasts = self.time(whole, &entries, "for", "how long it lasts")?;
        if at >= self.length {
            let reason = format!(
                "it begins at {}, and the main phase ends at {}: let it begin earlier, or use a longer --time-limit",
                humantime::format_duration(at),
                humantime::format_duration(self.length)
            );
            return Err(self.bad(&entry(&entries, "at").map_or(whole.clone(), |(_, at)| at.span()), reason));
        }
        let mid_sync = self.mid_sync(&entries)?;
        let fault = self.fault(whole, &entries)?;
        Ok(Step { id: 0, at_ms: milliseconds(at), lasts_ms: milliseconds(lasts), mid_sync, fault })
    }

    fn time(
        &self,
        whole: &Range<usize>,
        entries: &[Entry<'_>],
        name: &str,
        what: &str,
    ) -> Result<Duration, BadSchedule> {
        let Some((_, value)) = entry(entries, name) else {
            return Err(self.bad(whole, format!("the fault lacks `{name}`, {what}, such as `{name} = \"2s\"`")));
        };
        self.duration(name, value)
    }

    fn mid_sync(&self, entries: &[Entry<'_>]) -> Result<bool, BadSchedule> {
        let Some((_, value)) = entry(entries, MID_SYNC) else { return Ok(false) };
        value.get_ref().as_bool().ok_or_else(|| self.bad(&value.span(), format!("`{MID_SYNC}` is true or false")))
    }

    fn duration(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<Duration, BadSchedule> {
        let parsed = value.get_ref().as_str().and_then(|text| humantime::parse_duration(text).ok());
        let whole =
            parsed.filter(|time| time.as_millis() <= u128::from(u32::MAX) && time.subsec_nanos() % 1_000_000 == 0);
        whole.ok_or_else(|| {
            let reason = format!("`{name}` must be a time in whole milliseconds, such as \"2s\" or \"1s 500ms\"");
            self.bad(&value.span(), reason)
        })
    }

    /// The entries but its times, in serde's form of a fault.
    fn fault(&self, whole: &Range<usize>, entries: &[Entry<'_>]) -> Result<Fault, BadSchedule> {
        let kind = self.kind(whole, entries)?;
        let mut fault = Map::from_iter([("fault".to_owned(), json!(kind))]);
        for (name, value) in entries {
            if OF_EVERY_FAULT.contains(name) || *name == "fault" {
                continue;
            }
            let field = if *name == kind { main_field(kind).unwrap_or(name) } else { name };
            let in_ms = format!("{field}{MILLISECONDS}");
            if fields(kind).contains(&in_ms.as_str()) {
                fault.insert(in_ms, json!(milliseconds(self.duration(name, value)?)));
            } else if fields(kind).contains(&field) {
                let value = self.value(value, HOST_FIELDS.contains(&field))?;
                // One host needs no list around it.
                let value = if HOST_FIELDS.contains(&field) && value.is_string() { json!([value]) } else { value };
                fault.insert(field.to_owned(), value);
            } else if kinds().contains(name) {
                let reason =
                    format!("a fault breaks one thing: `{name}` needs a `[[fault]]` of its own beside `{kind}`");
                return Err(self.bad(&value.span(), reason));
            } else {
                let known = fields(kind).iter().map(|field| field.strip_suffix(MILLISECONDS).unwrap_or(field));
                let reason = format!("`{kind}` has no `{}`; it has {}", shown(name), list(known));
                return Err(self.bad(&value.span(), reason));
            }
        }
        serde_json::from_value(Value::Object(fault))
            .map_err(|error| self.bad(whole, format!("`{kind}` is not complete: {error}")))
    }

    /// The kind is one of the names, or the value of `fault`.
    fn kind<'e>(&self, whole: &Range<usize>, entries: &'e [Entry<'e>]) -> Result<&'e str, BadSchedule> {
        if let Some((_, value)) = entry(entries, "fault") {
            let kind = value.get_ref().as_str().unwrap_or_default();
            return if kinds().contains(&kind) { Ok(kind) } else { Err(self.unknown_kind(&value.span(), kind)) };
        }
        if let Some((kind, _)) = entries.iter().find(|(name, _)| kinds().contains(name)) {
            return Ok(kind);
        }
        match entries.iter().find(|(name, _)| !OF_EVERY_FAULT.contains(name)) {
            Some((name, value)) => Err(self.unknown_kind(&value.span(), name)),
            None => Err(self.bad(whole, format!("the fault does not say what breaks: one of {}", list(kinds())))),
        }
    }

    fn unknown_kind(&self, span: &Range<usize>, kind: &str) -> BadSchedule {
        let (meant, kinds) = (meant(kind, kinds().iter().copied()), list(kinds()));
        self.bad(span, format!("no kind of fault `{}`{meant}; there are {kinds}", shown(kind)))
    }

    /// A value in JSON; where hosts are named, only hosts that there are.
    fn value(&self, value: &Spanned<DeValue<'_>>, hosts: bool) -> Result<Value, BadSchedule> {
        Ok(match value.get_ref() {
            DeValue::String(name) if hosts && !self.hosts.iter().any(|host| host == name) => {
                let reason = format!("no host `{}`; there are {}", shown(name), self.hosts.join(", "));
                return Err(self.bad(&value.span(), reason));
            }
            DeValue::String(text) => json!(text),
            DeValue::Boolean(yes) => json!(yes),
            DeValue::Integer(number) => json!(number.as_str().parse::<i64>().ok()),
            DeValue::Float(number) => json!(number.as_str().parse::<f64>().ok()),
            DeValue::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item, hosts)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => {
                let fields =
                    table.iter().map(|(name, value)| Ok((name.get_ref().to_string(), self.value(value, hosts)?)));
                Value::Object(fields.collect::<Result<_, _>>()?)
            }
            DeValue::Datetime(_) => return Err(self.bad(&value.span(), "no field of a fault holds a date".into())),
        })
    }

    fn bad(&self, span: &Range<usize>, reason: String) -> BadSchedule {
        let before = self.text.get(..span.start).unwrap_or_default();
        BadSchedule { line: 1 + before.matches('\n').count(), reason }
    }
}

fn entry<'e>(entries: &[Entry<'e>], name: &str) -> Option<Entry<'e>> {
    entries.iter().find(|(known, _)| *known == name).copied()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("longer times are refused")
}

/// A stranger's text, fit for a terminal.
fn shown(text: &str) -> String {
    text.chars().take(80).collect::<String>().escape_debug().to_string()
}

fn list<'n>(names: impl IntoIterator<Item = impl AsRef<str> + 'n>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
