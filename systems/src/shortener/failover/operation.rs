//! What a front asks of the primary. The engine executes it as one: no other operation comes in between.

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::redis::{Engine, Reply, Session};
use crate::shortener::Answer;

/// An operation on a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Operation {
    Create { code: String, url: String },
    Claim { alias: String, url: String },
    Retarget { code: String, url: String },
    CompareAndSet { code: String, old: String, new: String },
    Delete { code: String },
    Follow { code: String },
    Redirects { code: String },
}

/// What it gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Answered(Answer),
    Leads(Option<String>),
    Followed(u64),
}

fn link(code: &str) -> String {
    format!("link:{code}")
}

fn followed(code: &str) -> String {
    format!("redirects:{code}")
}

impl Operation {
    /// Executes the operation; returns what it gave and the record of what it wrote, empty if it wrote nothing.
    pub(super) fn execute(&self, engine: &mut Engine) -> (Outcome, Vec<u8>) {
        let mut redis = Recorded { engine, record: BytesMut::new() };
        let outcome = match self {
            Operation::Create { code, url } => {
                let present = redis.set_if_absent(code, url).filter(|present| present != url);
                Outcome::Answered(present.map_or(Answer::Done, |present| Answer::Refused(Some(present))))
            }
            Operation::Claim { alias, url } => {
                let present = redis.set_if_absent(alias, url);
                Outcome::Answered(present.map_or(Answer::Done, |present| Answer::Refused(Some(present))))
            }
            Operation::Retarget { code, url } => {
                let set = redis.run(&["SET", &link(code), url, "XX"]);
                Outcome::Answered(set.map_or(Answer::Absent, |_| Answer::Done))
            }
            Operation::CompareAndSet { code, old, new } => redis.compare_and_set(code, old, new),
            Operation::Delete { code } => {
                let deleted = redis.run(&["GETDEL", &link(code)]);
                redis.run(&["DEL", &followed(code)]);
                Outcome::Answered(deleted.map_or(Answer::Absent, |_| Answer::Done))
            }
            Operation::Follow { code } => {
                let url = redis.run(&["GET", &link(code)]);
                if url.is_some() {
                    redis.run(&["INCR", &followed(code)]);
                }
                Outcome::Leads(url)
            }
            Operation::Redirects { code } => {
                let count = redis.run(&["GET", &followed(code)]);
                Outcome::Followed(count.and_then(|count| count.parse().ok()).unwrap_or(0))
            }
        };
        (outcome, redis.record.into())
    }
}

/// An engine, with the record of what is written meanwhile.
struct Recorded<'e> {
    engine: &'e mut Engine,
    record: BytesMut,
}

impl Recorded<'_> {
    /// Runs one command; returns its reply as text, `None` for a null.
    fn run(&mut self, words: &[&str]) -> Option<String> {
        let command: Vec<Bytes> = words.iter().map(|word| Bytes::copy_from_slice(word.as_bytes())).collect();
        let answer = self.engine.execute(&mut Session::default(), &command);
        self.record.extend_from_slice(&answer.log);
        match answer.reply {
            Reply::Bulk(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            Reply::Status(text) => Some(text.into_owned()),
            Reply::Integer(number) => Some(number.to_string()),
            Reply::Null => None,
            other => unreachable!("links are strings and counts are numbers, but {words:?} gave {other:?}"),
        }
    }

    /// Creates a link that does not exist; returns the target of one that does.
    fn set_if_absent(&mut self, code: &str, url: &str) -> Option<String> {
        self.run(&["SET", &link(code), url, "NX", "GET"])
    }

    fn compare_and_set(&mut self, code: &str, old: &str, new: &str) -> Outcome {
        let present = self.run(&["GET", &link(code)]);
        if present.as_deref() != Some(old) {
            return Outcome::Answered(Answer::Refused(present));
        }
        self.run(&["SET", &link(code), new]);
        Outcome::Answered(Answer::Done)
    }
}
