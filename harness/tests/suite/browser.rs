//! The pages in a real browser, where one is installed: what a person clicks does what it says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::chromium::Chromium;
use crate::program::{ended_with, netsplit};

/// A run of the planted bug, and its report.
fn report(out: &Path) -> String {
    let arguments =
        ["--system=redis-stale-cache", "--workload=register", "--nemesis", "none", "--seed", "3", "--time-limit", "3s"];
    ended_with(1, netsplit().arg("run").args(arguments).arg("--out").arg(out));
    std::fs::read_to_string(out.join("redis-stale-cache-register-none-3/report.html")).expect("the run has a report")
}

fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Whether the middle of what a selector finds is inside the window, and inside what scrolls it.
fn is_in_view(browser: &mut Chromium, selector: &str) -> bool {
    browser.says(&format!(
        "(() => {{ const found = document.querySelector({selector:?});
            const box = found.querySelector('rect').getBoundingClientRect();
            const frame = found.closest('.scroll').getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            return x >= frame.left && x <= frame.right && y >= 0 && y <= innerHeight; }})()"
    ))
}

#[test]
fn a_click_on_an_operation_of_the_explanation_moves_the_timeline_there() {
    let Some(mut browser) = Chromium::start() else { return };
    let out = tempfile::tempdir().unwrap();
    report(out.path());
    browser.open(&address(&out.path().join("redis-stale-cache-register-none-3/report.html")));
    // as large as it gets, so that it has somewhere to move
    for _ in 0..6 {
        browser.click("section[aria-labelledby=witness] button[aria-label='Zoom in']");
    }
    let named = "[...document.querySelectorAll('section[aria-labelledby=argument] a[data-op]')].map(a => a.dataset.op)";
    let named = browser.value(named);
    let (first, last) = (&named[0], &named[named.as_array().expect("a list").len() - 1]);
    for (operation, other) in [(first, last), (last, first)] {
        let (name, other) = (operation.as_str().expect("a name"), other.as_str().expect("a name"));
        assert_ne!(name, other);
        browser.click(&format!("section[aria-labelledby=argument] a[data-op='{name}']"));
        assert!(is_in_view(&mut browser, &format!("#{name}-bar")), "{name} is not in view");
        assert!(
            browser.says(&format!("document.getElementById('{name}-bar').matches('.on')")),
            "its bar is not marked"
        );
        assert!(browser.says(&format!("document.getElementById('{name}').matches('tr.on')")), "its row is not marked");
        assert!(browser.says(&format!("!document.getElementById('{other}-bar').matches('.on')")), "{other} is marked");
        let told = browser.value("document.getElementById('said').textContent");
        assert!(told.as_str().is_some_and(|told| told.starts_with("Marked in the timeline: #")), "{told}");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn a_foreign_script_does_not_run_and_the_console_says_so() {
    let Some(mut browser) = Chromium::start() else { return };
    let out = tempfile::tempdir().unwrap();
    let page = report(out.path());
    let path = out.path().join("page.html");
    let foreign = "<script>document.title = 'the foreign script ran'</script></body>";
    std::fs::write(&path, page.replace("</body>", foreign)).unwrap();
    browser.open(&address(&path));
    assert!(browser.says("document.querySelector('.tools') !== null"), "the page's own script did not run");
    assert_ne!(browser.value("document.title"), "the foreign script ran");
    assert!(browser.complaints.iter().any(|one| one.contains("Content Security Policy")), "{:?}", browser.complaints);
}

/// A small comparison, with its index.
fn compared(out: &Path) {
    let arguments = ["--quick", "--seeds", "1", "--systems", "redis,redis-stale-cache", "--nemeses", "none,partition"];
    ended_with(0, netsplit().arg("matrix").args(arguments).arg("--out").arg(out));
}

/// The texts of the rows that are seen, of the column at `at`.
fn column(browser: &mut Chromium, at: usize) -> Vec<String> {
    let texts = browser.value(&format!(
        "[...document.querySelectorAll('tbody tr')].filter(row => row.offsetParent).map(row => row.cells[{at}].textContent)"
    ));
    texts.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn the_comparison_sorts_and_filters() {
    let Some(mut browser) = Chromium::start() else { return };
    let out = tempfile::tempdir().unwrap();
    compared(out.path());
    browser.open(&address(&out.path().join("matrix.html")));
    let stale = "redis-stale-cache";
    assert_eq!(column(&mut browser, 0), ["redis", "redis", stale, stale]);
    browser.click("th:nth-child(1) button");
    browser.click("th:nth-child(1) button");
    assert_eq!(column(&mut browser, 0), [stale, stale, "redis", "redis"]);
    assert_eq!(browser.value("document.querySelector('th[aria-sort]').ariaSort"), "descending");
    browser.click("input[name=broken]");
    assert_eq!(column(&mut browser, 0), [stale], "it claims nothing under a partition, so it is not broken there");
    assert!(browser.says("document.querySelectorAll('.dot.off').length >= 2"), "no dot went with its row");
    browser.click("input[name=broken]");
    browser.write("input[name=faults]", "PART");
    assert_eq!(column(&mut browser, 1), ["partition", "partition"]);
    assert_eq!(browser.value("document.getElementById('count').textContent"), "2 of 4 rows are shown");
    browser.click("tbody tr:not([hidden]) a");
    browser.wait_for("Page.loadEventFired");
    assert!(browser.says("document.title.startsWith('invalid: redis-stale-cache')"), "the link leads elsewhere");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// `netsplit view` of a folder.
struct View {
    process: Child,
    address: String,
}

impl View {
    fn of(folder: &Path) -> View {
        let mut command = netsplit();
        command.args(["view", "--port", "0"]).arg(folder).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says where it is");
        let address = line.split_whitespace().find_map(|word| word.strip_suffix("/,")).expect("an address").to_owned();
        View { process, address }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

#[test]
fn the_index_sorts_filters_and_leads_to_a_report_with_and_without_scripts() {
    let Some(mut browser) = Chromium::start() else { return };
    let out = tempfile::tempdir().unwrap();
    compared(out.path());
    report(&out.path().join("runs"));
    let view = View::of(out.path());
    browser.open(&format!("{}/", view.address));
    let all = column(&mut browser, 0).len();
    assert!(all >= 2);
    browser.click("th:nth-child(4) button");
    browser.click("th:nth-child(4) button");
    assert_eq!(column(&mut browser, 3)[0], "3", "the largest seed is not on top");
    browser.write("input[name=search]", "stale-read");
    assert_eq!(column(&mut browser, 0).len(), all);
    browser.write("input[name=search]", " and nothing else");
    assert!(column(&mut browser, 0).is_empty());
    browser.open(&format!("{}/?search=register&workload=register&seed=3", view.address));
    browser.click("tbody tr:not([hidden]) a");
    browser.wait_for("Page.loadEventFired");
    assert!(browser.says("document.querySelector('.tools') !== null"), "the report's script did not run");
    browser.without_scripts(true);
    browser.open(&format!("{}/", view.address));
    browser.write("input[name=search]", "nowhere");
    browser.click("form button");
    browser.wait_for("Page.loadEventFired");
    assert!(column(&mut browser, 0).is_empty(), "the form does nothing without scripts");
    assert_eq!(browser.complaints, Vec::<String>::new());
    // the same index as a file
    browser.without_scripts(false);
    browser.open(&address(&out.path().join("runs/index.html")));
    browser.write("input[name=search]", "redis");
    assert_eq!(column(&mut browser, 0), ["redis-stale-cache"]);
    assert_eq!(browser.complaints, Vec::<String>::new());
}
