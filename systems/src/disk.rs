//! A host's disk, as its process sees it: files that are appended to, and that are durable only when they were synced.
//!
//! Our own model and not turmoil's file system, because a process crash must keep what only the page cache holds and a
//! power loss must not, and a fault must be able to say which of the two it is.

mod simulated;

use std::sync::Arc;

use futures::future::BoxFuture;

pub use simulated::{Platter, Trouble};

/// Why a disk did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// No space is left: nothing was written.
    #[error("no space left on the disk")]
    Full,
    /// The sync failed: what was appended since the last one may be durable, or gone, and asking again tells nothing.
    #[error("the disk failed to sync")]
    SyncFailed,
    /// Anything that a real disk says.
    #[error("{0}")]
    Other(String),
}

/// What keeps the bytes: a simulated disk, or a folder of a real one.
pub trait Medium: Send + Sync + std::fmt::Debug {
    /// Appends to a file, which is created if it does not exist.
    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError>;
    /// Makes all that was appended to a file before the call durable.
    fn sync<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), DiskError>>;
    /// The content of a file; empty if there is none. An `Err` is no empty file: who can't read must not start from nothing.
    fn read(&self, name: &str) -> Result<Vec<u8>, DiskError>;
    /// Cuts a file back to its first `length_bytes`, durably.
    fn truncate(&self, name: &str, length_bytes: usize) -> Result<(), DiskError>;
    /// Puts `bytes` in the place of a file's whole content, durably: after a power loss it is the old or the new.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError>;
}

/// The disk of one host; clones are the same disk.
#[derive(Clone, Debug)]
pub struct Disk(Arc<dyn Medium>);

impl Disk {
    /// A disk on this medium.
    pub fn on(medium: Arc<dyn Medium>) -> Disk {
        Disk(medium)
    }

    /// Appends to a file, which is created if it does not exist. Not durable before [`Disk::sync`].
    pub fn append(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.append(name, bytes)
    }

    /// Makes all that was appended to a file before the call durable; that takes as long as the disk takes.
    pub async fn sync(&self, name: &str) -> Result<(), DiskError> {
        self.0.sync(name).await
    }

    /// The content of a file; empty if there is none. An `Err` is no empty file: who can't read must not start from nothing.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, DiskError> {
        self.0.read(name)
    }

    /// Cuts a file back to its first `length_bytes`, and makes these durable.
    pub fn truncate(&self, name: &str, length_bytes: usize) -> Result<(), DiskError> {
        self.0.truncate(name, length_bytes)
    }

    /// Puts `bytes` in the place of a file's whole content, durably: after a power loss it is the old or the new.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.replace(name, bytes)
    }
}
