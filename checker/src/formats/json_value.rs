//! JSON values (RFC 8259), with numbers kept as they were written.
//!
//! JSON has only strings as keys of maps. Our own formats write any other map as `{"$map":[[key,value],…]}`, and a
//! number that JSON can't say (an EDN ratio) as `{"$number":"1/2"}`. A map whose only key is one of these two words is
//! written as `$map` too, so that no value reads back as another. In foreign JSON these words mean nothing.

use std::borrow::Cow;
use std::io::{self, Write};

use super::cursor::{Cursor, Problem};
use crate::Value;

const MAP: &str = "$map";
const NUMBER: &str = "$number";

fn skip_space(c: &mut Cursor<'_, '_>) {
    c.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
}

/// The next value; space around it is taken.
pub(super) fn value(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    skip_space(c);
    let value = match c.peek() {
        Some(b'{') => object(c)?,
        Some(b'[') => array(c)?,
        Some(b'"') => {
            let text = string(c)?;
            c.text_value(&text)?
        }
        Some(b'-' | b'0'..=b'9') => number(c)?,
        _ => word(c)?,
    };
    skip_space(c);
    Ok(value)
}

/// The one value that fills the whole text.
pub(super) fn only_value(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let value = value(c)?;
    end(c)?;
    Ok(value)
}

/// Nothing may follow.
pub(super) fn end(c: &Cursor<'_, '_>) -> Result<(), Problem> {
    if c.peek().is_none() { Ok(()) } else { c.fail(format!("expected nothing more, found {}", c.found())) }
}

fn word(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    for (word, value) in [("null", Value::Nil), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
        if c.rest().starts_with(word.as_bytes()) {
            c.at += word.len();
            return Ok(value);
        }
    }
    c.fail(format!("expected a JSON value, found {}", c.found()))
}

fn array(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let mut items = Vec::new();
    sequence(c, b']', |c| {
        c.spend_item()?;
        items.push(value(c)?);
        Ok(())
    })?;
    c.list_value(items)
}

fn object(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let mut entries = Vec::new();
    members(c, |c, key| {
        c.spend_item()?;
        let key = c.text_value(key)?;
        entries.push((key, value(c)?));
        Ok(())
    })?;
    if c.escapes && entries.len() == 1 {
        match entries[0].0.as_text() {
            Some(MAP) => return escaped_map(c, &entries[0].1),
            Some(NUMBER) => return escaped_number(c, &entries[0].1),
            _ => {}
        }
    }
    c.map_value(entries)
}

fn escaped_map(c: &mut Cursor<'_, '_>, pairs: &Value) -> Result<Value, Problem> {
    let pair = |pair: &Value| match pair.as_list() {
        Some([key, value]) => Some((key.clone(), value.clone())),
        _ => None,
    };
    match pairs.as_list().and_then(|pairs| pairs.iter().map(pair).collect()) {
        Some(entries) => c.map_value(entries),
        None => c.fail("`$map` needs an array of [key,value] pairs"),
    }
}

fn escaped_number(c: &Cursor<'_, '_>, number: &Value) -> Result<Value, Problem> {
    match number {
        Value::Text(number) => Ok(Value::Number(number.clone())),
        _ => c.fail("`$number` needs a string"),
    }
}

/// Takes the members of an object, calling `member` with each name when its value is next.
pub(super) fn members<'t, 's>(
    c: &mut Cursor<'t, 's>,
    mut member: impl FnMut(&mut Cursor<'t, 's>, &str) -> Result<(), Problem>,
) -> Result<(), Problem> {
    if c.peek() != Some(b'{') {
        return c.fail(format!("expected `{{`, found {}", c.found()));
    }
    sequence(c, b'}', |c| {
        let name = string(c)?;
        skip_space(c);
        if c.peek() != Some(b':') {
            return c.fail(format!("expected `:`, found {}", c.found()));
        }
        c.at += 1;
        member(c, &name)
    })
}

fn sequence<'t, 's>(
    c: &mut Cursor<'t, 's>,
    close: u8,
    mut item: impl FnMut(&mut Cursor<'t, 's>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    c.at += 1;
    c.enter()?;
    skip_space(c);
    if c.peek() != Some(close) {
        loop {
            skip_space(c);
            item(c)?;
            skip_space(c);
            match c.peek() {
                Some(b',') => c.at += 1,
                Some(byte) if byte == close => break,
                _ => return c.fail(format!("expected `,` or `{}`, found {}", char::from(close), c.found())),
            }
        }
    }
    c.at += 1;
    c.leave();
    Ok(())
}

fn number(c: &mut Cursor<'_, '_>) -> Result<Value, Problem> {
    let begin = c.at;
    let token = c.take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let Some(whole) = is_number(token) else {
        return Err(Problem { at: begin, reason: format!("`{}` is no JSON number", shortened(token)) });
    };
    // Others' writers have one kind of number, and write 1 or 1.0 for the same.
    let (written, whole) = match token.split_once('.') {
        Some((written, zeros)) if !c.escapes && zeros.bytes().all(|digit| digit == b'0') => (written, true),
        _ => (token, whole),
    };
    match written.parse() {
        Ok(n) if whole => Ok(Value::Int(n)),
        _ => {
            c.spend(token.len())?;
            Ok(Value::Number(c.shared.text(token)))
        }
    }
}

/// Whether this is a JSON number, and if so whether a whole one.
fn is_number(token: &str) -> Option<bool> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (token, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let fine = digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits);
    fine.then_some(fraction.is_none() && exponent.is_none())
}

