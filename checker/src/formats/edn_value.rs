//! EDN values (edn-format.org): as much as Jepsen, Knossos and Elle print.
//!
//! Keywords, symbols and characters become [`Value::Text`], lists and sets [`Value::List`], those of sets
//! in ascending order. A tag is dropped
//! (`#jepsen.history.Op{…}` is its map), but for our own `#netsplit/number "…"`, which holds a number that EDN can't say.

use std::borrow::Cow;
use std::io::{self, Write};

use super::cursor::{Cursor, Problem};
use super::json_value::{shortened, unicode};
use crate::Value;

const NUMBER: &str = "netsplit/number";

/// Takes what means nothing: white space, commas, comments and discarded forms.
pub(super) fn skip_space(c: &mut Cursor<'_, '_>) -> Result<(), Problem> {
    loop {
        c.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x0c));
        if c.peek() == Some(b';') {
            c.take_while(|byte| byte != b'\n');
        } else if c.rest().starts_with(b"#_") {
            c.at += 2;
            c.enter()?;
            let spent = c.shared.spent();
            value(c)?;
            c.shared.restore(spent);
            c.leave();
        } else {
            return Ok(());
        }
    }
}

/// The next value.
pub(super) fn value(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    skip_space(c)?;
    match c.peek() {
        Some(b'{') => map(c),
        Some(b'[') => list(c, b']'),
        Some(b'(') => list(c, b')'),
        Some(b'"') => {
            let text = string(c)?;
            c.text_value(&text)
        }
        Some(b'#') => dispatch(c),
        Some(b'\\') => character(c),
        Some(b'}' | b']' | b')') | None => c.fail(format!("expected a value, found {}", c.found())),
        Some(_) => atom(c),
    }
}

fn list(c: &mut Cursor<'_, '_>, close: u8) -> Result<Value, Problem> {
    let mut items = Vec::new();
    c.at += 1;
    c.enter()?;
    loop {
        skip_space(c)?;
        if c.peek() == Some(close) {
            break;
        }
        c.spend_item()?;
        items.push(value(c)?);
    }
    c.at += 1;
    c.leave();
    c.list_value(items)
}

fn map(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let mut entries = Vec::new();
    entries_of(c, |c, key| {
        c.spend_item()?;
        entries.push((key, value(c)?));
        Ok(())
    })?;
    c.map_value(entries)
}

/// Takes the entries of a map, calling `entry` with each key when its value is next.
pub(super) fn entries_of<'t, 's>(
    c: &mut Cursor<'t, 's>,
    mut entry: impl FnMut(&mut Cursor<'t, 's>, Value) -> Result<(), Problem>,
) -> Result<(), Problem> {
    if c.peek() != Some(b'{') {
        return c.fail(format!("expected a map, found {}", c.found()));
    }
    c.at += 1;
    c.enter()?;
    loop {
        skip_space(c)?;
        if c.peek() == Some(b'}') {
            break;
        }
        let key = value(c)?;
        entry(c, key)?;
    }
    c.at += 1;
    c.leave();
    Ok(())
}

/// What begins with `#`: a set, a symbolic number, a regular expression or a tagged value.
fn dispatch(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let begin = c.at;
    c.at += 1;
    match c.peek() {
        // two that are written in another order are one set
        Some(b'{') => list(c, b'}').map(|set| match set {
            Value::List(elements) => {
                let mut elements = elements.to_vec();
                elements.sort_unstable();
                Value::list(elements)
            }
            other => other,
        }),
        Some(b'#') => {
            c.at += 1;
            take_token(c);
            c.spend(c.at - begin)?;
            Ok(Value::Number(c.shared.text(&c.text[begin..c.at])))
        }
        Some(b'"') => value(c),
        _ => {
            let tag = take_token(c);
            if tag.is_empty() {
                return c.fail(format!("expected a tag after `#`, found {}", c.found()));
            }
            // tags nest without brackets
            c.enter()?;
            let value = value(c)?;
            c.leave();
            match value {
                Value::Text(number) if tag == NUMBER => Ok(Value::Number(number)),
                value => Ok(value),
            }
        }
    }
}

fn take_token<'t>(c: &mut Cursor<'t, '_>) -> &'t str {
    c.take_while(|byte| {
        !matches!(byte, 0..=b' ' | b',' | b';' | b'"' | b'\\' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | 0x7f)
    })
}

fn character(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    c.at += 1;
    let Some(first) = c.text[c.at..].chars().next() else {
        return c.fail("expected a character after `\\`");
    };
    c.at += first.len_utf8();
    let tail = take_token(c);
    let named = match (first, tail) {
        ('n', "ewline") => "\n",
        ('s', "pace") => " ",
        ('t', "ab") => "\t",
        ('r', "eturn") => "\r",
        (_, "") => return c.text_value(first.encode_utf8(&mut [0; 4])),
        _ => return c.fail(format!("no character: `\\{first}{}`", shortened(tail))),
    };
    c.text_value(named)
}

