//! `netsplit matrix --check`: whether the committed comparison is what this program gives, byte for byte. Some of its rows
//! are measured again, every exhibit is run again, and what is told of them is told again.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Arguments, GALLERY_PAGE, GALLERY_TABLE, measured};
use crate::browse::index;
use crate::matrix::cell::Cell;
use crate::matrix::{self, Scope, exhibits, literature, page, told};
use crate::program::replay::rerun;
use crate::program::zoo::write;
use crate::program::{Failure, say, unwritten};
use crate::registry::Registry;
use crate::report::Often;
use crate::sheet::{Row, Sheet};
use crate::store;

/// What is committed.
struct Committed {
    csv: Sheet,
    markdown: String,
    html: String,
    gallery: Sheet,
}

/// The exit code is 1 if anything differs.
pub(super) fn check(arguments: &Arguments, registry: &Registry, sample: usize) -> Result<u8, Failure> {
    let out = arguments.out();
    let markdown = text(out, "matrix.md")?;
    let arguments = &arguments.in_scope_of(&markdown)?;
    let scope = &arguments.scope(registry)?;
    let committed = Committed {
        csv: sheet(out, "matrix.csv")?,
        markdown,
        html: text(out, "matrix.html")?,
        gallery: sheet(out, GALLERY_TABLE)?,
    };
    let mut differs = committed.scope(scope, &arguments.command(scope));
    if differs.is_empty() {
        differs.extend(committed.rows(scope, sample, arguments.jobs())?);
    }
    differs.extend(committed.gallery(registry, out)?);
    differs.extend(committed.told(out, registry)?);
    for one in &differs {
        say(one);
    }
    if differs.is_empty() {
        let (rows, exhibits) = (committed.csv.rows.len(), committed.gallery.rows.len());
        let sampled = sampled(rows, sample).len();
        say(&format!(
            "{}: {sampled} of {rows} rows and {exhibits} exhibits are what this program gives",
            out.display()
        ));
        return Ok(0);
    }
    say(&format!("{} differs; make it again: {}, and commit it", out.display(), arguments.command(scope)));
    Ok(1)
}

/// Runs every exhibit again and tells it as this program tells it, without looking for another one.
pub(super) fn retell(registry: &Registry, out: &Path) -> Result<u8, Failure> {
    let gallery = sheet(out, GALLERY_TABLE)?;
    for row in gallery.rows() {
        let name = row.text("exhibit");
        let folder = out.join(exhibits::FOLDER).join(name);
        let files = told_again(row, registry, &folder)?;
        store::write(&folder, &files).map_err(|error| unwritten(&folder, &error))?;
    }
    write(&out.join(GALLERY_PAGE), &exhibits::markdown(&gallery, registry))?;
    super::write_index(out)?;
    say(&format!("{}: {} exhibits are told again", out.display(), gallery.rows.len()));
    Ok(0)
}

/// Runs an exhibit again; its files as they are told now.
fn told_again(row: Row<'_>, registry: &Registry, folder: &Path) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    let (_, trial) = rerun(&folder.join("capsule.json"), registry)?;
    let count = |column| row.text(column).parse().unwrap_or_default();
    let often = Often { alike: count("alike"), runs: count("runs") };
    trial.files(folder, None, Some(often)).map_err(Failure::harness)
}

fn text(out: &Path, name: &str) -> Result<String, Failure> {
    let path = out.join(name);
    let told = |error| Failure::wrong_use(format!("{}: {error}; `netsplit matrix` makes it", path.display()));
    std::fs::read_to_string(&path).map_err(told)
}

fn sheet(out: &Path, name: &str) -> Result<Sheet, Failure> {
    let told = |error| Failure::wrong_use(format!("{}: {error}", out.join(name).display()));
    Sheet::from_csv(&text(out, name)?).map_err(told)
}

/// The places of so many of `all` rows, spread evenly.
fn sampled(all: usize, sample: usize) -> BTreeSet<usize> {
    let sample = sample.min(all);
    (0..sample).map(|nth| (2 * nth + 1) * all / (2 * sample)).collect()
}

