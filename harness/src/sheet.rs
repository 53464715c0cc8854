//! A sheet: rows and columns of text, for a terminal, for Markdown, and for other programs.

use console::{measure_text_width, pad_str};

use crate::report::escaped_for_markdown;

/// A table whose rows have as many cells as its head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// A sheet without rows.
    pub fn new(head: &[&str]) -> Sheet {
        Sheet { head: head.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// Reads what [`Sheet::csv`] writes; an `Err` says which line is not of the table.
    pub fn from_csv(text: &str) -> Result<Sheet, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let owned = |line: &csv::StringRecord| line.iter().map(str::to_owned).collect();
        let head = owned(reader.headers()?);
        let rows = reader.records().map(|line| Ok(owned(&line?))).collect::<Result<_, csv::Error>>()?;
        Ok(Sheet { head, rows })
    }

    /// The rows by the names of their columns.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { head: &self.head, cells })
    }

    /// Columns that stand below each other, for a terminal.
    pub fn plain(&self) -> String {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |at: usize| lines().map(|line| measure_text_width(&line[at])).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |cells: &Vec<String>| {
            let padded = cells.iter().zip(&widths);
            let padded = padded.map(|(cell, width)| pad_str(cell, *width, console::Alignment::Left, None));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        lines().map(line).collect()
    }

    /// For Markdown. A cell that begins with `[` is a link that its writer escaped.
    pub fn markdown(&self) -> String {
        let cell = |text: &String| {
            if text.starts_with('[') { text.clone() } else { escaped_for_markdown(text) }
        };
        let line = |cells: &Vec<String>| format!("| {} |\n", cells.iter().map(cell).collect::<Vec<_>>().join(" | "));
        let rule = format!("|{}\n", " --- |".repeat(self.head.len()));
        line(&self.head) + &rule + &self.rows.iter().map(line).collect::<String>()
    }

    /// As RFC 4180 has it.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for line in std::iter::once(&self.head).chain(&self.rows) {
            writer.write_record(line).expect("every line has as many cells, and memory takes them all");
        }
        let bytes = writer.into_inner().expect("memory takes them all");
        String::from_utf8(bytes).expect("what was written is text")
    }
}

/// A row, with the names of its columns.
#[derive(Clone, Copy, Debug)]
pub struct Row<'s> {
    head: &'s [String],
    cells: &'s [String],
}

impl<'s> Row<'s> {
    /// The text of a column; empty if there is no such column.
    pub fn text(&self, column: &str) -> &'s str {
        let at = self.head.iter().position(|name| name == column);
        at.and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }

    /// The number of a column, where there is one.
    pub fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_same_cells_in_every_form() {
        let mut sheet = Sheet::new(&["bug", "seen"]);
        sheet.rows.push(vec!["a|b".into(), "x, \"y\"".into()]);
        sheet.rows.push(vec!["[c](d)".into(), "<b>".into()]);
        assert_eq!(sheet.plain(), "bug     seen\na|b     x, \"y\"\n[c](d)  <b>\n");
        assert_eq!(sheet.csv(), "bug,seen\na|b,\"x, \"\"y\"\"\"\n[c](d),<b>\n");
        assert_eq!(Sheet::from_csv(&sheet.csv()).unwrap(), sheet);
        let seen: Vec<&str> = sheet.rows().map(|row| row.text("seen")).collect();
        assert_eq!(seen, ["x, \"y\"", "<b>"]);
        assert_eq!(sheet.markdown(), "| bug | seen |\n| --- | --- |\n| a\\|b | x, \"y\" |\n| [c](d) | &lt;b&gt; |\n");
    }
}
