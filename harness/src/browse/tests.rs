//! The index lists what is there, and what is served is what is inside.

use std::path::Path;
use std::time::Duration;

use super::question::Question;
use super::runs::Runs;
use super::{index, serve};
use crate::case::Case;
use crate::judge::Overall;
use crate::plan::Config;
use crate::registry::Registry;
use crate::trial::Trial;

/// A short run, written as `netsplit run` does.
fn written(root: &Path, folder: &str, system: &str) {
    let time_limit = Duration::from_secs(2);
    let config = Config { system: system.into(), nemesis: "none".into(), time_limit, ..Config::default() };
    let trial = Trial::of(Case::draw(0, &config, &Registry::builtin()).unwrap()).unwrap();
    trial.write(&root.join(folder), None).unwrap();
}

/// A folder with a valid and an invalid run.
fn two_runs() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    written(root.path(), "runs/b", "redis");
    written(root.path(), "gallery/a", "redis-stale-cache");
    root
}

#[test]
fn lists_each_run_once_with_what_it_shows() {
    let root = two_runs();
    let runs = Runs::below(root.path(), &[""]).unwrap();
    let told: Vec<_> =
        runs.all.iter().map(|run| (run.folder.as_str(), run.verdict, run.anomalies.as_slice())).collect();
    assert_eq!(
        told,
        [("gallery/a", Overall::Invalid, ["stale-read".to_owned()].as_slice()), ("runs/b", Overall::Valid, &[])],
        "the link `latest` is no run of its own"
    );
    assert!(runs.all.iter().all(|run| run.operations > 50 && run.files.len() == 4), "{:?}", runs.all);
    assert_eq!(Runs::below(root.path(), &["gallery", "absent"]).unwrap().all.len(), 1);
}

#[test]
fn says_which_folder_can_not_be_read_and_why() {
    let root = two_runs();
    std::fs::write(root.path().join("runs/b/results.json"), "{").unwrap();
    let runs = Runs::below(root.path(), &[""]).unwrap();
    assert_eq!(runs.all.len(), 1);
    assert!(runs.unreadable[0].0 == "runs/b" && runs.unreadable[0].1.contains("results.json"), "{runs:?}");
    assert!(index::page(root.path(), &runs, None).contains("runs/b: results.json"));
}

#[test]
fn a_question_chooses_and_sorts() {
    let root = two_runs();
    let mut runs = Runs::below(root.path(), &[""]).unwrap().all;
    let chosen = |question: &Question| -> Vec<String> {
        runs.iter().filter(|run| question.wants(run)).map(|run| run.folder.clone()).collect()
    };
    let none = Question::default;
    assert_eq!(chosen(&none()).len(), 2);
    assert_eq!(chosen(&Question { verdict: "valid".into(), ..none() }), ["runs/b"]);
    assert_eq!(chosen(&Question { anomaly: "stale-read".into(), ..none() }), ["gallery/a"]);
    assert_eq!(chosen(&Question { search: "Stale-Cache".into(), ..none() }), ["gallery/a"]);
    assert!(chosen(&Question { system: "redis".into(), workload: "set".into(), ..none() }).is_empty());
    Question { sort: "system".into(), ..none() }.sort(&mut runs);
    assert_eq!(runs[0].system, "redis");
    Question { sort: "system".into(), down: true, ..none() }.sort(&mut runs);
    assert_eq!(runs[0].system, "redis-stale-cache");
}

#[test]
fn a_name_from_a_stranger_stays_text_and_its_link_stays_inside() {
    let root = two_runs();
    let mut runs = Runs::below(root.path(), &[""]).unwrap();
    let hostile = "\"><script>alert(1)</script>";
    runs.all[0].system = hostile.into();
    runs.all[0].anomalies = vec![hostile.into()];
    runs.all[0].folder = "javascript:alert(1)?x=\"><img src=x>".into();
    runs.unreadable.push((hostile.into(), hostile.into()));
    for question in [None, Some(&Question { search: hostile.into(), ..Question::default() })] {
        let page = index::page(root.path(), &runs, question);
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("<img") && page.contains("&lt;script&gt;"));
        assert!(page.contains("href=\"javascript%3Aalert%281%29%3Fx%3D%22%3E%3Cimg%20src%3Dx%3E/report.html\""));
    }
}

#[test]
fn the_file_is_written_whole_and_is_the_same_every_time() {
    let root = two_runs();
    let written = || {
        index::write(root.path(), &[""]).unwrap();
        std::fs::read_to_string(root.path().join(index::FILE)).unwrap()
    };
    let page = written();
    assert!(page.contains("href=\"gallery/a/report.html\"") && page.contains("href=\"runs/b/history.jsonl\""));
    assert_eq!(page, written());
}

/// Asks the router for a path, as a client would write it on the wire.
fn asked(root: &Path, target: &str, host: &str) -> (u16, String, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (listener, address) = serve::listen(0).await.unwrap();
        assert!(address.ip().is_loopback());
        let question = async {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        let answer = tokio::select! {
            biased;
            answer = question => answer,
            ended = serve::serve(listener, root.to_owned()) => panic!("the server ended: {ended:?}"),
        };
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
    })
}

#[test]
fn serves_the_index_and_the_files_of_each_run() {
    let root = two_runs();
    let get = |target: &str| asked(root.path(), target, "localhost");
    let (status, head, body) = get("/?verdict=valid&sort=system");
    assert!(status == 200 && head.contains("default-src 'none'") && head.contains("nosniff"), "{head}");
    assert!(body.contains("runs/b/report.html") && body.contains("<tr hidden class=\"invalid\""), "{body}");
    let (status, head, body) = get("/gallery/a/report.html");
    assert!(status == 200 && head.contains("text/html") && head.contains("script-src 'sha256-"));
    assert!(body.contains("redis-stale-cache"));
    for (file, kind) in
        [("history.jsonl", "text/plain"), ("log.txt", "text/plain"), ("capsule.json", "application/json")]
    {
        let (status, head, _) = get(&format!("/runs/b/{file}"));
        assert!(status == 200 && head.contains(kind), "{file}: {head}");
    }
    let (status, head, _) = get("/runs/latest/");
    assert!(status == 307 && head.contains("location: /runs/latest/report.html"), "{head}");
}

#[test]
fn nothing_outside_the_folder_is_read_however_it_is_asked_for() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("results");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(outer.path().join("secret"), "the secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outer.path().join("secret"), root.join("link")).unwrap();
    let absolute = outer.path().join("secret").display().to_string();
    let encoded = absolute.replace('/', "%2F");
    for target in [
        "/../secret",
        "/%2e%2e/secret",
        "/%2E%2E%2Fsecret",
        "/..%2fsecret",
        "/..%5csecret",
        "/%252e%252e/secret",
        "/runs/..;/../secret",
        "/.%2e/secret",
        "//../secret",
        "/link",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%00",
        "/%ff",
        &format!("/{absolute}"),
        &format!("/{encoded}"),
    ] {
        let (status, _, body) = asked(&root, target, "127.0.0.1:80");
        assert!(status >= 400 && !body.contains("the secret") && !body.contains("root:"), "{target}: {status} {body}");
    }
}

#[test]
fn a_page_under_another_name_for_this_machine_is_not_answered() {
    let root = two_runs();
    for host in ["evil.example", "evil.example:7227", "127.0.0.1.evil.example", ""] {
        assert_eq!(asked(root.path(), "/", host).0, 421, "{host}");
    }
    assert_eq!(asked(root.path(), "/", "localhost:7227").0, 200);
}
