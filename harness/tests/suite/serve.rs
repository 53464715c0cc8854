//! `netsplit serve`: nodes on real sockets, the requests that it prints, a node that is killed and comes back, and nothing that
//! is left behind.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use netsplit::redis_server;

use crate::program::{ended_with, netsplit};

/// A cluster that is served, and what it printed about itself.
struct Served {
    process: Child,
    /// All that it printed before the first thing ended.
    told: Vec<String>,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Served {
    fn start(arguments: &[&str]) -> Served {
        let process = netsplit().arg("serve").args(arguments).stdout(Stdio::piped()).spawn();
        let mut process = process.expect("the program starts");
        let mut lines = BufReader::new(process.stdout.take().expect("it was asked for")).lines();
        let mut told: Vec<String> = Vec::new();
        // The last line is the command that starts a node again.
        while !told.last().is_some_and(|line| line.contains("--node n")) {
            told.push(lines.next().expect("it serves").expect("it is text"));
        }
        Served { process, told, lines }
    }

    /// The line about a host, in words.
    fn words(&self, host: &str) -> Vec<&str> {
        let line = self.told.iter().find(|line| line.trim_start().starts_with(&format!("{host} ")));
        line.expect("every host has a line").split_whitespace().collect()
    }

    /// Where a node listens: `127.0.0.1:8001`.
    fn address(&self, node: &str) -> String {
        self.words(node)[1].trim_start_matches("http://").to_owned()
    }

    fn ask(&self, node: &str, method: &str, path: &str, form: &str) -> Option<Answer> {
        ask(&self.address(node), method, path, form)
    }

    /// Kills a node as `kill -9` does; the command that starts it again.
    fn kill(&mut self, node: &str) -> String {
        let number = self.words(node)[3].to_owned();
        assert!(Command::new("kill").args(["-9", &number]).status().expect("there is a kill").success());
        let ended = self.lines.next().expect("it tells").expect("it is text");
        assert!(ended.starts_with(&format!("{node} ended (signal: 9")), "{ended}");
        self.lines.next().expect("it tells how to go on").expect("it is text")
    }

    /// Ctrl-C; nothing that it started is left.
    fn stop(mut self) {
        let numbers: Vec<String> = self.told.iter().filter_map(|line| number(line)).collect();
        assert!(numbers.len() > 1);
        let interrupt = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        assert!(interrupt.expect("there is a kill").success());
        assert_eq!(self.process.wait().expect("it ends").code(), Some(0));
        for number in numbers {
            assert!(!Path::new("/proc").join(&number).exists(), "process {number} is left");
        }
        let data = self.words("data");
        assert_eq!(Path::new(data[1]).exists(), data[2] == "kept", "{data:?}");
    }
}

/// `… process 4711 …`
fn number(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "process");
    Some(words.nth(1)?.trim_end_matches(',').to_owned())
}

/// A status with the parts of an answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// One request on a connection of its own; `None` if nobody answers.
fn ask(address: &str, method: &str, path: &str, form: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("it is no zero");
    let length = form.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}");
    write!(stream, "{head}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{form}").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some(Answer { status: head.get(9..12)?.parse().ok()?, head: head.to_lowercase(), body: body.to_owned() })
}

