//! A history split into its independent objects (locality: Herlihy & Wing 1990, section 3.1), sixteen bytes an operation.

use hashbrown::HashMap;

use super::hash::BuildWordHasher;
use super::limits::Budget;
use super::number::Numbers;
use super::pair::{Pair, Paired, pair, small};
use crate::models::Specification;
use crate::{History, Operation, Value, Verdict};

/// The operations of a history that did not fail, object by object.
pub(crate) struct Split<'h> {
    history: &'h History,
    pairs: Vec<Pair>,
    numbers: Numbers<'h>,
    keys: Vec<&'h Value>,
    /// Where each key's pairs begin; one more than there are keys.
    starts: Vec<u32>,
}

/// The operations on one object, in the order of their invocations.
#[derive(Clone, Copy)]
pub(crate) struct Part<'s, 'h> {
    history: &'h History,
    pub(crate) pairs: &'s [Pair],
    /// The values' numbers.
    pub(crate) numbers: &'s Numbers<'h>,
    pub(crate) key: &'h Value,
}

impl<'h> Part<'_, 'h> {
    /// One of its operations in full.
    pub(crate) fn operation(&self, pair: Pair) -> Operation<'h> {
        pair.operation(self.history)
    }

    /// All of them in full.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation<'h>> {
        self.pairs.iter().map(|pair| pair.operation(self.history))
    }
}

/// Bytes that it takes to pair and split a history: its pairs twice while they are sorted, and their objects.
fn bytes(history: &History) -> usize {
    history.events.len() / 2 * (2 * size_of::<Pair>() + size_of::<u32>())
}

impl<'h> Split<'h> {
    /// Pairs and splits; the `Err` is the verdict if that fails.
    pub(crate) fn new<S: Specification>(
        history: &'h History,
        specification: &S,
        budget: &Budget,
    ) -> Result<Split<'h>, Verdict> {
        if let Some(cause) = budget.out_of_memory(bytes(history)) {
            return Err(Verdict::Unknown(cause));
        }
        let Paired { pairs, objects, numbers, .. } = pair(history, specification, budget)?;
        let Objects { mut keys, of_pair, .. } = objects;
        if of_pair.is_empty() {
            keys.truncate(pairs.len());
            let starts = if pairs.is_empty() { vec![0] } else { vec![0, small(pairs.len())] };
            return Ok(Split { history, pairs, numbers, keys, starts });
        }
        let mut starts = starts(&of_pair, keys.len());
        let pairs = sorted(&pairs, &of_pair, &starts);
        // an object of which everything failed has no operations
        let mut ends = starts.windows(2);
        keys.retain(|_| ends.next().is_some_and(|end| end[0] < end[1]));
        starts.dedup();
        Ok(Split { history, pairs, numbers, keys, starts })
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// One object's operations; objects are in the order in which they first appear.
    pub(crate) fn part(&self, at: usize) -> Part<'_, 'h> {
        let pairs = &self.pairs[self.starts[at] as usize..self.starts[at + 1] as usize];
        Part { history: self.history, pairs, numbers: &self.numbers, key: self.keys[at] }
    }
}

/// Where each object's pairs will begin, and the end.
fn starts(of_pair: &[u32], objects: usize) -> Vec<u32> {
    let mut starts = vec![0_u32; objects + 1];
    for &number in of_pair {
        starts[number as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    starts
}

/// The pairs object by object, by counting.
fn sorted(pairs: &[Pair], of_pair: &[u32], starts: &[u32]) -> Vec<Pair> {
    let mut free = starts.to_vec();
    let mut sorted = pairs.to_vec();
    for (&pair, &number) in pairs.iter().zip(of_pair) {
        let free = &mut free[number as usize];
        sorted[*free as usize] = pair;
        *free += 1;
    }
    sorted
}

/// The objects of a history under numbers, in the order in which they first appear.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Objects<'h> {
    numbers: HashMap<&'h Value, u32, BuildWordHasher>,
    /// By the address of a key's text: events about one object mostly share it, and comparing texts means fetching them.
    by_address: HashMap<usize, u32, BuildWordHasher>,
    keys: Vec<&'h Value>,
    /// Each pair's object; empty as long as there is only one.
    of_pair: Vec<u32>,
}

impl<'h> Objects<'h> {
    /// The next pair, after so many, is about this object.
    pub(crate) fn add(&mut self, key: &'h Value, pairs: usize) {
        if self.of_pair.is_empty() && self.keys.first().is_some_and(|only| is_same(only, key)) {
            return;
        }
        let number = self.number(key);
        if self.keys.len() > 1 {
            self.of_pair.resize(pairs, 0);
            self.of_pair.push(number);
        }
    }

    fn number(&mut self, key: &'h Value) -> u32 {
        let address = key.as_text().map(|text| text.as_ptr().addr());
        if let Some(number) = address.and_then(|address| self.by_address.get(&address)) {
            return *number;
        }
        let fresh = small(self.keys.len());
        let number = *self.numbers.entry(key).or_insert(fresh);
        if number == fresh {
            self.keys.push(key);
        }
        // not where each event has a text of its own
        if let (Some(address), true) = (address, self.by_address.len() < 2 * self.keys.len()) {
            self.by_address.insert(address, number);
        }
        number
    }

    /// Keeps only some of the pairs.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut pairs = 0..;
        self.of_pair.retain(|_| pairs.next().is_some_and(&keep));
    }
}

/// Equality that is quickest where there are no keys at all.
fn is_same(a: &Value, b: &Value) -> bool {
    (a.is_nil() && b.is_nil()) || a == b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;
    use crate::linearizable::Limits;
    use crate::models::RegisterSpec;

    #[test]
    fn an_object_of_which_everything_failed_is_no_part() {
        let alone = |key: i64, kind| format!("1 invoke write {key}=1\n1 {kind} write {key}=1\n");
        let history =
            draw(&[(1, "fail"), (2, "ok"), (1, "fail"), (3, "ok"), (2, "ok")].map(|(k, o)| alone(k, o)).concat());
        let split = Split::new(&history, &RegisterSpec::new(Value::Nil), &Budget::start(Limits::default()))
            .expect("all are paired");
        let parts: Vec<_> =
            (0..split.len()).map(|at| (split.part(at).key.clone(), split.part(at).pairs.len())).collect();
        assert_eq!(parts, [(2.into(), 2), (3.into(), 1)]);
    }
}
