//! Nodes in a simulated network, asked over HTTP.

use std::sync::Arc;
use std::time::Duration;

use super::{Rules, THREE_PHASES, TWO_PHASES, start};
use crate::call::CallError;
use crate::cluster::Cluster;
use crate::http::Client;
use crate::net::Net;
use crate::shortener::cached::ring::Ring;
use crate::shortener::client::LinkClient;
use crate::shortener::{Answer, Fenced, Lock, code};

fn names() -> Vec<Arc<str>> {
    (1..=3).map(|number| format!("n{number}").into()).collect()
}

fn cluster(rules: Rules) -> Cluster {
    Cluster::start(3, move |node| start(node, rules))
}

fn client(net: Net) -> Client {
    Client::new(net, Duration::from_secs(1))
}

/// A url whose link is on this node's shard.
fn on(node: &str, after: usize) -> String {
    let ring = Ring::of(&names());
    let mut urls = (after..).map(|number| format!("https://example.com/{number}"));
    urls.find(|url| ring.owner(&code(url)).as_ref() == node).expect("every node owns something")
}

fn swap(a: &str, b: &str) -> String {
    format!(r#"[["swap","{}","{}"]]"#, code(a), code(b))
}

#[test]
fn a_swap_over_two_shards_is_done_on_both() {
    for rules in [TWO_PHASES, THREE_PHASES] {
        cluster(rules).ask(|net| async move {
            let mut http = client(net);
            let mut links = LinkClient::new(&mut http);
            let (n1, n3): (Arc<str>, Arc<str>) = ("n1".into(), "n3".into());
            let (a, b) = (on("n1", 0), on("n2", 0));
            for url in [&a, &b] {
                assert_eq!(links.create(&n3, url).await, Ok(Answer::Done));
            }
            links.transact(&n3, swap(&a, &b)).await.expect("nobody else is there");
            assert_eq!(links.follow(&n1, &code(&a)).await, Ok(Some(b.clone())));
            assert_eq!(links.follow(&n1, &code(&b)).await, Ok(Some(a.clone())));
            let read = format!(r#"[["r","{}",null],["append","{}",7]]"#, code(&a), code(&b));
            let shown = links.transact(&n1, read).await.expect("nobody else is there");
            assert!(shown.contains(&b), "{shown}");
            let missing = swap(&a, "https://example.com/missing");
            let refused = links.transact(&n1, missing).await;
            assert!(matches!(refused, Err(CallError::Refused(_))), "{refused:?}");
        });
    }
}

#[test]
fn any_node_serves_the_whole_interface() {
    cluster(TWO_PHASES).ask(|net| async move {
        let mut http = client(net);
        let mut links = LinkClient::new(&mut http);
        let [n1, n2, n3] = ["n1", "n2", "n3"].map(Arc::from);
        assert_eq!(links.claim(&n1, "alias", "https://one").await, Ok(Answer::Done));
        assert_eq!(links.claim(&n2, "alias", "https://two").await, Ok(Answer::Refused(Some("https://one".into()))));
        assert_eq!(links.compare_and_set(&n3, "alias", "https://one", "https://two").await, Ok(Answer::Done));
        assert_eq!(links.lock(&n1, "l").await, Ok(Lock::Granted(1)));
        assert_eq!(links.lock(&n2, "l").await, Ok(Lock::Held));
        assert_eq!(links.retarget_fenced(&n2, "alias", 1, "https://three").await, Ok(Fenced::Done));
        assert_eq!(links.retarget_fenced(&n1, "alias", 0, "https://four").await, Ok(Fenced::Stale(1)));
        assert_eq!(links.unlock(&n3, "l", 2).await, Ok(Answer::Refused(Some("1".into()))));
        assert_eq!(links.unlock(&n3, "l", 1).await, Ok(Answer::Done));
        assert_eq!(links.redirects(&n1, "alias").await, Ok(0));
        assert_eq!(links.delete(&n2, "alias").await, Ok(Answer::Done));
        assert_eq!(links.follow(&n3, "alias").await, Ok(None));
    });
}

/// Where the two links of a swap lead, five seconds after its coordinator was killed so many milliseconds into it.
fn with_the_coordinator_gone(rules: Rules, killed_after_ms: u64) -> [Result<Option<String>, CallError>; 2] {
    let mut cluster = cluster(rules);
    let urls = [on("n1", 0), on("n2", 0)];
    let created = urls.clone();
    cluster.ask(|net| async move {
        let mut http = client(net);
        for url in &created {
            assert_eq!(LinkClient::new(&mut http).create(&"n3".into(), url).await, Ok(Answer::Done));
        }
    });
    let begun_ms = u64::try_from(cluster.sim.elapsed().as_millis()).expect("a test is short");
    cluster.drive(
        |net| async move {
            let mut http = client(net.clone());
            let swapping = LinkClient::new(&mut http).transact(&"n3".into(), swap(&urls[0], &urls[1])).await;
            assert!(!matches!(swapping, Err(CallError::Refused(_))), "{swapping:?}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            let mut http = client(net);
            let [a, b] = urls.map(|url| code(&url));
            let mut links = LinkClient::new(&mut http);
            [links.follow(&"n1".into(), &a).await, links.follow(&"n2".into(), &b).await]
        },
        move |cluster, now_ms| {
            if now_ms == begun_ms + killed_after_ms {
                cluster.sim.crash("n3");
            }
        },
    )
}

/// Every moment from before the first message to after the last.
const MOMENTS_MS: std::ops::Range<u64> = 1..24;

/// Whether both links lead where they led, or both elsewhere.
fn is_whole(targets: &[Option<String>; 2]) -> bool {
    let before = [Some(on("n1", 0)), Some(on("n2", 0))];
    let after = [before[1].clone(), before[0].clone()];
    *targets == before || *targets == after
}

#[test]
fn two_phases_block_at_some_moment_that_the_coordinator_dies_and_break_nothing_at_any() {
    let mut blocked = 0;
    for moment in MOMENTS_MS {
        match with_the_coordinator_gone(TWO_PHASES, 5 * moment) {
            [Ok(a), Ok(b)] => assert!(is_whole(&[a.clone(), b.clone()]), "at {moment}: {a:?} {b:?}"),
            [a, b] => {
                assert!(matches!((&a, &b), (Err(CallError::Refused(_)), Err(CallError::Refused(_)))), "{a:?} {b:?}");
                blocked += 1;
            }
        }
    }
    assert!(blocked > 0, "nobody was in doubt at any moment");
}

#[test]
fn three_phases_block_at_no_moment_that_the_coordinator_dies_and_break_nothing() {
    let mut swapped = 0;
    for moment in MOMENTS_MS {
        let targets = with_the_coordinator_gone(THREE_PHASES, 5 * moment).map(|target| target.expect("nobody blocks"));
        assert!(is_whole(&targets), "at {moment}: {targets:?}");
        swapped += u64::from(targets[0] != Some(on("n1", 0)));
    }
    assert!(0 < swapped && swapped < MOMENTS_MS.end - MOMENTS_MS.start, "swapped at {swapped} moments");
}
