//! From the finished runs of a campaign to its findings, its files and its exit code: the same for a campaign that one machine
//! did, and for one that was merged.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::batch::in_order;
use super::super::voice::{self, say, say_finding};
use super::super::{Failure, interrupt, unwritten};
use super::append;
use crate::campaign::findings::{self, Due, Finding};
use crate::campaign::journal::BadJournal;
use crate::campaign::outcome::Outcome;
use crate::campaign::pool::Pool;
use crate::campaign::protocol::{Reply, Request, Shrink, Shrunk};
use crate::campaign::regressions::Regression;
use crate::campaign::spec::{MARK, Spec};
use crate::campaign::{github, junit, summary};
use crate::store;

/// The files of a campaign.
const FILES: [&str; 5] = ["campaign.json", "runs.jsonl", "results.json", "junit.xml", "summary.md"];

/// Its folders.
const FOLDERS: [&str; 2] = ["findings", "issues"];

/// The file in a finding's folder that says what it is: with it the search needs not be done again.
const FOUND: &str = "finding.json";

/// Takes away what an earlier campaign left in a folder, and nothing else: where none was, nothing.
pub(in super::super) fn clear(folder: &Path) {
    if !folder.join("campaign.json").exists() {
        return;
    }
    for name in FILES {
        let _absent = fs::remove_file(folder.join(name));
    }
    for name in FOLDERS {
        let _absent = fs::remove_dir_all(folder.join(name));
    }
}

/// How a campaign is told beyond its folder and the terminal.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "What is left behind")]
pub(in super::super) struct Telling {
    /// File an issue for every finding that has no open one, through GitHub's `gh`
    #[arg(long)]
    issues: bool,
    /// Print the issues in place of filing them
    #[arg(long, requires = "issues")]
    dry_run: bool,
    /// At most so many issues
    #[arg(long, default_value_t = 5)]
    most_issues: usize,
}

/// Gathers the findings of the runs in `folder`, and writes everything that is a function of them. What was shrunk in one of
/// `others` is taken from there; shards may be `missing`.
pub(in super::super) fn finish(
    spec: &Spec,
    folder: &Path,
    kept: Vec<Regression>,
    jobs: usize,
    (others, missing): (&[PathBuf], Vec<String>),
) -> Result<Outcome, Failure> {
    let runs = folder.join("runs.jsonl");
    let pool = Pool::new(spec.limits);
    let shrink = |due: &[Due]| shrunk(due, spec, folder, others, &pool, jobs).map_err(NotGathered);
    let all = findings::gather(&runs, shrink).map_err(|NotGathered(failure)| failure)?;
    let outcome = Outcome::of(spec, &runs, all, kept, missing).map_err(Failure::harness)?;
    let issues = folder.join("issues");
    for (issue, number) in github::issues(&outcome, usize::MAX).iter().zip(1..) {
        super::make_folder(&issues)?;
        put(&issues, &format!("{number:03}.md"), &format!("# {}\n\n{}", issue.title, issue.body))?;
    }
    put(folder, "junit.xml", &junit::xml(&outcome))?;
    put(folder, "summary.md", &summary::markdown(&outcome))?;
    put(folder, "results.json", &outcome.json())?;
    Ok(outcome)
}

/// Why the findings are not gathered.
struct NotGathered(Failure);

impl From<BadJournal> for NotGathered {
    fn from(error: BadJournal) -> NotGathered {
        NotGathered(Failure::harness(error))
    }
}

/// Finds the smallest run of each, several at a time.
fn shrunk(
    due: &[Due],
    spec: &Spec,
    folder: &Path,
    others: &[PathBuf],
    pool: &Pool,
    jobs: usize,
) -> Result<Vec<Finding>, Failure> {
    say(&format!("shrink   {} {}", due.len(), if due.len() == 1 { "finding" } else { "findings" }));
    let mut all = Vec::new();
    let at = |number: u64| &due[usize::try_from(number).expect("there are few")];
    in_order(
        0..due.len() as u64,
        jobs,
        |number| one(at(number), spec, folder, others, pool),
        |_, ended| {
            let goes_on = ended.is_ok();
            all.push(ended);
            goes_on
        },
    );
    if interrupt::came() && all.len() < due.len() {
        let message = "interrupted: all runs are there, not all findings are shrunk".into();
        return Err(Failure { exit_code: interrupt::INTERRUPTED, message });
    }
    all.into_iter().collect()
}

fn one(due: &Due, spec: &Spec, folder: &Path, others: &[PathBuf], pool: &Pool) -> Result<Finding, Failure> {
    let name = due.folder();
    let own = folder.join("findings").join(&name);
    let known = others.iter().map(|other| other.join("findings").join(&name)).find(|other| other.join(FOUND).exists());
    if let (Some(other), false) = (known, own.join(FOUND).exists()) {
        copy(&other, &own)?;
    }
    if let Ok(text) = fs::read_to_string(own.join(FOUND)) {
        let read: Result<Finding, _> = serde_json::from_str(&text);
        let named = |why: &dyn std::fmt::Display| Failure::harness(format!("{}: {why}", own.join(FOUND).display()));
        let is_it = |found: &Finding| found.signature == due.signature && found.first == due.first;
        return read.map_err(|error| named(&error)).and_then(|found| {
            if is_it(&found) { Ok(found) } else { Err(named(&"it is of another finding; remove the folder")) }
        });
    }
    let finding = searched(due, spec, &own, &name, pool);
    if finding.folder.is_some() {
        let text = serde_json::to_string_pretty(&finding).expect("a finding has a JSON form");
        put(&own, FOUND, &(text + "\n"))?;
    }
    Ok(finding)
}

