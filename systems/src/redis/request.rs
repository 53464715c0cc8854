//! Requests in RESP2: an array of bulk strings, as every client library sends them.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};
use redis_protocol::resp2::decode::decode_range;
use redis_protocol::resp2::types::RangeFrame;

use super::reply::{Reply, put_bulk, put_line};

/// The bytes are not a request. The connection can't be used any further: answer
/// [`ProtocolError::reply`] and close it, as Redis does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolError(String);

impl ProtocolError {
    /// What Redis would say before it closes the connection.
    pub fn reply(&self) -> Reply {
        Reply::Error(format!("ERR Protocol error: {}", self.0).into())
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a Redis request: {}", self.0)
    }
}

impl std::error::Error for ProtocolError {}

/// Takes the first whole request off the front of `received`; `None` while it is incomplete.
/// An empty request is passed over, as Redis does.
pub fn take_request(received: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
    loop {
        let Some((request, length)) = first_request(received)? else {
            return Ok(None);
        };
        received.advance(length);
        if !request.is_empty() {
            return Ok(Some(request));
        }
    }
}

/// The first request in `bytes` and its length; `None` if it is incomplete.
///
/// The arguments are copied: a value that is kept must not keep a whole receive buffer alive.
pub(super) fn first_request(bytes: &[u8]) -> Result<Option<(Vec<Bytes>, usize)>, ProtocolError> {
    if let Some(&first) = bytes.first()
        && first != b'*'
    {
        return Err(ProtocolError(format!("expected '*', got '{}'", first.escape_ascii())));
    }
    let decoded = decode_range(bytes).map_err(|error| ProtocolError(error.to_string()))?;
    let Some((frame, length)) = decoded else {
        return Ok(None);
    };
    let RangeFrame::Array(arguments) = frame else {
        return Err(ProtocolError("expected an array".into()));
    };
    let request: Result<_, _> = arguments
        .into_iter()
        .map(|argument| match argument {
            RangeFrame::BulkString((from, to)) => Ok(Bytes::copy_from_slice(&bytes[from..to])),
            _ => Err(ProtocolError("expected '$'".into())),
        })
        .collect();
    Ok(Some((request?, length)))
}

/// Appends `request` as RESP2: the form of a request on the wire and in the append-only log.
pub fn encode_request(request: &[impl AsRef<[u8]>], out: &mut BytesMut) {
    put_line(out, b'*', &request.len().to_string());
    for argument in request {
        put_bulk(out, argument.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(request: &[&str]) -> BytesMut {
        let mut out = BytesMut::new();
        encode_request(request, &mut out);
        out
    }

    #[test]
    fn a_request_survives_any_split_of_its_bytes() {
        let whole = encoded(&["SET", "a\r\nb", ""]);
        for cut in 0..whole.len() {
            let mut received = BytesMut::from(&whole[..cut]);
            assert_eq!(take_request(&mut received), Ok(None), "cut at {cut}");
            received.extend_from_slice(&whole[cut..]);
            let request = take_request(&mut received).expect("well-formed").expect("whole");
            assert_eq!(request, ["SET", "a\r\nb", ""]);
            assert!(received.is_empty());
        }
    }

    #[test]
    fn requests_come_one_by_one_and_empty_ones_are_passed_over() {
        let mut received = BytesMut::from("*0\r\n");
        received.extend_from_slice(&encoded(&["PING"]));
        received.extend_from_slice(&encoded(&["ECHO", "x"]));
        assert_eq!(take_request(&mut received), Ok(Some(vec!["PING".into()])));
        assert_eq!(take_request(&mut received), Ok(Some(vec!["ECHO".into(), "x".into()])));
        assert_eq!(take_request(&mut received), Ok(None));
    }

    #[test]
    fn what_is_no_request_is_an_error() {
        for bytes in ["PING\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*-1\r\n", "*x\r\n"] {
            let mut received = BytesMut::from(bytes);
            assert!(take_request(&mut received).is_err(), "{bytes:?}");
        }
    }
}
