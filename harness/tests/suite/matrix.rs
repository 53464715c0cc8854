//! `netsplit matrix`, as a person and as CI run it.

use std::path::Path;

use crate::program::{ended, ended_with, netsplit};

const SMALL: [&str; 7] =
    ["matrix", "--quick", "--seeds=1", "--systems=redis-stale-cache", "--nemeses=none", "--jobs=2", "--out"];

fn matrix(out: &Path, flags: &[&str]) -> (i32, String) {
    let ended = ended(netsplit().args(SMALL).arg(out).args(flags));
    (ended.code, ended.said())
}

#[test]
fn what_it_wrote_passes_its_check_and_what_was_changed_since_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    assert_eq!(matrix(out, &["--check"]).0, 64, "nothing is there to be checked");
    assert_eq!(matrix(out, &[]).0, 0);
    assert_eq!(
        matrix(out, &["--check"]),
        (0, format!("{}: 1 of 1 rows and 1 exhibits are what this program gives\n", out.display()))
    );
    let exhibit = "gallery/redis-stale-cache-stale-read";
    for (file, from, to) in [
        ("matrix.csv", "linearizable", "sequential"),
        ("matrix.md", "redis-stale-cache", "redis"),
        ("matrix.html", "redis-stale-cache", "redis"),
        ("index.html", "stale-read", "fresh-read"),
        ("gallery/README.md", "1 of 1", "1 of 2"),
        (&format!("{exhibit}/report.html"), "stale", "fresh"),
        (&format!("{exhibit}/history.csv"), "ok", "info"),
    ] {
        let path = out.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let (code, told) = matrix(out, &["--check"]);
        assert!(code == 1 && told.contains(file) && told.contains("make it again"), "{file}: {code}, {told}");
        std::fs::write(&path, text).unwrap();
    }
    std::fs::write(out.join(exhibit).join("report.html"), "in other words").unwrap();
    assert_eq!(matrix(out, &["--retell"]).0, 0);
    assert_eq!(matrix(out, &["--check"]).0, 0, "the gallery is told again as it was");
    // Not scoped: the scope is the one that matrix.md tells.
    ended_with(0, netsplit().args(["matrix", "--check", "--out"]).arg(out));
    let (code, told) = matrix(out, &["--check", "--systems=redis"]);
    assert!(code == 1 && told.contains("redis under none is missing"), "{told}");
}
