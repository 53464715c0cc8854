//! A system on turmoil's own sockets, in a simulation of its own: a primary that answers writes before its replica has them,
//! and clients that read from the replica.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use netsplit::checker::{Checker, Value, Verdict, models};
use netsplit::direct::{Driven, NotDriven, Scribe, Trouble, drive};
use netsplit::plan::CLIENTS;
use netsplit::registry::Registry;
use netsplit::systems::call::CallError;
use netsplit::workloads::Op;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

const PORT: u16 = 9000;

/// Answers every number with the register's: 0 reads it, any other is written. `copy_to` gets what is written, some time later.
async fn register(copy_to: Option<&'static str>) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let register = Rc::new(RefCell::new(0));
    loop {
        let (mut stream, _) = listener.accept().await?;
        let register = register.clone();
        tokio::task::spawn_local(async move {
            while let Ok(number) = stream.read_i64().await {
                if number != 0 {
                    *register.borrow_mut() = number;
                    if let Some(replica) = copy_to {
                        tokio::task::spawn_local(ask(replica, number));
                    }
                }
                let present = *register.borrow();
                if stream.write_i64(present).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn ask(host: &'static str, number: i64) -> io::Result<i64> {
    let mut stream = TcpStream::connect((host, PORT)).await?;
    stream.write_i64(number).await?;
    stream.read_i64().await
}

/// Writes 1, 2, … to the primary, and reads from `read_from` after each.
async fn client(scribe: Scribe, read_from: &'static str) -> Result<(), Box<dyn std::error::Error>> {
    let mut client = scribe.client();
    let within = |host, number| async move {
        let answer = tokio::time::timeout(Duration::from_secs(1), ask(host, number)).await;
        let lost = |error: &dyn ToString| CallError::Lost(error.to_string());
        answer.map_err(|error| lost(&error))?.map_err(|error| lost(&error))
    };
    for number in 1..40 {
        let write = async { within("primary", number).await.map(|_| Value::Int(number)) };
        let _recorded = client.invoke("primary", &Op::new("write", [number]), write).await;
        let read = async {
            within(read_from, 0).await.map(|number| if number == 0 { Value::Nil } else { Value::Int(number) })
        };
        let _recorded = client.invoke(read_from, &Op::new::<i64>("read", []), read).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn driven(seed: u64, nemesis: &str, read_from: &'static str) -> Result<Driven, NotDriven> {
    let trouble = Trouble { hosts: &["primary", "replica"], nemesis, length: Duration::from_secs(10) };
    let set_up = |mut builder: Builder, scribe: Scribe| -> Sim<'static> {
        let mut sim = builder.tick_duration(Duration::from_millis(5)).build();
        sim.host("primary", || register(Some("replica")));
        sim.host("replica", || register(None));
        sim.client(CLIENTS, client(scribe, read_from));
        sim
    };
    drive(seed, &trouble, &Registry::builtin(), set_up)
}

fn judged(driven: &Driven) -> Verdict {
    assert!(driven.panicked.is_none(), "{:?}", driven.panicked);
    models::register::register().check(&driven.history)
}

#[test]
fn a_replica_that_lags_behind_a_cut_is_caught_and_its_primary_is_not() {
    let seeds = || 0..10;
    let stale = seeds().find(|seed| judged(&driven(*seed, "partition", "replica").expect("it is driven")).is_invalid());
    assert!(stale.is_some(), "no cut kept a write from the replica");
    for seed in seeds().take(3) {
        let driven = driven(seed, "partition", "primary").expect("it is driven");
        assert!(driven.history.events.iter().any(|event| &*event.f == "partition"), "seed {seed} has no cut");
        assert!(matches!(judged(&driven), Verdict::Valid { vacuous: None }), "seed {seed}");
    }
}

#[test]
fn one_seed_gives_one_history_and_a_nemesis_that_turmoil_can_not_do_is_refused() {
    let history = |seed| driven(seed, "partition,crash", "replica").expect("it is driven").history;
    assert_eq!(history(3), history(3));
    assert_eq!(driven(3, "pause", "replica").err(), Some(NotDriven::Refused("pause")));
}
