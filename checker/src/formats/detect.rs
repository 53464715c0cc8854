//! Which format a file is in, by its first bytes.

use super::{Format, jepsen_log};

/// The format of a file that begins with `first`, unpacked: some kilobytes are enough. None if it is empty or like none.
pub fn detect(first: &[u8]) -> Option<Format> {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let text = String::from_utf8_lossy(first);
    let uncommented = after_comments(&text);
    if uncommented.starts_with("index,time,process") {
        return Some(Format::Csv);
    }
    let commented = uncommented.len() < text.trim_start().len();
    let mut next = uncommented.chars().filter(|c| !c.is_whitespace());
    match (next.next(), next.next()) {
        (Some('{'), Some('"')) if !commented => Some(objects(uncommented)),
        (Some('['), Some('{')) if next.next() == Some('"') && !commented => Some(Format::Json),
        (Some('['), Some(']')) if !commented => Some(Format::Json),
        (Some('{' | '[' | '(' | '#'), _) => Some(Format::Edn),
        _ if commented => Some(Format::Edn),
        _ => by_lines(&text),
    }
}

pub(super) fn undetected() -> String {
    let names = Format::ALL.map(Format::name).join(", ");
    format!("the file is empty or in no known format; name one of {names}")
}

/// What follows EDN's comments.
fn after_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with(';') {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    rest
}

/// Lines of objects are our own if they have an index, unless their types are in upper case.
fn objects(text: &str) -> Format {
    let kind = text.split_once("\"type\"").map(|(_, rest)| rest.trim_start_matches([' ', '\t', ':', '"']));
    let upper = kind.is_some_and(|kind| kind.starts_with(|first: char| first.is_ascii_uppercase()));
    let numbered = text.lines().next().is_some_and(|line| line.contains("\"index\""));
    if upper || !numbered { Format::Ndjson } else { Format::Jsonl }
}

fn by_lines(text: &str) -> Option<Format> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?;
    let step = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        matches!(words.next(), Some("r" | "w")) && words.count() == 2
    };
    let rule = |line: &str| line.bytes().all(|byte| byte == b'=') || line.bytes().all(|byte| byte == b'-');
    if first.starts_with("w(") || first.starts_with("r(") {
        Some(Format::Plume)
    } else if step(first) || rule(first.trim()) {
        Some(Format::AwditTest)
    } else {
        let log = |line: &str| jepsen_log::logged(line).is_some() || line.contains("jepsen.");
        text.lines().any(log).then_some(Format::JepsenLog)
    }
}
