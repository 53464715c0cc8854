use std::sync::Arc;
use std::time::Duration;

use super::{Peers, serve};
use crate::call::CallError;
use crate::cluster::Cluster;
use crate::http;
use crate::net::Net;
use crate::node::{Node, NodeFuture, spawn};
use crate::weather::Conditions;

const DEADLINE: Duration = Duration::from_millis(500);

/// Over HTTP, `n1` is told a number, asks `n2` for its double, and answers with what it heard.
fn doubling(mut node: Node, cookie_of_n2: Option<&'static str>) -> NodeFuture {
    Box::pin(async move {
        if let (Some(cookie), "n2") = (cookie_of_n2, node.id.as_ref()) {
            node.cookie = cookie.into();
        }
        let peers: Peers<u64, u64> = Peers::of(&node);
        let served = node.clone();
        spawn(async move {
            serve(&served, |_, number: u64| async move { number * 2 }).await.expect("the port is free");
        });
        let router = axum::Router::new().fallback(move |number: String| async move {
            let number = number.parse().expect("the test sends numbers");
            format!("{:?}", peers.ask(&"n2".into(), number, DEADLINE).await)
        });
        http::serve(&node.net, router).await
    })
}

/// What `n1` heard when it asked for the doubles of 1 to `count`.
async fn doubles(net: Net, count: u64) -> Vec<String> {
    let mut client = http::Client::new(net, Duration::from_secs(5));
    let n1: Arc<str> = "n1".into();
    let mut heard = Vec::new();
    for number in 1..=count {
        let request = hyper::Request::post("/").body(number.to_string().into()).unwrap();
        let response = client.call(&n1, request).await.unwrap();
        heard.push(String::from_utf8(response.into_body().to_vec()).unwrap());
    }
    heard
}

#[test]
fn a_request_is_answered_by_the_peer() {
    let mut cluster = Cluster::start(2, |node| doubling(node, None));
    assert_eq!(cluster.ask(|net| doubles(net, 3)), ["Ok(2)", "Ok(4)", "Ok(6)"]);
}

#[test]
fn a_peer_with_another_cookie_is_not_talked_to() {
    let mut cluster = Cluster::start(2, |node| doubling(node, Some("another")));
    let heard = cluster.ask(|net| doubles(net, 1));
    assert_eq!(heard, [format!("{:?}", Err::<u64, _>(CallError::Lost("the link to n2 broke".into())))]);
}

#[test]
fn a_lost_frame_is_unknown_and_the_next_request_opens_a_new_link() {
    let mut cluster = Cluster::start(2, |node| doubling(node, None));
    cluster.weather.set("n1", "n2", Conditions { loss_permille: 300, ..Conditions::default() });
    let heard = cluster.ask(|net| doubles(net, 40));
    let lost = heard.iter().filter(|answer| answer.contains("did not reply")).count();
    assert!((3..30).contains(&lost), "{lost} of 40");
    for (at, answer) in heard.iter().enumerate().filter(|(_, answer)| !answer.contains("did not reply")) {
        assert_eq!(*answer, format!("Ok({})", (at + 1) * 2));
    }
}

#[test]
fn damaged_frames_never_reach_anybody_and_doubled_and_overtaken_ones_do_no_harm_to_requests() {
    let mut cluster = Cluster::start(2, |node| doubling(node, None));
    let stormy = Conditions {
        duplication_permille: 300,
        reordering_permille: 200,
        corruption_permille: 200,
        ..Conditions::default()
    };
    cluster.weather.set("n1", "n2", stormy);
    cluster.weather.set("n2", "n1", stormy);
    let heard = cluster.ask(|net| doubles(net, 60));
    for (at, answer) in heard.iter().enumerate() {
        assert!(*answer == format!("Ok({})", (at + 1) * 2) || answer.contains("did not reply"), "{answer}");
    }
    let mishaps = cluster.weather.mishaps("n1", "n2");
    assert!(mishaps.doubled > 0 && mishaps.overtaken > 0 && mishaps.damaged > 0, "{mishaps:?}");
}

#[test]
fn a_paused_process_answers_when_it_goes_on() {
    let mut cluster = Cluster::start(2, |node| doubling(node, None));
    let timed = |net: Net| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = tokio::time::Instant::now();
        let heard = doubles(net, 1).await;
        (heard, started.elapsed())
    };
    let (heard, took) = cluster.drive(timed, |cluster, now_ms| match now_ms {
        100 => cluster.gates["n1"].shut(),
        2000 => cluster.gates["n1"].open(),
        _ => {}
    });
    assert_eq!(heard, ["Ok(2)"]);
    assert!(took >= Duration::from_millis(1790) && took < Duration::from_millis(1900), "{took:?}");
}
