//! `read-write`: registers that are read and written, for systems that speak a protocol of their own.
//!
//! Written numbers are unique, so that a read names the write that it saw; keys rotate, so that no key's history grows long.

use std::time::Duration;

use netsplit_checker::{Value, models};
use netsplit_systems::net::Net;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{ROTATION, deal, reads_of_all};
use crate::{Client, Op, Script, Shape, Workload};

/// What it asks of a system: `read`, which answers a number or nothing, and `write`, of a number that is [`Op::number`] 0.
pub const REGISTERS: Offer = Offer::Other("registers");

/// The workload over clients that `client` makes.
pub const fn read_write(client: fn(Net, Duration) -> Box<dyn Client>) -> Workload {
    Workload {
        name: "read-write",
        about: "read and write registers; every register is linearizable on its own",
        needs: &[REGISTERS],
        generate,
        setup: |_| Vec::new(),
        finale: reads_of_all,
        client,
        checkers: |promise| promise.of_registers(models::register::cas_register()),
        pure: |op| op.f == "read",
    }
}

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt: usize = 0;
    deal(rng, shape, |rng| {
        let number = ROTATION.next(rng, dealt);
        dealt += 1;
        let op = if rng.random() { Op::new("write", [dealt]) } else { Op::on("", "read", &[]) };
        Op { key: Some(format!("k{number}")), ..op }
    })
}

/// A number as a history shows it; nothing is what a register holds before its first write.
pub fn shown(number: Option<i64>) -> Value {
    number.map_or(Value::Nil, Value::Int)
}
