//! The report as Markdown, for issues and terminals.

use super::evidence::{self, MOST_EVIDENCE};
use super::story::Story;
use super::table::Table;
use super::{glossary, overview, page, tables, words};

/// The whole text.
pub(super) fn markdown(story: &Story<'_>) -> String {
    let mut out = Text::default();
    out.line(&format!("# {}", escaped(&story.sentence())));
    let (plan, results) = (story.plan, story.results);
    let run = format!("{} · {} · {} · seed {}", plan.system, plan.workload, plan.nemesis, plan.seed);
    out.line(&format!("**{}** · {}", results.overall.word(), escaped(&run)));
    out.list(&story.because());
    out.line("## Verdicts");
    out.list(
        &results
            .verdicts
            .iter()
            .map(|judged| format!("{}: {}", judged.checker, page::verdict(judged)))
            .collect::<Vec<_>>(),
    );
    contradictions(story, &mut out);
    out.line("## Numbers");
    for table in tables::outcomes(story).iter().chain([&tables::run(story), &overview::table(story)]) {
        out.table(table);
    }
    out.line("## Faults");
    out.table(&tables::faults(story));
    out.line("## Run it again");
    let indented: Vec<String> = story.replay.lines().map(|line| format!("    {line}")).collect();
    out.line(&indented.join("\n"));
    out.line("## What this check can not see");
    out.list(&glossary::BLIND);
    out.line("## Words");
    out.list(&glossary::WORDS.map(|(word, meaning)| format!("{word}: {meaning}")));
    out.0
}

fn contradictions(story: &Story<'_>, out: &mut Text) {
    let all = story.results.evidence().count();
    if all == 0 {
        return;
    }
    out.line(&format!("## {}", words::count(all, "contradiction")));
    if all > MOST_EVIDENCE {
        out.line(&format!("The first {MOST_EVIDENCE} are shown; results.json has all."));
    }
    for (at, (checker, evidence)) in story.results.evidence().take(MOST_EVIDENCE).enumerate() {
        out.line(&format!("### {}. {}", at + 1, escaped(&evidence::heading(evidence))));
        out.line(&escaped(&format!("Found by checker {checker}. {}", words::clipped_to(&evidence.summary, 600))));
        out.table(&evidence::table(evidence, &evidence::operations(story, evidence), ""));
        let steps = evidence::steps(evidence);
        let numbered = steps.iter().enumerate().map(|(at, step)| format!("{}. {}", at + 1, escaped(step)));
        out.line(&numbered.collect::<Vec<_>>().join("\n"));
        let legal = evidence::legal(evidence);
        if !legal.is_empty() {
            out.line(&escaped(&format!("Legal there would have been: {}", legal.join(", "))));
        }
    }
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

    fn list<S: AsRef<str>>(&mut self, items: &[S]) {
        let lines: Vec<String> = items.iter().map(|item| format!("- {}", escaped(item.as_ref()))).collect();
        self.line(&lines.join("\n"));
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return self.line("None.");
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
