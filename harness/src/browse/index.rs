//! The index: a page that lists runs, with links to what each left behind.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use maud::{Markup, html};

use super::question::Question;
use super::runs::{FILES, Run, Runs};
use crate::page::table::{self, Column};
use crate::page::{Page, TABLE_SCRIPT};
use crate::store;

/// The name of the index as a file.
pub const FILE: &str = "index.html";

/// The columns, without the links.
pub(super) const COLUMNS: &[Column<Run>] = &[
    Column { name: "system", about: "The system under test.", text: |run| run.system.clone(), key: None },
    Column { name: "workload", about: "What the clients did.", text: |run| run.workload.clone(), key: None },
    Column { name: "nemesis", about: "Where the faults came from.", text: |run| run.nemesis.clone(), key: None },
    Column {
        name: "seed",
        about: "What the run was drawn from.",
        text: |run| run.seed.to_string(),
        key: Some(|run| Some(small(run.seed))),
    },
    Column { name: "verdict", about: "What the run shows.", text: |run| run.verdict.word().to_owned(), key: None },
    Column { name: "anomalies", about: "What was found, each kind once.", text: anomalies, key: None },
    Column {
        name: "operations",
        about: "How many operations clients asked for.",
        text: |run| run.operations.to_string(),
        key: Some(|run| Some(small(run.operations))),
    },
    Column {
        name: "answered",
        about: "How many of them were answered.",
        text: answered,
        key: Some(|run| run.answered_permille.map(f64::from)),
    },
    Column {
        name: "faults hit",
        about: "How many of the faults stood in anything's way.",
        text: |run| format!("{} of {}", run.faults.0, run.faults.1),
        key: Some(|run| Some(small(run.faults.0 as u64))),
    },
];

/// A count as a number to sort by.
fn small(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn anomalies(run: &Run) -> String {
    if run.anomalies.is_empty() { "–".to_owned() } else { run.anomalies.join(", ") }
}

fn answered(run: &Run) -> String {
    run.answered_permille.map_or_else(|| "–".to_owned(), |share| format!("{}.{} %", share / 10, share % 10))
}

/// What else a folder of results may hold.
const BESIDE: [(&str, &str); 4] = [
    ("matrix.html", "the comparison of the systems"),
    ("matrix.csv", "the comparison as CSV"),
    ("gallery/README.md", "the gallery as a table"),
    ("README.md", "how to read all of it"),
];

/// Writes the index of the runs in the folders `below` of `root` into `root`, whole or not at all.
pub fn write(root: &Path, below: &[&str]) -> io::Result<()> {
    store::write_whole(&root.join(FILE), text(root, below)?)
}

/// What is written.
pub fn text(root: &Path, below: &[&str]) -> io::Result<String> {
    Ok(page(root, &Runs::below(root, below)?, None))
}

/// The index as a page; with a `question` it is one that can be asked others.
pub(super) fn page(root: &Path, runs: &Runs, question: Option<&Question>) -> String {
    let beside: Vec<_> = BESIDE.iter().filter(|(file, _)| root.join(file).is_file()).collect();
    let header = html! {
        h1 { "Runs" }
        @if !beside.is_empty() {
            nav aria-label="Beside the runs" { ul { @for (file, what) in beside { li { a href=(file) { (what) } } } } }
        }
    };
    let main = html! {
        @if runs.all.is_empty() {
            p { "No runs here yet. " code { "netsplit run" } " makes the first." }
        } @else {
            (form(&runs.all, question))
            (list(&runs.all, question))
        }
        @if !runs.unreadable.is_empty() {
            h2 #unreadable { "Folders that can't be read" }
            ul { @for (folder, reason) in &runs.unreadable { li { (folder) ": " (reason) } } }
        }
        h2 #columns { "What the columns show" }
        (table::legend(COLUMNS))
    };
    let page = Page { title: "netsplit: runs", style: "", scripts: &[TABLE_SCRIPT], may_ask: question.is_some() };
    page.html(Some("wide"), &header, &main)
}

/// The fields; a file hides them until the script is there that they need, and who serves it answers them itself.
fn form(runs: &[Run], question: Option<&Question>) -> Markup {
    let asked = question.cloned().unwrap_or_default();
    let values = |of: fn(&Run) -> Vec<&str>| runs.iter().flat_map(of).collect::<BTreeSet<_>>();
    let lists = [
        ("system", &asked.system, values(|run| vec![&run.system])),
        ("workload", &asked.workload, values(|run| vec![&run.workload])),
        ("nemesis", &asked.nemesis, values(|run| vec![&run.nemesis])),
        ("verdict", &asked.verdict, values(|run| vec![run.verdict.word()])),
        ("anomaly", &asked.anomaly, values(|run| run.anomalies.iter().map(String::as_str).collect())),
    ];
    html! {
        form.filters hidden[question.is_none()] role="search" {
            label { "Search " input type="search" name="search" autocomplete="off" value=(asked.search); }
            @for (name, chosen, values) in &lists {
                label {
                    (name) " "
                    select name=(name) {
                        option value="" { "any" }
                        @for value in values { option value=(value) selected[chosen.as_str() == *value] { (value) } }
                    }
                }
            }
            @if question.is_some() {
                noscript {
                    label { "sort by " select name="sort" {
                        @for column in COLUMNS { option selected[asked.sort == column.name] { (column.name) } }
                    } }
                    label { input type="checkbox" name="down" value="true" checked[asked.down]; " largest first" }
                    button { "show" }
                }
            }
            span #count {}
        }
    }
}

fn list(runs: &[Run], question: Option<&Question>) -> Markup {
    let is_hidden = |run: &Run| question.is_some_and(|question| !question.wants(run));
    html! {
        div.scroll tabindex="0" role="group" aria-label="The runs" {
            table.numbers.sortable {
                caption { "Every run" }
                thead { tr { (table::heads(COLUMNS)) th.words scope="col" { "files" } } }
                tbody { @for run in runs { (row(run, is_hidden(run))) } }
            }
        }
    }
}

fn row(run: &Run, is_hidden: bool) -> Markup {
    let anomalies: Vec<String> =
        run.anomalies.iter().map(|anomaly| anomaly.replace(char::is_whitespace, "-")).collect();
    html! {
        tr hidden[is_hidden] class=(run.verdict.word()) data-system=(run.system) data-workload=(run.workload)
            data-nemesis=(run.nemesis) data-verdict=(run.verdict.word()) data-anomaly=(anomalies.join(" ")) {
            (table::cells(COLUMNS, run))
            td.files { @for (file, name) in FILES.iter().filter(|(file, _)| run.files.contains(file)) {
                a href=(format!("{}/{file}", link(&run.folder))) download[*file == "capsule.json"] { (name) } " "
            } }
        }
    }
}

/// A folder as a relative link: what is not plain in it is encoded, so that no name becomes a scheme or a question.
pub(super) fn link(folder: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    folder
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
