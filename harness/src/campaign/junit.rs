//! The outcome as `JUnit` XML, which every CI shows: a suite a system, a test a cell.

use std::fmt::Write;

use super::findings::{Finding, First};
use super::outcome::{CellOutcome, Outcome};

/// The text of `junit.xml`.
pub fn xml(outcome: &Outcome) -> String {
    let mut suites = outcome.systems().into_iter().map(|system| suite_of(outcome, system)).collect::<Vec<_>>();
    suites.push(own_suite(outcome));
    let count = |of: fn(&Case) -> bool| suites.iter().flat_map(|suite| &suite.cases).filter(|case| of(case)).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures, errors) = (count(|_| true), count(Case::is_failure), count(Case::is_error));
    let name = escaped(&outcome.campaign.name);
    writeln!(text, "<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">")
        .expect(MEMORY);
    for suite in &suites {
        suite.write(&mut text);
    }
    text.push_str("</testsuites>\n");
    text
}

const MEMORY: &str = "writing to memory does not fail";

struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    said: String,
    shown: Shown,
}

enum Shown {
    Passed,
    Skipped(String),
    Failure(String, String),
    Error(String, String),
}

impl Case {
    fn is_failure(&self) -> bool {
        matches!(self.shown, Shown::Failure(..))
    }

    fn is_error(&self) -> bool {
        matches!(self.shown, Shown::Error(..))
    }

    fn is_skipped(&self) -> bool {
        matches!(self.shown, Shown::Skipped(_))
    }

    fn write(&self, suite: &str, text: &mut String) {
        let (suite, name) = (escaped(suite), escaped(&self.name));
        write!(text, "    <testcase classname=\"{suite}\" name=\"{name}\">\n      ").expect(MEMORY);
        match &self.shown {
            Shown::Passed => {}
            Shown::Skipped(why) => write!(text, "<skipped message=\"{}\"/>\n      ", escaped(why)).expect(MEMORY),
            Shown::Failure(what, body) => element(text, "failure", what, body),
            Shown::Error(what, body) => element(text, "error", what, body),
        }
        writeln!(text, "<system-out>{}</system-out>\n    </testcase>", escaped(&self.said)).expect(MEMORY);
    }
}

fn element(text: &mut String, name: &str, what: &str, body: &str) {
    write!(text, "<{name} message=\"{}\">{}</{name}>\n      ", escaped(what), escaped(body)).expect(MEMORY);
}

impl Suite {
    fn write(&self, text: &mut String) {
        let count = |of: fn(&Case) -> bool| self.cases.iter().filter(|case| of(case)).count();
        writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            escaped(&self.name),
            self.cases.len(),
            count(Case::is_failure),
            count(Case::is_error),
            count(Case::is_skipped),
        )
        .expect(MEMORY);
        for case in &self.cases {
            case.write(&self.name, text);
        }
        text.push_str("  </testsuite>\n");
    }
}

fn suite_of(outcome: &Outcome, system: &str) -> Suite {
    let cells = outcome.cells.iter().filter(|cell| cell.cell.system == system);
    Suite { name: system.into(), cases: cells.map(|cell| case(outcome, cell)).collect() }
}