/// Looks again, for ten seconds at most, until there is something to see.
fn soon<T>(mut seen: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(seen) = seen() {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("not within ten seconds")
}

/// Asks again until the answer has this status.
fn until(status: u16, mut asked: impl FnMut() -> Option<Answer>) -> Answer {
    soon(|| asked().filter(|answer| answer.status == status))
}

const GOLDEN: [(&str, &str); 4] = [
    ("https://elixiroutlaws.com", "m9HS_w"),
    ("https://keathley.io", "FcghcA"),
    ("https://toranbillups.com", "14cUFA"),
    ("https://example.com", "UNCc6Q"),
];

/// The published codes, created at one node and followed at another.
fn golden_codes(served: &Served) {
    for (url, code) in GOLDEN {
        let form = format!("url={url}");
        let created = until(201, || served.ask("n1", "POST", "/", &form));
        assert_eq!(created.body, code);
        let link = format!("location: http://{}/{}", served.address("n1"), code.to_lowercase());
        assert!(created.head.contains(&link), "{}", created.head);
        let followed = until(302, || served.ask("n2", "GET", &format!("/{code}"), ""));
        assert_eq!(followed.body, url);
    }
    assert_eq!(served.ask("n3", "GET", "/no/such/route", "").expect("n3 answers").body, "oops");
}

/// Kills `n2`, and starts it again with the command that is printed; what was created meanwhile is there.
fn kill_and_rejoin(served: &mut Served) {
    let again = served.kill("n2");
    assert!(served.ask("n2", "GET", "/UNCc6Q", "").is_none(), "n2 is dead");
    let created = until(201, || served.ask("n3", "POST", "/", "url=https://during.example"));
    let mut rejoined = Command::new("sh");
    let mut rejoined = rejoined.args(["-c", &format!("exec {again}")]).stdout(Stdio::null()).spawn().expect("a shell");
    let followed = until(302, || served.ask("n2", "GET", &format!("/{}", created.body), ""));
    assert_eq!(followed.body, "https://during.example");
    let ended = Command::new("kill").args(["-INT", &rejoined.id().to_string()]).status();
    assert!(ended.expect("there is a kill").success());
    assert_eq!(rejoined.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_raft_cluster_serves_on_real_sockets_loses_a_node_and_gets_it_back() {
    let mut served = Served::start(&["raft", "--port", "0"]);
    golden_codes(&served);
    kill_and_rejoin(&mut served);
    served.stop();
}

#[test]
fn a_cluster_on_a_private_redis_loses_a_node_gets_it_back_and_keeps_its_data_if_asked_to() {
    if let Err(error) = redis_server::version() {
        return eprintln!("skipped: {error}");
    }
    let data = tempfile::tempdir().expect("a temporary folder");
    let folder = data.path().to_str().expect("it is text");
    let mut served = Served::start(&["redis-cache", "--port", "0", "--data", folder]);
    golden_codes(&served);
    kill_and_rejoin(&mut served);
    served.stop();

    let served = Served::start(&["redis-cache", "--port", "0", "--data", folder]);
    let kept = until(302, || served.ask("n3", "GET", "/UNCc6Q", ""));
    assert_eq!(kept.body, "https://example.com");
    served.stop();
}

#[test]
fn a_given_redis_is_neither_started_nor_stopped() {
    if let Err(error) = redis_server::version() {
        return eprintln!("skipped: {error}");
    }
    let first = Served::start(&["redis", "--nodes", "1", "--port", "0"]);
    let url = first.words("redis")[1].to_owned();
    let created = until(201, || first.ask("n1", "POST", "/", "url=https://example.com"));
    let second = Served::start(&["redis", "--nodes", "2", "--port", "0", "--redis", &url]);
    let followed = until(302, || second.ask("n2", "GET", &format!("/{}", created.body), ""));
    assert_eq!(followed.body, "https://example.com");
    second.stop();
    until(302, || first.ask("n1", "GET", &format!("/{}", created.body), ""));
    first.stop();
}

#[test]
fn the_printed_requests_work_as_printed() {
    if Command::new("curl").arg("--version").output().is_err() {
        return eprintln!("skipped: no curl");
    }
    for (system, statuses) in
        [("raft", &[201, 302, 200, 200, 201, 200, 200, 200, 204, 204][..]), ("ping-pong", &[200, 200, 200][..])]
    {
        let served = Served::start(&[system, "--port", "0"]);
        until(404, || served.ask("n1", "GET", "/no-link", ""));
        let lines: Vec<&String> = served.told.iter().filter(|line| line.trim_start().starts_with("curl ")).collect();
        let answered: Vec<u16> = lines.iter().map(|line| status_of(line)).collect();
        assert_eq!(answered, statuses, "{lines:#?}");
        served.stop();
    }
}

/// The status that a `curl -i` shows.
fn status_of(line: &str) -> u16 {
    let output = Command::new("sh").args(["-c", line]).output().expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{line} gave {text:?}"))
}

#[test]
fn a_killed_server_leaves_nothing_behind() {
    let mut served = Served::start(&["crdt", "--port", "0"]);
    let numbers: Vec<String> = served.told.iter().filter_map(|line| number(line)).collect();
    served.process.kill().expect("it is a child");
    served.process.wait().expect("it ends");
    soon(|| numbers.iter().all(|number| !Path::new("/proc").join(number).exists()).then_some(()));
    let data = served.words("data")[1].to_owned();
    std::fs::remove_dir_all(data).expect("whoever is killed can't remove its folder");
}

#[test]
fn what_can_not_be_served_is_refused_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    for (arguments, said) in [
        (&["raft", "--redis", "redis://127.0.0.1:1"][..], "does not use Redis"),
        (&["redis", "--redis", "redis://127.0.0.1:1"], "no Redis answers at redis://127.0.0.1:1"),
        (&["redis", "--data", "/tmp", "--node", "n1"], "--redis redis://HOST:PORT"),
        (&["raft", "--data", "/tmp", "--node", "n9"], "no node `n9` in a cluster of n1 to n3"),
        (&["raft", "--nodes", "0"], "1 to 100 nodes"),
        (&["raft", "--port", &port], "choose others with --port"),
        (&["rafft"], "did you mean `raft`?"),
    ] {
        let error = ended_with(64, netsplit().arg("serve").args(arguments)).stderr;
        assert!(error.contains(said) && error.lines().count() == 1, "{arguments:?}: {error}");
    }
}
