use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::replica::{Record, Replica};
use super::version::{Source, Version, Versioned};
use super::{ABD, HandOff, Reply, Request, Variant, start};
use crate::call::CallError;
use crate::cluster::Cluster;
use crate::disk::{Platter, Trouble};
use crate::fail_stop::FailStop;
use crate::http::Client;
use crate::net::Net;
use crate::shortener::client::LinkClient;
use crate::shortener::{Answer, code};

const URL: &str = "https://example.com";

fn record(time: u64, url: &str) -> Record {
    let version = Version { time, writer: "n1".into(), incarnation: 1, sequence: 0 };
    Record { code: "code".into(), held: Versioned { version, url: url.into() } }
}

fn open(platter: &Platter) -> Replica {
    Replica::open(&platter.disk(), true, FailStop::new()).unwrap()
}

/// What it replies; nothing if its disk has failed.
fn store(replica: &Replica, record: Record) -> Option<Reply> {
    replica.answer(Request::Store(vec![record])).now_or_never()
}

fn shown(replica: &Replica) -> Option<String> {
    match replica.answer(Request::Query("code".into())).now_or_never() {
        Some(Reply::Held(held)) => held.map(|held| held.url),
        other => panic!("a query is answered with what is held, not {other:?}"),
    }
}

#[test]
fn a_replica_holds_the_highest_version_in_whatever_order_they_come_and_keeps_it_through_a_power_loss() {
    for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1]] {
        let platter = Platter::default();
        let replica = open(&platter);
        for time in order {
            assert!(matches!(store(&replica, record(time, &time.to_string())), Some(Reply::Stored)));
        }
        assert_eq!(shown(&replica).as_deref(), Some("3"));
        platter.lose_unsynced();
        assert_eq!(shown(&open(&platter)).as_deref(), Some("3"));
    }
}

#[test]
fn a_replica_shows_nothing_that_a_failed_sync_may_have_lost() {
    let platter = Platter::default();
    let replica = open(&platter);
    platter.trouble(Trouble { sync_fails: true, ..Trouble::default() });
    assert!(store(&replica, record(1, "one")).is_none());
    assert_eq!(shown(&replica), None);
    platter.trouble(Trouble::default());
    assert!(store(&replica, record(2, "two")).is_none(), "the sync that succeeds next says nothing of what was lost");
}

#[test]
fn what_a_killed_process_left_in_the_page_cache_is_durable_before_it_is_shown() {
    let platter = Platter::default();
    let replica = open(&platter);
    platter.trouble(Trouble { sync_fails: true, ..Trouble::default() });
    assert!(store(&replica, record(1, "one")).is_none());
    platter.trouble(Trouble::default());
    let reopened = open(&platter);
    assert_eq!(shown(&reopened).as_deref(), Some("one"));
    platter.lose_unsynced();
    assert_eq!(shown(&open(&platter)).as_deref(), Some("one"));
}

/// Three nodes, the wall clock of `n1` a minute behind; re-targets at `n2`, then at `n1`; what `n3` shows then.
fn last_of_two_updates(variant: Variant) -> Option<String> {
    let mut cluster = Cluster::start(3, move |node| {
        if node.id.as_ref() == "n1" && node.clock.ahead_ms() == 0 {
            node.clock.jump(-60_000);
        }
        start(node, variant)
    });
    cluster.ask(|net: Net| async move {
        let mut http = Client::new(net, Duration::from_secs(1));
        let mut links = LinkClient::new(&mut http);
        let [n1, n2, n3]: [Arc<str>; 3] = ["n1", "n2", "n3"].map(Arc::from);
        assert_eq!(links.create(&n2, URL).await, Ok(Answer::Done));
        assert_eq!(links.retarget(&n2, &code(URL), "https://two.org").await, Ok(Answer::Done));
        assert_eq!(links.retarget(&n1, &code(URL), "https://one.org").await, Ok(Answer::Done));
        links.follow(&n3, &code(URL)).await.unwrap()
    })
}

#[test]
fn a_clock_that_is_behind_loses_an_acknowledged_update_only_if_versions_are_wall_clock_times() {
    assert_eq!(last_of_two_updates(ABD).as_deref(), Some("https://one.org"));
    let lww = Variant { versions: Source::WallClock, ..ABD };
    assert_eq!(last_of_two_updates(lww).as_deref(), Some("https://two.org"));
}

