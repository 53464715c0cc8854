//! The link shortener: one HTTP interface, many ways to keep the links.
//!
//! [`Links`] is what a variant implements; [`api`] turns it into HTTP; [`client`] asks for it over HTTP.

pub mod api;
pub mod atomic_commit;
pub mod cached;
pub mod client;
mod commands;
pub mod crdt;
pub mod failover;
mod machine;
pub mod quorum;
pub mod raft;
pub mod redis;
mod redis_pool;
mod session;
mod transaction;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The code of a url: base64url, without padding, of the last 4 bytes of its SHA-256.
pub fn code(url: &str) -> String {
    let hash = Sha256::digest(url.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash[hash.len() - 4..])
}

/// How a variant answers a request about a link: an observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It was done.
    Done,
    /// The link does not exist.
    Absent,
    /// Refused, because the link has this target (`None`: because it does not exist).
    Refused(Option<String>),
}

/// Where a link leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its url.
    pub url: String,
    /// The urls that lost to it and were kept, in order: a variant that resolves conflicts shows them.
    pub siblings: Vec<String>,
}

/// A target without siblings.
impl From<String> for Target {
    fn from(url: String) -> Target {
        Target { url, siblings: Vec::new() }
    }
}

/// Why a variant could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The request had no effect and never will.
    #[error("{0}; no effect")]
    NoEffect(String),
    /// The request may still take effect.
    #[error("{0}; may still take effect")]
    MayTakeEffect(String),
    /// This variant never offers it.
    #[error("{0} is not offered by this variant")]
    NotOffered(&'static str),
    /// The node was to answer from its own copy, and has none.
    #[error("not cached at this node")]
    NotCached,
}

/// A step of a transaction over links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MicroOperation {
    /// `["r", code, null]`: the link's target, or the list of what was appended to it.
    Read(String),
    /// `["w", code, url]`: sets the link's target.
    Write(String, String),
    /// `["append", code, number]`: appends to the link's history.
    Append(String, i64),
    /// `["swap", code, code]`: exchanges two links' targets.
    Swap(String, String),
}

impl MicroOperation {
    /// Reads the steps of a transaction from JSON; an `Err` says what is wrong.
    pub fn parse(json: &str) -> Result<Vec<MicroOperation>, String> {
        let steps: Vec<(String, String, serde_json::Value)> =
            serde_json::from_str(json).map_err(|error| format!("not a list of micro-operations: {error}"))?;
        steps
            .into_iter()
            .map(|(name, code, value)| match (name.as_str(), value) {
                ("r", serde_json::Value::Null) => Ok(MicroOperation::Read(code)),
                ("w", serde_json::Value::String(url)) => Ok(MicroOperation::Write(code, url)),
                ("append", value) if value.is_i64() => Ok(MicroOperation::Append(code, value.as_i64().unwrap_or(0))),
                ("swap", serde_json::Value::String(other)) => Ok(MicroOperation::Swap(code, other)),
                (name, value) => Err(format!("no micro-operation has the form [{name:?}, {code:?}, {value}]")),
            })
            .collect()
    }
}

/// The answer to a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Committed {
    /// It took effect as a whole; the micro-operations with their results.
    Yes(serde_json::Value),
    /// It took no effect, for this reason.
    Aborted(String),
}

/// The answer to a request for a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lock {
    /// Granted, with this fencing token, higher than all before.
    Granted(u64),
    /// Somebody else holds it.
    Held,
}

/// The answer to a write that carries a fencing token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fenced {
    /// It was done.
    Done,
    /// The link does not exist.
    Absent,
    /// Refused, because a write with this newer token was there before.
    Stale(u64),
}

/// A way to keep links: what a node does with a request that reached it. What a variant leaves out it does not offer.
#[async_trait]
#[expect(unused_variables, reason = "the default of each operation does not look at its arguments")]
pub trait Links: Send + Sync + 'static {
    /// Creates `code` → `url`; refused if the code has another target.
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable>;

    /// The target of a link; counts a redirect.
    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable>;

    /// The same from this node's own copy, and from nothing else.
    async fn follow_cached(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        Err(Unavailable::NotCached)
    }

    /// The same from where the truth is, never from a copy.
    async fn follow_fresh(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        self.follow(code).await
    }

    /// Creates `alias` → `url`; refused if the alias exists, whatever its target.
    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        not_offered("claiming an alias")
    }

    /// Re-targets a link that exists.
    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        not_offered("re-targeting a link")
    }

    /// Re-targets a link whose target is `old`.
    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<Answer, Unavailable> {
        not_offered("If-Match")
    }

    /// How often a link was followed.
    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        not_offered("counting redirects")
    }

    /// Deletes a link that exists.
    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        not_offered("deleting a link")
    }

    /// Runs micro-operations as one.
    async fn transact(&self, steps: Vec<MicroOperation>) -> Result<Committed, Unavailable> {
        not_offered("a transaction")
    }

    /// Takes a lock.
    async fn lock(&self, name: &str) -> Result<Lock, Unavailable> {
        not_offered("a lock")
    }

    /// Gives a lock back; with a token only if that is its holder's.
    async fn unlock(&self, name: &str, token: Option<u64>) -> Result<Answer, Unavailable> {
        not_offered("a lock")
    }

    /// Re-targets a link that exists, unless a write with a newer token did before.
    async fn retarget_fenced(&self, code: &str, token: u64, url: &str) -> Result<Fenced, Unavailable> {
        not_offered("a fencing token")
    }
}

fn not_offered<T>(what: &'static str) -> Result<T, Unavailable> {
    Err(Unavailable::NotOffered(what))
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn codes_are_the_published_ones() {
        for (url, expected) in [
            ("https://elixiroutlaws.com", "m9HS_w"),
            ("https://keathley.io", "FcghcA"),
            ("https://toranbillups.com", "14cUFA"),
            ("https://example.com", "UNCc6Q"),
        ] {
            assert_eq!(code(url), expected);
        }
    }
}
