//! What the literature says of these systems, and whether the comparison says so too. A difference is told with its reason.

use crate::registry;
use crate::sheet::{Row, Sheet};

/// Something that is known of a system, read off the rows of the comparison.
pub struct Expectation {
    /// In a sentence.
    pub says: &'static str,
    /// Who says it.
    pub source: &'static str,
    system: &'static str,
    /// Which of the system's rows it is about.
    about: fn(&Row<'_>) -> bool,
    holds: Holds,
    /// Why it may not be what the comparison shows; empty if it must be.
    pub note: &'static str,
}

/// In how many of the rows it has to be seen.
enum Holds {
    Everywhere(fn(&Row<'_>) -> bool),
    Somewhere(fn(&Row<'_>) -> bool),
}

/// Faults under which the system promises something that it means to keep.
fn is_promised(row: &Row<'_>) -> bool {
    !row.text("claim").is_empty() && row.text("weakened") == "false"
}

fn has_family(row: &Row<'_>, wanted: &[&str]) -> bool {
    let nemesis = registry::NEMESES.iter().find(|nemesis| nemesis.name == row.text("nemesis"));
    nemesis.is_some_and(|nemesis| nemesis.families.iter().all(|family| wanted.contains(family)))
}

/// Cuts, and nothing else.
fn is_cut(row: &Row<'_>) -> bool {
    has_family(row, &["partition", "flapping"]) && row.number("available_minority").is_some()
}

fn is_linearizable(row: &Row<'_>) -> bool {
    row.text("strongest") == "linearizable" && row.text("broken") == "0"
}

fn loses(row: &Row<'_>) -> bool {
    row.number("writes_lost").is_some_and(|lost| lost > 0.0)
}

fn loses_nothing(row: &Row<'_>) -> bool {
    row.number("writes_lost").is_none_or(|lost| lost == 0.0)
}

fn both_sides_answer(row: &Row<'_>) -> bool {
    [row.number("available_minority"), row.number("available_majority")]
        .iter()
        .all(|share| share.is_some_and(|share| share > 0.95))
}

fn minority_is_worse_off(row: &Row<'_>) -> bool {
    match (row.number("available_minority"), row.number("available_majority")) {
        (Some(minority), Some(majority)) => minority < majority,
        _ => true,
    }
}

/// What is expected.
pub const EXPECTATIONS: &[Expectation] = &[
    Expectation {
        says: "a single Redis that syncs before it answers is linearizable, under all that it promises to live with",
        source: "Redis documentation, \"Persistence\"",
        system: "redis",
        about: is_promised,
        holds: Holds::Everywhere(is_linearizable),
        note: "",
    },
    Expectation {
        says: "a single source of truth loses no acknowledged write",
        source: "Kingsbury 2013, \"Call me maybe: Postgres\"",
        system: "redis",
        about: is_promised,
        holds: Holds::Everywhere(loses_nothing),
        note: "",
    },
    Expectation {
        says: "Raft is linearizable, under all that it promises to live with",
        source: "Ongaro and Ousterhout 2014",
        system: "raft",
        about: is_promised,
        holds: Holds::Everywhere(is_linearizable),
        note: "",
    },
    Expectation {
        says: "a quorum with write-back is linearizable for reads and blind writes",
        source: "Attiya, Bar-Noy and Dolev 1995",
        system: "quorum",
        about: is_promised,
        holds: Holds::Everywhere(is_linearizable),
        note: "",
    },
    Expectation {
        says: "Raft gives up the minority's side of a cut",
        source: "Gilbert and Lynch 2002",
        system: "raft",
        about: is_cut,
        holds: Holds::Everywhere(minority_is_worse_off),
        note: "",
    },
    Expectation {
        says: "a quorum gives up the minority's side of a cut",
        source: "Gilbert and Lynch 2002",
        system: "quorum",
        about: is_cut,
        holds: Holds::Everywhere(minority_is_worse_off),
        note: "",
    },
    Expectation {
        says: "replicas of convergent data types answer on both sides of a cut",
        source: "Shapiro et al. 2011",
        system: "crdt",
        about: is_cut,
        holds: Holds::Everywhere(both_sides_answer),
        note: "",
    },
    Expectation {
        says: "a set of convergent type loses no acknowledged create",
        source: "Kingsbury 2013, \"Call me maybe: Riak\"",
        system: "crdt",
        about: is_promised,
        holds: Holds::Everywhere(loses_nothing),
        note: "",
    },
    Expectation {
        says: "asynchronous replication with failover loses acknowledged writes",
        source: "Kingsbury 2013, \"Call me maybe: Redis\"",
        system: "redis-failover",
        about: |row| has_family(row, &["partition", "crash", "flapping", "one-way", "power-loss"]),
        holds: Holds::Somewhere(loses),
        note: "",
    },
    Expectation {
        says: "a log that is synced once a second loses acknowledged writes at a power loss",
        source: "Redis documentation, \"Persistence\"",
        system: "redis-everysec",
        about: |row| has_family(row, &["power-loss"]),
        holds: Holds::Somewhere(loses),
        note: "",
    },
];

/// An expectation beside the rows of a comparison.
pub struct Compared {
    /// What is expected.
    pub expectation: &'static Expectation,
    /// How many rows it is about.
    pub rows: usize,
    /// The nemeses under which it is not seen.
    pub differs: Vec<String>,
}

impl Compared {
    /// Whether the comparison says so too; it does if it has no row that could say otherwise.
    pub fn is_met(&self) -> bool {
        match self.expectation.holds {
            Holds::Everywhere(_) => self.differs.is_empty(),
            Holds::Somewhere(_) => self.rows == 0 || self.differs.len() < self.rows,
        }
    }

    /// In a sentence.
    pub fn told(&self) -> String {
        let Expectation { says, source, system, note, .. } = self.expectation;
        let rows = self.rows;
        let seen = rows - self.differs.len();
        let shown = match (rows, self.is_met(), note.is_empty()) {
            (0, ..) => "no row here is about it".to_owned(),
            (_, true, _) => format!("so it is here, in {seen} of {rows} rows of `{system}`"),
            (_, false, true) => format!("NOT so here, under {}", self.differs.join(", ")),
            (_, false, false) => format!("here it differs under {}: {note}", self.differs.join(", ")),
        };
        format!("{says} ({source}): {shown}.")
    }
}

/// Every expectation beside the rows of a comparison, as its table for programs has them.
pub fn compared(programs: &Sheet) -> Vec<Compared> {
    let each = EXPECTATIONS.iter().map(|expectation| {
        let about = |row: &Row<'_>| row.text("system") == expectation.system && (expectation.about)(row);
        let (Holds::Everywhere(is_seen) | Holds::Somewhere(is_seen)) = expectation.holds;
        let rows: Vec<Row<'_>> = programs.rows().filter(about).collect();
        let differs = rows.iter().filter(|row| !is_seen(row)).map(|row| row.text("nemesis").to_owned()).collect();
        Compared { expectation, rows: rows.len(), differs }
    });
    each.collect()
}