#[test]
fn a_repeated_create_is_acknowledged_and_one_after_a_retarget_is_refused() {
    let mut cluster = Cluster::start(3, |node| start(node, ABD));
    let answers = cluster.ask(|net: Net| async move {
        let mut http = Client::new(net, Duration::from_secs(1));
        let mut links = LinkClient::new(&mut http);
        let [n1, n2]: [Arc<str>; 2] = ["n1", "n2"].map(Arc::from);
        let absent = links.retarget(&n1, &code(URL), "https://two.org").await.unwrap();
        let first = links.create(&n1, URL).await.unwrap();
        let again = links.create(&n2, URL).await.unwrap();
        let claimed = links.claim(&n2, "alias", URL).await;
        assert!(matches!(claimed, Err(CallError::Refused(_))), "{claimed:?}");
        links.retarget(&n2, &code(URL), "https://two.org").await.unwrap();
        [absent, first, again, links.create(&n1, URL).await.unwrap()]
    });
    let refused = Answer::Refused(Some("https://two.org".into()));
    assert_eq!(answers, [Answer::Absent, Answer::Done, Answer::Done, refused]);
}

#[test]
fn one_node_of_three_answers_alone_only_if_it_stands_in_for_the_others_and_hands_off_later() {
    let serve_alone = |variant: Variant| {
        let mut cluster = Cluster::start(3, move |node| start(node, variant));
        let asking = |net: Net| async move {
            let mut http = Client::new(net, Duration::from_secs(1));
            let mut links = LinkClient::new(&mut http);
            let [n1, n2]: [Arc<str>; 2] = ["n1", "n2"].map(Arc::from);
            tokio::time::sleep(Duration::from_millis(200)).await;
            let created = links.create(&n1, URL).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            (created.is_ok(), links.follow(&n2, &code(URL)).await.unwrap())
        };
        cluster.drive(asking, |cluster, now_ms| match now_ms {
            100 => cluster.sim.partition("n1", "n2"),
            105 => cluster.sim.partition("n1", "n3"),
            1000 => cluster.sim.repair("n1", "n2"),
            1005 => cluster.sim.repair("n1", "n3"),
            _ => {}
        })
    };
    assert_eq!(serve_alone(ABD), (false, None));
    assert_eq!(serve_alone(Variant { stand_in: Some(HandOff::UntilStored), ..ABD }), (true, Some(URL.to_owned())));
}

/// Of five nodes, `n1` re-targets a link and is cut off from all but `n2` at some moment of that; after the heal it is read at
/// `n1`, then at `n3` while `n1` and `n2` stand still. What the two reads showed.
fn reads_after_a_write_cut_short(variant: Variant, cut_ms: u64) -> [Option<String>; 2] {
    let mut cluster = Cluster::start(5, move |node| start(node, variant));
    let asking = |net: Net| async move {
        let mut http = Client::new(net, Duration::from_secs(1));
        let mut links = LinkClient::new(&mut http);
        let [n1, n3]: [Arc<str>; 2] = ["n1", "n3"].map(Arc::from);
        let started = tokio::time::Instant::now();
        assert_eq!(links.create(&n1, URL).await, Ok(Answer::Done));
        tokio::time::sleep_until(started + Duration::from_millis(500)).await;
        // Whether it is acknowledged depends on the moment.
        let answer = links.retarget(&n1, &code(URL), "https://new.org").await;
        tokio::time::sleep_until(started + Duration::from_secs(2)).await;
        let first = links.follow(&n1, &code(URL)).await.unwrap();
        let shown = first.as_deref() == Some("https://new.org");
        assert!(!shown || !matches!(answer, Err(CallError::Refused(_))), "it was said to have no effect: {answer:?}");
        assert!(shown || answer.is_err(), "it was acknowledged");
        tokio::time::sleep_until(started + Duration::from_secs(3)).await;
        [first, links.follow(&n3, &code(URL)).await.unwrap()]
    };
    cluster.drive(asking, move |cluster, now_ms| {
        for far in ["n3", "n4", "n5"] {
            match now_ms {
                now_ms if now_ms == cut_ms => cluster.sim.partition("n1", far),
                1600 => cluster.sim.repair("n1", far),
                _ => {}
            }
        }
        if now_ms == 2900 {
            cluster.gates["n1"].shut();
            cluster.gates["n2"].shut();
        }
    })
}

#[test]
fn a_read_that_does_not_write_back_lets_the_next_one_show_the_old_target() {
    let inverted = |variant: Variant| {
        let reads = (500..560).step_by(5).map(move |cut_ms| reads_after_a_write_cut_short(variant, cut_ms));
        reads.filter(|[first, second]| first != second).collect::<Vec<_>>()
    };
    assert_eq!(inverted(ABD), Vec::<[Option<String>; 2]>::new());
    let inverted = inverted(Variant { write_back: false, ..ABD });
    assert!(!inverted.is_empty(), "no moment of the cut leaves the new target on a minority");
    assert!(inverted.iter().all(|reads| *reads == [Some("https://new.org".into()), Some(URL.into())]), "{inverted:?}");
}
