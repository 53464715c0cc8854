//! Raft nodes in a simulated network, asked over HTTP.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http_body_util::Full;
use hyper::Request;

use super::{Rule, Rules, node};
use crate::cluster::{Cluster, alone};
use crate::disk::Platter;
use crate::http::Client;
use crate::net::Net;
use crate::shortener::Answer;
use crate::shortener::client::LinkClient;
use crate::weather::Conditions;

const ONE: &str = "https://example.com/1";
const TWO: &str = "https://example.com/2";

fn cluster(size: usize, rules: Rules) -> Cluster {
    Cluster::start(size, move |node| node::start(node, rules))
}

/// A client, once there has been time for an election.
async fn client(net: Net) -> Client {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Client::new(net, Duration::from_secs(1))
}

fn node(number: usize) -> Arc<str> {
    format!("n{number}").into()
}

async fn post(client: &mut Client, node: &Arc<str>, path: &str, body: &'static str) -> String {
    let request = Request::post(path).body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap();
    let response = client.call(node, request).await.unwrap();
    format!("{} {}", response.status().as_u16(), String::from_utf8_lossy(response.body()))
}

#[test]
fn any_node_serves_the_whole_interface() {
    cluster(3, Rules::ALL).ask(|net| async move {
        let mut http = client(net).await;
        let mut links = LinkClient::new(&mut http);
        assert_eq!(links.claim(&node(1), "a", ONE).await, Ok(Answer::Done));
        assert_eq!(links.claim(&node(2), "a", ONE).await, Ok(Answer::Refused(Some(ONE.into()))));
        assert_eq!(links.retarget(&node(3), "missing", TWO).await, Ok(Answer::Absent));
        assert_eq!(links.compare_and_set(&node(2), "a", ONE, TWO).await, Ok(Answer::Done));
        for number in 1..=3 {
            assert_eq!(links.follow(&node(number), "a").await, Ok(Some(TWO.into())));
        }
        assert_eq!(links.redirects(&node(1), "a").await, Ok(3));
        assert_eq!(links.delete(&node(1), "a").await, Ok(Answer::Done));
        assert_eq!(links.follow(&node(3), "a").await, Ok(None));

        let n2 = node(2);
        let steps = r#"[["append","l",1],["append","l",2],["r","l",null]]"#;
        assert_eq!(
            post(&mut http, &n2, "/txn", steps).await,
            r#"200 [["append","l",1],["append","l",2],["r","l",[1,2]]]"#
        );
        assert_eq!(post(&mut http, &n2, "/txn", r#"[["swap","a","b"]]"#).await, "409 a or b does not exist");
        assert_eq!(post(&mut http, &node(1), "/locks/l", "").await, "200 1");
        assert_eq!(post(&mut http, &n2, "/locks/l", "").await, "409 held");
    });
}

#[test]
fn every_redirect_is_counted_once_however_often_its_frames_arrive() {
    let mut cluster = cluster(3, Rules::ALL);
    let stormy =
        Conditions { duplication_permille: 300, reordering_permille: 200, loss_permille: 20, ..Conditions::default() };
    for from in ["n1", "n2", "n3"] {
        for to in ["n1", "n2", "n3"] {
            cluster.weather.set(from, to, stormy);
        }
    }
    let (followed, unknown, counted) = cluster.ask(|net| async move {
        let mut http = client(net).await;
        let mut links = LinkClient::new(&mut http);
        while links.claim(&node(1), "a", ONE).await.is_err() {}
        let (mut followed, mut unknown) = (0, 0);
        for at in 0..60 {
            match links.follow(&node(at % 3 + 1), "a").await {
                Ok(_) => followed += 1,
                Err(_) => unknown += 1,
            }
        }
        loop {
            if let Ok(counted) = links.redirects(&node(2), "a").await {
                return (followed, unknown, counted);
            }
        }
    });
    assert!(followed > 30, "{followed} of 60 were answered");
    assert!((followed..=followed + unknown).contains(&counted), "{counted} counted, {followed} followed");
}

#[test]
fn a_minority_says_that_nothing_was_done() {
    let mut cluster = cluster(3, Rules::ALL);
    cluster.sim.crash("n2");
    cluster.sim.crash("n3");
    let answer = cluster.ask(|net| async move {
        let mut http = client(net).await;
        LinkClient::new(&mut http).claim(&node(1), "a", ONE).await
    });
    let reason = answer.expect_err("there is no majority").to_string();
    assert!(reason.starts_with("refused: 503") && reason.contains("no effect"), "{reason}");
}

/// What `n1` shows of a link that was acknowledged 300 ms before all nodes lost power.
fn after_power_loss(rules: Rules) -> Option<String> {
    let mut cluster = cluster(3, rules);
    let asking = |net: Net| async move {
        let mut http = client(net).await;
        let mut links = LinkClient::new(&mut http);
        assert_eq!(links.claim(&node(1), "a", ONE).await, Ok(Answer::Done));
        tokio::time::sleep(Duration::from_secs(4)).await;
        links.follow(&node(1), "a").await.unwrap_or_else(|error| panic!("no answer after the power came back: {error}"))
    };
    let mut lost = false;
    cluster.drive(asking, |cluster, now_ms| {
        if now_ms >= 1400 && !lost {
            lost = true;
            for name in ["n1", "n2", "n3"] {
                cluster.sim.crash(name);
                cluster.platters[name].lose_unsynced();
            }
            for name in ["n1", "n2", "n3"] {
                cluster.sim.bounce(name);
            }
        }
    })
}

#[test]
fn what_was_acknowledged_survives_a_power_loss_of_all_nodes() {
    assert_eq!(after_power_loss(Rules::ALL).as_deref(), Some(ONE));
}

#[test]
fn what_was_acknowledged_before_the_sync_is_lost_with_the_power() {
    assert_eq!(after_power_loss(Rules::without(Rule::SyncFirst)), None);
}

#[test]
fn a_node_with_a_damaged_journal_does_not_start() {
    let platter = Platter::default();
    platter.disk().append("raft", &[1; 64]).unwrap();
    let ended =
        node::start(alone("n1", &platter), Rules::ALL).now_or_never().expect("it has not begun to wait for anything");
    assert!(ended.expect_err("the journal is damaged").to_string().contains("damaged"));
}
