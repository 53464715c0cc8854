//! The memory of a search: each model state once, each configuration once, as a few words, and never past a bound.

use std::hash::Hash;

use hashbrown::HashTable;

use super::hash::hash_of;
use super::limits::Limits;
use crate::Cause;

/// Model states, each under a number.
pub(crate) struct States<M> {
    all: Vec<M>,
    table: HashTable<u32>,
    bytes: usize,
}

impl<M: Hash + Eq + Clone> States<M> {
    pub(crate) fn new(initial: M) -> States<M> {
        let mut states = States { all: Vec::new(), table: HashTable::new(), bytes: 0 };
        states.number(initial, 0);
        states
    }

    /// The number of a state that occupies `bytes`.
    pub(crate) fn number(&mut self, state: M, bytes: usize) -> u32 {
        let all = &mut self.all;
        let entry = self.table.entry(hash_of(&state), |&n| all[n as usize] == state, |&n| hash_of(&all[n as usize]));
        match entry {
            hashbrown::hash_table::Entry::Occupied(known) => *known.get(),
            hashbrown::hash_table::Entry::Vacant(free) => {
                let number = u32::try_from(all.len()).expect("the limits stop a search before it has 2^32 states");
                free.insert(number);
                all.push(state);
                self.bytes += bytes.saturating_sub(size_of::<M>());
                number
            }
        }
    }

    pub(crate) fn get(&self, number: u32) -> &M {
        &self.all[number as usize]
    }

    /// Bytes occupied, counting a growth that the next number may need.
    fn bytes(&self) -> usize {
        self.bytes + with_growth(self.all.len(), self.all.capacity(), size_of::<M>()) + table_bytes(&self.table)
    }
}

/// Configurations: lists of words, exactly.
pub(crate) struct Seen {
    words: Vec<u32>,
    table: HashTable<u32>,
    /// Bytes of what else the search needs.
    beside: usize,
}

/// What came of remembering a configuration.
pub(crate) enum Remembered {
    New,
    Known,
}

impl Seen {
    /// None yet, of a search that needs so many bytes besides.
    pub(crate) fn beside(bytes: usize) -> Seen {
        Seen { words: Vec::new(), table: HashTable::new(), beside: bytes }
    }

    /// Remembers a configuration, if the limits allow.
    pub(crate) fn insert<M: Hash + Eq + Clone>(
        &mut self,
        key: &[u32],
        states: &States<M>,
        limits: &Limits,
    ) -> Result<Remembered, Cause> {
        let words = &mut self.words;
        let stored = |at: u32| {
            let at = at as usize;
            &words[at + 1..=at + words[at] as usize]
        };
        let hash = hash_of(key);
        if self.table.find(hash, |&at| stored(at) == key).is_some() {
            return Ok(Remembered::Known);
        }
        if self.table.len() as u64 >= limits.states {
            return Err(Cause::States(limits.states));
        }
        let at = words.len();
        let grown = with_growth(at + key.len(), words.capacity(), size_of::<u32>()) + table_bytes(&self.table);
        let (Ok(at), true) = (u32::try_from(at), (grown + states.bytes() + self.beside) as u64 <= limits.bytes) else {
            return Err(Cause::Memory(limits.bytes));
        };
        words.push(u32::try_from(key.len()).expect("a configuration is shorter than 2^32 words"));
        words.extend_from_slice(key);
        let words = &self.words;
        let rehash = |&at: &u32| hash_of(&words[at as usize + 1..=at as usize + words[at as usize] as usize]);
        self.table.insert_unique(hash, at, rehash);
        Ok(Remembered::New)
    }
}

/// Bytes of a vector about to hold one element more: while it grows, its old and its new memory are both there.
fn with_growth(len: usize, capacity: usize, element_bytes: usize) -> usize {
    if len < capacity { capacity * element_bytes } else { (3 * capacity).max(2 * len) * element_bytes }
}

/// Bytes of a table, likewise.
fn table_bytes(table: &HashTable<u32>) -> usize {
    let now = table.allocation_size();
    if table.len() < table.capacity() { now } else { 3 * now }
}
