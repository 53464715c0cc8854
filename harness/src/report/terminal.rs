//! The report on a terminal: wrapped to its width, in colour where that is wanted.

use console::{Style, measure_text_width};
use textwrap::{Options, wrap};

use super::document::{Block, Piece, Section, pieces};
use super::story::Story;
use super::table::Table;
use super::{headline, outline};
use crate::judge::Overall;

/// What is written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Columns of a line; fewer than 40 are taken as 40.
    pub width: usize,
    /// Whether colours are wanted.
    pub is_coloured: bool,
}

/// Parts that a terminal leaves to the page.
const LEFT_OUT: [&str; 3] = ["overview", "words", "others"];

/// The whole text.
pub(super) fn terminal(story: &Story<'_>, paper: Paper) -> String {
    let mut out = Text { out: String::new(), paper: Paper { width: paper.width.clamp(40, 120), ..paper } };
    let overall = story.results.overall;
    let colour = match overall {
        Overall::Valid => Style::new().green(),
        Overall::Invalid | Overall::Liveness => Style::new().red(),
        Overall::Vacuous | Overall::Unknown => Style::new().yellow(),
    };
    let run = format!("{} {}", overall.word(), story.run());
    out.paragraph(&run, "", "  ");
    out.out = out.out.replacen(overall.word(), &out.styled(&colour.bold(), overall.word()), 1);
    out.paragraph(&headline::sentence(story), "", "");
    out.gap();
    out.points(&headline::because(story), |_| "- ".to_owned());
    for Section { id, title, blocks } in outline::sections(story) {
        if !LEFT_OUT.contains(&id) {
            out.heading(&title);
            out.blocks(&blocks);
        }
    }
    out.out
}

struct Text {
    out: String,
    paper: Paper,
}

impl Text {
    fn styled(&self, style: &Style, text: &str) -> String {
        style.clone().force_styling(self.paper.is_coloured).apply_to(text).to_string()
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// An empty line, unless there is one.
    fn gap(&mut self) {
        if !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn heading(&mut self, title: &str) {
        self.gap();
        for line in wrap(&plain(title), self.paper.width) {
            let line = self.styled(&Style::new().bold(), &line);
            self.line(&line);
        }
    }

    fn paragraph(&mut self, text: &str, first: &str, later: &str) {
        let text = plain(text);
        let lines = wrap(&text, Options::new(self.paper.width).initial_indent(first).subsequent_indent(later));
        for line in lines {
            let line = self.with_operations(&line.replace('\u{a0}', " "));
            self.line(&line);
        }
    }

    /// The names of operations stand out.
    fn with_operations(&self, line: &str) -> String {
        let style = Style::new().cyan();
        let pieces = pieces(line).into_iter().map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Operation(index) => self.styled(&style, &format!("#{index}")),
        });
        pieces.collect()
    }

    fn points<S: AsRef<str>>(&mut self, items: &[S], mark: impl Fn(usize) -> String) {
        for (at, item) in items.iter().enumerate() {
            let mark = format!("  {}", mark(at));
            self.paragraph(item.as_ref(), &mark, &" ".repeat(mark.len()));
        }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(text) | Block::Note(text) => self.paragraph(text, "  ", "  "),
            Block::List(items) => self.points(items, |_| "- ".to_owned()),
            Block::Steps(steps) => self.points(steps, |at| format!("{:>2}. ", at + 1)),
            Block::Tiles(tiles) => {
                // no break between a number and what it counts
                let told = tiles.iter().map(|tile| format!("{} {}", tile.value, tile.name).replace(' ', "\u{a0}"));
                let told: Vec<String> = told.collect();
                self.paragraph(&told.join(" · "), "  ", "  ");
            }
            Block::Table(table) => self.table(table),
            // neither fits, and both are on the page
            Block::Figure(..) | Block::More(..) => {}
            Block::Command(command) => {
                let command = self.styled(&Style::new().green(), &plain(command));
                self.line(&format!("    {command}"));
            }
            Block::Terms(terms) => {
                let told: Vec<String> = terms.iter().map(|(term, meaning)| format!("{term}: {meaning}")).collect();
                self.points(&told, |_| "- ".to_owned());
            }
            Block::Part(title, blocks) => {
                self.heading(title);
                self.blocks(blocks);
            }
            Block::About(_, blocks) => self.blocks(blocks),
        }
    }

    /// In columns if they fit, else a row after the other.
    fn table(&mut self, table: &Table) {
        let columns = 0..table.head.len();
        let cell = |cells: &[String], at: usize| cells.get(at).map(|cell| plain(cell)).unwrap_or_default();
        let widths: Vec<usize> = columns
            .map(|at| {
                let cells = table.rows.iter().map(|row| measure_text_width(&cell(&row.cells, at)));
                cells.chain([measure_text_width(table.head[at])]).max().unwrap_or(0)
            })
            .collect();
        self.gap();
        if widths.iter().map(|width| width + 2).sum::<usize>() <= self.paper.width {
            let head: Vec<String> = table.head.iter().map(|&head| head.to_owned()).collect();
            for cells in std::iter::once(&head).chain(table.rows.iter().map(|row| &row.cells)) {
                let pad = |at: usize, width: usize| {
                    let text = cell(cells, at);
                    let space = " ".repeat(width.saturating_sub(measure_text_width(&text)));
                    if table.is_numbers && at > 0 { format!("  {space}{text}") } else { format!("  {text}{space}") }
                };
                let line: String = widths.iter().enumerate().map(|(at, width)| pad(at, *width)).collect();
                let line = self.with_operations(&line);
                self.line(&line);
            }
        } else {
            for row in &table.rows {
                let named = table.head.iter().zip(&row.cells).skip(1).filter(|(_, cell)| *cell != "–");
                let is_pair = table.head.len() == 2;
                let told: Vec<String> =
                    named.map(|(head, cell)| if is_pair { cell.clone() } else { format!("{head} {cell}") }).collect();
                let first = row.cells.first().cloned().unwrap_or_default();
                self.paragraph(&format!("{first}: {}", told.join(", ")), "  ", "      ");
            }
        }
        if let Some(note) = table.note() {
            self.paragraph(&note, "  ", "  ");
        }
        self.gap();
    }
}

/// Text that can't move the cursor, set a title or change a colour.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
