//! Which systems, workloads and nemeses a campaign has: all that fit together, within what each system claims.

use std::collections::BTreeSet;

use netsplit_systems::system::System;
use netsplit_workloads::Workload;

use super::spec::Cell;
use crate::registry::{Registry, Unknown};
use crate::suited;

/// What a person chooses; empty is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The systems; if left out all but the weakened ones.
    pub systems: Vec<String>,
    /// The workloads; if left out all that a system serves.
    pub workloads: Vec<String>,
    /// The nemeses, each with its names joined by `+` or commas; if left out a swarm of what the system tolerates.
    pub nemeses: Vec<String>,
    /// Whether cells are kept in which a system claims nothing.
    pub beyond: bool,
}

/// What a choice comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// What is run.
    pub cells: Vec<Cell>,
    /// What is not, and why.
    pub left_out: Vec<String>,
}

impl Choice {
    /// All that fit together; an `Err` names what is not registered.
    pub fn cells(&self, registry: &Registry) -> Result<Chosen, Unknown> {
        let systems = named(&self.systems, |name| registry.system(name))?;
        let workloads = named(&self.workloads, |name| registry.workload(name))?;
        let swarm = ["swarm".to_owned()];
        let nemeses = if self.nemeses.is_empty() { &swarm[..] } else { &self.nemeses };
        let nemeses: Vec<String> = nemeses.iter().map(|names| names.replace('+', ",")).collect();
        nemeses.iter().try_for_each(|names| registry.nemeses_named(names).map(drop))?;
        let sound = |system: &&&System| !system.claims.iter().any(|claim| claim.weakened);
        let systems = systems.unwrap_or_else(|| registry.systems().iter().filter(sound).copied().collect());
        let mut chosen = Chosen::default();
        for system in systems {
            let is_asked = workloads.is_some();
            for workload in workloads.clone().unwrap_or_else(|| suited::workloads(registry, system)) {
                match registry.served(workload, system) {
                    Ok(()) => nemeses.iter().for_each(|nemesis| {
                        chosen.add(system, workload, nemesis, claimed(system, nemesis, registry) || self.beyond);
                    }),
                    Err(error) if is_asked => chosen.left_out.push(error.to_string()),
                    Err(_) => {}
                }
            }
        }
        Ok(chosen)
    }
}

impl Chosen {
    fn add(&mut self, system: &System, workload: &Workload, nemesis: &str, is_kept: bool) {
        let cell = Cell { system: system.name.into(), workload: workload.name.into(), nemesis: nemesis.into() };
        if is_kept {
            // What is named twice is run once: the same seeds would count twice.
            if !self.cells.contains(&cell) {
                self.cells.push(cell);
            }
        } else {
            self.left_out.push(format!("{cell}: `{}` claims nothing under it; --beyond runs it", system.name));
        }
    }
}

/// Whether a system claims anything under a nemesis.
fn claimed(system: &System, nemesis: &str, registry: &Registry) -> bool {
    let named = registry.nemeses_named(nemesis).unwrap_or_default();
    let families: BTreeSet<&str> = named.into_iter().flat_map(|one| one.families.iter().copied()).collect();
    system.claim_under(&families.into_iter().collect::<Vec<_>>()).is_some()
}

/// Those of these names; `None` if none is named.
fn named<T>(
    names: &[String],
    find: impl Fn(&str) -> Result<&'static T, Unknown>,
) -> Result<Option<Vec<&'static T>>, Unknown> {
    let found: Vec<&T> = names.iter().map(|name| find(name.trim())).collect::<Result<_, _>>()?;
    Ok((!found.is_empty()).then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn by_itself_every_system_that_keeps_its_claims_is_run_with_every_workload_that_it_serves() {
        let chosen = Choice::default().cells(&Registry::builtin()).expect("nothing is named");
        let of = |system: &str| chosen.cells.iter().filter(|cell| cell.system == system).count();
        assert!(of("redis") > 2 && of("raft") > 2 && of("ping-pong") == 1, "{:?}", chosen.cells);
        assert_eq!((of("redis-everysec"), chosen.left_out.len()), (0, 0));
        assert!(chosen.cells.iter().all(|cell| cell.nemesis == "swarm" && cell.workload != "set-rmw"));
    }

    #[test]
    fn what_does_not_fit_or_is_not_claimed_is_left_out_and_said() {
        let choice = Choice {
            systems: list(&["quorum", "redis"]),
            workloads: list(&["register", "set"]),
            nemeses: list(&["crash+partition", "amnesia"]),
            beyond: false,
        };
        let chosen = choice.cells(&Registry::builtin()).expect("the names are known");
        let cells: Vec<String> = chosen.cells.iter().map(ToString::to_string).collect();
        assert!(cells.contains(&"redis/register/crash,partition".to_owned()), "{cells:?}");
        let told = chosen.left_out.join("\n");
        assert!(told.contains("redis/set/amnesia: `redis` claims nothing under it"), "{told}");
        assert!(told.contains("workload `register` needs"), "{told}");
        let beyond = Choice { beyond: true, ..choice }.cells(&Registry::builtin()).expect("the names are known");
        assert!(beyond.cells.len() > chosen.cells.len());
    }

    #[test]
    fn an_unknown_name_is_named() {
        let wrong = |choice: Choice| choice.cells(&Registry::builtin()).expect_err("it is not registered").to_string();
        assert!(wrong(Choice { systems: list(&["rafd"]), ..Choice::default() }).contains("did you mean `raft`"));
        assert!(wrong(Choice { nemeses: list(&["crash+crsh"]), ..Choice::default() }).contains("`crash`"));
    }
}
