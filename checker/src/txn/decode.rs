//! Transactions out of operations: micro-operations `[f k v]` (Jepsen's `jepsen.txn`), with keys as small numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::{History, Operation, Outcome, Value};

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was answered.
    Committed,
    /// It surely had no effect.
    Aborted,
    /// Nobody knows.
    Indeterminate,
}

/// One read or write inside a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mop<'h> {
    /// Whether it writes or appends.
    pub(crate) write: bool,
    /// Its key, by [`Txns::keys`].
    pub(crate) key: u32,
    /// What was written or read; a read that nobody saw the answer of is not decoded at all.
    pub(crate) value: &'h Value,
}

impl Mop<'_> {
    /// The elements of a list that was read; no value is the empty list.
    pub(crate) fn list(&self) -> &[Value] {
        self.value.as_list().unwrap_or(&[])
    }
}

/// One transaction.
#[derive(Clone, Debug)]
pub(crate) struct Txn {
    /// The index of its invocation.
    pub(crate) index: u64,
    /// Its process.
    pub(crate) process: u64,
    /// What became of it.
    pub(crate) fate: Fate,
    /// Position of the invocation in the history.
    pub(crate) invoked_at: usize,
    /// Position of the answer, if it was answered.
    pub(crate) completed_at: Option<usize>,
    mops: Range<usize>,
}

/// All transactions of a history, in the order of their invocations.
#[derive(Debug, Default)]
pub(crate) struct Txns<'h> {
    /// The transactions.
    pub(crate) all: Vec<Txn>,
    /// The keys, by number.
    pub(crate) keys: Vec<&'h Value>,
    /// What a writing micro-operation is called.
    pub(crate) write: &'static str,
    mops: Vec<Mop<'h>>,
}

impl<'h> Txns<'h> {
    /// Decodes `history`, where `write` is the name of the writing micro-operation. An `Err` says which operation is no
    /// transaction of reads and writes.
    pub(crate) fn decode(history: &'h History, write: &'static str) -> Result<Txns<'h>, String> {
        let operations = history.operations().map_err(|error| error.to_string())?;
        let mut txns = Txns { write, ..Txns::default() };
        let mut keys = BTreeMap::new();
        for operation in &operations {
            txns.push(operation, write, &mut keys)?;
        }
        Ok(txns)
    }

    fn push(
        &mut self,
        operation: &Operation<'h>,
        write: &str,
        keys: &mut BTreeMap<&'h Value, u32>,
    ) -> Result<(), String> {
        let (fate, value) = match operation.outcome() {
            // a refusal says that the transaction did not happen, and a transaction has no single state to show
            Outcome::Ok(answer) if answer.as_refused().is_some() => (Fate::Aborted, &operation.invocation.value),
            Outcome::Ok(answer) => (Fate::Committed, answer),
            Outcome::Fail => (Fate::Aborted, &operation.invocation.value),
            Outcome::Info => (Fate::Indeterminate, &operation.invocation.value),
        };
        let index = operation.index();
        let items = match value {
            Value::Nil => &[][..],
            value => value.as_list().ok_or_else(|| format!("#{index} is no transaction: its value is {value}"))?,
        };
        let start = self.mops.len();
        for item in items {
            let Some((writes, key, value)) = micro(item, write) else {
                return Err(format!("#{index} holds {item}, which is neither [r k v] nor [{write} k v]"));
            };
            // what a transaction without an answer read is unknown
            if !writes && fate != Fate::Committed {
                continue;
            }
            let next = u32::try_from(keys.len()).map_err(|_| "more than 2^32 keys".to_owned())?;
            let key = *keys.entry(key).or_insert_with(|| {
                self.keys.push(key);
                next
            });
            self.mops.push(Mop { write: writes, key, value });
        }
        self.all.push(Txn {
            index,
            process: operation.process(),
            fate,
            invoked_at: operation.invoked_at,
            completed_at: if fate == Fate::Committed { operation.completed_at } else { None },
            mops: start..self.mops.len(),
        });
        Ok(())
    }

    /// The same without what is done to some keys.
    pub(crate) fn without(&self, keys: &BTreeSet<u32>) -> Txns<'h> {
        let mut rest = Txns { all: self.all.clone(), keys: self.keys.clone(), write: self.write, mops: Vec::new() };
        for txn in &mut rest.all {
            let start = rest.mops.len();
            rest.mops.extend(self.mops[txn.mops.clone()].iter().filter(|mop| !keys.contains(&mop.key)));
            txn.mops = start..rest.mops.len();
        }
        rest
    }

    /// The micro-operations of a transaction, in order.
    pub(crate) fn mops(&self, txn: u32) -> &[Mop<'h>] {
        &self.mops[self.all[txn as usize].mops.clone()]
    }

    /// The numbers of the transactions, with what became of them.
    pub(crate) fn fates(&self) -> impl Iterator<Item = (u32, Fate)> + '_ {
        (0..).zip(self.all.iter().map(|txn| txn.fate))
    }

    /// What became of one.
    pub(crate) fn fate(&self, txn: u32) -> Fate {
        self.all[txn as usize].fate
    }

    /// The index by which evidence names it.
    pub(crate) fn index(&self, txn: u32) -> u64 {
        self.all[txn as usize].index
    }

    /// Whether any answered transaction reads.
    pub(crate) fn any_read(&self) -> bool {
        self.mops.iter().any(|mop| !mop.write)
    }
}

fn micro<'h>(item: &'h Value, write: &str) -> Option<(bool, &'h Value, &'h Value)> {
    static NIL: Value = Value::Nil;
    match item.as_list()? {
        [f, key] if f.as_text()? == "r" => Some((false, key, &NIL)),
        [f, key, value] => match f.as_text()? {
            "r" => Some((false, key, value)),
            name if name == write => Some((true, key, value)),
            _ => None,
        },
        _ => None,
    }
}
