//! Transactions against brute force: on tiny random histories every order of transactions, and every order of snapshots and
//! commits, is tried. Lists that are read to their end at last show all that there is to know, so there the verdicts are
//! the same; where less is known, nothing that holds is called broken. `NETSPLIT_RANDOM_HISTORIES` says how many.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::random::{self, SplitMix};
use crate::{Actor, Event, History, Kind, Value, Verdict};

const KEYS: usize = 2;
type State = [Vec<i64>; KEYS];

/// A read with what it showed, or a write or append of one value.
#[derive(Clone, Debug, PartialEq)]
enum Mop {
    Read(usize, Vec<i64>),
    Write(usize, i64),
}

#[derive(Clone, Debug)]
struct Txn {
    process: u64,
    mops: Vec<Mop>,
    invoked_at: usize,
    completed_at: usize,
}

/// Whether values are lists that grow, or registers that are overwritten.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Lists,
    Registers,
}

impl Sort {
    fn write(self, state: &mut State, key: usize, value: i64) {
        if self == Sort::Registers {
            state[key].clear();
        }
        state[key].push(value);
    }

    /// The state after the transaction, if its reads fit.
    fn replay(self, state: &State, txn: &Txn) -> Option<State> {
        let mut state = state.clone();
        for mop in &txn.mops {
            match mop {
                Mop::Read(key, seen) if state[*key] != *seen => return None,
                Mop::Read(..) => {}
                Mop::Write(key, value) => self.write(&mut state, *key, *value),
            }
        }
        Some(state)
    }

    fn value(self, key: usize, mop: &Mop, seen: bool) -> Value {
        let (f, value) = match (mop, self) {
            (Mop::Read(..), _) if !seen => ("r", Value::Nil),
            (Mop::Read(_, list), Sort::Lists) => ("r", Value::list(list.iter().copied().map(Value::Int))),
            (Mop::Read(_, list), Sort::Registers) => ("r", list.last().copied().map_or(Value::Nil, Value::Int)),
            (Mop::Write(_, value), Sort::Lists) => ("append", Value::Int(*value)),
            (Mop::Write(_, value), Sort::Registers) => ("w", Value::Int(*value)),
        };
        Value::list([Value::text(f), Value::Int(i64::try_from(key).unwrap()), value])
    }
}

/// Up to four transactions of up to three processes, by a store that answers from the present, from the snapshot at the
/// invocation, from anywhere in the past, or each read from anywhere else; and at last one that reads everything.
fn draw(seed: u64, sort: Sort) -> Vec<Txn> {
    let mut random = SplitMix(seed);
    let below = |random: &mut SplitMix, n: usize| usize::try_from(random.below(n as u64)).unwrap();
    let (processes, mut left, store) = (1 + below(&mut random, 3), 1 + below(&mut random, 4), below(&mut random, 4));
    let mut past: Vec<State> = vec![State::default()];
    let mut open: Vec<Option<(usize, usize)>> = vec![None; processes];
    let (mut txns, mut clock, mut fresh) = (Vec::new(), 0, 0);
    while left > 0 || open.iter().any(Option::is_some) {
        let process = below(&mut random, processes);
        clock += 1;
        let Some((invoked_at, snapshot)) = open[process].take() else {
            open[process] = (left > 0).then(|| (clock, past.len() - 1));
            left = left.saturating_sub(1);
            continue;
        };
        let mut now = past.last().expect("it begins somewhere").clone();
        let mut shown = match store {
            0 => now.clone(),
            1 => past[snapshot].clone(),
            _ => past[below(&mut random, past.len())].clone(),
        };
        let mut own = [false; KEYS];
        let mops = (0..=below(&mut random, 3))
            .map(|_| {
                let key = below(&mut random, KEYS);
                if random.below(2) == 0 {
                    if store == 3 && !own[key] {
                        shown[key].clone_from(&past[below(&mut random, past.len())][key]);
                    }
                    return Mop::Read(key, shown[key].clone());
                }
                (fresh, own[key]) = (fresh + 1, true);
                sort.write(&mut shown, key, fresh);
                sort.write(&mut now, key, fresh);
                Mop::Write(key, fresh)
            })
            .collect();
        past.push(now);
        txns.push(Txn { process: process as u64, mops, invoked_at, completed_at: clock });
    }
    let last = past.last().expect("it begins somewhere");
    let mops = (0..KEYS).map(|key| Mop::Read(key, last[key].clone())).collect();
    txns.push(Txn { process: processes as u64, mops, invoked_at: clock + 1, completed_at: clock + 2 });
    txns.sort_by_key(|txn| txn.invoked_at);
    txns
}

