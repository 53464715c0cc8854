//! Anomalies, consistency models, and which anomaly rules out which model.
//!
//! The names and the hierarchy are Elle's (Kingsbury & Alvaro, VLDB 2020), after Adya's thesis (1999), Bailis et al.
//! (VLDB 2014) and Cerone, Bernardi & Gotsman (CONCUR 2015).

use std::collections::BTreeSet;
use std::fmt;

/// Which order a cycle needs besides the data's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// None: reads and writes alone contradict each other.
    Data,
    /// The order of each process's transactions.
    Process,
    /// Real time: one transaction was answered before another was invoked.
    Realtime,
}

/// What can be wrong with a history of transactions, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anomaly {
    /// An element was read twice in one list, though it was appended once.
    DuplicateElements,
    /// The versions of a key precede each other in a cycle.
    CyclicVersions,
    /// A cycle of writes over writes.
    G0(Scope),
    /// An answered transaction wrote on top of an aborted one.
    DirtyUpdate,
    /// A value was read that nobody ever wrote.
    GarbageRead,
    /// A value of an aborted transaction was read.
    G1a,
    /// A value was read that its transaction overwrote before it ended.
    G1b,
    /// Two reads of one list can't come from one order of appends.
    IncompatibleOrder,
    /// A transaction read what it wrote only later.
    FutureRead,
    /// A cycle of writes and reads: information flows in a cycle.
    G1c(Scope),
    /// A transaction contradicts its own earlier reads and writes.
    Internal,
    /// Two transactions read one version and both overwrote it.
    LostUpdate,
    /// A cycle with exactly one read that missed a write.
    GSingle(Scope),
    /// A cycle with several reads that missed writes, never two in a row.
    GNonadjacent(Scope),
    /// A cycle with several reads that missed writes, two of them in a row.
    G2Item(Scope),
    /// A transaction read one write of another, and of another key what that one had overwritten.
    FracturedRead,
    /// A cycle of one of the last kinds, by the data alone, of transactions that all write.
    UpdateCycle,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scope) = match self {
            Anomaly::DuplicateElements => ("duplicate-elements", Scope::Data),
            Anomaly::CyclicVersions => ("cyclic-versions", Scope::Data),
            Anomaly::G0(scope) => ("G0", *scope),
            Anomaly::DirtyUpdate => ("dirty-update", Scope::Data),
            Anomaly::GarbageRead => ("garbage-read", Scope::Data),
            Anomaly::G1a => ("G1a", Scope::Data),
            Anomaly::G1b => ("G1b", Scope::Data),
            Anomaly::IncompatibleOrder => ("incompatible-order", Scope::Data),
            Anomaly::FutureRead => ("future-read", Scope::Data),
            Anomaly::G1c(scope) => ("G1c", *scope),
            Anomaly::Internal => ("internal", Scope::Data),
            Anomaly::FracturedRead => ("fractured-read", Scope::Data),
            Anomaly::UpdateCycle => ("G-update", Scope::Data),
            Anomaly::LostUpdate => ("lost-update", Scope::Data),
            Anomaly::GSingle(scope) => ("G-single", *scope),
            Anomaly::GNonadjacent(scope) => ("G-nonadjacent", *scope),
            Anomaly::G2Item(scope) => ("G2-item", *scope),
        };
        f.write_str(name)?;
        f.write_str(match scope {
            Scope::Data => "",
            Scope::Process => "-process",
            Scope::Realtime => "-realtime",
        })
    }
}

macro_rules! models {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal => [$($weaker:ident),*],)+) => {
        /// A consistency model of transactions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Model { $($(#[doc = $doc])+ $variant,)+ }

        impl Model {
            /// Every model, each before those that it implies.
            pub const ALL: &'static [Model] = &[$(Model::$variant),+];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Model::$variant => $name,)+ }
            }

            /// The models that it implies directly.
            fn implies(self) -> &'static [Model] {
                match self { $(Model::$variant => &[$(Model::$weaker),*],)+ }
            }
        }
    };
}

