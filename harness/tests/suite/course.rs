//! The exercises of the training course on caches, the ring and counters, each node asked for its own copy: with one Redis behind
//! all of them, a plain look-up would pass without any replication. (Ping-pong's are in `ping_pong`, the ring's golden values
//! beside its code.)

use std::sync::Arc;

use netsplit::registry::Registry;
use netsplit_systems::shortener::cached::ring::Ring;
use netsplit_systems::shortener::code;
use netsplit_systems::system::System;

use super::cluster::{ALL, Scene, play};

const URL: &str = "https://example.com";

fn system(name: &str) -> &'static System {
    Registry::builtin().system(name).expect("it is registered")
}

/// Which nodes answer a link from their own copy.
async fn copies(scene: &mut Scene, code: &str) -> [bool; 3] {
    let mut copies = [false; 3];
    for (copy, node) in copies.iter_mut().zip(ALL) {
        *copy = scene.caches(node, code).await;
    }
    copies
}

/// What each node answers to a plain look-up.
async fn statuses(scene: &mut Scene, code: &str) -> [u16; 3] {
    let mut statuses = [0; 3];
    for (status, node) in statuses.iter_mut().zip(ALL) {
        *status = scene.follow(node, code).await.status;
    }
    statuses
}

#[test]
fn all_nodes_see_a_new_link_in_their_own_caches_with_redis_cut_off() {
    play(system("redis-cache"), async |scene| {
        let code = code(URL);
        assert_eq!(scene.create("n1", URL).await.status, 201);
        scene.wait(100).await;
        scene.cut(&ALL, &["redis"]);
        assert_eq!(copies(scene, &code).await, [true, true, true]);
        assert_eq!(statuses(scene, &code).await, [302, 302, 302]);
        let missing = scene.follow("n2", "missing").await;
        assert_eq!(missing.status, 503, "without a copy and without Redis nobody knows: {missing:?}");
    });
}

#[test]
fn a_link_created_during_a_partition_reaches_whoever_can_be_reached_and_the_other_asks_redis() {
    play(system("redis-cache"), async |scene| {
        let code = code(URL);
        scene.cut(&["n1"], &["n2"]);
        assert_eq!(scene.create("n2", URL).await.status, 201);
        scene.wait(100).await;
        assert_eq!(copies(scene, &code).await, [false, true, true]);
        assert_eq!(scene.follow("n1", &code).await.status, 302, "through Redis");
        scene.cut(&ALL, &["redis"]);
        assert_eq!(scene.follow("n3", &code).await.status, 302, "from its own copy");
    });
}

#[test]
fn a_miss_fills_the_cache() {
    play(system("redis-cache"), async |scene| {
        let code = code(URL);
        scene.create("n1", URL).await;
        scene.wait(100).await;
        // A cache is flushed by starting its node again.
        scene.crash("n2");
        scene.wait(10).await;
        scene.restart("n2");
        scene.wait(100).await;
        assert_eq!(copies(scene, &code).await, [true, false, true]);
        assert_eq!(scene.follow("n2", &code).await.status, 302);
        scene.wait(100).await;
        assert_eq!(copies(scene, &code).await, [true, true, true]);
    });
}

/// Of the urls `https://example.com/1`, `/2`, …, those that `owner` owns.
fn owned_by(owner: &'static str) -> impl Iterator<Item = String> {
    let ring = Ring::of(&ALL.map(Arc::from));
    let urls = (1..).map(|number| format!("https://example.com/{number}"));
    urls.filter(move |url| ring.owner(&code(url)).as_ref() == owner)
}

#[test]
fn a_link_is_cached_by_its_owner_alone_whoever_is_asked() {
    play(system("redis-ring"), async |scene| {
        let url = owned_by("n3").next().expect("the ring is shared");
        let code = code(&url);
        assert_eq!(scene.create("n1", &url).await.status, 201);
        assert_eq!(copies(scene, &code).await, [false, false, true]);
        assert_eq!(statuses(scene, &code).await, [302, 302, 302]);
        scene.wait(100).await;
        assert_eq!(copies(scene, &code).await, [false, false, true]);
        scene.cut(&ALL, &["redis"]);
        assert_eq!(statuses(scene, &code).await, [302, 302, 302], "the owner's copy serves everybody");
    });
}

