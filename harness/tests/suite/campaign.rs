//! The zoo and the comparison, as a person runs them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::program;

/// What a command says that must end with `code`.
fn netsplit(arguments: &[&str], out: &Path, code: i32) -> String {
    program::ended_with(code, program::netsplit().args(arguments).arg("--out").arg(out)).said()
}

/// Every file below a folder, by its name; the folder's own name, which replay commands hold, is left out.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("it is there").map(|entry| entry.expect("it is there").path()));
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).expect("it is there")).into_owned();
            let text = text.replace(folder.to_str().expect("its name is text"), "OUT");
            files.insert(path.strip_prefix(folder).expect("it is below").display().to_string(), text);
        }
    }
    files
}

#[test]
fn the_comparison_is_the_same_bytes_with_any_number_of_jobs() {
    let arguments =
        ["matrix", "--quick", "--seeds", "3", "--systems", "redis,redis-everysec", "--nemeses", "none,power-loss"];
    let made = |jobs: &str| {
        let out = tempfile::tempdir().unwrap();
        netsplit(&[&arguments[..], &["--jobs", jobs]].concat(), out.path(), 0);
        files(out.path())
    };
    let (one, two) = (made("1"), made("2"));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    let different: Vec<&String> =
        one.iter().filter(|(name, text)| two[*name] != **text).map(|(name, _)| name).collect();
    assert!(different.is_empty(), "{different:?}");
    let capsules: Vec<&String> = one.keys().filter(|name| name.ends_with("capsule.json")).collect();
    assert_eq!(capsules.len(), 1, "{capsules:?}");
    let link = capsules[0].replace("capsule.json", "report.html");
    assert!(one["matrix.html"].contains(&format!("href=\"{link}\"")), "no link to {link}");
}

#[test]
fn the_quick_zoo_finds_each_bug_and_raises_no_alarm() {
    let out = tempfile::tempdir().unwrap();
    let bugs = "redis-stale-cache,redis-everysec,cache-fill-race";
    let said = netsplit(&["zoo", "--quick", "--seeds", "6", "--bugs", bugs], out.path(), 0);
    assert!(said.contains("4 bugs: 4 found, 0 missed; 0 twins raised an alarm"), "{said}");
    let table = &files(out.path())["zoo.csv"];
    assert_eq!(table.lines().count(), 5, "{table}");
}

#[test]
fn an_unknown_name_is_wrong_use() {
    let out = tempfile::tempdir().unwrap();
    assert!(netsplit(&["zoo", "--bugs", "redis"], out.path(), 64).contains("there are redis-stale-cache"));
    assert!(netsplit(&["matrix", "--systems", "reddis"], out.path(), 64).contains("did you mean `redis`"));
    assert!(netsplit(&["matrix", "--nemeses", "crsh"], out.path(), 64).contains("did you mean `crash`"));
}