impl Committed {
    /// Whether the rows are those of the systems and nemeses that there are now, and the command is told.
    fn scope(&self, scope: &Scope, command: &str) -> Vec<String> {
        let mut now: Vec<(String, String)> =
            scope.tasks().into_iter().map(|task| (task.system.to_owned(), task.nemesis)).collect();
        now.dedup();
        let then = |row: Row<'_>| (row.text("system").to_owned(), row.text("nemesis").to_owned());
        let then: Vec<(String, String)> = self.csv.rows().map(then).collect();
        let absent = |all: &[(String, String)], what: &str, among: &[(String, String)]| -> Vec<String> {
            let absent = all.iter().filter(|one| !among.contains(one));
            absent.map(|(system, nemesis)| format!("matrix.csv: {system} under {nemesis} {what}")).collect()
        };
        let mut differs = absent(&now, "is missing", &then);
        differs.extend(absent(&then, "is no longer there", &now));
        if differs.is_empty() && now != then {
            differs.push("matrix.csv: its rows are in another order".to_owned());
        }
        if !self.markdown.contains(&format!("`{command}`")) {
            differs.push(format!("matrix.md: it was not made by `{command}`"));
        }
        differs
    }

    /// Measures some rows again.
    fn rows(&self, scope: &Scope, sample: usize, jobs: usize) -> Result<Vec<String>, Failure> {
        let wanted = sampled(self.csv.rows.len(), sample);
        let pairs: Vec<(&str, &str)> = self.csv.rows().map(|row| (row.text("system"), row.text("nemesis"))).collect();
        let mut tasks = scope.tasks();
        tasks.retain(|task| wanted.iter().any(|at| pairs[*at] == (task.system, task.nemesis.as_str())));
        let cells = matrix::cells(measured(scope, &tasks, jobs)?);
        Ok(wanted.iter().zip(&cells).flat_map(|(at, cell)| self.row(*at, cell)).collect())
    }

    fn row(&self, at: usize, cell: &Cell) -> Vec<String> {
        let mut differs = Vec::new();
        let mut differ = |name: &str, told: String| {
            differs.push(format!("{name}: {} under {}{told}", cell.system, cell.nemesis));
        };
        let now = told::programs(std::slice::from_ref(cell));
        for ((column, now), then) in now.head.iter().zip(&now.rows[0]).zip(&self.csv.rows[at]) {
            if now != then {
                differ("matrix.csv", format!(": {column} is {then}, and now it is {now}"));
            }
        }
        let people = told::people(std::slice::from_ref(cell)).markdown();
        let line = people.lines().last().expect("a sheet has its head");
        if !self.markdown.lines().any(|known| known == line) {
            differ("matrix.md", " is another row now".to_owned());
        }
        if !self.html.contains(&page::row(cell).into_string()) {
            differ("matrix.html", " is another row now".to_owned());
        }
        differs
    }

    fn gallery(&self, registry: &Registry, out: &Path) -> Result<Vec<String>, Failure> {
        let mut differs = Vec::new();
        for row in self.gallery.rows() {
            let name = row.text("exhibit");
            let folder = out.join(exhibits::FOLDER).join(name);
            let is_other =
                |(file, bytes): &&(&str, Vec<u8>)| !std::fs::read(folder.join(file)).is_ok_and(|there| there == *bytes);
            let files = told_again(row, registry, &folder)?;
            differs.extend(
                files.iter().filter(is_other).map(|(file, _)| format!("gallery/{name}/{file}: it is another now")),
            );
        }
        Ok(differs)
    }

    /// Whether what is told of the rows and exhibits as a whole is what they say, and every link has a target.
    fn told(&self, out: &Path, registry: &Registry) -> Result<Vec<String>, Failure> {
        let mut differs = Vec::new();
        let linked: BTreeSet<&str> = self.csv.rows().map(|row| row.text("counterexample")).collect();
        let absent = linked.iter().filter(|name| !name.is_empty() && !out.join(name).join("report.html").is_file());
        differs.extend(absent.map(|name| format!("{name}: a row leads to it, and it is not there")));
        for known in literature::compared(&self.csv) {
            if !self.html.contains(&maud::html! { (known.told()) }.into_string()) {
                differs.push(format!("matrix.html: it does not say: {}", known.told()));
            }
        }
        if text(out, GALLERY_PAGE)? != exhibits::markdown(&self.gallery, registry) {
            differs.push(format!("{GALLERY_PAGE}: it is not what {GALLERY_TABLE} says"));
        }
        if text(out, index::FILE)? != index::text(out, &[exhibits::FOLDER]).map_err(Failure::harness)? {
            differs.push(format!("{}: it is not the index of the gallery", index::FILE));
        }
        Ok(differs)
    }
}
