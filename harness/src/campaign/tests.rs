//! A campaign for the tests of its parts.

use super::shard::Shard;
use super::spec::{Cell, Limits, MARK, Size, Spec};

/// So many cells and seeds, and a canary of seven runs.
pub(crate) fn spec(cells: usize, seeds: u64) -> Spec {
    let cell =
        |number| Cell { system: "redis".into(), workload: "register".into(), nemesis: format!("nemesis-{number}") };
    Spec {
        what: MARK.into(),
        netsplit: "0.0.0".into(),
        name: "test".into(),
        cells: (0..cells).map(cell).collect(),
        size: Size { nodes: 3, clients: 2, length_ms: 1000, rate: 10, beyond: false },
        first_seed: 100,
        seeds: Some(seeds),
        budget_seconds: None,
        shard: Shard::default(),
        canary_runs: 7,
        limits: Limits { seconds: 60, memory_mib: 1024 },
        candidates: 10,
    }
}
