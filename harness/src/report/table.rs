//! A table as data, so that every form of the report shows the same rows.

/// A row; its first cell is its heading.
#[derive(Default)]
pub(super) struct Row {
    /// The operation that it tells of, which links can point to.
    pub(super) operation: Option<u64>,
    /// How a page shows it.
    pub(super) class: &'static str,
    /// The text of the cells.
    pub(super) cells: Vec<String>,
}

/// A table with a caption.
pub(super) struct Table {
    /// What it shows.
    pub(super) caption: String,
    /// The columns.
    pub(super) head: Vec<&'static str>,
    /// The rows that are shown.
    pub(super) rows: Vec<Row>,
    /// How many more there are.
    pub(super) left_out: usize,
    /// Whether all cells but a row's heading are numbers.
    pub(super) is_numbers: bool,
}

impl Table {
    /// A table of numbers.
    pub(super) fn numbers(caption: impl Into<String>, head: &[&'static str]) -> Table {
        Table { caption: caption.into(), head: head.to_vec(), rows: Vec::new(), left_out: 0, is_numbers: true }
    }

    /// A table of words.
    pub(super) fn words(caption: impl Into<String>, head: &[&'static str]) -> Table {
        Table { is_numbers: false, ..Table::numbers(caption, head) }
    }

    /// Adds a row without a name.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), ..Row::default() });
    }

    /// Keeps the first `most` rows, and says so.
    pub(super) fn at_most(mut self, most: usize) -> Table {
        self.left_out += self.rows.len().saturating_sub(most);
        self.rows.truncate(most);
        self
    }

    /// The note on what is not shown, if anything is.
    pub(super) fn note(&self) -> Option<String> {
        (self.left_out > 0)
            .then(|| format!("{} more are left out here; the files beside the report have everything.", self.left_out))
    }
}
