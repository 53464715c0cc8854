//! The append-only log: Redis's own format, the write commands one after the other as requests.
//!
//! The log of a transaction stands between `MULTI` and `EXEC`. Loading stops before the first
//! record that is not whole, and a transaction without its `EXEC` is not whole, so a torn tail
//! never brings back half a transaction (Redis: `aof-load-truncated yes`).

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::request::first_request;
use super::{Engine, Reply, Session, encode_request};

/// What a log brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The engine as it was after the last whole record.
    pub engine: Engine,
    /// The length of the whole records: cut the file to it before anything is appended, or the
    /// torn bytes would run into the next record.
    pub kept_bytes: usize,
}

/// The log is not merely cut short but wrong, so that what follows can't be trusted. Redis
/// refuses to start on such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLog {
    /// Where the bad record starts.
    pub at_byte: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for BadLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad append-only log at byte {}: {}", self.at_byte, self.reason)
    }
}

impl std::error::Error for BadLog {}

/// Loads a log into a fresh engine, up to the last record that is whole.
pub fn replay(log: &[u8]) -> Result<Replayed, BadLog> {
    let mut engine = Engine::default();
    let mut session = Session::default();
    let (mut at_byte, mut kept_bytes) = (0, 0);
    loop {
        let bad = |reason: String| BadLog { at_byte, reason };
        let decoded = first_request(&log[at_byte..]).map_err(|error| bad(error.to_string()))?;
        let Some((request, length)) = decoded else {
            return Ok(Replayed { engine, kept_bytes });
        };
        let reply = engine.execute(&mut session, &request).reply;
        if let Some(reason) = refusal(&reply) {
            return Err(bad(reason.to_string()));
        }
        at_byte += length;
        if !session.in_transaction() {
            kept_bytes = at_byte;
        }
    }
}

/// Only commands that changed something are logged, so one that is refused is a sign of damage.
fn refusal(reply: &Reply) -> Option<&str> {
    match reply {
        Reply::Error(text) => Some(text),
        Reply::Array(replies) => replies.iter().find_map(refusal),
        _ => None,
    }
}

/// The record of one write.
pub(super) fn record(request: &[Bytes]) -> Bytes {
    let mut out = BytesMut::new();
    encode_request(request, &mut out);
    out.freeze()
}

/// The record of one transaction: nothing if it wrote nothing.
pub(super) fn transaction_record(writes: &[&Vec<Bytes>]) -> Bytes {
    if writes.is_empty() {
        return Bytes::new();
    }
    let mut out = BytesMut::new();
    encode_request(&["MULTI"], &mut out);
    for write in writes {
        encode_request(write, &mut out);
    }
    encode_request(&["EXEC"], &mut out);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Executes lines of words in one session; the log that they leave.
    fn logged(lines: &[&str]) -> (Engine, Vec<u8>) {
        let (mut engine, mut session, mut log) = (Engine::default(), Session::default(), Vec::new());
        for line in lines {
            let request: Vec<Bytes> = line.split(' ').map(|word| Bytes::copy_from_slice(word.as_bytes())).collect();
            log.extend_from_slice(&engine.execute(&mut session, &request).log);
        }
        (engine, log)
    }

    #[test]
    fn reads_refusals_and_discarded_transactions_leave_no_log() {
        let lines = ["get a", "incr", "del a", "multi", "set a 1", "discard", "multi", "get a", "exec"];
        assert!(logged(&lines).1.is_empty());
    }

    #[test]
    fn a_torn_transaction_comes_back_not_at_all() {
        let (before, whole) = logged(&["set a 1"]);
        let (after, log) = logged(&["set a 1", "multi", "set a 2", "set b 2", "exec"]);
        for cut in whole.len()..log.len() {
            let replayed = replay(&log[..cut]).unwrap();
            assert_eq!((replayed.engine, replayed.kept_bytes), (before.clone(), whole.len()));
        }
        assert_eq!(replay(&log).unwrap(), Replayed { engine: after, kept_bytes: log.len() });
    }

    #[test]
    fn a_bad_record_is_told_with_its_place() {
        let (_, mut log) = logged(&["set a 1"]);
        let good = log.len();
        log.extend_from_slice(b"*1\r\n$6\r\nNOSUCH\r\n");
        let error = replay(&log).unwrap_err();
        assert_eq!(error.at_byte, good);
        assert!(error.reason.contains("unknown command 'NOSUCH'"), "{error}");
        log.truncate(good);
        log.extend_from_slice(&[0; 8]);
        assert_eq!(replay(&log).unwrap_err().at_byte, good);
    }
}
