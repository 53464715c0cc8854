//! A schedule as a file.

use std::fmt::Write;
use std::time::Duration;

use netsplit_nemesis::Schedule;
use serde_json::{Map, Value};

use super::MILLISECONDS;
use super::kinds::main_field;

/// The file of `schedule`; [`read`](super::read) gives the same faults back, numbered in the order of the file.
pub fn write(schedule: &Schedule) -> String {
    let mut file = String::new();
    for step in schedule {
        let Ok(Value::Object(mut fault)) = serde_json::to_value(&step.fault) else {
            unreachable!("a fault has the form of an object");
        };
        let kind = fault.remove("fault").and_then(|kind| kind.as_str().map(str::to_owned));
        let kind = kind.expect("a fault names its kind");
        put(&mut file, "[[fault]]");
        put(&mut file, &format!("at = \"{}\"", duration(step.at_ms)));
        put(&mut file, &format!("for = \"{}\"", duration(step.lasts_ms)));
        if step.mid_sync {
            put(&mut file, "mid_sync = true");
        }
        match main_field(&kind).and_then(|field| fault.remove(field)) {
            Some(hosts) => put(&mut file, &format!("{kind} = {}", toml(&hosts))),
            None => put(&mut file, &format!("fault = \"{kind}\"")),
        }
        put_fields(&mut file, &fault);
        file.push('\n');
    }
    file
}

fn put_fields(file: &mut String, fields: &Map<String, Value>) {
    for (name, value) in fields {
        match (name.strip_suffix(MILLISECONDS), value.as_u64()) {
            (Some(name), Some(ms)) => put(file, &format!("{name} = \"{}\"", duration(ms))),
            _ if value.is_null() => {}
            _ => put(file, &format!("{name} = {}", toml(value))),
        }
    }
}

fn put(file: &mut String, line: &str) {
    writeln!(file, "{line}").expect("writing to memory does not fail");
}

fn duration(ms: u64) -> String {
    humantime::format_duration(Duration::from_millis(ms)).to_string()
}

fn toml(value: &Value) -> String {
    toml::Value::try_from(value).expect("the fields of faults have a TOML form").to_string()
}
