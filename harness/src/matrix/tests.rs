//! What the comparison shows of the systems that everybody knows, and that its page stays harmless.

use std::time::Duration;

use super::cell::Cell;
use super::*;

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
    let cell = compared("redis-everysec", "power-loss", 2);
    assert!(cell.lost.hits > 0 && cell.first.is_some(), "{:?}", cell.lost);
    assert_eq!(cell.claim, Some((Level::Linearizable, true)));
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
