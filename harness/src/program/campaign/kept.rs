//! The kept capsules of a project, replayed before anything else.

use std::path::{Path, PathBuf};

use super::super::{Failure, say};
use crate::campaign::pool::Pool;
use crate::campaign::regressions::{self, Kept, Regression};
use crate::campaign::spec::Limits;
use crate::registry::Registry;

/// Where they are if nothing else is said.
const FOLDER: &str = "netsplit-regressions";

/// The folder of the kept capsules; `None` if none was named, and there is none of the usual name.
pub(super) fn folder(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match named {
        Some(folder) if folder.is_dir() => Ok(Some(folder.to_owned())),
        Some(folder) => Err(Failure::wrong_use(format!("--regressions: {} is no folder", folder.display()))),
        None => Ok(Some(PathBuf::from(FOLDER)).filter(|folder| folder.is_dir())),
    }
}

/// Replays them all, and says what is wrong.
pub(super) fn replay(folder: &Path, limits: Limits) -> Result<Vec<Regression>, Failure> {
    let (files, pool) = (capsules(folder)?, Pool::new(limits));
    say(&format!("kept     {} capsules in {}", files.len(), folder.display()));
    let mut all = Vec::new();
    for file in files {
        let one = pool.replay(&file);
        match one.kept {
            Kept::Same => {}
            Kept::Broken => say(&format!("broken   {}: {}", file.display(), one.why)),
            Kept::Stale => say(&format!("stale    {}: {}", file.display(), one.why)),
        }
        all.push(one);
    }
    Ok(all)
}

/// Renews those whose run is another one with the same verdict.
pub(super) fn renew(folder: Option<&Path>, registry: &Registry) -> Result<u8, Failure> {
    let Some(folder) = folder else {
        return Err(Failure::wrong_use(format!("there is no folder {FOLDER} here: say --regressions FOLDER")));
    };
    let mut left = 0;
    for file in capsules(folder)? {
        let told = file.display();
        if regressions::renew(&file, registry).map_err(|error| Failure::harness(format!("{told}: {error}")))?.is_some()
        {
            say(&format!("renewed  {told}"));
            continue;
        }
        let one = regressions::replay(&file, registry);
        if one.kept != Kept::Same {
            left += 1;
            say(&format!("left     {told}: {}", one.why));
        }
    }
    if left == 0 {
        return Ok(0);
    }
    Err(Failure::harness(format!(
        "{left} kept capsules can't be renewed: look at each, and replace or remove it by hand"
    )))
}

fn capsules(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    regressions::capsules(folder).map_err(|error| Failure::harness(format!("{}: {error}", folder.display())))
}
