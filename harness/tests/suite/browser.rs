//! The report in a real browser, where one is installed.

use std::path::Path;
use std::process::Command;

/// The page as Chromium has it after its scripts ran; `None` where there is no Chromium.
fn loaded(page: &Path) -> Option<String> {
    let profile = tempfile::tempdir().expect("a folder for the browser");
    let quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
    let output = Command::new("chromium")
        .args(quiet)
        .args(["--disable-component-update", "--disable-sync", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .output();
    match output {
        Ok(output) => Some(String::from_utf8(output.stdout).expect("a page is text")),
        Err(error) => {
            eprintln!("skipped: no chromium here ({error})");
            None
        }
    }
}

/// A report of the planted bug.
fn report(out: &Path) -> String {
    let netsplit = env!("CARGO_BIN_EXE_netsplit");
    let arguments = ["--system", "redis-stale-cache", "--nemesis", "none", "--seed", "3", "--time-limit", "3s"];
    let status =
        Command::new(netsplit).arg("run").args(arguments).arg("--out").arg(out).status().expect("the program starts");
    assert_eq!(status.code(), Some(1), "the planted bug was not caught");
    std::fs::read_to_string(out.join("redis-stale-cache-register-none-3/report.html")).expect("the run has a report")
}

#[test]
fn its_own_script_runs_under_its_policy_and_another_does_not() {
    let out = tempfile::tempdir().unwrap();
    let page = report(out.path());
    let path = out.path().join("page.html");
    let foreign = "<script>document.body.append('the foreign script ran')</script></body>";
    std::fs::write(&path, page.replace("</body>", foreign)).unwrap();
    let Some(dom) = loaded(&path) else { return };
    assert!(dom.contains("class=\"tools\""), "the page's own script did not run");
    assert_eq!(dom.matches("the foreign script ran").count(), 1, "a foreign script ran");
}

#[test]
fn a_click_on_an_operation_marks_it_in_the_timeline() {
    let out = tempfile::tempdir().unwrap();
    let page = report(out.path());
    let path = out.path().join("page.html");
    // the hand of the tester: without the policy, or it could not act
    let from = page.find("<meta http-equiv").expect("the page has a policy");
    let to = from + page[from..].find('>').unwrap() + 1;
    let click =
        "<script>document.querySelector('section[aria-labelledby=argument] a[data-op]').click()</script></body>";
    std::fs::write(&path, format!("{}{}", &page[..from], page[to..].replace("</body>", click))).unwrap();
    let Some(dom) = loaded(&path) else { return };
    // an element is marked by the class `on`
    let marked = |tag: &str| {
        let opening = format!("<{tag} ");
        let elements = dom.split(&opening).skip(1).filter_map(|rest| rest.split('>').next());
        let mut classes = elements.filter_map(|attributes| attributes.split("class=\"").nth(1)?.split('"').next());
        classes.any(|classes| classes.split(' ').any(|class| class == "on"))
    };
    assert!(marked("tr"), "its row is not marked");
    assert!(marked("a"), "its bar is not marked");
    assert!(dom.contains("Marked in the timeline: #"), "nobody who listens is told");
}
