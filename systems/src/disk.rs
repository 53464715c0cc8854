//! A host's disk: files that are appended to, and that survive a power loss up to their last sync.
//!
//! Our own model and not turmoil's file system, because a process crash must keep what only the page cache holds and a
//! power loss must not, and a fault must be able to say which of the two it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The disk of one host; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<BTreeMap<String, File>>>);

#[derive(Debug, Default)]
struct File {
    content: Vec<u8>,
    synced_bytes: usize,
}

impl Disk {
    /// Appends to a file, which is created if it does not exist. Not durable before [`Disk::sync`].
    pub fn append(&self, name: &str, bytes: &[u8]) {
        self.files().entry(name.to_owned()).or_default().content.extend_from_slice(bytes);
    }

    /// Makes all that was appended to a file durable.
    pub fn sync(&self, name: &str) {
        if let Some(file) = self.files().get_mut(name) {
            file.synced_bytes = file.content.len();
        }
    }

    /// The content of a file; empty if there is none.
    pub fn read(&self, name: &str) -> Vec<u8> {
        self.files().get(name).map(|file| file.content.clone()).unwrap_or_default()
    }

    /// Cuts a file back to its first `length_bytes`.
    pub fn truncate(&self, name: &str, length_bytes: usize) {
        if let Some(file) = self.files().get_mut(name) {
            file.content.truncate(length_bytes);
            file.synced_bytes = file.synced_bytes.min(length_bytes);
        }
    }

    /// A power loss: every file is cut back to its last sync.
    pub fn lose_unsynced(&self) {
        for file in self.files().values_mut() {
            file.content.truncate(file.synced_bytes);
        }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.0.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use super::Disk;

    #[test]
    fn a_power_loss_takes_exactly_what_was_not_synced() {
        let disk = Disk::default();
        disk.append("log", b"kept ");
        disk.sync("log");
        disk.append("log", b"lost");
        assert_eq!(disk.read("log"), b"kept lost", "a process crash keeps the page cache");
        disk.lose_unsynced();
        assert_eq!(disk.read("log"), b"kept ");
    }
}
