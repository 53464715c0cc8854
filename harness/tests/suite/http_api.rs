//! The shortener's HTTP interface, line by line, on every variant: a table, and one function that plays it.

use netsplit::registry::{Registry, SYSTEMS};
use netsplit_systems::shortener::code;
use netsplit_systems::system::{Claim, Level, Offer, System};

use super::cluster::{ALL, Answer, Scene, play};

/// A request, what a variant must offer for it, and the answer: status, body, and a header that it must have.
struct Row {
    needs: Offer,
    method: &'static str,
    path: &'static str,
    header: Option<(&'static str, &'static str)>,
    form: &'static str,
    status: u16,
    body: Body,
    shows: Option<(&'static str, &'static str)>,
}

#[derive(Clone, Copy)]
enum Body {
    Is(&'static str),
    Holds(&'static str),
}

use Body::{Holds, Is};

const fn row(
    needs: Offer,
    method: &'static str,
    path: &'static str,
    form: &'static str,
    status: u16,
    body: Body,
) -> Row {
    Row { needs, method, path, header: None, form, status, body, shows: None }
}

impl Row {
    const fn with(self, name: &'static str, value: &'static str) -> Row {
        Row { header: Some((name, value)), ..self }
    }

    const fn shows(self, name: &'static str, value: &'static str) -> Row {
        Row { shows: Some((name, value)), ..self }
    }
}

/// Two urls with one code, `6GKUHg`.
const TWINS: [&str; 2] = ["url=https://example.com/54605", "url=https://example.com/69454"];

/// Played from top to bottom at one node.
const TABLE: &[Row] = &[
    // create, and follow
    row(Offer::Links, "GET", "/UNCc6Q", "", 404, Is("Not Found")),
    row(Offer::Links, "POST", "/", "url=https://example.com", 201, Is("UNCc6Q")).shows("location", "http://n2/UNCc6Q"),
    row(Offer::Links, "POST", "/", "url=https://example.com", 201, Is("UNCc6Q")).shows("location", "http://n2/UNCc6Q"),
    row(Offer::Links, "POST", "/", "url=https%3A%2F%2Fkeathley.io", 201, Is("FcghcA")),
    row(Offer::Links, "GET", "/UNCc6Q", "", 302, Is("https://example.com")).shows("location", "https://example.com"),
    row(Offer::Links, "POST", "/", "url=HTTP://EXAMPLE.COM", 201, Is("OH-NIA")),
    row(Offer::Links, "POST", "/", "", 422, Holds("form")),
    row(Offer::Links, "POST", "/", "address=https://example.com", 422, Holds("`url` is missing")),
    row(Offer::Links, "POST", "/", "url=", 422, Holds("http:// or https://")),
    row(Offer::Links, "POST", "/", "url=ftp://example.com", 422, Holds("http:// or https://")),
    row(Offer::Links, "POST", "/", "url=https://", 422, Holds("no host")),
    row(Offer::Links, "POST", "/", "url=https:///path", 422, Holds("no host")),
    row(Offer::Links, "POST", "/", "url=https://example.com/a b", 422, Holds("percent-encoded")),
    row(Offer::Links, "POST", "/", "url=https://example.com/%0d%0aSet-Cookie:x", 422, Holds("percent-encoded")),
    row(Offer::Links, "POST", "/", "url=https://example.com/%3Ea", 422, Holds("percent-encoded")),
    // two urls with one code
    row(Offer::Links, "POST", "/", TWINS[0], 201, Is("6GKUHg")),
    row(Offer::Links, "POST", "/", TWINS[1], 409, Is("https://example.com/54605")),
    row(Offer::Links, "GET", "/6GKUHg", "", 302, Is("https://example.com/54605")),
    // re-target
    row(Offer::Retarget, "PUT", "/UNCc6Q", "url=https://two.example", 200, Is("https://two.example")),
    row(Offer::Retarget, "GET", "/UNCc6Q", "", 302, Is("https://two.example")).shows("location", "https://two.example"),
    row(Offer::Retarget, "POST", "/", "url=https://example.com", 409, Is("https://two.example")),
    row(Offer::Retarget, "GET", "/UNCc6Q", "", 302, Is("https://two.example")),
    row(Offer::Retarget, "PUT", "/missing", "url=https://two.example", 404, Is("Not Found")),
    row(Offer::Retarget, "GET", "/missing", "", 404, Is("Not Found")),
    row(Offer::Retarget, "PUT", "/UNCc6Q", "url=mailto:a", 422, Holds("http:// or https://")),
    row(Offer::Retarget, "PUT", "/UNCc6Q", "", 422, Holds("form")),
    row(Offer::Retarget, "PUT", "/UNCc6Q", "url=https://example.com", 200, Is("https://example.com")),
    row(Offer::Retarget, "POST", "/", "url=https://example.com", 201, Is("UNCc6Q")),
    // claim
    row(Offer::Claim, "POST", "/", "url=https://one.example&alias=mine", 201, Is("mine"))
        .shows("location", "http://n2/mine"),
    row(Offer::Claim, "POST", "/", "url=https://one.example&alias=mine", 409, Is("https://one.example")),
    row(Offer::Claim, "POST", "/", "url=https://two.example&alias=mine", 409, Is("https://one.example")),
    row(Offer::Claim, "POST", "/", "url=https://two.example&alias=UNCc6Q", 409, Is("https://example.com")),
    row(Offer::Claim, "GET", "/mine", "", 302, Is("https://one.example")),
    row(Offer::Claim, "POST", "/", "url=ftp://one.example&alias=other", 422, Holds("http:// or https://")),
    row(Offer::Claim, "POST", "/", "url=https://one.example&alias=a/b", 422, Holds("alias")),
    row(Offer::Claim, "POST", "/", "url=https://one.example&alias=txn", 422, Holds("alias")),
    row(Offer::Claim, "GET", "/other", "", 404, Is("Not Found")),
    // compare and set
    row(Offer::CompareAndSet, "PUT", "/FcghcA", "url=https://two.example", 412, Is("https://keathley.io"))
        .with("if-match", "\"https://one.example\""),
    row(Offer::CompareAndSet, "GET", "/FcghcA", "", 302, Is("https://keathley.io")),
    row(Offer::CompareAndSet, "PUT", "/FcghcA", "url=https://two.example", 200, Is("https://two.example"))
        .with("if-match", "\"https://keathley.io\""),
    row(Offer::CompareAndSet, "GET", "/FcghcA", "", 302, Is("https://two.example")),
    row(Offer::CompareAndSet, "PUT", "/FcghcA", "url=https://three.example", 412, Is("https://two.example"))
        .with("if-match", "\"https://keathley.io\""),
    row(Offer::CompareAndSet, "PUT", "/missing", "url=https://two.example", 412, Is(""))
        .with("if-match", "\"https://one.example\""),
    row(Offer::CompareAndSet, "GET", "/missing", "", 404, Is("Not Found")),
    row(Offer::CompareAndSet, "PUT", "/FcghcA", "url=https://three.example", 422, Holds("double quotes"))
        .with("if-match", "https://two.example"),
    row(Offer::CompareAndSet, "PUT", "/FcghcA", "url=https://three.example", 422, Holds("double quotes"))
        .with("if-match", "\""),
    row(Offer::CompareAndSet, "PUT", "/FcghcA", "url=gopher://a", 422, Holds("http:// or https://"))
        .with("if-match", "\"https://two.example\""),
    row(Offer::CompareAndSet, "GET", "/FcghcA", "", 302, Is("https://two.example")),
    // counts
    row(Offer::Count, "POST", "/", "url=https://counted.example", 201, Holds("")),
    row(Offer::Count, "GET", "/SaE7Rg/aggregates", "", 200, Is("Redirects: 0")),
    row(Offer::Count, "GET", "/SaE7Rg", "", 302, Is("https://counted.example")),
    row(Offer::Count, "GET", "/SaE7Rg", "", 302, Is("https://counted.example")),
    row(Offer::Count, "GET", "/SaE7Rg/aggregates", "", 200, Is("Redirects: 2")),
    row(Offer::Count, "GET", "/never-there", "", 404, Is("Not Found")),
    row(Offer::Count, "GET", "/never-there/aggregates", "", 200, Is("Redirects: 0")),
    // delete
    row(Offer::Delete, "DELETE", "/6GKUHg", "", 204, Is("")),
    row(Offer::Delete, "GET", "/6GKUHg", "", 404, Is("Not Found")),
    row(Offer::Delete, "DELETE", "/6GKUHg", "", 404, Is("Not Found")),
    row(Offer::Delete, "DELETE", "/never-there", "", 404, Is("Not Found")),
    row(Offer::Delete, "POST", "/", TWINS[1], 201, Is("6GKUHg")),
    row(Offer::Delete, "GET", "/6GKUHg", "", 302, Is("https://example.com/69454")),
    // transactions
    row(
        Offer::Transactions,
        "POST",
        "/txn",
        r#"[["swap","UNCc6Q","FcghcA"],["r","UNCc6Q",null]]"#,
        200,
        Is(r#"[["swap","UNCc6Q","FcghcA"],["r","UNCc6Q","https://two.example"]]"#),
    )
    .shows("content-type", "application/json"),
    row(Offer::Transactions, "GET", "/FcghcA", "", 302, Is("https://example.com")),
    row(
        Offer::Transactions,
        "POST",
        "/txn",
        r#"[["w","UNCc6Q","https://w.example"],["swap","UNCc6Q","missing"]]"#,
        409,
        Holds("missing"),
    ),
    row(Offer::Transactions, "GET", "/UNCc6Q", "", 302, Is("https://two.example")),
    row(
        Offer::Transactions,
        "POST",
        "/txn",
        r#"[["append","list",1],["append","list",2],["r","list",null]]"#,
        200,
        Is(r#"[["append","list",1],["append","list",2],["r","list",[1,2]]]"#),
    ),
    row(Offer::Transactions, "POST", "/txn", r#"[["x","a",1]]"#, 422, Holds("micro-operation")),
    row(Offer::Transactions, "POST", "/txn", "{", 422, Holds("micro-operation")),
    // locks
    row(Offer::Locks, "POST", "/locks/door", "", 200, Holds("")),
    row(Offer::Locks, "POST", "/locks/door", "", 409, Is("held")),
    row(Offer::Locks, "DELETE", "/locks/door", "", 204, Is("")),
    row(Offer::Locks, "DELETE", "/locks/door", "", 404, Is("Not Found")),
    row(Offer::Locks, "POST", "/locks/door", "", 200, Holds("")),
    // anything else
    row(Offer::Links, "GET", "/a/b", "", 404, Is("oops")),
    row(Offer::Links, "GET", "/a/aggregates/b", "", 404, Is("oops")),
    row(Offer::Links, "POST", "/a/b/c", "url=https://example.com", 404, Is("oops")),
    row(Offer::Links, "GET", "/%ff", "", 404, Is("oops")),
    row(Offer::Links, "GET", "/", "", 405, Is("")).shows("allow", "POST"),
    row(Offer::Links, "DELETE", "/", "", 405, Is("")).shows("allow", "POST"),
    row(Offer::Links, "POST", "/UNCc6Q", "url=https://example.com", 405, Is("")).shows("allow", "GET,HEAD,PUT,DELETE"),
    row(Offer::Links, "PATCH", "/UNCc6Q", "", 405, Is("")).shows("allow", "GET,HEAD,PUT,DELETE"),
    row(Offer::Links, "DELETE", "/UNCc6Q/aggregates", "", 405, Is("")).shows("allow", "GET,HEAD"),
    row(Offer::Links, "GET", "/txn", "", 405, Is("")).shows("allow", "POST"),
    row(Offer::Links, "GET", "/locks/door", "", 405, Is("")).shows("allow", "POST,DELETE"),
];

fn shorteners() -> impl Iterator<Item = &'static System> {
    SYSTEMS.iter().filter(|system| system.offers.contains(&Offer::Links))
}

async fn ask(scene: &mut Scene, row: &Row) -> Answer {
    let headers: Vec<(&str, &str)> = row.header.into_iter().collect();
    scene.ask("n2", row.method, row.path, &headers, row.form).await
}

/// Variants whose planted bug is to show what was there before: what they answer to a plain look-up or a count is no
/// rule of the table.
const SHOWS_THE_PAST: &[&str] = &["redis-stale-cache", "raft-stale-read"];

/// Whether the answer is the row's. A row that a variant can't serve is answered 501, whatever was asked.
fn check(system: &System, row: &Row, answer: &Answer) -> bool {
    if !system.offers.contains(&row.needs) && row.status != 422 {
        let told = answer.body.contains("is not offered by this variant");
        return answer.status == 501 && told && !answer.headers.contains_key("effect");
    }
    if row.method == "GET" && row.status < 405 && SHOWS_THE_PAST.contains(&system.name) {
        return [200, 302, 404].contains(&answer.status);
    }
    let body = match row.body {
        Is(body) => answer.body == body,
        Holds(part) => answer.body.contains(part),
    };
    answer.status == row.status && body && row.shows.is_none_or(|(name, value)| answer.header(name) == value)
}

/// A row that asks for nothing of its own kind.
fn reads_or_sets_up(row: &Row) -> bool {
    let reads = row.method == "GET" && !row.path.ends_with("/aggregates");
    reads || row.path == "/" && !row.form.contains("alias")
}

/// Rows that read what a variant could not do say nothing of it.
fn is_about(system: &System, row: &Row) -> bool {
    system.offers.contains(&row.needs) || row.status == 422 || !reads_or_sets_up(row)
}

#[test]
fn every_variant_answers_as_the_table_says() {
    let (mut variants, mut wrong) = (0, Vec::new());
    for system in shorteners() {
        variants += 1;
        let answers = play(system, async |scene| {
            let mut answers = Vec::new();
            for row in TABLE.iter().filter(|row| is_about(system, row)) {
                answers.push((row, ask(scene, row).await));
            }
            answers
        });
        for (row, answer) in &answers {
            if !check(system, row, answer) {
                let Row { method, path, header, form, .. } = row;
                wrong.push(format!("{}: {method} {path} {header:?} {form:?} gave {answer:?}", system.name));
            }
        }
    }
    assert!(variants > 15, "only {variants}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_longest_url_is_accepted_and_one_byte_more_is_not() {
    let system = Registry::builtin().system("crdt").expect("it is registered");
    let url = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
    let [longest, longer] =
        play(system, async move |scene| [scene.create("n1", &url(2048)).await, scene.create("n1", &url(2049)).await]);
    assert_eq!(longest.status, 201);
    assert!(longer.status == 422 && longer.body.contains("longer than 2048 bytes"), "{longer:?}");
}

/// Of a node that is cut off from everybody: whatever it can't serve now it answers 503, says whether it may still take effect,
/// and says the same in the header.
#[test]
fn a_node_that_is_cut_off_says_what_may_still_take_effect() {
    for system in shorteners() {
        let mut everybody_else = vec!["n1", "n3"];
        everybody_else.extend(system.redis.map(|_| "redis"));
        let answers = play(system, async move |scene| {
            for url in ["https://example.com", "https://keathley.io"] {
                assert_eq!(scene.create("n2", url).await.status, 201);
            }
            scene.cut(&["n2"], &everybody_else);
            let mut answers = Vec::new();
            for (offer, method, path, form) in [
                (Offer::Links, "POST", "/", "url=https://new.example"),
                (Offer::Links, "GET", "/UNCc6Q", ""),
                (Offer::Retarget, "PUT", "/UNCc6Q", "url=https://two.example"),
                (Offer::Claim, "POST", "/", "url=https://two.example&alias=mine"),
                (Offer::Delete, "DELETE", "/FcghcA", ""),
                (Offer::Transactions, "POST", "/txn", r#"[["append","a",1]]"#),
                (Offer::Locks, "POST", "/locks/door", ""),
            ] {
                if system.offers.contains(&offer) {
                    answers.push((method, path, scene.ask("n2", method, path, &[], form).await));
                }
            }
            answers
        });
        let holds = |claim: &Claim| claim.level == Level::Linearizable && claim.under.contains(&"partition");
        let linearizable = system.claims.iter().any(|claim| holds(claim) && !claim.weakened);
        for (method, path, answer) in answers {
            let what = format!("{}: {method} {path} gave {answer:?}", system.name);
            let effect = match answer.header("effect") {
                "none" => "; no effect",
                "unknown" => "; may still take effect",
                _ => "",
            };
            assert!(answer.status < 400 || answer.status == 503, "{what}");
            assert!(answer.status != 503 || (!effect.is_empty() && answer.body.ends_with(effect)), "{what}");
            assert!(
                !linearizable || answer.status == 503,
                "a node that nobody hears claims to be linearizable: {what}"
            );
        }
    }
}

/// A write whose answer from Redis is lost may still take effect, is said to, and does.
#[test]
fn a_write_that_may_still_take_effect_is_not_said_to_have_none() {
    for name in ["redis", "redis-cache"] {
        let system = Registry::builtin().system(name).expect("it is registered");
        let (lost, followed) = play(system, async |scene| {
            scene.create("n2", "https://warm.example").await;
            turmoil::hold("n2", "redis");
            let lost = scene.create("n2", "https://example.com").await;
            turmoil::release("n2", "redis");
            scene.wait(1000).await;
            (lost, scene.follow("n1", &code("https://example.com")).await)
        });
        assert_eq!((lost.status, lost.header("effect")), (503, "unknown"), "{name}: {lost:?}");
        assert!(lost.body.ends_with("may still take effect"), "{name}: {lost:?}");
        assert_eq!(followed.status, 302, "{name}: the held write arrives");
    }
}

/// Of two claims of one alias on the two sides of a cut one wins, and the other is named beside it, at every node.
#[test]
fn what_lost_to_the_winner_is_shown_as_an_alternate() {
    for form in [["url=https://a.example&alias=mine", "url=https://b.example&alias=mine"], TWINS] {
        let system = Registry::builtin().system("crdt").expect("it is registered");
        let answers = play(system, async move |scene| {
            scene.cut(&["n1"], &["n2", "n3"]);
            for (node, form) in ["n1", "n2"].into_iter().zip(form) {
                assert_eq!(scene.ask(node, "POST", "/", &[], form).await.status, 201);
                scene.wait(10).await;
            }
            scene.heal(&["n1"], &["n2", "n3"]);
            scene.wait(2000).await;
            let mut answers = Vec::new();
            let code = if form[0].contains("alias") { "mine" } else { "6GKUHg" };
            for node in ALL {
                answers.push(scene.follow(node, code).await);
            }
            answers
        });
        let url = |form: &str| form.trim_start_matches("url=").trim_end_matches("&alias=mine").to_owned();
        let [earlier, later] = form.map(url);
        for answer in answers {
            assert_eq!((answer.status, answer.header("location")), (302, later.as_str()), "{answer:?}");
            assert_eq!(answer.header("link"), format!("<{earlier}>; rel=\"alternate\""), "{answer:?}");
        }
    }
}

/// What a variant shows after all its hosts, Redis included, lost their power right after its answers: a link, one that was
/// deleted, and how often the first was followed.
fn after_a_power_loss(system: &'static System) -> (u16, u16, String) {
    play(system, async move |scene| {
        let (kept, deleted) = (code("https://example.com"), code("https://keathley.io"));
        for url in ["https://keathley.io", "https://example.com"] {
            assert_eq!(scene.create("n1", url).await.status, 201, "{}", system.name);
        }
        assert_eq!(scene.follow("n1", &kept).await.status, 302, "{}", system.name);
        if system.offers.contains(&Offer::Delete) {
            assert_eq!(scene.ask("n1", "DELETE", &format!("/{deleted}"), &[], "").await.status, 204, "{}", system.name);
        }
        let hosts = ALL.into_iter().chain(system.redis.map(|_| "redis"));
        hosts.clone().for_each(|host| scene.lose_power(host));
        scene.wait(100).await;
        hosts.for_each(|host| scene.restart(host));
        scene.wait(2000).await;
        let count = scene.redirects(&kept).await[1].clone();
        let shown = scene.follow("n2", &kept).await.status;
        (shown, scene.follow("n2", &deleted).await.status, count)
    })
}

#[test]
fn what_was_answered_survives_a_power_loss_of_everything() {
    let mut kept = 0;
    let durable = |system: &&System| system.claim_under(&["power-loss"]).is_some_and(|claim| !claim.weakened);
    for system in shorteners().filter(durable) {
        let (shown, deleted, count) = after_a_power_loss(system);
        assert_eq!(shown, 302, "{}", system.name);
        if system.offers.contains(&Offer::Delete) {
            assert_eq!(deleted, 404, "{}", system.name);
        }
        if system.offers.contains(&Offer::Count) {
            assert_eq!(count, "Redirects: 1", "{}", system.name);
        }
        kept += 1;
    }
    assert!(kept >= 5, "only {kept}");
    for weakened in ["redis-everysec", "raft-no-fsync"] {
        let system = Registry::builtin().system(weakened).expect("it is registered");
        assert_eq!(after_a_power_loss(system).0, 404, "{weakened} keeps what it did not sync");
    }
}
