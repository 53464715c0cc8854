//! The page: its order, its frame, its policy.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use netsplit_checker::Verdict;

use super::evidence::{self, MOST_EVIDENCE};
use super::story::Story;
use super::{glossary, overview, tables, words};
use crate::judge::Judged;

/// Nothing may be loaded and nothing may run: a second wall behind the escaping.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// What the contradictions together may take of a page.
const MOST_BYTES: usize = 400_000;

/// The whole page.
pub(super) fn html(story: &Story<'_>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (story.title()) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body { (header(story)) main { (body(story)) } }
        }
    };
    page.into_string()
}

fn header(story: &Story<'_>) -> Markup {
    let (plan, overall) = (story.plan, story.results.overall.word());
    let because = story.because();
    html! {
        header {
            p.run {
                span class=(format!("badge {overall}")) { (overall) }
                " " (plan.system) " · " (plan.workload) " · " (plan.nemesis) " · seed " (plan.seed)
            }
            h1 { (story.sentence()) }
            @if !because.is_empty() { ul.because { @for reason in because { li { (reason) } } } }
            nav aria-label="Parts of this report" {
                @if story.results.evidence().next().is_some() { a href="#evidence" { "Contradictions" } " " }
                a href="#numbers" { "Numbers" } " " a href="#overview" { "Over time" } " "
                a href="#faults" { "Faults" } " " a href="#replay" { "Replay" } " " a href="#words" { "Words" }
            }
        }
    }
}

fn body(story: &Story<'_>) -> Markup {
    let outcomes = tables::outcomes(story);
    let faults = tables::faults(story);
    html! {
        section aria-labelledby="verdicts" {
            h2 id="verdicts" { "Verdicts" }
            ul { @for judged in &story.results.verdicts { li { strong { (judged.checker) } ": " (verdict(judged)) } } }
        }
        (contradictions(story))
        section aria-labelledby="numbers" {
            h2 id="numbers" { "Numbers" }
            @for table in outcomes.iter().take(1) { (table.html()) }
            (tables::run(story).html())
            @for table in outcomes.iter().skip(1) { details open { summary { (table.caption) } (table.html()) } }
        }
        section aria-labelledby="overview" { h2 id="overview" { "The run over time" } (overview::html(story)) }
        section aria-labelledby="faults" {
            h2 id="faults" { "Faults" }
            @if faults.rows.is_empty() { p { "None were planned." } } @else { (faults.html()) }
        }
        section aria-labelledby="replay" {
            h2 id="replay" { "Run it again" }
            p { "This does the same run again, to the same digest:" }
            pre.command { code { (story.replay) } }
        }
        section aria-labelledby="blind" {
            h2 id="blind" { "What this check can not see" }
            ul { @for limit in glossary::BLIND { li { (limit) } } }
        }
        section aria-labelledby="words" {
            h2 id="words" { "Words" }
            dl { @for (word, meaning) in glossary::WORDS { dt { (word) } dd { (meaning) } } }
        }
    }
}

fn contradictions(story: &Story<'_>) -> Markup {
    let all = story.results.evidence().count();
    let mut told: Vec<Markup> = Vec::new();
    let mut bytes = 0;
    for (at, (checker, evidence)) in story.results.evidence().take(MOST_EVIDENCE).enumerate() {
        let article = evidence::html(story, at + 1, checker, evidence);
        bytes += article.0.len();
        // the first is always told: it alone is below what a page may have
        if at > 0 && bytes > MOST_BYTES {
            break;
        }
        told.push(article);
    }
    html! {
        @if all > 0 {
            section aria-labelledby="evidence" {
                h2 id="evidence" { (words::count(all, "contradiction")) }
                @if all > told.len() { p.note { "Shown: the first " (told.len()) "; results.json has all." } }
                @for article in &told { (article) }
            }
        }
    }
}

/// A checker's answer in a few words.
pub(super) fn verdict(judged: &Judged) -> String {
    match &judged.verdict {
        Verdict::Valid { vacuous: None } => "valid".to_owned(),
        Verdict::Valid { vacuous: Some(reason) } => format!("vacuous, because {reason}"),
        Verdict::Unknown(cause) => format!("unknown, because {cause}"),
        Verdict::Invalid(evidence) => format!("invalid, {}", words::count(evidence.len(), "contradiction")),
    }
}
