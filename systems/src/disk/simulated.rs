//! The simulated disk: what its machine's process appended, and how much of that a power loss would leave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Disk, DiskError, Medium};

/// What is wrong with a disk; all of it together can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Nothing can be appended.
    pub full: bool,
    /// No sync succeeds. What was appended stays in the page cache, and the next sync that succeeds makes it durable: some
    /// real file systems are less kind (Rebello et al. 2020).
    pub sync_fails: bool,
    /// A sync says that it succeeded, and did nothing.
    pub sync_lies: bool,
    /// A power loss leaves some of the bytes that were not synced: the first so many of a thousand.
    pub torn_permille: u16,
    /// How much longer a sync takes.
    pub sync_delay: Duration,
}

/// The platter of one simulated machine, which outlives its processes; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Platter(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    files: BTreeMap<String, File>,
    /// How long a sync takes when nothing is wrong.
    sync_takes: Duration,
    trouble: Trouble,
    /// How many syncs have begun and not ended.
    syncs_under_way: u32,
    /// How many requests met with trouble.
    troubled: u64,
}

#[derive(Debug, Default)]
struct File {
    bytes: Vec<u8>,
    synced_bytes: usize,
}

impl Platter {
    /// A platter on which a sync takes this long, as it does on every real one: who answers before the sync has ended can be
    /// caught by a power loss.
    pub fn with_syncs_of(sync_takes: Duration) -> Platter {
        Platter(Arc::new(Mutex::new(Content { sync_takes, ..Content::default() })))
    }

    /// The disk that a process on this machine sees.
    pub fn disk(&self) -> Disk {
        Disk::on(Arc::new(self.clone()))
    }

    /// A power loss: every file is cut back to its last sync, and to the torn rest of what came after.
    /// Returns how many bytes are gone.
    pub fn lose_unsynced(&self) -> usize {
        let mut content = self.content();
        let torn_permille = usize::from(content.trouble.torn_permille);
        let mut gone = 0;
        for file in content.files.values_mut() {
            let unsynced_bytes = file.bytes.len() - file.synced_bytes;
            let kept_bytes = file.synced_bytes + unsynced_bytes * torn_permille / 1000;
            gone += file.bytes.len() - kept_bytes;
            file.bytes.truncate(kept_bytes);
            file.synced_bytes = kept_bytes;
        }
        gone
    }

    /// The disk is replaced by an empty one. Returns how many bytes are gone.
    pub fn forget(&self) -> usize {
        std::mem::take(&mut self.content().files).values().map(|file| file.bytes.len()).sum()
    }

    /// Flips one bit of what the disk holds, at this thousandth of all its bytes; `false` if it holds nothing.
    pub fn flip_bit(&self, at_permille: u16, bit: u8) -> bool {
        let mut content = self.content();
        let total: usize = content.files.values().map(|file| file.bytes.len()).sum();
        let mut at = total * usize::from(at_permille.min(999)) / 1000;
        for file in content.files.values_mut() {
            if let Some(byte) = file.bytes.get_mut(at) {
                *byte ^= 1 << (bit % 8);
                return true;
            }
            at -= file.bytes.len();
        }
        false
    }

    /// Whether its process is in the middle of a sync.
    pub fn is_syncing(&self) -> bool {
        self.content().syncs_under_way > 0
    }

    /// How many writes and syncs met with trouble since the last call.
    pub fn take_troubled(&self) -> u64 {
        std::mem::take(&mut self.content().troubled)
    }

    /// Sets what is wrong with the disk from now on.
    pub fn trouble(&self, trouble: Trouble) {
        self.content().trouble = trouble;
    }

    /// What is wrong with the disk now.
    pub fn present_trouble(&self) -> Trouble {
        self.content().trouble
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().expect("no holder panics")
    }
}

impl Content {
    /// How long a sync takes that begins now, and how much of the file it is for. If nothing is to be written, it takes no time.
    fn begin_sync(&mut self, name: &str) -> (Duration, usize) {
        let Some(file) = self.files.get(name) else { return (Duration::ZERO, 0) };
        let appended_bytes = file.bytes.len();
        if file.synced_bytes == appended_bytes {
            return (Duration::ZERO, appended_bytes);
        }
        self.troubled += u64::from(!self.trouble.sync_delay.is_zero());
        (self.sync_takes + self.trouble.sync_delay, appended_bytes)
    }

    fn end_sync(&mut self, name: &str, appended_bytes: usize) -> Result<(), DiskError> {
        let Trouble { sync_fails, sync_lies, .. } = self.trouble;
        self.troubled += u64::from(sync_fails || sync_lies);
        if sync_fails {
            return Err(DiskError::SyncFailed);
        }
        if let Some(file) = self.files.get_mut(name)
            && !sync_lies
        {
            // what was cut off or replaced meanwhile was made durable with that
            file.synced_bytes = file.synced_bytes.max(appended_bytes.min(file.bytes.len()));
        }
        Ok(())
    }
}

/// A sync that has begun; it ends with this, and so with the process that waits for it.
struct UnderWay<'a>(&'a Platter);

impl UnderWay<'_> {
    fn begin(platter: &Platter) -> UnderWay<'_> {
        platter.content().syncs_under_way += 1;
        UnderWay(platter)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.content().syncs_under_way -= 1;
    }
}