/// A finding is told where it was first seen; cells that only saw it again fail too, and say where it is.
fn case(outcome: &Outcome, cell: &CellOutcome) -> Case {
    let own = |finding: &&Finding| finding.first.cell == cell.cell;
    let found: Vec<&Finding> = outcome.findings.iter().filter(own).collect();
    let runs = &cell.runs;
    let lost = outcome.unfinished.iter().find(|one| one.first.cell == cell.cell);
    let shown = if let Some(first) = found.first() {
        Shown::Failure(first.title(), found.iter().map(|finding| told(finding)).collect::<Vec<_>>().join("\n"))
    } else if runs.broken() > 0 {
        let what = format!("{} of {} runs are broken", runs.broken(), runs.telling());
        Shown::Failure(what, "seen before, in another cell of this system".into())
    } else if let Some(one) = lost {
        Shown::Error(format!("{}: {} runs", one.kind, one.runs), format!("{}\n{}", one.why, one.command))
    } else if runs.without_verdict() > 0 {
        Shown::Error(format!("{} runs without a verdict", runs.without_verdict()), "as in another cell".into())
    } else if runs.unknown > 0 {
        Shown::Skipped(format!("in {} of {} runs a checker could not decide", runs.unknown, runs.runs()))
    } else if runs.runs() == 0 {
        Shown::Skipped("no run".into())
    } else if runs.is_vacuous() {
        Shown::Skipped("vacuous: no run could have broken anything".into())
    } else {
        Shown::Passed
    };
    Case { name: format!("{} under {}", cell.cell.workload, cell.cell.nemesis), said: runs.told(), shown }
}

/// What a finding is, and how to see it again.
fn told(finding: &Finding) -> String {
    let mut lines = vec![finding.title(), format!("{} runs, the first with seed {}", finding.runs, finding.first.seed)];
    if let Some(shrunk) = &finding.shrunk {
        lines.push(shrunk.summary.clone());
        lines.extend(shrunk.steps.iter().map(|step| format!("- {step}")));
    }
    lines.extend(finding.not_shrunk.clone());
    lines.extend(finding.folder.as_ref().map(|folder| format!("netsplit replay {folder}/capsule.json")));
    lines.join("\n")
}

/// What the campaign says of itself: the canary, the runs that two processes did, the kept capsules.
fn own_suite(outcome: &Outcome) -> Suite {
    let canary = outcome.canary.told();
    let alive =
        if outcome.canary.alive { Shown::Passed } else { Shown::Error("the canary".into(), canary.to_string()) };
    let again = &outcome.again;
    let same = match again.differ.first() {
        None => Shown::Passed,
        Some(first) => Shown::Error(
            format!("two processes differ in {} of {} runs", again.differing, again.runs),
            format!("the first is {} with seed {}", first.cell, first.seed),
        ),
    };
    let mut cases = vec![
        Case { name: "canary".into(), said: canary.to_string(), shown: alive },
        Case { name: "two processes".into(), said: format!("{} runs done by two processes", again.runs), shown: same },
    ];
    let of_no_cell = |first: &First| outcome.cells.iter().all(|cell| cell.cell != first.cell);
    cases.extend(outcome.unfinished.iter().filter(|one| of_no_cell(&one.first)).map(|one| Case {
        name: format!("{} of {}", one.kind, one.first.cell),
        said: String::new(),
        shown: Shown::Error(format!("{}: {} runs", one.kind, one.runs), format!("{}\n{}", one.why, one.command)),
    }));
    if outcome.missing > 0 || !outcome.missing_shards.is_empty() {
        let why = format!("{} runs, shards {:?}", outcome.missing, outcome.missing_shards);
        let shown = Shown::Error("something is missing".into(), why);
        cases.push(Case { name: "all is there".into(), said: String::new(), shown });
    }
    cases.extend(outcome.regressions.iter().map(|one| {
        let shown = match one.kept {
            super::regressions::Kept::Same => Shown::Passed,
            super::regressions::Kept::Broken => Shown::Failure("broken".into(), one.why.clone()),
            super::regressions::Kept::Stale => Shown::Error("stale".into(), one.why.clone()),
        };
        Case { name: format!("kept capsule {}", one.file), said: String::new(), shown }
    }));
    Suite { name: "netsplit".into(), cases }
}

/// For XML 1.0, which has no form at all for most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push('\t'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_run_says_can_break_the_document() {
        assert_eq!(escaped("a<b>&\"c\"\u{0}\u{1b}[31m\n"), "a&lt;b&gt;&amp;&quot;c&quot;\\u{0}\\u{1b}[31m&#10;");
    }
}
