//! What comes from a stranger stays text, and no run is too large to be told.

use super::*;

const SCRIPT: &str = include_str!("../page.js");

/// Urls that would be markup, code or a command where they are not escaped.
const HOSTILE: [&str; 6] = [
    "http://x/\"><script>alert(1)</script></svg></style>|`[a](b)",
    "javascript:alert(1)//\"'><img src=x onerror=alert(1)>",
    "http://x/' onmouseover='alert(1)",
    "http://x/</title></textarea><iframe src=http://x>",
    "http://x/&lt;script&gt;&#x3c;a href=javascript:x&#x3e;",
    "http://x/\u{1b}]0;owned\u{7}\u{1b}[31mred",
];

#[test]
fn escapes_what_comes_from_the_history() {
    for url in HOSTILE {
        let told = invalid(url);
        let page = told.html();
        let ours = page.replacen(&format!("<script>{SCRIPT}</script>"), "", 1);
        for markup in ["<script", "<img", "<iframe"] {
            assert!(!ours.contains(markup), "{markup} of {url:?} is in the page");
        }
        assert!(attributes(&page, "onmouseover").is_empty() && attributes(&page, "onerror").is_empty());
        assert!(attributes(&page, "href").iter().all(|target| target.starts_with('#')), "{url:?} is followed");
        for tag in ["svg", "title", "style", "a"] {
            let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
            let opened = page.matches(&format!("{opened} ")).count() + page.matches(&format!("{opened}>")).count();
            assert_eq!(opened, page.matches(&closed).count(), "{url:?} opens or closes a {tag}");
        }
        let text = told.report().markdown();
        assert!(!text.contains("<script") && !text.contains("<img") && !text.contains("[a](b)"), "{url:?}");
        let terminal = told.terminal();
        assert!(terminal.chars().all(|c| c == '\n' || !c.is_control()), "{url:?} reaches the terminal");
    }
    assert!(invalid(HOSTILE[0]).html().contains("&lt;script&gt;"), "the url is not shown at all");
}

/// A run of this stranger's in which every figure is drawn.
fn in_every_figure(url: &str) -> Told {
    let mut told = invalid(url);
    told.recording.record = figures::one_lost_message();
    told.recording.record.hosts = vec![url.into(), "n1".into()];
    for event in &mut told.recording.history.events {
        event.node = Some(url.into());
        event.time += Duration::from_secs(2);
    }
    let hosts = vec![netsplit_nemesis::Target::Host(url.into())];
    let fault = Fault::Skew { hosts, clock: netsplit_nemesis::Skew::Jump(40) };
    told.case.plan.schedule = vec![Step { id: 0, at_ms: 100, lasts_ms: 500, mid_sync: false, fault }];
    told.case.plan.nodes = vec![url.into()];
    told.case.plan.finale_nodes = vec![url.into()];
    told.case.plan.quiet_ms = 0;
    told.results.effects[0].fault = format!("crash {url}");
    told.results.stats = Stats::of(&told.recording.history, &[]).unwrap();
    told
}

#[test]
fn escapes_it_in_every_figure() {
    for url in HOSTILE {
        let page = in_every_figure(url).html();
        for figure in ["Timeline", "Space-time", "Outcomes", "Latency", "Availability", "How wrong", "Final reads"] {
            assert!(page.contains(&format!(">{figure}")), "no {figure} of {url:?}");
        }
        let ours = page.replacen(&format!("<script>{SCRIPT}</script>"), "", 1);
        for markup in ["<script", "<img", "<iframe"] {
            assert!(!ours.contains(markup), "{markup} of {url:?} is in the page");
        }
        assert!(attributes(&page, "onmouseover").is_empty() && attributes(&page, "onerror").is_empty());
    }
}

#[test]
fn loads_nothing_and_runs_only_its_own_script() {
    let page = invalid("x").html();
    assert!(page.contains("default-src 'none'") && page.contains(&crate::page::policy(&[SCRIPT], false)));
    for loading in ["<link", " src=", "@import", "url(", "fetch(", "XMLHttp", "import("] {
        assert!(!page.contains(loading), "{loading} in the page");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains(&format!("<script>{SCRIPT}</script>")), "the script is not the one that the policy allows");
}

#[test]
fn stays_below_half_a_megabyte_and_says_what_it_leaves_out() {
    let url = "&".repeat(5000);
    let mut events = Vec::new();
    for n in 0..20_000_u64 {
        events.push((n, n % 500, Kind::Invoke, "write", Value::from(url.as_str())));
        events.push((n + 1, n % 500, Kind::Ok, "write", Value::from(url.as_str())));
    }
    let history = history(&events);
    let every = Evidence {
        operations: (0..40_000).collect(),
        steps: vec![url.clone(); 500],
        legal: vec![url.clone(); 500],
        ..evidence(&url)
    };
    let mut results = results(&history, Overall::Invalid, Verdict::Invalid(vec![every; 200]));
    let effect = Effect { fault: "cut ".repeat(500), ..results.effects[0].clone() };
    results.effects = vec![effect; 10_000];
    let page = Told::of(history, results).html();
    assert!(page.len() <= 500_000, "{} bytes", page.len());
    assert!(
        page.contains("195 more are in results.json")
            && page.contains("Left out")
            && page.contains("are left out here")
    );
}

#[test]
fn every_link_stays_on_the_page_and_has_a_target() {
    for page in [invalid("http://a").html(), valid().html()] {
        for target in attributes(&page, "href") {
            let id = target.strip_prefix('#').expect("a link that leaves the page");
            assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{target} has not one target");
        }
        let mut ids = attributes(&page, "id");
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id stands twice");
    }
}
