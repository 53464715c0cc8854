//! The data: keys and their values, and a version per key for `WATCH`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use super::reply::Refusal;

pub(super) type Text = Bytes;
pub(super) type List = VecDeque<Bytes>;
pub(super) type Hash = BTreeMap<Bytes, Bytes>;
pub(super) type Set = BTreeSet<Bytes>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Text),
    List(List),
    Hash(Hash),
    Set(Set),
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::List(_) => "list",
            Value::Hash(_) => "hash",
            Value::Set(_) => "set",
        }
    }
}

/// One kind of value, so that reading and editing under a type check is written once.
pub(super) trait Kind: Default + Sized {
    fn of(value: &Value) -> Option<&Self>;
    fn take(value: Value) -> Result<Self, Value>;
    fn wrap(self) -> Value;
    /// Redis has no empty list, hash or set: a key that becomes one is gone.
    fn vanishes(&self) -> bool;
}

macro_rules! kind {
    ($kind:ident, $vanishes:expr) => {
        impl Kind for $kind {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$kind(it) = value { Some(it) } else { None }
            }
            fn take(value: Value) -> Result<Self, Value> {
                if let Value::$kind(it) = value { Ok(it) } else { Err(value) }
            }
            fn wrap(self) -> Value {
                Value::$kind(self)
            }
            fn vanishes(&self) -> bool {
                let vanishes: fn(&Self) -> bool = $vanishes;
                vanishes(self)
            }
        }
    };
}

kind!(Text, |_| false);
kind!(List, List::is_empty);
kind!(Hash, Hash::is_empty);
kind!(Set, Set::is_empty);

/// The keys of the one database.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyspace {
    entries: BTreeMap<Bytes, Value>,
    /// Of every key that ever changed, deleted ones too: a delete must be seen by `WATCH`.
    versions: BTreeMap<Bytes, u64>,
    changes: u64,
}

/// Equal data; how often it changed is history, and a replay of the log has another.
impl PartialEq for Keyspace {
    fn eq(&self, other: &Keyspace) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Keyspace {}

impl Keyspace {
    /// How many changes there have been: grows with each, so that a write is told from a read.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The change that last touched `key`, 0 if none did.
    pub(super) fn version(&self, key: &Bytes) -> u64 {
        self.versions.get(key).copied().unwrap_or(0)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Bytes> {
        self.entries.keys()
    }

    pub(super) fn get(&self, key: &Bytes) -> Option<&Value> {
        self.entries.get(key)
    }

    pub(super) fn contains(&self, key: &Bytes) -> bool {
        self.entries.contains_key(key)
    }

    /// The value of `key` if it is of this kind, `None` if there is none; a refusal for another kind.
    pub(super) fn read<K: Kind>(&self, key: &Bytes) -> Result<Option<&K>, Refusal> {
        let value = self.entries.get(key);
        value.map(|value| K::of(value).ok_or(Refusal::WRONG_TYPE)).transpose()
    }

    /// Edits the value of `key`, an empty one if there is none. `edit` returns its result and
    /// whether it changed anything; only then is the key touched.
    pub(super) fn edit<K: Kind, R>(
        &mut self,
        key: &Bytes,
        edit: impl FnOnce(&mut K) -> Result<(R, bool), Refusal>,
    ) -> Result<R, Refusal> {
        let mut value = match self.entries.remove(key).map(K::take) {
            None => K::default(),
            Some(Ok(value)) => value,
            Some(Err(other)) => {
                self.entries.insert(key.clone(), other);
                return Err(Refusal::WRONG_TYPE);
            }
        };
        let result = edit(&mut value);
        if !value.vanishes() {
            self.entries.insert(key.clone(), value.wrap());
        }
        let (result, changed) = result?;
        if changed {
            self.touch(key);
        }
        Ok(result)
    }

    /// Sets `key`, whatever it held before.
    pub(super) fn put(&mut self, key: &Bytes, value: Value) {
        self.entries.insert(key.clone(), value);
        self.touch(key);
    }

    /// Removes `key`; what it held.
    pub(super) fn remove(&mut self, key: &Bytes) -> Option<Value> {
        let removed = self.entries.remove(key);
        if removed.is_some() {
            self.touch(key);
        }
        removed
    }

    /// Removes every key. One change even when there was none: Redis logs that `FLUSHALL` too.
    pub(super) fn clear(&mut self) {
        self.changes += 1;
        for key in std::mem::take(&mut self.entries).into_keys() {
            self.touch(&key);
        }
    }

    fn touch(&mut self, key: &Bytes) {
        self.changes += 1;
        self.versions.insert(key.clone(), self.changes);
    }
}
