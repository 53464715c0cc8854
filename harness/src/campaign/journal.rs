//! The finished runs on disk, one a line, in the order of their numbers. What was being written when the machine went down is a
//! line without an end, and is taken off when the campaign goes on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::record::Record;
use super::spec::Spec;

/// Why finished runs can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BadJournal {
    /// The file can't be read, or not be written.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, io::Error),
    /// A line is none of a campaign's.
    #[error("{path}, line {number}: {what}", path = .0.display(), number = .1, what = .2)]
    Line(PathBuf, u64, String),
}

/// The file that finished runs are added to.
pub struct Journal {
    file: File,
}

impl Journal {
    /// Begins an empty one.
    pub fn create(path: &Path) -> Result<Journal, BadJournal> {
        let file = File::create(path).map_err(|error| BadJournal::Io(path.into(), error))?;
        Ok(Journal { file })
    }

    /// Goes on with one that may be torn at its end, after as many runs as are returned, and the first number that may be
    /// missing. A line that is whole and still no run of this campaign is an `Err`.
    pub fn resume(path: &Path, spec: &Spec) -> Result<(Journal, u64, u64), BadJournal> {
        let io = |error| BadJournal::Io(path.into(), error);
        let (mut whole_bytes, mut runs, mut next) = (0, 0, 0);
        for line in lines(path)? {
            let (line, number) = line?;
            if !line.ends_with('\n') {
                break;
            }
            let record = parsed(path, &line, number)?;
            let is_own =
                record.number >= next && spec.task(record.number).is_some_and(|task| task.draw.seed == record.seed);
            if !is_own {
                let what = format!("run {} is not of this campaign, or not in its place", record.number);
                return Err(BadJournal::Line(path.into(), number, what));
            }
            (whole_bytes, runs, next) = (whole_bytes + line.len() as u64, runs + 1, record.number + 1);
        }
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        file.set_len(whole_bytes).map_err(io)?;
        Ok((Journal { file }, runs, next))
    }

    /// Adds a run, in one write.
    pub fn add(&mut self, record: &Record) -> io::Result<()> {
        self.file.write_all(line(record).as_bytes())
    }
}

fn line(record: &Record) -> String {
    let mut line = serde_json::to_string(record).expect("a record has a JSON form");
    line.push('\n');
    line
}

/// The finished runs, one after the other: there may be more than fit the memory.
pub fn records(path: &Path) -> Result<impl Iterator<Item = Result<Record, BadJournal>>, BadJournal> {
    let named = path.to_owned();
    Ok(lines(path)?.map(move |line| {
        let (line, number) = line?;
        parsed(&named, &line, number)
    }))
}

fn parsed(path: &Path, line: &str, number: u64) -> Result<Record, BadJournal> {
    let bad = |what: String| BadJournal::Line(path.into(), number, what);
    let record: Record = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
    match record.strange_name() {
        Some(name) => Err(bad(format!("`{}` is no name of a checker, an anomaly or a family", name.escape_debug()))),
        None => Ok(record),
    }
}

fn lines(path: &Path) -> Result<impl Iterator<Item = Result<(String, u64), BadJournal>>, BadJournal> {
    let io = |error| BadJournal::Io(path.to_owned(), error);
    let mut reader = BufReader::new(File::open(path).map_err(io)?);
    let (path, mut number) = (path.to_owned(), 0);
    Ok(std::iter::from_fn(move || {
        let mut line = String::new();
        number += 1;
        match reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(Ok((line, number))),
            Err(error) => Some(Err(BadJournal::Io(path.clone(), error))),
        }
    }))
}

/// Writes the runs of several files, each in the order of its numbers, into one in that order. An `Err` too if two of them
/// have the same run.
pub fn join(from: &[PathBuf], to: &Path) -> Result<(), BadJournal> {
    let io = |error| BadJournal::Io(to.to_owned(), error);
    let mut sources = Vec::new();
    for path in from {
        let mut records = records(path)?;
        let head = records.next().transpose()?;
        sources.push((path, records, head));
    }
    let mut writer = BufWriter::new(File::create(to).map_err(io)?);
    let mut last = None;
    loop {
        let first = sources.iter_mut().filter(|source| source.2.is_some());
        let Some((path, records, head)) = first.min_by_key(|(_, _, head)| head.as_ref().map(|record| record.number))
        else {
            return writer.flush().map_err(io);
        };
        let record = std::mem::replace(head, records.next().transpose()?).expect("it has one");
        if last.is_some_and(|last| last >= record.number) {
            let what = format!("run {} is there twice: these are no shards of one campaign", record.number);
            return Err(BadJournal::Line((*path).clone(), 1, what));
        }
        last = Some(record.number);
        writer.write_all(line(&record).as_bytes()).map_err(io)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::record::Ended;
    use crate::campaign::tests::spec;

    fn record(spec: &Spec, number: u64) -> Record {
        let task = spec.task(number).expect("it has this run");
        Record {
            number,
            canary: task.cell.is_none(),
            cell: task.draw.cell,
            seed: task.draw.seed,
            ended: Ended::Hung { seconds: 1 },
        }
    }

    #[test]
    fn a_torn_line_is_taken_off_and_its_run_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, spec) = (folder.path().join("runs.jsonl"), spec(2, 5));
        let mut journal = Journal::create(&path).unwrap();
        for number in 0..3 {
            journal.add(&record(&spec, number)).unwrap();
        }
        let whole = std::fs::read(&path).unwrap();
        for torn in [1, whole.len() / 3 - 5] {
            std::fs::write(&path, &whole[..whole.len() - torn]).unwrap();
            let (mut journal, runs, next) = Journal::resume(&path, &spec).unwrap();
            assert_eq!((runs, next), (2, 2));
            journal.add(&record(&spec, 2)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn a_whole_line_that_is_no_run_of_the_campaign_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, spec) = (folder.path().join("runs.jsonl"), spec(2, 5));
        let mut journal = Journal::create(&path).unwrap();
        for number in 0..2 {
            journal.add(&record(&spec, number)).unwrap();
        }
        journal.add(&Record { seed: 77, ..record(&spec, 2) }).unwrap();
        let error = Journal::resume(&path, &spec).err().expect("it has another seed").to_string();
        assert!(error.contains("line 3: run 2 is not of this campaign"), "{error}");
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(Journal::resume(&path, &spec).is_err_and(|error| error.to_string().contains("line 1")));
    }

    #[test]
    fn shards_are_joined_in_order_and_no_run_may_be_there_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (spec, path) = (spec(2, 5), |name: &str| folder.path().join(name));
        let put = |name: &str, numbers: &[u64]| {
            let mut journal = Journal::create(&path(name)).unwrap();
            for number in numbers {
                journal.add(&record(&spec, *number)).unwrap();
            }
            path(name)
        };
        let (whole, odd, even) = (put("all", &[0, 1, 2, 3, 4]), put("odd", &[1, 3]), put("even", &[0, 2, 4]));
        join(&[odd.clone(), even], &path("joined")).unwrap();
        assert_eq!(std::fs::read(path("joined")).unwrap(), std::fs::read(whole).unwrap());
        assert!(join(&[odd.clone(), odd], &path("joined")).is_err_and(|error| error.to_string().contains("twice")));
    }
}
