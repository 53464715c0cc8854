//! The report as a page: one file that loads nothing, reads without JavaScript, and reads better with it.

use maud::{Markup, html};

use super::document::{Block, Piece, Scope, Section, Tile, pieces};
use super::story::Story;
use super::table::Table;
use super::{headline, outline};
use crate::page::Page;

/// Shows operations where they are named.
pub(crate) const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub(super) fn html(story: &Story<'_>) -> String {
    let sections = outline::sections(story);
    let page = Page { title: &headline::title(story), style: "", scripts: &[SCRIPT], may_ask: false };
    page.html(None, &head(story, &sections), &html! { @for section in &sections { (shown(section)) } })
}

fn head(story: &Story<'_>, sections: &[Section]) -> Markup {
    let overall = story.results.overall.word();
    // the sentence names operations, which the witness below has
    let witness = story.witness().map(|_| "e1");
    html! {
        p.run { (story.run()) }
        h1 { (linked_to(&headline::sentence(story), |index| witness.filter(|_| story.operation(index).is_some()).map(str::to_owned))) }
        div.verdict {
            span class=(format!("badge {overall}")) { (overall) }
            ul { @for reason in headline::because(story) { li { (reason) } } }
        }
        nav aria-label="Parts of this report" {
            ul { @for section in sections { li { a href=(format!("#{}", section.id)) { (section.title) } } } }
        }
    }
}

fn shown(section: &Section) -> Markup {
    html! {
        section aria-labelledby=(section.id) {
            h2 id=(section.id) { (section.title) }
            (all(&section.blocks, &Scope::default()))
        }
    }
}

fn all(blocks: &[Block], scope: &Scope) -> Markup {
    html! { @for block in blocks { (one(block, scope)) } }
}

fn one(block: &Block, scope: &Scope) -> Markup {
    let linked = |text: &str| linked(text, scope);
    html! {
        @match block {
            Block::Text(text) => p { (linked(text)) },
            Block::Note(text) => p.note { (linked(text)) },
            Block::List(items) => ul { @for item in items { li { (linked(item)) } } },
            Block::Steps(steps) => ol { @for step in steps { li { (linked(step)) } } },
            Block::Tiles(tiles) => dl.tiles { @for tile in tiles { (tile_html(tile)) } },
            Block::Table(table) => (table_html(table, scope)),
            Block::Figure(drawing, caption) => figure {
                div.scroll tabindex="0" role="group" aria-label="A figure that scrolls sideways" { (drawing) }
                figcaption { (caption) }
            },
            Block::Command(command) => pre.command { code { (command) } },
            Block::Terms(terms) => dl { @for (term, meaning) in terms { dt { (term) } dd { (meaning) } } },
            Block::Part(title, blocks) => { h3 { (title) } (all(blocks, scope)) },
            Block::More(title, blocks) => details { summary { (title) } (all(blocks, scope)) },
            Block::About(scope, blocks) => (all(blocks, scope)),
        }
    }
}

fn tile_html(tile: &Tile) -> Markup {
    html! { div.bad[tile.is_bad] { dt { (tile.name) } dd { (tile.value) } } }
}

fn table_html(table: &Table, scope: &Scope) -> Markup {
    let name = |operation: Option<u64>| operation.map(|index| format!("{}-{index}", scope.prefix));
    html! {
        div.scroll tabindex="0" role="group" aria-label=(table.caption) {
            table.numbers[table.is_numbers] {
                caption { (table.caption) }
                thead { tr { @for head in &table.head { th scope="col" { (head) } } } }
                tbody {
                    @for row in &table.rows {
                        @let name = name(row.operation);
                        tr id=[name.as_deref()] data-op=[name.as_deref()] class=(row.class) {
                            @for (at, cell) in row.cells.iter().enumerate() {
                                @if let (0, Some(name)) = (at, &name) {
                                    th scope="row" { a href=(format!("#{name}-bar")) data-op=(name) title="show it in the timeline" { (cell) } }
                                } @else if at == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(note) = table.note() { p.note { (note) } }
    }
}

/// A text in which the operations of the scope can be followed to their rows, and with JavaScript to the timeline.
fn linked(text: &str, scope: &Scope) -> Markup {
    linked_to(text, |index| scope.operations.contains(&index).then(|| scope.prefix.clone()))
}

fn linked_to(text: &str, prefix: impl Fn(u64) -> Option<String>) -> Markup {
    html! {
        @for piece in pieces(text) {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Operation(index) => @if let Some(prefix) = prefix(index) {
                    @let name = format!("{prefix}-{index}");
                    a href=(format!("#{name}")) data-op=(name) { "#" (index) }
                } @else { "#" (index) },
            }
        }
    }
}