fn history(txns: &[Txn], sort: Sort) -> History {
    let mut ends: Vec<(usize, &Txn, Kind)> = Vec::new();
    for txn in txns {
        ends.extend([(txn.invoked_at, txn, Kind::Invoke), (txn.completed_at, txn, Kind::Ok)]);
    }
    ends.sort_by_key(|(at, ..)| *at);
    let event = |(index, (_, txn, kind)): (u64, (usize, &Txn, Kind))| Event {
        index,
        time: Duration::ZERO,
        process: Actor::Process(txn.process),
        node: None,
        kind,
        f: Arc::from("txn"),
        key: Value::Nil,
        value: Value::list(txn.mops.iter().map(|mop| {
            let (Mop::Read(key, _) | Mop::Write(key, _)) = mop;
            sort.value(*key, mop, kind == Kind::Ok)
        })),
        error: None,
    };
    History { events: (0..).zip(ends).map(event).collect() }
}

/// What an order has to keep besides what was read.
#[derive(Clone, Copy, PartialEq)]
enum Keeps {
    Nothing,
    Sessions,
    RealTime,
}

impl Keeps {
    fn before(self, a: &Txn, b: &Txn) -> bool {
        match self {
            Keeps::Nothing => false,
            Keeps::Sessions => a.process == b.process && a.completed_at < b.invoked_at,
            Keeps::RealTime => a.completed_at < b.invoked_at,
        }
    }

    /// Whether nothing that is not in `done` has to come before this one.
    fn allows(self, txns: &[Txn], done: u32, next: usize) -> bool {
        (0..txns.len()).all(|other| done >> other & 1 == 1 || !self.before(&txns[other], &txns[next]))
    }
}

/// Whether some order of whole transactions explains every read.
fn is_serializable(txns: &[Txn], sort: Sort, keeps: Keeps, state: &State, done: u32) -> bool {
    done.count_ones() as usize == txns.len()
        || (0..txns.len()).filter(|&next| done >> next & 1 == 0 && keeps.allows(txns, done, next)).any(|next| {
            let after = sort.replay(state, &txns[next]);
            after.is_some_and(|after| is_serializable(txns, sort, keeps, &after, done | 1 << next))
        })
}

/// The transactions that have begun and not committed, and those that have.
#[derive(Clone, Copy, Default)]
struct Progress {
    open: u32,
    done: u32,
}

fn writes(txn: &Txn) -> u32 {
    txn.mops.iter().fold(0, |keys, mop| if let Mop::Write(key, _) = mop { keys | 1 << key } else { keys })
}

/// Whether some order of snapshots and commits explains every read, in which nobody commits over what was committed since
/// its snapshot.
fn is_snapshot_isolated(txns: &[Txn], sort: Sort, keeps: Keeps, state: &State, at: Progress) -> bool {
    if at.done.count_ones() as usize == txns.len() {
        return true;
    }
    (0..txns.len()).filter(|&next| at.done >> next & 1 == 0).any(|next| {
        let bit = 1 << next;
        if at.open & bit == 0 {
            // two that write one key may not overlap
            let clash = (0..txns.len()).any(|o| at.open >> o & 1 == 1 && writes(&txns[o]) & writes(&txns[next]) != 0);
            let fits = !clash && keeps.allows(txns, at.done, next) && sort.replay(state, &txns[next]).is_some();
            return fits && is_snapshot_isolated(txns, sort, keeps, state, Progress { open: at.open | bit, ..at });
        }
        let mut after = state.clone();
        for mop in &txns[next].mops {
            if let Mop::Write(key, value) = mop {
                sort.write(&mut after, *key, *value);
            }
        }
        let at = Progress { open: at.open & !bit, done: at.done | bit };
        is_snapshot_isolated(txns, sort, keeps, &after, at)
    })
}

