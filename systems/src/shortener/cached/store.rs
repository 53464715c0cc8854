//! The truth behind the caches: links in Redis, each with a version that every write raises, in the same transaction.

use std::sync::Arc;

use ::redis::{Pipeline, cmd, pipe};

use super::cache::Entry;
use super::{DEADLINE, Write};
use crate::net::Net;
use crate::shortener::redis_pool::{Lease, Pool, harmless};
use crate::shortener::{Answer, Unavailable};

/// Links with versions; clones share their connections.
#[derive(Clone)]
pub(super) struct Store(Arc<Pool>);

/// How often a compare-and-set starts over when others write between its read and its write.
const ATTEMPTS: usize = 8;

fn link(code: &str) -> String {
    format!("link:{code}")
}

fn version(code: &str) -> String {
    format!("version:{code}")
}

/// What a transaction that raises a version found before, the version, and the target after.
type Raised = (Option<String>, u64, Option<String>);

impl Store {
    pub(super) fn new(net: Net) -> Store {
        Store(Arc::new(Pool::new(net, DEADLINE)))
    }

    /// A link as it is.
    pub(super) async fn read(&self, code: &str) -> Result<Entry, Unavailable> {
        let mut lease = self.0.lease().await?;
        let both = lease.run_all(pipe().atomic().get(link(code)).get(version(code))).await;
        let (url, version): (Option<String>, Option<u64>) = harmless(both)?;
        lease.done();
        Ok(Entry { version: version.unwrap_or(0), url })
    }

    /// Does a write; answers it, with the link as it is then.
    pub(super) async fn write(&self, write: &Write) -> Result<(Answer, Entry), Unavailable> {
        match write {
            Write::Create { code, url } => {
                let (found, entry) = self.set_if_absent(code, url).await?;
                let refused = found.filter(|found| found != url);
                Ok((refused.map_or(Answer::Done, |found| Answer::Refused(Some(found))), entry))
            }
            Write::Claim { alias, url } => {
                let (found, entry) = self.set_if_absent(alias, url).await?;
                Ok((found.map_or(Answer::Done, |found| Answer::Refused(Some(found))), entry))
            }
            Write::Retarget { code, url } => {
                let mut transaction = pipe();
                transaction.atomic().cmd("SET").arg(link(code)).arg(url).arg("XX");
                let (set, entry) = self.raise(code, transaction).await?;
                Ok((set.map_or(Answer::Absent, |_| Answer::Done), entry))
            }
            Write::CompareAndSet { code, old, new } => self.compare_and_set(code, old, new).await,
            Write::Delete { code } => {
                let mut transaction = pipe();
                transaction.atomic().cmd("GETDEL").arg(link(code));
                let (found, entry) = self.raise(code, transaction).await?;
                Ok((found.map_or(Answer::Absent, |_| Answer::Done), entry))
            }
        }
    }

    /// Creates a link that does not exist; returns the target of one that does.
    async fn set_if_absent(&self, code: &str, url: &str) -> Result<(Option<String>, Entry), Unavailable> {
        let mut transaction = pipe();
        transaction.atomic().cmd("SET").arg(link(code)).arg(url).arg("NX").arg("GET");
        self.raise(code, transaction).await
    }

    /// Runs a transaction of one command and raises the version with it; a version that counts too much does no harm.
    async fn raise(&self, code: &str, transaction: Pipeline) -> Result<(Option<String>, Entry), Unavailable> {
        let mut lease = self.0.lease().await?;
        let (found, entry) = raise_on(&mut lease, code, transaction).await?.ok_or_else(|| {
            Unavailable::MayTakeEffect("Redis discarded a transaction that watched nothing".to_owned())
        })?;
        lease.done();
        Ok((found, entry))
    }

    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<(Answer, Entry), Unavailable> {
        let mut lease = self.0.lease().await?;
        for _ in 0..ATTEMPTS {
            harmless(lease.run::<()>(cmd("WATCH").arg(link(code)).arg(version(code))).await)?;
            let url: Option<String> = harmless(lease.run(cmd("GET").arg(link(code))).await)?;
            let version: Option<u64> = harmless(lease.run(cmd("GET").arg(version(code))).await)?;
            if url.as_deref() != Some(old) {
                harmless(lease.run::<()>(&cmd("UNWATCH")).await)?;
                lease.done();
                let entry = Entry { version: version.unwrap_or(0), url: url.clone() };
                return Ok((Answer::Refused(url), entry));
            }
            let mut transaction = pipe();
            transaction.atomic().cmd("SET").arg(link(code)).arg(new);
            if let Some((_, entry)) = raise_on(&mut lease, code, transaction).await? {
                lease.done();
                return Ok((Answer::Done, entry));
            }
        }
        lease.done();
        Err(Unavailable::NoEffect(format!("others wrote {code} {ATTEMPTS} times in between")))
    }
}

/// `None` if Redis refused because a watched key was written.
async fn raise_on(
    lease: &mut Lease<'_>,
    code: &str,
    mut transaction: Pipeline,
) -> Result<Option<(Option<String>, Entry)>, Unavailable> {
    transaction.cmd("INCR").arg(version(code)).cmd("GET").arg(link(code));
    let raised: Option<Raised> = lease.run_all(&transaction).await?;
    Ok(raised.map(|(found, version, url)| (found, Entry { version, url })))
}
