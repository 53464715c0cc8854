use std::time::Duration;

use futures::FutureExt;
use tokio::time::sleep;

use super::operation::{Operation, Outcome};
use super::store::Store;
use super::{Variant, start};
use crate::cluster::Cluster;
use crate::disk::Platter;
use crate::http::Client;
use crate::net::Net;
use crate::shortener::client::LinkClient;
use crate::shortener::{Answer, code};

const FAILOVER: Variant = Variant { waits: false, contests: false };

fn load(platter: &Platter) -> Store {
    Store::load(&platter.disk()).now_or_never().expect("the simulated disk takes no time").unwrap()
}

/// Writes a link under each of these codes, and makes them durable.
fn write(store: &mut Store, epoch: u64, codes: &[&str]) {
    for code in codes {
        let operation = Operation::Claim { alias: (*code).to_owned(), url: "https://example.com".into() };
        assert_eq!(store.execute(&operation, epoch).unwrap(), Outcome::Answered(Answer::Done));
    }
    store.journal().sync().now_or_never().expect("the simulated disk takes no time").unwrap();
    store.written(store.end());
}

fn leads(store: &mut Store, code: &str) -> bool {
    store.execute(&Operation::Follow { code: code.into() }, 9).unwrap() != Outcome::Leads(None)
}

#[test]
fn what_was_synced_survives_a_power_loss_and_what_was_not_is_not_sent() {
    let platter = Platter::default();
    let mut store = load(&platter);
    write(&mut store, 1, &["a", "b"]);
    let durable = store.end();
    store.execute(&Operation::Delete { code: "a".into() }, 1).unwrap();
    assert_eq!(store.durable_end(), durable);
    platter.lose_unsynced();
    let mut again = load(&platter);
    assert_eq!(again.end(), durable);
    assert!(leads(&mut again, "a") && leads(&mut again, "b") && !leads(&mut again, "c"));
}

#[test]
fn a_log_that_is_behind_gets_the_rest_and_one_that_parted_gets_everything() {
    let (mine, theirs) = (Platter::default(), Platter::default());
    let (mut primary, mut replica) = (load(&mine), load(&theirs));
    write(&mut primary, 1, &["a"]);
    let (onto, entries) = primary.after(replica.end());
    assert_eq!((onto, entries.len()), (Some(replica.end()), 1));
    replica.append(entries).unwrap();

    write(&mut replica, 1, &["only here", "and this"]);
    write(&mut primary, 2, &["b"]);
    assert!(!primary.has(replica.end()));
    let (onto, entries) = primary.after(replica.end());
    assert_eq!((onto, entries.len()), (None, 2));
    replica.replace(entries).unwrap();
    theirs.lose_unsynced();
    let mut again = load(&theirs);
    assert_eq!(again.end(), primary.end());
    assert!(leads(&mut again, "a") && leads(&mut again, "b") && !leads(&mut again, "only here"));
}

/// Three nodes with the primary, `n1`, cut off for almost five seconds. Three links are created at `n1` and one at `n2`, after the
/// promotion. Whether each side acknowledged all of its own, and how many of each side's `n3` shows after the heal.
fn split(variant: Variant) -> ([bool; 2], [usize; 2]) {
    let mut cluster = Cluster::start(3, move |node| start(node, variant));
    let script = |net: Net| async move {
        let mut http = Client::new(net, Duration::from_secs(1));
        let mut client = LinkClient::new(&mut http);
        let old = ["https://old.example/1", "https://old.example/2", "https://old.example/3"];
        let new = ["https://new.example"];
        let (mut acknowledged, mut shown) = ([true; 2], [0; 2]);
        for (side, at, node, urls) in [(0, 300, "n1", &old[..]), (1, 3000, "n2", &new[..])] {
            sleep(Duration::from_millis(at)).await;
            for url in urls {
                acknowledged[side] &= client.create(&node.into(), url).await == Ok(Answer::Done);
            }
        }
        sleep(Duration::from_secs(3)).await;
        for (side, urls) in [&old[..], &new[..]].into_iter().enumerate() {
            for url in urls {
                shown[side] += usize::from(client.follow(&"n3".into(), &code(url)).await.unwrap().is_some());
            }
        }
        (acknowledged, shown)
    };
    cluster.drive(script, |cluster, now_ms| {
        for other in ["n2", "n3"] {
            match now_ms {
                200 => cluster.sim.partition("n1", other),
                5000 => cluster.sim.repair("n1", other),
                _ => {}
            }
        }
    })
}

#[test]
fn a_deposed_primary_loses_what_only_it_acknowledged() {
    assert_eq!(split(FAILOVER), ([true, true], [0, 1]));
}

#[test]
fn with_wait_the_cut_off_primary_acknowledges_nothing() {
    assert_eq!(split(Variant { waits: true, ..FAILOVER }), ([false, true], [0, 1]));
}

#[test]
fn an_old_primary_with_the_longer_log_wins_at_the_heal_and_what_was_acknowledged_is_gone() {
    assert_eq!(split(Variant { waits: true, contests: true }), ([false, true], [3, 0]));
}
