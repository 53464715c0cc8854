//! A report as a document: what is said, apart from how a page, a Markdown file or a terminal shows it.

use std::collections::BTreeSet;

use maud::Markup;

use super::table::Table;

/// A part of the report under a heading of its own.
pub(super) struct Section {
    /// The name that links to it use.
    pub(super) id: &'static str,
    /// The heading.
    pub(super) title: String,
    /// What it says.
    pub(super) blocks: Vec<Block>,
}

impl Section {
    /// A section.
    pub(super) fn new(id: &'static str, title: impl Into<String>, blocks: Vec<Block>) -> Section {
        Section { id, title: title.into(), blocks }
    }
}

/// One thing that is said. In texts, `#index` names an operation.
pub(super) enum Block {
    /// A paragraph.
    Text(String),
    /// A remark, such as on what is left out.
    Note(String),
    /// Points without an order.
    List(Vec<String>),
    /// Points in their order.
    Steps(Vec<String>),
    /// Numbers that stand out: what is counted, how many, and whether that is bad.
    Tiles(Vec<Tile>),
    /// Rows and columns.
    Table(Table),
    /// A drawing and what to know to read it; only a page shows it, so a table beside it must hold the same.
    Figure(Markup, String),
    /// Something to be typed.
    Command(String),
    /// Words and what they mean.
    Terms(Vec<(String, String)>),
    /// A part with a heading of its own.
    Part(String, Vec<Block>),
    /// What only some readers want: folded on a page, left out on a terminal.
    More(String, Vec<Block>),
    /// Blocks in which the operations of one contradiction can be followed.
    About(Scope, Vec<Block>),
}

/// A number that stands out.
pub(super) struct Tile {
    /// What is counted.
    pub(super) name: String,
    /// How many.
    pub(super) value: String,
    /// Whether a promise is broken by its not being zero, and it is not.
    pub(super) is_bad: bool,
}

/// The operations that can be followed in some blocks: their rows have ids that begin with the prefix.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// Unique in the report.
    pub(super) prefix: String,
    /// The indices of their invocations.
    pub(super) operations: BTreeSet<u64>,
}

/// A stretch of a text.
pub(super) enum Piece<'t> {
    /// Words.
    Text(&'t str),
    /// `#index`: an operation.
    Operation(u64),
}

/// A text, cut at each `#index`.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(at) = rest[from..].find('#').map(|at| at + from) {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        match rest[at + 1..end].parse() {
            Ok(index) => {
                pieces.push(Piece::Text(&rest[..at]));
                pieces.push(Piece::Operation(index));
                (rest, from) = (&rest[end..], 0);
            }
            Err(_) => from = end,
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}
