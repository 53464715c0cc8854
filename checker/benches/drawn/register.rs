//! Histories of an atomic register under load, for benches and for tests of bounds.

use std::sync::Arc;
use std::time::Duration;

use netsplit_checker::{Actor, Event, History, Kind, Value};

/// What to draw a history of an atomic register from.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) operations: u64,
    pub(crate) clients: u64,
    pub(crate) keys: u64,
    /// Of a thousand writes, how many never return.
    pub(crate) pending_permille: u64,
    /// The position of an operation from which on the first read shows a value overwritten long before.
    pub(crate) stale_at: Option<u64>,
    /// Values are written again and again, so that the zones do not apply.
    pub(crate) repeat: bool,
}

/// Steele, Lea & Flood 2014.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// A client's open operation: its value (of a write), what it saw once it took effect, and its key.
#[derive(Clone)]
struct Open {
    write: Option<i64>,
    effect: Option<i64>,
    key: usize,
}

impl Plan {
    /// The history.
    pub(crate) fn draw(self) -> History {
        let mut random = SplitMix(7);
        let mut events = Vec::new();
        let (read, write) = (Arc::from("read"), Arc::from("write"));
        let keys: Vec<Value> = (0..self.keys)
            .map(|key| if self.keys == 1 { Value::Nil } else { Value::text(format!("k{key}")) })
            .collect();
        let mut state = vec![0_i64; keys.len()];
        let mut open: Vec<Option<Open>> = vec![None; usize::try_from(self.clients).expect("few")];
        let mut process: Vec<u64> = (0..self.clients).collect();
        let (mut invoked, mut fresh, mut stale_at) = (0, 0, self.stale_at);
        while invoked < self.operations || open.iter().any(Option::is_some) {
            let client = usize::try_from(random.below(self.clients)).expect("few");
            let event = |kind, open: &Open, process: u64, value: Value| Event {
                index: 0,
                time: Duration::ZERO,
                process: Actor::Process(process),
                node: None,
                kind,
                f: if open.write.is_some() { Arc::clone(&write) } else { Arc::clone(&read) },
                key: keys[open.key].clone(),
                value,
                error: None,
            };
            match &mut open[client] {
                None if invoked < self.operations => {
                    let key = usize::try_from(invoked % self.keys).expect("few");
                    let writes = random.below(2) == 0;
                    fresh += i64::from(writes);
                    let value = if self.repeat { fresh % 50 } else { fresh };
                    let new = Open { write: writes.then_some(value), effect: None, key };
                    events.push(event(Kind::Invoke, &new, process[client], new.write.map_or(Value::Nil, Value::Int)));
                    open[client] = Some(new);
                    invoked += 1;
                }
                None => {}
                Some(now) if now.effect.is_none() => {
                    if let Some(value) = now.write {
                        state[now.key] = value;
                    }
                    now.effect = Some(state[now.key]);
                }
                Some(now) => {
                    let mut value = now.effect.expect("it took effect");
                    let lost = now.write.is_some() && random.below(1000) < self.pending_permille;
                    if now.write.is_none() && stale_at.is_some_and(|at| invoked >= at) {
                        stale_at = None;
                        value = if self.repeat { (value + 25) % 50 } else { value - 100 };
                    }
                    let kind = if lost { Kind::Info } else { Kind::Ok };
                    events.push(event(kind, now, process[client], Value::Int(value)));
                    process[client] += u64::from(lost) * self.clients;
                    open[client] = None;
                }
            }
        }
        for (index, event) in (0..).zip(&mut events) {
            event.index = index;
        }
        History { events }
    }
}
