//! Replies in RESP2, and the refusals that commands share.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

/// One reply. Not `redis_protocol`'s frame: RESP2 has two nulls (`$-1` and `*-1`), that frame has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK` and its like.
    Status(Cow<'static, str>),
    /// `-ERR …`: the code and the message.
    Error(Cow<'static, str>),
    /// A signed integer.
    Integer(i64),
    /// A string of bytes.
    Bulk(Bytes),
    /// The absence of a string (`$-1`).
    Null,
    /// The absence of an array (`*-1`): what `EXEC` answers when a watched key has changed.
    NullArray,
    /// Replies in order.
    Array(Vec<Reply>),
}

impl Reply {
    pub(super) const OK: Reply = Reply::Status(Cow::Borrowed("OK"));
    pub(super) const QUEUED: Reply = Reply::Status(Cow::Borrowed("QUEUED"));

    pub(super) fn count(count: usize) -> Reply {
        Reply::Integer(i64::try_from(count).expect("no collection in memory has 2^63 members"))
    }

    pub(super) fn flag(flag: bool) -> Reply {
        Reply::Integer(i64::from(flag))
    }

    pub(super) fn bulk_or_null(value: Option<Bytes>) -> Reply {
        value.map_or(Reply::Null, Reply::Bulk)
    }

    pub(super) fn bulks(values: impl IntoIterator<Item = Bytes>) -> Reply {
        Reply::Array(values.into_iter().map(Reply::Bulk).collect())
    }

    /// Appends this reply as RESP2.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Reply::Status(text) => put_line(out, b'+', text),
            Reply::Error(text) => put_line(out, b'-', text),
            Reply::Integer(value) => put_line(out, b':', &value.to_string()),
            Reply::Bulk(bytes) => put_bulk(out, bytes),
            Reply::Null => put_line(out, b'$', "-1"),
            Reply::NullArray => put_line(out, b'*', "-1"),
            Reply::Array(replies) => {
                put_line(out, b'*', &replies.len().to_string());
                for reply in replies {
                    reply.encode(out);
                }
            }
        }
    }
}

pub(super) fn put_line(out: &mut BytesMut, kind: u8, text: &str) {
    out.put_u8(kind);
    out.put_slice(text.as_bytes());
    out.put_slice(b"\r\n");
}

pub(super) fn put_bulk(out: &mut BytesMut, bytes: &[u8]) {
    put_line(out, b'$', &bytes.len().to_string());
    out.put_slice(bytes);
    out.put_slice(b"\r\n");
}

/// Why a command did nothing, in Redis's own words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) Cow<'static, str>);

impl Refusal {
    pub(super) const WRONG_TYPE: Refusal =
        Refusal::new("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub(super) const NOT_AN_INTEGER: Refusal = Refusal::new("ERR value is not an integer or out of range");
    pub(super) const HASH_NOT_AN_INTEGER: Refusal = Refusal::new("ERR hash value is not an integer");
    pub(super) const NOT_POSITIVE: Refusal = Refusal::new("ERR value is out of range, must be positive");
    pub(super) const OVERFLOW: Refusal = Refusal::new("ERR increment or decrement would overflow");
    pub(super) const DECREMENT_OVERFLOW: Refusal = Refusal::new("ERR decrement would overflow");
    pub(super) const SYNTAX: Refusal = Refusal::new("ERR syntax error");
    pub(super) const NO_SUCH_KEY: Refusal = Refusal::new("ERR no such key");
    pub(super) const NO_EXPIRY: Refusal = Refusal::new("ERR the embedded Redis has no clock and so no expiry");

    pub(super) const fn new(text: &'static str) -> Refusal {
        Refusal(Cow::Borrowed(text))
    }

    pub(super) fn arity(name: &str) -> Refusal {
        Refusal(format!("ERR wrong number of arguments for '{name}' command").into())
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Reply {
        Reply::Error(refusal.0)
    }
}

/// What a command ends with.
pub(super) type Answered = Result<Reply, Refusal>;

/// Redis's strict integers: no plus sign, no leading zero, no space, no `-0`.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let value: i64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_strict() {
        for (text, value) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("+1", None),
            ("01", None),
            ("-0", None),
            (" 1", None),
            ("", None),
        ] {
            assert_eq!(integer(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn the_two_nulls_differ_on_the_wire() {
        let mut out = BytesMut::new();
        Reply::Array(vec![Reply::Null, Reply::NullArray]).encode(&mut out);
        assert_eq!(out, "*2\r\n$-1\r\n*-1\r\n");
    }
}
