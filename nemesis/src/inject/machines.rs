//! The machines that faults are done to, as the nemesis sees them.

use netsplit_systems::clock::Clock;
use netsplit_systems::disk::Platter;
use netsplit_systems::gate::Gate;
use netsplit_systems::weather::Weather;

/// What is under a host's process, and outlives it.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Its disk.
    pub platter: Platter,
    /// Its wall clock.
    pub clock: Clock,
    /// What stops and continues its process.
    pub gate: Gate,
}

/// The machines of a run.
pub trait Machines {
    /// The machine of this host; `None` if the host is not the system's.
    fn machine(&self, host: &str) -> Option<&Machine>;
    /// The weather on all links.
    fn weather(&self) -> &Weather;
    /// The node that says that it leads.
    fn leader(&self) -> Option<String>;
    /// The process on `host` is dead; the machine's memory and disk are as they were.
    fn crashed(&mut self, host: &str);
    /// What the machine's disk has not synced is gone, but for so many thousandths of each file's unsynced bytes, from their
    /// beginning. Returns how many bytes are gone.
    fn lost_power(&mut self, host: &str, torn_permille: u16) -> u64;
    /// All that the machine's disk held is gone. Returns how many bytes that were.
    fn forgot(&mut self, host: &str) -> u64;
}