fn atom(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let begin = c.at;
    let token = take_token(c);
    let fail = |reason| Err(Problem { at: begin, reason });
    let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
    match token {
        "" => c.fail(format!("expected a value, found {}", c.found())),
        "nil" => Ok(Value::Nil),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if unsigned.starts_with(|first: char| first.is_ascii_digit()) => match number(token) {
            Some(Ok(n)) => Ok(Value::Int(n)),
            Some(Err(kept)) => {
                c.spend(kept.len())?;
                Ok(Value::Number(c.shared.text(kept)))
            }
            None => fail(format!("`{}` is no number", shortened(token))),
        },
        _ => match token.strip_prefix(':') {
            Some("") => fail("a keyword without a name".to_owned()),
            Some(name) => c.text_value(name),
            None => c.text_value(token),
        },
    }
}

/// A number that fits, or else its text.
fn number(token: &str) -> Option<Result<i64, &str>> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let signless = |text: &str| digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    let whole = token.strip_suffix('N').unwrap_or(token);
    if signless(whole) {
        return Some(whole.parse().map_err(|_| whole));
    }
    if let Some((numerator, denominator)) = token.split_once('/') {
        return (signless(numerator) && digits(denominator)).then_some(Err(token));
    }
    let hex = token.strip_prefix(['+', '-']).unwrap_or(token).strip_prefix("0x");
    if let Some(hex) = hex {
        return (!hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(Err(token));
    }
    let decimal = token.strip_suffix('M').unwrap_or(token);
    let (mantissa, exponent) = decimal.split_once(['e', 'E']).unwrap_or((decimal, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let fine = signless(whole) && (fraction.is_empty() || digits(fraction)) && signless(exponent);
    fine.then_some(Err(decimal))
}

/// The string that begins here.
fn string<'t>(c: &mut Cursor<'t, '_>) -> Result<Cow<'t, str>, Problem> {
    c.at += 1;
    let mut whole = Cow::Borrowed("");
    loop {
        let part = c.take_while(|byte| !matches!(byte, b'"' | b'\\'));
        if whole.is_empty() {
            whole = Cow::Borrowed(part);
        } else {
            whole.to_mut().push_str(part);
        }
        match c.peek() {
            Some(b'"') => {
                c.at += 1;
                return Ok(whole);
            }
            Some(_) => {
                c.at += 1;
                let escaped = match c.peek() {
                    Some(byte @ (b'"' | b'\\' | b'\'')) => char::from(byte),
                    Some(b'n') => '\n',
                    Some(b'r') => '\r',
                    Some(b't') => '\t',
                    Some(b'b') => '\u{8}',
                    Some(b'f') => '\u{c}',
                    Some(b'u') => {
                        c.at += 1;
                        whole.to_mut().push(unicode(c)?);
                        continue;
                    }
                    _ => return c.fail(format!("no escape: `\\` and {}", c.found())),
                };
                c.at += 1;
                whole.to_mut().push(escaped);
            }
            None => return c.fail("a string without an end"),
        }
    }
}

/// Writes a string.
pub(super) fn write_string(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_control() || c == '"' || c == '\\') {
        out.write_all(&rest.as_bytes()[..at])?;
        match rest.as_bytes()[at] {
            byte @ (b'"' | b'\\') => out.write_all(&[b'\\', byte])?,
            b'\n' => out.write_all(b"\\n")?,
            byte => write!(out, "\\u{byte:04x}")?,
        }
        rest = &rest[at + 1..];
    }
    out.write_all(rest.as_bytes())?;
    out.write_all(b"\"")
}

/// Writes a name as a keyword, where that reads back as the same text; else as a string.
pub(super) fn write_name(out: &mut impl Write, name: &str) -> io::Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'?' | b'.');
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(plain) {
        write!(out, ":{name}")
    } else {
        write_string(out, name)
    }
}

/// The first words of the steps of transactions, which Elle wants as keywords.
const STEPS: [&str; 7] = ["append", "r", "w", "read", "write", "send", "poll"];

/// Writes `value`. Text is a string, but for names of fields and of steps of transactions, which Jepsen's checkers
/// want as keywords; all read back alike.
pub(super) fn write(out: &mut impl Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Nil => out.write_all(b"nil"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Number(n) => write_number(out, n),
        Value::Text(text) => write_string(out, text),
        Value::List(items) => {
            out.write_all(b"[")?;
            for (i, item) in items.iter().enumerate() {
                match item {
                    Value::Text(step) if i == 0 && STEPS.contains(&&**step) => write_name(out, step)?,
                    item => {
                        out.write_all(if i == 0 { b"" } else { b" " })?;
                        write(out, item)?;
                    }
                }
            }
            out.write_all(b"]")
        }
        Value::Map(entries) => {
            out.write_all(b"{")?;
            for (i, (key, value)) in entries.iter().enumerate() {
                out.write_all(if i == 0 { b"" } else { b", " })?;
                match key {
                    Value::Text(name) => write_name(out, name)?,
                    key => write(out, key)?,
                }
                out.write_all(b" ")?;
                write(out, value)?;
            }
            out.write_all(b"}")
        }
    }
}

fn write_number(out: &mut impl Write, text: &str) -> io::Result<()> {
    let reads_back = number(text) == Some(Err(text)) || ["##Inf", "##-Inf", "##NaN"].contains(&text);
    // `number` is asked only about what begins like one
    if reads_back && !text.starts_with('/') {
        return out.write_all(text.as_bytes());
    }
    write!(out, "#{NUMBER} ")?;
    write_string(out, text)
}
