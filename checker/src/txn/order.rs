//! Serializability and snapshot isolation of sessions: a search over how far each session has come (Biswas & Enea,
//! OOPSLA 2019, sections 4 and 5: polynomial for a fixed number of sessions), bounded by states.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::Txns;
use super::session::Sessions;
use crate::{Cause, Evidence, Verdict};

/// What is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// One order of whole transactions.
    Serial,
    /// One order in which each transaction first reads all and later writes all, with no other writer of its keys
    /// between.
    Snapshot,
}

/// How many states are looked at before the answer is unknown.
const STATES: usize = 300_000;

/// How far a session has come: two for each transaction done, one more for one that has read but not written.
type State = Vec<u32>;

struct Search<'s> {
    sessions: &'s Sessions,
    level: Level,
    times: Option<&'s Txns<'s>>,
    /// For each version by key and writer, who reads it.
    readers: BTreeMap<(u32, Option<u32>), Vec<u32>>,
    /// Session and place of each transaction.
    place: Vec<(usize, u32)>,
    reads: Vec<BTreeSet<(u32, Option<u32>)>>,
}

/// Whether the order exists; with `times` one that keeps real time, too.
pub(crate) fn search(sessions: &Sessions, level: Level, times: Option<&Txns>) -> Verdict {
    let search = Search::new(sessions, level, times);
    let start = Frame::new(vec![0; sessions.each.len()]);
    let mut seen: BTreeSet<State> = BTreeSet::from([start.state.clone()]);
    let mut stack = vec![(start, 0)];
    while let Some((frame, next)) = stack.last_mut() {
        if search.done(&frame.state) {
            return Verdict::VALID;
        }
        if *next >= sessions.each.len() {
            stack.pop();
            continue;
        }
        let session = *next;
        *next += 1;
        let Some(after) = search.step(frame, session) else { continue };
        // a step that only reads takes nothing away from the others: no other step need be tried before it
        if search.harmless(&frame.state, session) {
            *next = usize::MAX;
        }
        if seen.len() >= STATES {
            return Verdict::Unknown(Cause::States(STATES as u64));
        }
        if seen.insert(after.state.clone()) {
            stack.push((after, 0));
        }
    }
    let (anomaly, what) = match level {
        Level::Serial => ("not-serializable", "no order of whole transactions explains every read"),
        Level::Snapshot => ("not-snapshot-isolation", "no order of snapshots and commits explains every read"),
    };
    let kept = if times.is_some() { "real time" } else { "the sessions" };
    let summary = format!("{what}: every order that keeps {kept} was tried");
    let steps = vec![summary.clone()];
    Verdict::Invalid(vec![Evidence { anomaly: anomaly.to_owned(), summary, steps, ..Evidence::default() }])
}

/// A state with the version that each key has in it.
#[derive(Clone)]
struct Frame {
    state: State,
    current: BTreeMap<u32, u32>,
}

impl Frame {
    fn new(state: State) -> Frame {
        Frame { state, current: BTreeMap::new() }
    }
}

impl<'s> Search<'s> {
    fn new(sessions: &'s Sessions, level: Level, times: Option<&'s Txns<'s>>) -> Search<'s> {
        let count = sessions.present.len();
        let mut search = Search {
            sessions,
            level,
            times,
            readers: BTreeMap::new(),
            place: vec![(0, 0); count],
            reads: vec![BTreeSet::new(); count],
        };
        for (session, members) in sessions.each.iter().enumerate() {
            for (at, txn) in (0..).zip(members) {
                search.place[*txn as usize] = (session, at);
                let reads = sessions.read_from(*txn);
                for read in &reads {
                    search.readers.entry(*read).or_default().push(*txn);
                }
                search.reads[*txn as usize] = reads;
            }
        }
        search
    }

    fn done(&self, state: &State) -> bool {
        state.iter().zip(&self.sessions.each).all(|(at, members)| *at as usize == 2 * members.len())
    }

    fn next(&self, state: &State, session: usize) -> Option<u32> {
        self.sessions.each[session].get(state[session] as usize / 2).copied()
    }

    fn harmless(&self, state: &State, session: usize) -> bool {
        self.next(state, session).is_some_and(|txn| self.sessions.writes[txn as usize].is_empty())
    }

    /// Whether somebody was answered before this transaction was invoked, and has not had its turn.
    fn is_early(&self, txns: &Txns, state: &State, txn: u32) -> bool {
        let invoked_at = txns.all[txn as usize].invoked_at;
        let due = (0..state.len()).filter_map(|session| self.next(state, session));
        due.filter(|other| *other != txn)
            .any(|other| txns.all[other as usize].completed_at.is_some_and(|answered_at| answered_at < invoked_at))
    }

    /// The state after the session's next step, if it can take it now.
    fn step(&self, frame: &Frame, session: usize) -> Option<Frame> {
        let txn = self.next(&frame.state, session)?;
        if self.times.is_some_and(|txns| self.is_early(txns, &frame.state, txn)) {
            return None;
        }
        let writes = &self.sessions.writes[txn as usize];
        let reading = frame.state[session].is_multiple_of(2);
        let mut after = frame.clone();
        if reading {
            let current = |key: &u32| frame.current.get(key).copied();
            if !self.reads[txn as usize].iter().all(|(key, from)| current(key) == *from) {
                return None;
            }
            if self.level == Level::Snapshot && !writes.is_empty() {
                // two that write one key may not overlap
                let open = |other: usize| frame.state[other] % 2 == 1;
                let clash = (0..frame.state.len()).filter(|other| open(*other)).any(|other| {
                    self.next(&frame.state, other)
                        .is_some_and(|other| !self.sessions.writes[other as usize].is_disjoint(writes))
                });
                after.state[session] += 1;
                return (!clash).then_some(after);
            }
        }
        // nobody may still have to read what is overwritten
        let waiting = |reader: &u32| {
            let (session, at) = self.place[*reader as usize];
            *reader != txn && frame.state[session] <= 2 * at
        };
        for key in writes {
            let version = (*key, frame.current.get(key).copied());
            if self.readers.get(&version).is_some_and(|readers| readers.iter().any(waiting)) {
                return None;
            }
            after.current.insert(*key, txn);
        }
        after.state[session] = (frame.state[session] / 2 + 1) * 2;
        Some(after)
    }
}
