//! Tables that can be sorted: what their columns show, and what they are sorted by.

use maud::{Markup, html};

/// A column of a table of `T`s.
pub struct Column<T: 'static> {
    /// The heading.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// The text of its cells.
    pub text: fn(&T) -> String,
    /// What they are sorted by where that is a number; `None` stands last.
    pub key: Option<fn(&T) -> Option<f64>>,
}

impl<T> Column<T> {
    /// What the script sorts a cell by; a cell without a number stands last.
    fn data(&self, row: &T) -> Option<String> {
        self.key.map(|key| key(row).map(|key| format!("{key:.6}")).unwrap_or_default())
    }
}

/// The headings.
pub(crate) fn heads<T>(columns: &[Column<T>]) -> Markup {
    html! { @for column in columns { th.words[column.key.is_none()] scope="col" title=(column.about) { (column.name) } } }
}

/// The cells of a row, the first of which is its heading.
pub(crate) fn cells<T>(columns: &[Column<T>], row: &T) -> Markup {
    html! {
        @for (at, column) in columns.iter().enumerate() {
            @if at == 0 { th scope="row" { ((column.text)(row)) } }
            @else { td data-key=[column.data(row)] { ((column.text)(row)) } }
        }
    }
}

/// What the columns show, for whoever can't hover over a heading.
pub(crate) fn legend<T>(columns: &[Column<T>]) -> Markup {
    html! { dl { @for column in columns { dt { (column.name) } dd { (column.about) } } } }
}
