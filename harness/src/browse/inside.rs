//! The file that a path names, if it is inside the folder that is served.

use std::path::{Component, Path, PathBuf};

/// The file or folder that `asked`, the decoded path of a request, names below `root`. `None` for whatever is not there, is
/// hidden, or is not inside `root` when every link is followed. What is served is what was looked at: the path is returned
/// with its links resolved.
pub(super) fn inside(root: &Path, asked: &str) -> Option<PathBuf> {
    // a backslash parts names on some systems, and none of our files has one
    if asked.contains(['\\', '\0']) {
        return None;
    }
    let asked = Path::new(asked);
    let is_plain = |part: Component<'_>| match part {
        Component::Normal(name) => name.to_str().is_some_and(|name| !name.starts_with('.')),
        _ => false,
    };
    if !asked.components().all(is_plain) {
        return None;
    }
    let root = root.canonicalize().ok()?;
    let found = root.join(asked).canonicalize().ok()?;
    found.starts_with(&root).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_inside_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("results");
        std::fs::create_dir_all(root.join("runs/a")).unwrap();
        std::fs::write(root.join("runs/a/log.txt"), "inside").unwrap();
        std::fs::write(root.join(".hidden"), "hidden").unwrap();
        std::fs::write(folder.path().join("secret"), "outside").unwrap();
        let found = |asked: &str| inside(&root, asked).is_some();
        assert!(found("runs/a/log.txt") && found("runs/a") && found(""));
        for outside in [
            "../secret",
            "runs/../../secret",
            "runs/a/../../../secret",
            "./runs/a/log.txt",
            "/etc/passwd",
            "runs\\..\\..\\secret",
            "runs/a/log.txt\0",
            ".hidden",
            "runs/b",
        ] {
            assert!(!found(outside), "{outside:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_inside_and_not_outside() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("results");
        std::fs::create_dir_all(root.join("runs/a")).unwrap();
        std::fs::write(root.join("runs/a/log.txt"), "inside").unwrap();
        std::fs::write(folder.path().join("secret"), "outside").unwrap();
        symlink("a", root.join("runs/latest")).unwrap();
        symlink("../../secret", root.join("runs/stolen")).unwrap();
        symlink(folder.path(), root.join("up")).unwrap();
        assert!(inside(&root, "runs/latest/log.txt").is_some());
        for outside in ["runs/stolen", "up/secret", "up"] {
            assert!(inside(&root, outside).is_none(), "{outside}");
        }
        // a folder beside it whose name begins like the root's
        std::fs::create_dir(folder.path().join("results-of-others")).unwrap();
        symlink("../results-of-others", root.join("others")).unwrap();
        assert!(inside(&root, "others").is_none());
    }
}
