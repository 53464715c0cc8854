//! The report as Markdown, for issues and terminals.

use super::document::{Block, Section};
use super::story::Story;
use super::table::Table;
use super::{headline, outline};

/// The whole text.
pub(super) fn markdown(story: &Story<'_>) -> String {
    let mut out = Text::default();
    out.line(&format!("# {}", escaped(&headline::sentence(story))));
    out.line(&format!("**{}** · {}", story.results.overall.word(), escaped(&story.run())));
    out.list(&headline::because(story));
    for Section { title, blocks, .. } in outline::sections(story) {
        out.line(&format!("## {}", escaped(&title)));
        out.blocks(&blocks);
    }
    out.0
}

/// Paragraphs with an empty line between them.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.push_str(text);
            self.0.push_str("\n\n");
        }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(text) | Block::Note(text) => self.line(&escaped(text)),
            Block::List(items) => self.list(items),
            Block::Steps(steps) => {
                let numbered = steps.iter().enumerate().map(|(at, step)| format!("{}. {}", at + 1, escaped(step)));
                self.line(&numbered.collect::<Vec<_>>().join("\n"));
            }
            Block::Tiles(tiles) => {
                let told = tiles.iter().map(|tile| format!("{} **{}**", escaped(&tile.name), escaped(&tile.value)));
                self.line(&told.collect::<Vec<_>>().join(" · "));
            }
            Block::Table(table) => self.table(table),
            // its numbers are in a table beside it
            Block::Figure(..) => {}
            Block::Command(command) => {
                let indented: Vec<String> = command.lines().map(|line| format!("    {line}")).collect();
                self.line(&indented.join("\n"));
            }
            Block::Terms(terms) => {
                let lines: Vec<String> = terms.iter().map(|(term, meaning)| format!("{term}: {meaning}")).collect();
                self.list(&lines);
            }
            Block::Part(title, blocks) | Block::More(title, blocks) => {
                self.line(&format!("### {}", escaped(title)));
                self.blocks(blocks);
            }
            Block::About(_, blocks) => self.blocks(blocks),
        }
    }

    fn list<S: AsRef<str>>(&mut self, items: &[S]) {
        let lines: Vec<String> = items.iter().map(|item| format!("- {}", escaped(item.as_ref()))).collect();
        self.line(&lines.join("\n"));
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let rule = table.head.iter().enumerate().map(|(at, _)| if table.is_numbers && at > 0 { "--:" } else { "---" });
        let mut lines =
            vec![row(table.head.iter().map(|head| escaped(head)).collect()), row(rule.map(str::to_owned).collect())];
        lines.extend(table.rows.iter().map(|line| row(line.cells.iter().map(|cell| escaped(cell)).collect())));
        self.line(&format!("**{}**", escaped(&table.caption)));
        self.line(&lines.join("\n"));
        self.line(&table.note().unwrap_or_default());
    }
}

/// Text that no Markdown reader takes for markup; a mention, a link or a table's end among it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            // an issue tracker makes links of these
            '#' => out.push_str("&#35;"),
            '@' => out.push_str("&#64;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