/// The models whose meaning can be tried out, each with whether it holds.
fn truth(txns: &[Txn], sort: Sort) -> Vec<(Model, bool)> {
    let serial = |keeps| is_serializable(txns, sort, keeps, &State::default(), 0);
    let snapshot = |keeps| is_snapshot_isolated(txns, sort, keeps, &State::default(), Progress::default());
    vec![
        (Model::Serializable, serial(Keeps::Nothing)),
        (Model::StrongSessionSerializable, serial(Keeps::Sessions)),
        (Model::StrictSerializable, serial(Keeps::RealTime)),
        (Model::SnapshotIsolation, snapshot(Keeps::Nothing)),
        (Model::StrongSessionSnapshotIsolation, snapshot(Keeps::Sessions)),
        (Model::StrongSnapshotIsolation, snapshot(Keeps::RealTime)),
    ]
}

fn seeds() -> std::ops::Range<u64> {
    0..random::histories() / 10
}

#[test]
fn lists_read_to_their_end_are_judged_as_by_trying_every_order() {
    let mut held = [[0_u64; 2]; 6];
    for seed in seeds() {
        let txns = draw(seed, Sort::Lists);
        let analysis = analyze_list_append(&history(&txns, Sort::Lists));
        for (at, (model, holds)) in truth(&txns, Sort::Lists).into_iter().enumerate() {
            held[at][usize::from(holds)] += 1;
            let verdict = analysis.verdict(model);
            assert_eq!(verdict.is_invalid(), !holds, "seed {seed}, {model}: {verdict:?}\n{txns:#?}");
        }
    }
    println!("broken and held, of each model: {held:?}");
    let few = seeds().end / 50;
    assert!(held.iter().flatten().all(|&verdict| verdict >= few), "{held:?}");
}

#[test]
fn registers_that_keep_a_model_are_never_said_to_break_it() {
    let (mut held, mut broken, mut found) = (0, 0, 0);
    for seed in seeds() {
        let txns = draw(seed, Sort::Registers);
        let history = history(&txns, Sort::Registers);
        for (model, holds) in truth(&txns, Sort::Registers) {
            let verdict = analyze_rw_register(&history, Assumptions::implied_by(model)).verdict(model);
            assert!(!(holds && verdict.is_invalid()), "seed {seed}, {model}: {verdict:?}\n{txns:#?}");
            *(if holds { &mut held } else { &mut broken }) += 1;
            found += u64::from(verdict.is_invalid());
        }
    }
    println!("{held} held, {broken} broken, of which {found} were found");
    assert!(found > broken / 3, "{found} of {broken}");
}

#[test]
fn a_named_level_of_registers_is_valid_only_where_it_holds_and_invalid_only_where_it_is_broken() {
    let (mut decided, mut open) = (0, 0);
    for seed in seeds() {
        let txns = draw(seed, Sort::Registers);
        let levels = register_levels(&history(&txns, Sort::Registers), true);
        for (model, holds) in truth(&txns, Sort::Registers) {
            match &levels[&model] {
                Verdict::Valid { vacuous: Some(_) } => {}
                Verdict::Unknown(_) => open += 1,
                verdict => {
                    assert_eq!(verdict.is_invalid(), !holds, "seed {seed}, {model}: {verdict:?}\n{txns:#?}");
                    decided += 1;
                }
            }
        }
    }
    println!("{decided} decided, {open} left open");
    assert!(decided > 4 * open, "{decided} decided, {open} left open");
}