models! {
    /// Some serial order explains everything and keeps real time.
    StrictSerializable "strict-serializable" => [StrongSessionSerializable, StrongSnapshotIsolation],
    /// Some serial order explains everything and keeps each process's order.
    StrongSessionSerializable "strong-session-serializable" => [Serializable, StrongSessionSnapshotIsolation],
    /// Some serial order explains everything.
    Serializable "serializable" => [RepeatableRead, SnapshotIsolation, UpdateSerializable],
    /// Transactions that write are serializable, others see a consistent state (Adya's PL-3U).
    UpdateSerializable "update-serializable" => [ForwardConsistentView],
    /// Snapshots are no older than what was committed before they began, in real time.
    StrongSnapshotIsolation "strong-snapshot-isolation" => [StrongSessionSnapshotIsolation, StrongReadCommitted],
    /// Snapshots are no older than what the process committed before.
    StrongSessionSnapshotIsolation "strong-session-snapshot-isolation" => [SnapshotIsolation, StrongSessionReadCommitted],
    /// Reads come from one snapshot; of two that overwrite each other's, one aborts.
    SnapshotIsolation "snapshot-isolation"
        => [ForwardConsistentView, MonotonicAtomicView, MonotonicSnapshotRead, ParallelSnapshotIsolation, Prefix],
    /// Snapshot isolation whose snapshots need not lie on one line.
    ParallelSnapshotIsolation "parallel-snapshot-isolation" => [Causal, UpdateAtomic],
    /// Every snapshot is a prefix of one order of all commits.
    Prefix "prefix" => [Causal],
    /// Serializable but for predicates (Adya's PL-2.99).
    RepeatableRead "repeatable-read" => [CursorStability, MonotonicAtomicView],
    /// Adya's PL-FCV.
    ForwardConsistentView "forward-consistent-view" => [ConsistentView],
    /// Adya's PL-2+: no cycle with exactly one anti-dependency.
    ConsistentView "consistent-view" => [CursorStability, MonotonicView],
    /// No update of a read value is lost.
    CursorStability "cursor-stability" => [ReadCommitted],
    /// Adya's PL-2L.
    MonotonicView "monotonic-view" => [ReadCommitted],
    /// Adya's PL-MSR.
    MonotonicSnapshotRead "monotonic-snapshot-read" => [ReadCommitted],
    /// What is visible is visible with all that it causally depends on.
    Causal "causal" => [ReadAtomic],
    /// Read atomic without lost updates.
    UpdateAtomic "update-atomic" => [ReadAtomic],
    /// Who sees one effect of a transaction sees all of them.
    ReadAtomic "read-atomic" => [MonotonicAtomicView],
    /// Once one effect of a transaction is seen, all are seen from then on.
    MonotonicAtomicView "monotonic-atomic-view" => [ReadCommitted],
    /// Read committed that keeps real time.
    StrongReadCommitted "strong-read-committed" => [StrongSessionReadCommitted, StrongReadUncommitted],
    /// Read committed that keeps each process's order.
    StrongSessionReadCommitted "strong-session-read-committed" => [ReadCommitted, StrongSessionReadUncommitted],
    /// Only final values of committed transactions are read (Adya's PL-2).
    ReadCommitted "read-committed" => [ReadUncommitted],
    /// Read uncommitted that keeps real time.
    StrongReadUncommitted "strong-read-uncommitted" => [StrongSessionReadUncommitted],
    /// Read uncommitted that keeps each process's order.
    StrongSessionReadUncommitted "strong-session-read-uncommitted" => [ReadUncommitted],
    /// Writes don't interleave (Adya's PL-1).
    ReadUncommitted "read-uncommitted" => [],
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The worst kind of cycle that a model allows nothing of, in order of generality.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    G0,
    G1c,
    Single,
    Nonadjacent,
    Item,
}

impl Model {
    /// The model of this name, if there is one.
    pub fn named(name: &str) -> Option<Model> {
        Model::ALL.iter().copied().find(|model| model.name() == name)
    }

    /// Itself and every model that holds wherever it holds.
    pub fn implied(self) -> BTreeSet<Model> {
        let mut found = BTreeSet::from([self]);
        let mut open = vec![self];
        while let Some(model) = open.pop() {
            open.extend(model.implies().iter().copied().filter(|weaker| found.insert(*weaker)));
        }
        found
    }

    /// Whether it implies anything of real time.
    pub fn keeps_real_time(self) -> bool {
        self.implied().contains(&Model::StrongReadUncommitted)
    }

    /// Whether a history with this anomaly can't be one of this model.
    pub fn forbids(self, anomaly: Anomaly) -> bool {
        self.implied().iter().any(|model| model.forbids_itself(anomaly))
    }