/// The smallest run, else the run itself, else only that it was seen.
fn searched(due: &Due, spec: &Spec, folder: &Path, name: &str, pool: &Pool) -> Finding {
    let ask = |most| {
        let request = Request::Shrink(Shrink {
            draw: spec.draw(&due.first.cell, due.first.seed),
            signature: due.signature.clone(),
            most,
            folder: folder.to_owned(),
            name: Path::new("findings").join(name),
        });
        match pool.ask(&request, false) {
            Ok(Reply::Shrunk(shrunk)) => Ok(shrunk),
            Ok(Reply::Failed(why)) => Err(why),
            Ok(other) => Err(format!("a worker answered {other:?}")),
            Err(lost) => Err(lost.to_string()),
        }
    };
    let found = |shrunk: Option<Shrunk>, not_shrunk, has_folder: bool| Finding {
        signature: due.signature.clone(),
        families: shrunk.as_ref().map_or_else(|| due.families.clone(), |shrunk| shrunk.families.clone()),
        runs: 0,
        first: due.first.clone(),
        shrunk,
        not_shrunk,
        folder: has_folder.then(|| format!("findings/{name}")),
    };
    if !due.is_shrunk {
        return found(None, Some("there are many findings before it".into()), false);
    }
    let why = match ask(spec.candidates) {
        Ok(shrunk) => return found(Some(shrunk), None, true),
        Err(why) => format!("the search for a smaller run failed: {why}"),
    };
    match ask(0) {
        Ok(whole) => found(Some(whole), Some(why), true),
        Err(_) => found(None, Some(why), false),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copied = fs::create_dir_all(to).and_then(|()| {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    });
    copied.map_err(|error| unwritten(to, &error))
}

/// Writes a file, whole or not at all.
pub(in super::super) fn put(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    store::write_whole(&path, text).map_err(|error| unwritten(&path, &error))
}

/// The text of `campaign.json`.
pub(in super::super) fn spec_json(spec: &Spec) -> String {
    serde_json::to_string_pretty(spec).expect("a campaign has a JSON form") + "\n"
}

/// The campaign in a folder; an `Err` if there is none of this netsplit.
pub(in super::super) fn read_spec(folder: &Path) -> Result<Spec, Failure> {
    let path = folder.join("campaign.json");
    let named = |what: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {what}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| named(&error))?;
    let spec: Spec = serde_json::from_str(&text).map_err(|error| named(&error))?;
    let here = env!("CARGO_PKG_VERSION");
    if spec.what != MARK || spec.netsplit != here || spec.cells.is_empty() {
        return Err(named(&format_args!("it is no campaign of netsplit {here}; go on with the version that began it")));
    }
    Ok(spec)
}

/// Says what it came to, in every place where somebody looks; its exit code.
pub(in super::super) fn tell(outcome: &Outcome, folder: &Path, telling: &Telling) -> Result<u8, Failure> {
    voice::tell("campaign", outcome);
    say("");
    say(summary::systems(outcome).plain().trim_end());
    say("");
    for line in summary::lines(outcome) {
        say(&line);
    }
    for finding in &outcome.findings {
        say_finding(&format!("finding  {}: {} runs", finding.title(), finding.runs));
        let evidence =
            finding.shrunk.as_ref().map(|shrunk| shrunk.summary.as_str()).filter(|summary| !summary.is_empty());
        if let Some(summary) = evidence {
            say_finding(&format!("         {summary}"));
        }
        let replay = finding.folder.iter().map(|name| folder.join(name).join("capsule.json"));
        for capsule in replay {
            say_finding(&format!("         netsplit replay {}", capsule.display()));
        }
    }
    for one in &outcome.unfinished {
        say_finding(&format!("{:<8} {}: {} runs: {}", one.kind, one.first.cell, one.runs, one.why));
        say_finding(&format!("         {}", one.command));
    }
    say(&format!("files    {}", folder.join("summary.md").display()));
    let say_verdict = if outcome.exit_code == 0 { say } else { say_finding };
    say_verdict(&format!("verdict  {}", outcome.verdict));
    for reason in &outcome.reasons {
        say_verdict(&format!("         {reason}"));
    }
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        append(Path::new(&summary), &summary::markdown(outcome))?;
    }
    if std::env::var_os("GITHUB_ACTIONS").is_some() {
        for line in github::annotations(outcome) {
            say_finding(&line);
        }
    }
    if telling.issues {
        issues(outcome, telling)?;
    }
    Ok(outcome.exit_code)
}

fn issues(outcome: &Outcome, telling: &Telling) -> Result<(), Failure> {
    for issue in github::issues(outcome, telling.most_issues) {
        if telling.dry_run {
            say_finding(&format!("\nissue    {}\n\n{}", issue.title, issue.body));
            continue;
        }
        let filed = issue.file().map_err(|error| {
            Failure::harness(format!("an issue can't be filed: {error}; --dry-run prints it in place of filing it"))
        })?;
        say(&format!("issue    {} {}", if filed { "filed:" } else { "there is one:" }, issue.title));
    }
    let more = outcome.findings.len().saturating_sub(telling.most_issues);
    if more > 0 {
        say(&format!("issue    {more} more are not told: --most-issues is {}", telling.most_issues));
    }
    Ok(())
}
