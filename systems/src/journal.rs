//! A journal: records that a node appends to a file of its disk and reads back when it starts again.
//!
//! A power loss can leave the beginning of a record at the end of the file: it was never synced, so nobody was told of it,
//! and it is cut off. A record that is damaged and not cut short is no accident of writing, and the node must not start
//! from it.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::{Disk, DiskError};
use crate::frame::{First, encode, first};

/// A journal of records of one type.
#[derive(Debug)]
pub struct Journal<T> {
    disk: Disk,
    name: &'static str,
    records: PhantomData<fn(T) -> T>,
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Journal<T> {
        Journal { disk: self.disk.clone(), name: self.name, records: PhantomData }
    }
}

/// Why a node can't start from its journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadJournal {
    /// A record that was complete is not any more.
    #[error("{name} is damaged at byte {at_bytes}: the disk returned what was never written")]
    Damaged {
        /// The file.
        name: &'static str,
        /// Where the record begins.
        at_bytes: usize,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// Opens a journal and reads all its records.
    pub fn open(disk: &Disk, name: &'static str) -> Result<(Journal<T>, Vec<T>), BadJournal> {
        let (records, at_bytes, end) = read(&disk.read(name)?);
        if matches!(end, First::Damaged(_) | First::Lost) {
            return Err(BadJournal::Damaged { name, at_bytes });
        }
        // Also what an earlier process appended and never synced is read here: it is made durable before anybody acts on it.
        disk.truncate(name, at_bytes)?;
        Ok((Journal { disk: disk.clone(), name, records: PhantomData }, records))
    }

    /// The same with a bug: the torn end stays where it is, and whatever can't be read is taken for one, with all that was
    /// appended behind it.
    pub(crate) fn open_torn(disk: &Disk, name: &'static str) -> Result<(Journal<T>, Vec<T>), BadJournal> {
        let (records, ..) = read(&disk.read(name)?);
        Ok((Journal { disk: disk.clone(), name, records: PhantomData }, records))
    }

    /// Appends a record; it is durable after [`Journal::sync`].
    pub fn append(&self, record: &T) -> Result<(), DiskError> {
        self.disk.append(self.name, &encode(record))
    }

    /// Makes all that was appended durable.
    pub async fn sync(&self) -> Result<(), DiskError> {
        self.disk.sync(self.name).await
    }

    /// Appends a record and makes it durable.
    pub async fn write(&self, record: &T) -> Result<(), DiskError> {
        self.append(record)?;
        self.sync().await
    }

    /// Puts these records in the place of all that the journal holds, durably and as one.
    pub fn rewrite<'a>(&self, records: impl IntoIterator<Item = &'a T>) -> Result<(), DiskError>
    where
        T: 'a,
    {
        let bytes: Vec<u8> = records.into_iter().flat_map(encode).collect();
        self.disk.replace(self.name, &bytes)
    }
}

/// The records that `bytes` begin with, how many bytes they take, and what follows them.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> (Vec<T>, usize, First<T>) {
    let (mut records, mut at_bytes) = (Vec::new(), 0);
    loop {
        match first(&bytes[at_bytes..]) {
            First::Frame(record, length_bytes) => {
                records.push(record);
                at_bytes += length_bytes;
            }
            end => return (records, at_bytes, end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BadJournal, Journal};
    use crate::disk::Platter;

    fn written() -> (Platter, Journal<String>) {
        let platter = Platter::default();
        let (journal, records) = Journal::<String>::open(&platter.disk(), "journal").unwrap();
        assert!(records.is_empty());
        journal.append(&"one".to_owned()).unwrap();
        journal.append(&"two".to_owned()).unwrap();
        (platter, journal)
    }

    #[test]
    fn what_was_written_is_read_back_without_a_torn_end() {
        let (platter, journal) = written();
        let whole = platter.disk().read("journal").unwrap().len();
        platter.disk().truncate("journal", whole - 1).unwrap();
        let (_, records) = Journal::<String>::open(&platter.disk(), "journal").unwrap();
        assert_eq!(records, ["one"]);
        journal.append(&"three".to_owned()).unwrap();
        assert_eq!(Journal::<String>::open(&platter.disk(), "journal").unwrap().1, ["one", "three"]);
    }

    #[test]
    fn what_is_appended_behind_a_torn_record_is_refused_and_forgotten_where_that_is_not_cut_off() {
        let (platter, _) = written();
        let whole = platter.disk().read("journal").unwrap().len();
        platter.disk().truncate("journal", whole - 1).unwrap();
        let (journal, records) = Journal::<String>::open_torn(&platter.disk(), "journal").unwrap();
        assert_eq!(records, ["one"]);
        journal.append(&"three".to_owned()).unwrap();
        assert_eq!(Journal::<String>::open_torn(&platter.disk(), "journal").unwrap().1, ["one"]);
        assert!(matches!(Journal::<String>::open(&platter.disk(), "journal"), Err(BadJournal::Damaged { .. })));
    }

    #[test]
    fn what_a_restart_read_survives_the_next_power_loss() {
        let (platter, _) = written();
        let (_, read) = Journal::<String>::open(&platter.disk(), "journal").unwrap();
        platter.lose_unsynced();
        assert_eq!(Journal::<String>::open(&platter.disk(), "journal").unwrap().1, read);
    }

    #[test]
    fn a_bit_that_flips_anywhere_is_found() {
        for at_permille in 0..1000 {
            let (platter, _) = written();
            platter.flip_bit(at_permille, 1);
            let opened = Journal::<String>::open(&platter.disk(), "journal").map(|(_, records)| records);
            assert!(matches!(opened, Err(BadJournal::Damaged { .. })), "{at_permille}: {opened:?}");
        }
    }

    #[test]
    fn a_rewrite_takes_the_place_of_everything() {
        let (platter, journal) = written();
        journal.rewrite(&["three".to_owned()]).unwrap();
        platter.lose_unsynced();
        assert_eq!(Journal::<String>::open(&platter.disk(), "journal").unwrap().1, ["three"]);
    }
}