#[test]
fn while_an_owner_is_cut_off_its_links_can_only_be_followed_and_that_through_redis() {
    play(system("redis-ring"), async |scene| {
        let mut urls = owned_by("n3");
        let [url, later] = [(); 2].map(|()| urls.next().expect("the ring is shared"));
        let path = format!("/{}", code(&url));
        assert_eq!(scene.create("n1", &url).await.status, 201);
        let others = ["n1", "n2"];
        scene.cut(&["n3"], &others);
        for node in others {
            let form = "url=https://two.example";
            for (method, path, headers, form) in [
                ("POST", "/", None, format!("url={later}")),
                ("PUT", path.as_str(), None, form.to_owned()),
                ("DELETE", path.as_str(), None, String::new()),
                ("GET", path.as_str(), Some(("cache-control", "no-cache")), String::new()),
            ] {
                let headers: Vec<(&str, &str)> = headers.into_iter().collect();
                let answer = scene.ask(node, method, path, &headers, &form).await;
                assert_eq!(answer.status, 503, "{method} at {node}: {answer:?}");
            }
            let followed = scene.follow(node, &code(&url)).await;
            assert_eq!((followed.status, followed.body.as_str()), (302, url.as_str()), "through Redis");
        }
        scene.heal(&["n3"], &others);
        scene.wait(1000).await;
        for node in others {
            assert_eq!(scene.create(node, &later).await.status, 201);
            let looked_up = scene.ask(node, "GET", &path, &[("cache-control", "no-cache")], "").await;
            assert_eq!(looked_up.status, 302);
        }
    });
}

#[test]
fn redirects_are_counted_once_on_both_sides_of_a_cut_and_added_up_after_it() {
    for name in ["redis-cache", "redis-ring", "crdt"] {
        play(system(name), async move |scene| {
            let once = code(URL);
            scene.create("n1", URL).await;
            scene.wait(1000).await;
            assert_eq!(scene.follow("n2", &once).await.status, 302);
            scene.wait(1500).await;
            assert_eq!(scene.redirects(&once).await, ["Redirects: 1"; 3], "{name}");

            let fresh = code("https://fresh.example");
            scene.create("n1", "https://fresh.example").await;
            scene.wait(1000).await;
            scene.cut(&["n1", "n2"], &["n3"]);
            for node in ["n1", "n1", "n2", "n3", "n3", "n3"] {
                assert_eq!(scene.follow(node, &fresh).await.status, 302, "{name}");
            }
            scene.wait(1500).await;
            assert_eq!(scene.redirects(&fresh).await, ["Redirects: 3"; 3], "{name}: each side's own");
            scene.heal(&["n1", "n2"], &["n3"]);
            scene.wait(2000).await;
            assert_eq!(scene.redirects(&fresh).await, ["Redirects: 6"; 3], "{name}: each redirect once");
            scene.wait(2000).await;
            assert_eq!(scene.redirects(&fresh).await, ["Redirects: 6"; 3], "{name}: and never again");
        });
    }
}

/// What each of these systems shows of a link that was re-targeted, and of one that was deleted, beyond a cut of `n1`, half a
/// second after the heal.
#[test]
fn what_was_written_beyond_a_cut_is_shown_soon_after_it_and_what_was_deleted_does_not_come_back() {
    for name in ["redis-cache", "redis-ring", "crdt"] {
        play(system(name), async move |scene| {
            let mut everybody_else = vec!["n2", "n3"];
            everybody_else.extend(system(name).redis.map(|_| "redis"));
            let (kept, deleted) = (code(URL), code("https://deleted.example"));
            for url in [URL, "https://deleted.example"] {
                assert_eq!(scene.create("n1", url).await.status, 201, "{name}");
            }
            scene.wait(1000).await;
            for code in [&kept, &deleted] {
                assert_eq!(statuses(scene, code).await, [302, 302, 302], "{name}");
            }
            scene.cut(&["n1"], &everybody_else);
            // Of a ring's links `n1` itself owns some, and those nobody else can write now.
            let put = scene.ask("n2", "PUT", &format!("/{kept}"), &[], "url=https://new.example").await;
            let delete = scene.ask("n2", "DELETE", &format!("/{deleted}"), &[], "").await;
            scene.wait(600).await;
            // It may answer what it has, or that it can't.
            scene.follow("n1", &kept).await;
            scene.follow("n1", &deleted).await;
            scene.heal(&["n1"], &everybody_else);
            scene.wait(1000).await;
            for node in ALL {
                let shown = scene.follow(node, &kept).await;
                let expected = if put.status == 200 { "https://new.example" } else { URL };
                assert_eq!((shown.status, shown.body.as_str()), (302, expected), "{name} at {node}");
                let shown = scene.follow(node, &deleted).await.status;
                assert_eq!(shown, if delete.status == 204 { 404 } else { 302 }, "{name} at {node}");
            }
            assert!(name == "redis-ring" || (put.status, delete.status) == (200, 204), "{name}: {put:?} {delete:?}");
        });
    }
}

/// Two of three sentinels must agree: a node that is alone never makes itself the primary.
#[test]
fn a_sentinel_without_a_majority_promotes_nobody() {
    play(system("redis-failover"), async |scene| {
        scene.cut(&["n3"], &["n1", "n2"]);
        scene.wait(5000).await;
        assert_eq!(scene.create("n1", URL).await.status, 201, "the primary has its majority");
        let alone = scene.create("n3", "https://alone.example").await;
        assert_eq!(alone.status, 503, "{alone:?}");
        scene.heal(&["n3"], &["n1", "n2"]);
        scene.wait(1500).await;
        assert_eq!(statuses(scene, &code(URL)).await, [302, 302, 302]);
        assert_eq!(statuses(scene, &code("https://alone.example")).await, [404, 404, 404]);
    });
}
