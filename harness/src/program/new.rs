//! `netsplit new`: writes a crate with a system of one's own, to begin from. It is the one in `examples/own-system`, which is
//! built and tested as it stands.

use std::path::{Path, PathBuf};

use super::{Failure, say};

/// Arguments of `new`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The crate's name, and the folder that is made for it here
    name: String,
    /// The folder of the `netsplit` crate that it depends on; the one that this program was built from if left out
    #[arg(long, value_name = "FOLDER")]
    netsplit: Option<PathBuf>,
}

/// The name of the example, which the new crate's takes the place of.
const NAME: &str = "own-system";

/// Names of the language and of crates that every crate knows.
const TAKEN: &[&str] = &[
    "netsplit",
    "test",
    "core",
    "std",
    "alloc",
    "proc-macro",
    "as",
    "async",
    "await",
    "break",
    "const",
    "continue",
    "crate",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
];

const FILES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../../examples/own-system/Cargo.toml")),
    ("src/lib.rs", include_str!("../../examples/own-system/src/lib.rs")),
    ("tests/register.rs", include_str!("../../examples/own-system/tests/register.rs")),
    ("examples/netsplit.rs", include_str!("../../examples/own-system/examples/netsplit.rs")),
];

/// What a crate needs outside of netsplit's own repository.
const MORE: [(&str, &str); 2] = [
    (
        ".cargo/config.toml",
        "# Without it the order in which tokio polls differs from run to run. A RUSTFLAGS variable replaces it.\n\
         [build]\nrustflags = [\"--cfg\", \"tokio_unstable\"]\n",
    ),
    (".gitignore", "/target\n"),
];

pub(super) fn new(arguments: &Arguments) -> Result<u8, Failure> {
    let name = &arguments.name;
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
    if TAKEN.contains(&name.as_str()) {
        return Err(Failure::wrong_use(format!("`{name}` means something else in Rust already; choose another name")));
    }
    if !is_name || name.len() > 64 {
        return Err(Failure::wrong_use(format!(
            "`{}` can't be a crate's name; use lowercase letters, digits and hyphens",
            name.escape_debug()
        )));
    }
    let netsplit = netsplit(arguments.netsplit.as_deref())?;
    let folder = Path::new(name);
    if folder.exists() {
        return Err(Failure::wrong_use(format!("{name} is there already; choose another name or another folder")));
    }
    for (path, text) in FILES.into_iter().chain(MORE) {
        write(&folder.join(path), &of(text, name, &netsplit))?;
    }
    say(&format!("made    {name}: a replicated register that claims too much, and the test that finds out"));
    say(&format!("test    cd {name} && cargo test -- --nocapture"));
    say(&format!("explore cd {name} && cargo run --example netsplit -- run --seed 0..20"));
    Ok(0)
}

/// The folder of the crate that the new one depends on, as its Cargo.toml has it.
fn netsplit(named: Option<&Path>) -> Result<String, Failure> {
    let folder = named.unwrap_or(Path::new(env!("CARGO_MANIFEST_DIR")));
    let found = folder.join("Cargo.toml").canonicalize().ok().and_then(|file| file.parent().map(Path::to_owned));
    let folder = found.ok_or_else(|| {
        let folder = folder.display();
        Failure::wrong_use(format!("{folder} holds no Cargo.toml; name the folder of the crate with --netsplit"))
    })?;
    // A literal string of TOML has no escapes, so that a Windows path stays as it is.
    Ok(folder.display().to_string().replace('\'', ""))
}

fn of(text: &str, name: &str, netsplit: &str) -> String {
    text.replace("{ path = \"../..\" }", &format!("{{ path = '{netsplit}' }}"))
        .replace(NAME, name)
        .replace(&NAME.replace('-', "_"), &name.replace('-', "_"))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().expect("a file of the crate is in its folder");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| Failure::harness(format!("{} can't be written: {error}", path.display())))
}
