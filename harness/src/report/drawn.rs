//! The command that draws the plan of a run, for other systems and other seeds too.

use std::time::Duration;

use crate::case::Case;
use crate::plan::Config;

/// What a command of other runs has in common with the run that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// All but what the command changes.
    Same,
    /// Its workload and its families of faults: the plan itself was cut down, or written by hand, and no command draws it.
    OfItsKind,
}

/// The command that draws this plan for another system or other seeds, or where none does, plans of its kind; `None` if a
/// stranger's plan says of its faults what no command could.
pub(super) fn command(case: &Case, system: &str, seeds: &str) -> Option<(Likeness, String)> {
    let nemeses = case.registry.nemeses_named(&case.nemesis).ok()?;
    let nemeses: Vec<&str> = nemeses.iter().map(|nemesis| nemesis.name).collect();
    let kind =
        format!("netsplit run --system {system} --workload {} --nemesis {}", case.workload.name, nemeses.join(","));
    let Some(config) = config(case) else {
        return Some((Likeness::OfItsKind, format!("{kind} --seed {seeds}")));
    };
    let usual = Config::default();
    let length = humantime::format_duration(config.time_limit).to_string().replace(' ', "");
    let flags: String = [
        (config.nodes != usual.nodes, format!(" --nodes {}", config.nodes)),
        (config.clients != usual.clients, format!(" --clients {}", config.clients)),
        (config.time_limit != usual.time_limit, format!(" --time-limit {length}")),
        (config.rate != usual.rate, format!(" --rate {}", config.rate)),
        (config.core, " --core".to_owned()),
        (config.beyond, " --beyond".to_owned()),
    ]
    .into_iter()
    .filter_map(|(is_given, flag)| is_given.then_some(flag))
    .collect();
    Some((Likeness::Same, format!("{kind}{flags} --seed {seeds}")))
}

/// The configuration that a plan was drawn from; `None` if drawing does not give the plan.
fn config(case: &Case) -> Option<Config> {
    let length_ms = case.length_ms.checked_sub(case.start_ms).filter(|length_ms| *length_ms > 0)?;
    let operations = case.scripts.iter().map(Vec::len).sum::<usize>() as u64;
    let rate = (operations * 1000 + length_ms / 2) / length_ms;
    let config = Config {
        system: case.system.name.into(),
        workload: case.workload.name.into(),
        nemesis: case.nemesis.clone(),
        nodes: case.nodes.len(),
        clients: case.scripts.len(),
        time_limit: Duration::from_millis(length_ms),
        rate: u32::try_from(rate).ok()?,
        redis: case.redis,
        beyond: false,
        core: !case.dead.is_empty(),
    };
    let candidates = [Config { beyond: !case.swarm.is_empty(), ..config.clone() }, config];
    candidates
        .into_iter()
        .rev()
        .find(|config| Case::draw(case.seed, config, &case.registry).is_ok_and(|drawn| drawn.plan == case.plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    #[test]
    fn a_drawn_plan_has_the_command_that_draws_it_and_a_changed_one_has_not() {
        for (workload, nemesis, core) in [("register", "partition", false), ("retarget", "swarm", true)] {
            let time_limit = Duration::from_secs(3);
            let config =
                Config { workload: workload.into(), nemesis: nemesis.into(), time_limit, core, ..Config::default() };
            let mut case = Case::draw(4, &config, &Registry::builtin()).unwrap();
            let (likeness, told) = command(&case, "redis", "4").unwrap();
            assert_eq!(likeness, Likeness::Same);
            assert!(told.contains("--time-limit 3s") && told.contains("--core") == core, "{told}");
            assert!(!told.contains("--nodes") && !told.contains("--rate"), "what is usual is left out: {told}");
            case.plan.scripts[0].pop();
            let kind = format!("netsplit run --system redis --workload {workload} --nemesis {nemesis} --seed 4");
            assert_eq!(command(&case, "redis", "4"), Some((Likeness::OfItsKind, kind)));
        }
    }
}