/// Whether a level's axiom allows some order of commits (Biswas & Enea, OOPSLA 2019, figure 2).
fn is_allowed(txns: &[Txn], level: Model, order: &mut Vec<usize>) -> bool {
    if order.len() == txns.len() {
        return axiom(txns, level, order);
    }
    (0..txns.len()).any(|next| {
        if order.contains(&next) {
            return false;
        }
        let comes_later = |other: usize| other != next && !order.contains(&other);
        if (0..txns.len()).any(|other| comes_later(other) && visible(txns, other, next)) {
            return false;
        }
        order.push(next);
        let allowed = is_allowed(txns, level, order);
        order.pop();
        allowed
    })
}

/// The transaction that wrote what a read showed, if any did; a read of what the reader wrote itself has no other.
fn author(txns: &[Txn], seen: &[i64]) -> Option<usize> {
    let value = seen.last()?;
    txns.iter().position(|txn| txn.mops.iter().any(|mop| matches!(mop, Mop::Write(_, written) if written == value)))
}

/// Whether `a` is before `b` in its session, or `b` read from it.
fn visible(txns: &[Txn], a: usize, b: usize) -> bool {
    let read = |mop: &Mop| matches!(mop, Mop::Read(_, seen) if author(txns, seen) == Some(a));
    a != b && (Keeps::Sessions.before(&txns[a], &txns[b]) || txns[b].mops.iter().any(read))
}

fn happened_before(txns: &[Txn], a: usize, b: usize) -> bool {
    let (mut reached, mut todo) = (0_u32, vec![b]);
    while let Some(at) = todo.pop() {
        let fresh = (0..txns.len()).filter(|&earlier| reached >> earlier & 1 == 0 && visible(txns, earlier, at));
        let fresh: Vec<usize> = fresh.collect();
        reached = fresh.iter().fold(reached, |reached, earlier| reached | 1 << earlier);
        todo.extend(fresh);
    }
    reached >> a & 1 == 1
}

fn axiom(txns: &[Txn], level: Model, order: &[usize]) -> bool {
    let place = |txn: usize| order.iter().position(|&other| other == txn).expect("all are ordered");
    (0..txns.len()).all(|reader| {
        (0..txns[reader].mops.len()).all(|at| {
            let Mop::Read(key, seen) = &txns[reader].mops[at] else { return true };
            let from = author(txns, seen);
            if from == Some(reader) {
                return true;
            }
            let read_before = |other: usize| {
                txns[reader].mops[..at]
                    .iter()
                    .any(|mop| matches!(mop, Mop::Read(_, seen) if author(txns, seen) == Some(other)))
            };
            let writers = (0..txns.len()).filter(|other| *other != reader && Some(*other) != from);
            writers.filter(|&other| writes(&txns[other]) >> key & 1 == 1).all(|other| {
                let seen = match level {
                    Model::ReadCommitted => read_before(other),
                    Model::ReadAtomic => visible(txns, other, reader),
                    _ => happened_before(txns, other, reader),
                };
                !seen || from.is_some_and(|from| place(other) < place(from))
            })
        })
    })
}

#[test]
fn levels_of_sessions_are_decided_as_by_trying_every_order() {
    let mut held = [[0_u64; 2]; LEVELS.len()];
    for seed in seeds() {
        let txns = draw(seed, Sort::Registers);
        let found = levels(&history(&txns, Sort::Registers));
        for (at, level) in LEVELS.into_iter().enumerate() {
            let holds = match level {
                Model::Serializable => is_serializable(&txns, Sort::Registers, Keeps::Sessions, &State::default(), 0),
                Model::SnapshotIsolation => {
                    let (start, progress) = (State::default(), Progress::default());
                    is_snapshot_isolated(&txns, Sort::Registers, Keeps::Sessions, &start, progress)
                }
                _ => is_allowed(&txns, level, &mut Vec::new()),
            };
            held[at][usize::from(holds)] += 1;
            let verdict = &found[&level];
            assert_eq!(verdict.is_invalid(), !holds, "seed {seed}, {level}: {verdict:?}\n{txns:#?}");
        }
    }
    println!("broken and held, of each level: {held:?}");
}