    fn forbids_itself(self, anomaly: Anomaly) -> bool {
        match anomaly {
            Anomaly::DuplicateElements | Anomaly::CyclicVersions => self == Model::ReadUncommitted,
            // an order that does not fit was read from a state that was never committed
            Anomaly::DirtyUpdate
            | Anomaly::GarbageRead
            | Anomaly::G1a
            | Anomaly::G1b
            | Anomaly::IncompatibleOrder
            | Anomaly::FutureRead => self == Model::ReadCommitted,
            Anomaly::Internal => matches!(self, Model::ReadAtomic | Model::Serializable),
            Anomaly::FracturedRead => matches!(self, Model::ReadAtomic | Model::ConsistentView | Model::RepeatableRead),
            Anomaly::UpdateCycle => self == Model::UpdateSerializable,
            Anomaly::LostUpdate => {
                matches!(self, Model::CursorStability | Model::UpdateAtomic | Model::RepeatableRead)
            }
            Anomaly::G0(scope) => self.forbids_cycle(Class::G0, scope),
            Anomaly::G1c(scope) => self.forbids_cycle(Class::G1c, scope),
            Anomaly::GSingle(scope) => self.forbids_cycle(Class::Single, scope),
            Anomaly::GNonadjacent(scope) => self.forbids_cycle(Class::Nonadjacent, scope),
            Anomaly::G2Item(scope) => self.forbids_cycle(Class::Item, scope),
        }
    }

    /// Whether the anomalies that are looked for are all that it forbids: then it holds where none of them is found. Of
    /// the other models that is only known where a model that implies them holds.
    pub fn is_decided(self) -> bool {
        matches!(
            self,
            Model::StrictSerializable
                | Model::StrongSessionSerializable
                | Model::Serializable
                | Model::StrongSnapshotIsolation
                | Model::StrongSessionSnapshotIsolation
                | Model::SnapshotIsolation
                | Model::ParallelSnapshotIsolation
                | Model::RepeatableRead
                | Model::ConsistentView
                | Model::ReadAtomic
                | Model::StrongReadCommitted
                | Model::StrongSessionReadCommitted
                | Model::ReadCommitted
                | Model::StrongReadUncommitted
                | Model::StrongSessionReadUncommitted
                | Model::ReadUncommitted
        )
    }

    fn forbids_cycle(self, class: Class, scope: Scope) -> bool {
        let (worst, order) = match self {
            Model::ReadUncommitted => (Class::G0, Scope::Data),
            Model::StrongSessionReadUncommitted => (Class::G0, Scope::Process),
            Model::StrongReadUncommitted => (Class::G0, Scope::Realtime),
            Model::ReadCommitted => (Class::G1c, Scope::Data),
            Model::StrongSessionReadCommitted => (Class::G1c, Scope::Process),
            Model::StrongReadCommitted => (Class::G1c, Scope::Realtime),
            // Cerone & Gotsman, "Analysing snapshot isolation" (2018), theorem 9, without sessions
            Model::ConsistentView | Model::ParallelSnapshotIsolation => (Class::Single, Scope::Data),
            Model::SnapshotIsolation => (Class::Nonadjacent, Scope::Data),
            Model::StrongSessionSnapshotIsolation => (Class::Nonadjacent, Scope::Process),
            Model::StrongSnapshotIsolation => (Class::Nonadjacent, Scope::Realtime),
            Model::RepeatableRead | Model::Serializable => (Class::Item, Scope::Data),
            Model::StrongSessionSerializable => (Class::Item, Scope::Process),
            Model::StrictSerializable => (Class::Item, Scope::Realtime),
            _ => return false,
        };
        class <= worst && scope <= order
    }
}

/// The models that `anomalies` rule out.
pub fn ruled_out(anomalies: impl IntoIterator<Item = Anomaly>) -> BTreeSet<Model> {
    let anomalies: Vec<Anomaly> = anomalies.into_iter().collect();
    Model::ALL.iter().copied().filter(|model| anomalies.iter().any(|anomaly| model.forbids(*anomaly))).collect()
}

/// The strongest models that are not ruled out: none of them is implied by another.
pub fn strongest(not: &BTreeSet<Model>) -> Vec<Model> {
    let holds = |model: &Model| !not.contains(model);
    let covered = |model: Model| Model::ALL.iter().any(|m| *m != model && holds(m) && m.implied().contains(&model));
    Model::ALL.iter().copied().filter(|model| holds(model) && !covered(*model)).collect()
}
