//! The register: ABD's two phases, for reads and for writes.

use super::coordinator::{Coordinator, TooFew};
use super::replica::Record;
use super::version::{Version, Versioned, Writer};
use super::{Reply, Request, Variant};

/// The registers of all links, as one node serves them; clones are the same.
pub(super) struct Register {
    coordinator: Coordinator,
    writer: Writer,
    variant: Variant,
}

/// What the replicas hold of a link.
pub(super) struct Queried {
    /// The highest version.
    pub(super) highest: Option<Versioned>,
    /// How many of those that were asked hold it.
    holders: usize,
}

impl Register {
    pub(super) fn new(coordinator: Coordinator, writer: Writer, variant: Variant) -> Register {
        Register { coordinator, writer, variant }
    }

    /// The first phase of both: the highest version that a read quorum holds.
    pub(super) async fn query(&self, code: &str) -> Result<Queried, TooFew> {
        let needed = (self.variant.reads)(self.coordinator.replicas());
        let replies = self.coordinator.gather(&Request::Query(code.to_owned()), needed).await?;
        let held: Vec<Versioned> = replies.into_iter().filter_map(Reply::held).collect();
        let highest = held.iter().max_by_key(|held| &held.version).cloned();
        let holders = held.iter().filter(|held| Some(*held) == highest.as_ref()).count();
        Ok(Queried { highest, holders })
    }

    /// The second phase of both: a write quorum holds this version or a newer one.
    async fn store(&self, code: &str, held: Versioned) -> Result<(), TooFew> {
        let needed = (self.variant.writes)(self.coordinator.replicas());
        let record = Record { code: code.to_owned(), held };
        self.coordinator.gather(&Request::Store(vec![record]), needed).await.map(|_stored| ())
    }

    /// Queries, writes the highest back so that no later read sees less, then answers it.
    ///
    /// Nothing is written back if as many replicas as a write awaits have shown that they hold it: what a replica shows is
    /// durable, so the write-back could only repeat what they said.
    pub(super) async fn read(&self, code: &str) -> Result<Option<Versioned>, TooFew> {
        let Queried { highest, holders } = self.query(code).await?;
        if let Some(held) = &highest
            && self.variant.write_back
            && holders < (self.variant.writes)(self.coordinator.replicas())
        {
            self.store(code, held.clone()).await?;
        }
        Ok(highest)
    }

    /// Stores a new version, by one who has just seen `seen`.
    pub(super) async fn write(&self, code: &str, url: &str, seen: Option<&Version>) -> Result<(), TooFew> {
        self.store(code, Versioned { version: self.writer.next(seen), url: url.to_owned() }).await
    }
}

impl Reply {
    fn held(self) -> Option<Versioned> {
        match self {
            Reply::Held(held) => held,
            Reply::Stored | Reply::Failed => None,
        }
    }
}
