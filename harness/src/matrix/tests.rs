//! What the comparison shows of the systems that everybody knows, and that its page stays harmless.

use std::time::Duration;

use netsplit_systems::system::Level;

use super::cell::Cell;
use super::measure::Share;
use super::rungs::{Held, Rungs};
use super::*;
use crate::sheet::Sheet;

fn compared(system: &str, nemesis: &str, seeds: u64) -> Cell {
    let registry = Registry::builtin();
    let scope = Scope {
        systems: vec![registry.system(system).expect("it is registered")],
        registry,
        nemeses: vec![nemesis.to_owned()],
        seeds,
        length: Duration::from_secs(5),
        rate: 40,
    };
    let measured = scope.tasks().into_iter().map(|task| {
        let trial = scope.run(&task).expect("no Redis is needed");
        (task, Measure::of(&trial))
    });
    let mut cells = cells(measured.collect());
    assert_eq!(cells.len(), 1);
    cells.remove(0)
}

#[test]
fn one_redis_is_linearizable_loses_nothing_and_is_not_always_there() {
    let cell = compared("redis", "partition", 2);
    assert_eq!(cell.rungs.told().as_deref(), Some("linearizable"));
    assert!(cell.lost.hits == 0 && cell.lost.all > 50, "{:?}", cell.lost);
    assert_eq!((cell.broken.hits, cell.unknown), (0, 0));
    let answered = cell.service.answered;
    assert!(answered.hits < answered.all, "no cut kept anybody from Redis");
}

#[test]
fn a_redis_that_syncs_every_second_loses_acknowledged_writes_at_a_power_loss() {
    let cell = compared("redis-everysec", "power-loss", 5);
    assert!(cell.lost.hits > 0 && cell.first.is_some(), "{:?}", cell.lost);
    assert_eq!(cell.claim, Some((Level::Linearizable, true)));
}

#[test]
fn the_comparison_that_is_committed_says_what_the_literature_says_or_why_not() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/matrix.csv");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: no comparison is committed");
        return;
    };
    let all = literature::compared(&Sheet::from_csv(&text).expect("it is the table that `netsplit matrix` writes"));
    for known in all {
        assert!(known.rows > 0, "no row is about it: {}", known.expectation.says);
        assert!(known.is_met() || !known.expectation.note.is_empty(), "{}", known.told());
    }
}

#[test]
fn what_the_committed_gallery_shows_is_explained() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/gallery");
    let Ok(text) = std::fs::read_to_string(format!("{folder}/gallery.csv")) else {
        eprintln!("skipped: no gallery is committed");
        return;
    };
    let gallery = Sheet::from_csv(&text).expect("it is the table that `netsplit matrix` writes");
    let told = |exhibit: &str| {
        std::fs::read_to_string(format!("{folder}/{exhibit}/report.md")).expect("every exhibit has a report")
    };
    let exhibits = gallery.rows().map(|row| row.text("exhibit"));
    let untold: Vec<&str> = exhibits.filter(|exhibit| told(exhibit).contains("this may be a bug")).collect();
    assert!(untold.is_empty(), "no story tells of {untold:?}");
}

#[test]
fn a_row_that_contradicts_the_literature_is_told() {
    let row = |strongest: &str, lost: &str| {
        let mut sheet = Sheet::new(&["system", "nemesis", "claim", "weakened", "strongest", "broken", "writes_lost"]);
        let cells = ["redis", "partition", "linearizable", "false", strongest, "0", lost];
        sheet.rows.push(cells.map(str::to_owned).to_vec());
        let all = literature::compared(&sheet);
        all.iter().filter(|known| !known.is_met()).map(literature::Compared::told).collect::<Vec<_>>()
    };
    assert!(row("linearizable", "0").is_empty());
    for told in [row("sequential", "0"), row("linearizable", "3"), row("linearizable (unknown: causal)", "0")] {
        assert!(told.len() == 1 && told[0].contains("NOT so here, under partition"), "{told:?}");
    }
}

#[test]
fn every_system_is_compared_by_some_workload_that_it_serves() {
    let registry = Registry::builtin();
    for system in registry.systems() {
        let workloads = workloads(system, &registry);
        assert!(!workloads.is_empty(), "{}", system.name);
        for name in workloads {
            assert_eq!(registry.served(registry.workload(name).expect("it is registered"), system), Ok(()));
        }
    }
}

#[test]
fn the_page_shows_hostile_names_as_text_and_allows_no_script_but_its_own() {
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let mut cell = Cell::new(hostile, hostile);
    let signature =
        crate::signature::Signature { system: hostile.into(), checker: "c".into(), anomaly: hostile.into() };
    cell.first = Some(("set".into(), 0, signature));
    let page = page::html(std::slice::from_ref(&cell), hostile);
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains("<img") && page.contains("&lt;script&gt;"));
    assert!(page.contains("default-src 'none'"));
    let markdown = told::markdown(&[cell], "netsplit matrix");
    assert!(!markdown.contains("<script") && !markdown.contains("<img"));
}

/// A system whose runs under `partition` all kept `held`, and answered so many of 4 operations on the smaller side.
fn cut(system: &str, held: Held, answered: u64) -> Cell {
    let mut cell = Cell::new(system, "partition");
    cell.rungs.add(&["linearizable", "sequential", "causal"].map(|model| (model.to_owned(), held)));
    cell.service.majority = Share { hits: 4, all: 4 };
    cell.service.minority = Share { hits: answered, all: 4 };
    cell
}

#[test]
fn the_chart_lists_each_system_under_the_strongest_model_that_held() {
    let mut broken = cut("tells-lies", Held::Broken, 4);
    broken.claim = Some((Level::Linearizable, true));
    broken.broken = Share { hits: 1, all: 2 };
    let without_registers = Cell { rungs: Rungs::default(), ..cut("mails", Held::Holds, 4) };
    let cells = [broken, cut("waits", Held::Holds, 1), without_registers];
    let page = page::html(&cells, "netsplit matrix");
    let chart = &page[page.find("<svg").expect("there is a chart")..page.find("</svg>").expect("which ends")];
    let places = ["linearizable<", "waits<", "100 % and 25 %<", "none of these models<", "tells-lies<"];
    let places = places.map(|text| chart.find(text).unwrap_or_else(|| panic!("no {text} in {chart}")));
    assert!(places.is_sorted(), "{places:?}");
    assert!(chart.contains("100 % and 100 %, broken") && !chart.contains("mails") && !chart.contains("causal"));
    assert_eq!(page.matches("<svg").count(), 1, "there is no run without faults");
}
