//! The shell of every page that netsplit writes: one file that loads nothing, reads without JavaScript, and is safe to open
//! whatever it shows.

pub(crate) mod table;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

/// Sorts and filters the rows of a table.
pub(crate) const TABLE_SCRIPT: &str = include_str!("table.js");

/// A page but for what it says.
pub(crate) struct Page<'a> {
    /// Its name.
    pub(crate) title: &'a str,
    /// What it looks like beside the common style.
    pub(crate) style: &'static str,
    /// What makes it better with JavaScript.
    pub(crate) scripts: &'a [&'static str],
    /// Whether its form may ask who served it.
    pub(crate) may_ask: bool,
}

impl Page<'_> {
    /// The page with this `header` and `main`; `class` is that of its body.
    pub(crate) fn html(&self, class: Option<&str>, header: &Markup, main: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy(self.scripts, self.may_ask));
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) (PreEscaped(self.style)) }
                }
                body class=[class] {
                    header { (header) }
                    main { (main) }
                    p #said aria-live="polite" {}
                    @for script in self.scripts { script { (PreEscaped(script)) } }
                }
            }
        };
        page.into_string()
    }
}

/// A text of our own in which names stand between backticks.
pub(crate) fn coded(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Nothing may be loaded, and nothing may run but these scripts: a second wall behind the escaping.
pub(crate) fn policy(scripts: &[&str], may_ask: bool) -> String {
    let hash = |script: &&str| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    let hashes: String = scripts.iter().map(hash).collect();
    let forms = if may_ask { "'self'" } else { "'none'" };
    format!("default-src 'none'; style-src 'unsafe-inline'; script-src{hashes}; base-uri 'none'; form-action {forms}")
}
