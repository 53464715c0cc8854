//! A folder as a node's disk: files that are appended to, and durable only when they were synced.
//!
//! What `fsync` promises is a promise of the operating system and of the drive; a folder makes every call that asks for it:
//! the file after appending, and the folder after a file was made or renamed (Pillai et al., "All File Systems Are Not
//! Created Equal", OSDI 2014).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use netsplit_systems::disk::{DiskError, Medium};

/// The name of the file that shows that a process uses the folder.
const LOCK: &str = "lock";

/// A folder that no other process uses as long as this exists.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    appended_to: Mutex<BTreeMap<String, Appended>>,
    _lock: File,
}

/// A file that is open for appending.
#[derive(Debug)]
struct Appended {
    file: File,
    length_bytes: u64,
    /// Whether the folder is known to name it after a power loss.
    named: bool,
}

impl Folder {
    /// Opens a folder, which is made if it does not exist. An `Err` if another process has it open.
    pub fn open(path: &Path) -> io::Result<Folder> {
        fs::create_dir_all(path)?;
        let lock = File::options().create(true).append(true).open(path.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other("another process uses it"),
            fs::TryLockError::Error(error) => error,
        })?;
        Ok(Folder { path: path.to_owned(), appended_to: Mutex::default(), _lock: lock })
    }

    fn open_for_appending(&self, name: &str) -> io::Result<Appended> {
        let file = File::options().create(true).append(true).open(self.path.join(name))?;
        let length_bytes = file.metadata()?.len();
        Ok(Appended { file, length_bytes, named: false })
    }

    fn sync_folder(&self) -> io::Result<()> {
        // Windows opens no folders, and needs no such sync.
        if cfg!(unix) { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }

    /// Blocks for as long as the disk takes.
    fn sync_now(&self, name: &str) -> Result<(), DiskError> {
        let mut files = self.appended_to();
        let Some(appended) = files.get_mut(name) else { return Ok(()) };
        let synced = appended.file.sync_data().and_then(|()| if appended.named { Ok(()) } else { self.sync_folder() });
        synced.map_err(|error| {
            tracing::error!("{} is not synced: {error}", self.path.join(name).display());
            DiskError::SyncFailed
        })?;
        appended.named = true;
        Ok(())
    }

    fn appended_to(&self) -> MutexGuard<'_, BTreeMap<String, Appended>> {
        self.appended_to.lock().expect("no holder panics")
    }
}

impl Medium for Folder {
    /// What could be written in part only is taken back: behind a torn record nothing could be found again.
    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let mut files = self.appended_to();
        if !files.contains_key(name) {
            files.insert(name.to_owned(), self.open_for_appending(name).map_err(told)?);
        }
        let appended = files.get_mut(name).expect("it was just put there");
        if let Err(error) = appended.file.write_all(bytes) {
            appended.file.set_len(appended.length_bytes).map_err(told)?;
            return Err(told(error));
        }
        appended.length_bytes += bytes.len() as u64;
        Ok(())
    }

    fn sync<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), DiskError>> {
        ready(self.sync_now(name)).boxed()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, DiskError> {
        match fs::read(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(told),
        }
    }

    fn truncate(&self, name: &str, length_bytes: usize) -> Result<(), DiskError> {
        self.appended_to().remove(name);
        let cut = File::options().write(true).open(self.path.join(name)).and_then(|file| {
            file.set_len(length_bytes as u64)?;
            file.sync_all()?;
            self.sync_folder()
        });
        match cut {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            cut => cut.map_err(told),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let new = self.path.join(format!("{name}.new"));
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(told)?;
        self.appended_to().remove(name);
        fs::rename(&new, self.path.join(name)).and_then(|()| self.sync_folder()).map_err(told)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "this is how `map_err` hands it over")]
fn told(error: io::Error) -> DiskError {
    match error.kind() {
        io::ErrorKind::StorageFull => DiskError::Full,
        _ => DiskError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(&temporary.path().join("n1")).unwrap();
        (temporary, folder)
    }

    #[test]
    fn what_was_appended_is_read_by_the_next_life() {
        let (temporary, folder) = folder();
        folder.append("log", b"one ").unwrap();
        folder.append("log", b"two").unwrap();
        folder.sync_now("log").unwrap();
        drop(folder);
        let again = Folder::open(&temporary.path().join("n1")).unwrap();
        assert_eq!(again.read("log").unwrap(), b"one two");
        again.append("log", b" three").unwrap();
        assert_eq!(again.read("log").unwrap(), b"one two three");
    }

    #[test]
    fn a_cut_and_a_replacement_are_seen_by_what_is_appended_next() {
        let (_temporary, folder) = folder();
        folder.append("log", b"one two").unwrap();
        folder.truncate("log", 4).unwrap();
        folder.append("log", b"2").unwrap();
        assert_eq!(folder.read("log").unwrap(), b"one 2");
        folder.replace("log", b"new").unwrap();
        folder.append("log", b"er").unwrap();
        assert_eq!(folder.read("log").unwrap(), b"newer");
    }

    #[test]
    fn a_file_that_does_not_exist_is_empty_and_one_that_cannot_be_read_is_an_error() {
        let (temporary, folder) = folder();
        assert_eq!(folder.read("log"), Ok(Vec::new()));
        folder.truncate("log", 0).unwrap();
        fs::create_dir(temporary.path().join("n1/log")).unwrap();
        assert!(folder.read("log").is_err());
    }

    #[test]
    fn two_processes_never_share_a_folder() {
        let (temporary, _folder) = folder();
        let refused = Folder::open(&temporary.path().join("n1")).unwrap_err();
        assert!(refused.to_string().contains("another process"), "{refused}");
    }
}