impl Medium for Platter {
    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let mut content = self.content();
        if content.trouble.full {
            content.troubled += 1;
            return Err(DiskError::Full);
        }
        content.files.entry(name.to_owned()).or_default().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn sync<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), DiskError>> {
        let (takes, appended_bytes) = self.content().begin_sync(name);
        let under_way = UnderWay::begin(self);
        async move {
            let _until_it_ends = under_way;
            if !takes.is_zero() {
                tokio::time::sleep(takes).await;
            }
            self.content().end_sync(name, appended_bytes)
        }
        .boxed()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, DiskError> {
        Ok(self.content().files.get(name).map(|file| file.bytes.clone()).unwrap_or_default())
    }

    fn truncate(&self, name: &str, length_bytes: usize) -> Result<(), DiskError> {
        let mut content = self.content();
        let Some(file) = content.files.get_mut(name) else { return Ok(()) };
        file.bytes.truncate(length_bytes);
        file.synced_bytes = file.synced_bytes.min(length_bytes);
        content.end_sync(name, length_bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let mut content = self.content();
        let Trouble { full, sync_fails, .. } = content.trouble;
        content.troubled += u64::from(full || sync_fails);
        if full {
            return Err(DiskError::Full);
        }
        if sync_fails {
            return Err(DiskError::SyncFailed);
        }
        content.files.insert(name.to_owned(), File { bytes: bytes.to_vec(), synced_bytes: bytes.len() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::{Platter, Trouble};
    use crate::disk::{DiskError, Medium};

    fn synced(platter: &Platter) -> Result<(), DiskError> {
        platter.sync("log").now_or_never().expect("it takes no time")
    }

    #[test]
    fn a_power_loss_takes_exactly_what_was_not_synced() {
        let platter = Platter::default();
        platter.append("log", b"kept ").unwrap();
        synced(&platter).unwrap();
        platter.append("log", b"lost").unwrap();
        assert!(platter.read("log").unwrap() == b"kept lost", "a process crash keeps the page cache");
        assert_eq!(platter.lose_unsynced(), 4);
        assert!(platter.read("log").unwrap() == b"kept ");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sync_takes_its_time_and_keeps_what_was_there_when_it_began() {
        let platter = Platter::with_syncs_of(Duration::from_millis(2));
        platter.append("log", b"kept ").unwrap();
        let mut sync = platter.sync("log");
        assert!(sync.as_mut().now_or_never().is_none());
        assert!(platter.is_syncing());
        platter.append("log", b"lost").unwrap();
        let begun = tokio::time::Instant::now();
        sync.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_millis(2));
        assert_eq!(platter.lose_unsynced(), 4);
        assert!(!platter.is_syncing());
        assert!(platter.sync("log").now_or_never().is_some(), "nothing is to be written");

        platter.append("log", b"lost").unwrap();
        assert!(platter.sync("log").now_or_never().is_none());
        assert!(!platter.is_syncing(), "whoever waited for it is gone");
        assert_eq!(platter.lose_unsynced(), 4, "its process died before the sync ended");
    }

    #[test]
    fn a_torn_write_keeps_the_beginning_of_what_was_not_synced() {
        let platter = Platter::default();
        platter.append("log", b"12345678").unwrap();
        platter.trouble(Trouble { torn_permille: 500, ..Trouble::default() });
        assert_eq!(platter.lose_unsynced(), 4);
        assert!(platter.read("log").unwrap() == b"1234");
    }

    #[test]
    fn a_full_disk_and_a_failed_sync_say_so_and_a_lying_one_does_not() {
        let platter = Platter::default();
        platter.append("log", b"a").unwrap();
        platter.trouble(Trouble { full: true, sync_fails: true, ..Trouble::default() });
        assert_eq!(platter.append("log", b"b"), Err(DiskError::Full));
        assert_eq!(synced(&platter), Err(DiskError::SyncFailed));
        platter.trouble(Trouble { sync_lies: true, ..Trouble::default() });
        synced(&platter).unwrap();
        assert_eq!(platter.lose_unsynced(), 1);
    }

    #[test]
    fn a_file_that_is_cut_back_is_durable_only_if_its_disk_syncs() {
        let platter = Platter::default();
        platter.append("log", b"kept and torn").unwrap();
        platter.trouble(Trouble { sync_fails: true, ..Trouble::default() });
        assert_eq!(platter.truncate("log", 4), Err(DiskError::SyncFailed));
        platter.trouble(Trouble { sync_lies: true, ..Trouble::default() });
        platter.truncate("log", 4).unwrap();
        assert_eq!(platter.lose_unsynced(), 4);
        platter.append("log", b"kept and torn").unwrap();
        platter.trouble(Trouble::default());
        platter.truncate("log", 4).unwrap();
        assert_eq!(platter.lose_unsynced(), 0);
    }

    #[test]
    fn a_flipped_bit_is_one_bit() {
        let platter = Platter::default();
        assert!(!platter.flip_bit(500, 0), "an empty disk has no bit");
        platter.append("a", &[0, 0]).unwrap();
        platter.append("b", &[0, 0]).unwrap();
        assert!(platter.flip_bit(999, 3));
        assert!(platter.read("b").unwrap() == [0, 8]);
    }
}
