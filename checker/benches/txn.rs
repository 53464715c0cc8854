//! How long all anomalies of list-append histories take, by size, and what the size costs: twice the transactions
//! should take twice the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use netsplit_checker::{Actor, Event, History, Kind, Value, txn};

/// Keys in use at once; a key is left after [`APPENDS`] appends, so that lists stay short.
const KEYS: u64 = 10;
const APPENDS: usize = 64;
const CLIENTS: u64 = 20;

/// A history of a serial system under overlapping clients. `stale` makes one late read of each thousand miss the last
/// append to its key.
fn history(txns: usize, stale: bool) -> History {
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    let mut lists: Vec<(i64, Vec<Value>)> = (0..).take(10).map(|key| (key, Vec::new())).collect();
    let (mut next_key, mut open, mut events) = (10, Vec::new(), Vec::new());
    for number in 0..txns {
        let client = number as u64 % CLIENTS;
        if open.len() as u64 == CLIENTS {
            let (client, value) = open.remove(0);
            push(&mut events, client, Kind::Ok, value);
        }
        let mut asked = Vec::new();
        let mut answered = Vec::new();
        for _ in 0..=roll(3) {
            let at = usize::try_from(roll(KEYS)).expect("few keys");
            let (key, list) = &mut lists[at];
            let micro = |f: &str, value| Value::list([Value::text(f), Value::Int(*key), value]);
            if roll(2) == 0 {
                let element = Value::Int(i64::try_from(list.len()).expect("short lists") + 1);
                asked.push(micro("append", element.clone()));
                answered.push(micro("append", element.clone()));
                list.push(element);
            } else {
                let seen = if stale && number % 1000 == 999 { list.len().saturating_sub(1) } else { list.len() };
                asked.push(micro("r", Value::Nil));
                answered.push(micro("r", Value::list(list[..seen].to_vec())));
            }
            if list.len() >= APPENDS {
                lists[at] = (next_key, Vec::new());
                next_key += 1;
            }
        }
        push(&mut events, client, Kind::Invoke, Value::list(asked));
        open.push((client, Value::list(answered)));
    }
    for (client, value) in open {
        push(&mut events, client, Kind::Ok, value);
    }
    History { events }
}

fn push(events: &mut Vec<Event>, client: u64, kind: Kind, value: Value) {
    events.push(Event {
        index: events.len() as u64,
        time: Duration::ZERO,
        process: Actor::Process(client),
        node: None,
        kind,
        f: Arc::from("txn"),
        key: Value::Nil,
        value,
        error: None,
    });
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn main() {
    for stale in [false, true] {
        let mut base: Option<(u32, f64)> = None;
        for size in [100_000, 300_000, 1_000_000] {
            let history = history(size as usize, stale);
            let start = Instant::now();
            let analysis = txn::analyze_list_append(&history);
            let seconds = start.elapsed().as_secs_f64();
            let (least, first) = *base.get_or_insert((size, seconds));
            let names: Vec<String> = analysis.anomalies.keys().map(ToString::to_string).collect();
            println!(
                "list-append {size} transactions, stale reads {stale}: {seconds:.2} s, {:.1} times the size in {:.1} times the time; {}",
                f64::from(size) / f64::from(least),
                seconds / first,
                names.join(" "),
            );
        }
    }
}