/// Enough of a token for an error to show.
pub(super) fn shortened(token: &str) -> String {
    if token.chars().count() <= 40 { token.to_owned() } else { token.chars().take(40).chain(['…']).collect() }
}

/// The string that begins here.
pub(super) fn string<'t>(c: &mut Cursor<'t, '_>) -> Result<Cow<'t, str>, Problem> {
    if c.peek() != Some(b'"') {
        return c.fail(format!("expected `\"`, found {}", c.found()));
    }
    c.at += 1;
    let mut whole = Cow::Borrowed("");
    loop {
        let part = c.take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
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
            Some(b'\\') => {
                let escaped = escape(c)?;
                whole.to_mut().push(escaped);
            }
            None => return c.fail("a string without an end"),
            Some(_) => return c.fail("a control character in a string"),
        }
    }
}

fn escape(c: &mut Cursor<'_, '_>) -> Result<char, Problem> {
    c.at += 1;
    let named = match c.peek() {
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            c.at += 1;
            return unicode(c);
        }
        _ => return c.fail(format!("no escape: `\\` and {}", c.found())),
    };
    c.at += 1;
    Ok(named)
}

/// The character whose four hexadecimal digits come next; a pair of surrogates is one character.
pub(super) fn unicode(c: &mut Cursor<'_, '_>) -> Result<char, Problem> {
    let high = hex4(c)?;
    let mut code = u32::from(high);
    if (0xd800..0xdc00).contains(&high) && c.rest().starts_with(b"\\u") {
        c.at += 2;
        let low = u32::from(hex4(c)?);
        // anything else overflows into what is no character
        code = if (0xdc00..0xe000).contains(&low) { 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00) } else { code };
    }
    match char::from_u32(code) {
        Some(c) => Ok(c),
        None => c.fail("half of a surrogate pair"),
    }
}

fn hex4(c: &mut Cursor<'_, '_>) -> Result<u16, Problem> {
    let digits = c.rest().get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let Some(digits) = digits.and_then(|digits| std::str::from_utf8(digits).ok()) else {
        return c.fail("`\\u` needs four hexadecimal digits");
    };
    c.at += 4;
    Ok(u16::from_str_radix(digits, 16).expect("four hexadecimal digits fit"))
}

/// Writes a string.
pub(super) fn write_string(out: &mut impl Write, text: &str) -> io::Result<()> {
    serde_json::to_writer(out, text).map_err(io::Error::from)
}

/// Writes `value` compactly, with the escapes of our own formats.
pub(super) fn write(out: &mut impl Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Nil => out.write_all(b"null"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Number(n) => write_number(out, n),
        Value::Text(text) => write_string(out, text),
        Value::List(items) => {
            out.write_all(b"[")?;
            for (i, item) in items.iter().enumerate() {
                out.write_all(if i == 0 { b"" } else { b"," })?;
                write(out, item)?;
            }
            out.write_all(b"]")
        }
        Value::Map(entries) => {
            let mut names = entries.keys().map(Value::as_text);
            let escape = match entries.len() {
                1 => matches!(names.next().flatten(), None | Some(MAP | NUMBER)),
                _ => names.any(|name| name.is_none()),
            };
            let (open, colon, close): (&str, &str, &str) =
                if escape { ("{\"$map\":[", ",", "]}") } else { ("{", ":", "}") };
            out.write_all(open.as_bytes())?;
            for (i, (key, value)) in entries.iter().enumerate() {
                out.write_all(if i == 0 { b"" } else { b"," })?;
                out.write_all(if escape { b"[" } else { b"" })?;
                write(out, key)?;
                out.write_all(colon.as_bytes())?;
                write(out, value)?;
                out.write_all(if escape { b"]" } else { b"" })?;
            }
            out.write_all(close.as_bytes())
        }
    }
}

fn write_number(out: &mut impl Write, number: &str) -> io::Result<()> {
    // a whole number that fits would read back as `Value::Int`
    let plain = match is_number(number) {
        Some(whole) => !whole || number.parse::<i64>().is_err(),
        None => false,
    };
    if plain {
        return out.write_all(number.as_bytes());
    }
    write!(out, "{{\"{NUMBER}\":")?;
    write_string(out, number)?;
    out.write_all(b"}")
}
