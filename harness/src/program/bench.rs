//! `netsplit bench`: how fast runs are on this machine, where the time goes, and what more nodes cost.

use super::Failure;
use super::voice::say;
use super::zoo::tell_rows;
use crate::plan::Config;
use crate::registry::Registry;
use crate::sheet::Sheet;
use crate::speed::Speed;

/// Arguments of `bench`.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  netsplit bench --nodes 5,25 --runs 20")]
pub(super) struct Arguments {
    /// How many nodes, joined by commas
    #[arg(long, value_delimiter = ',', default_value = "3,5,9,25")]
    nodes: Vec<usize>,
    /// How many runs of each, of the seeds from 0, one after the other
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
}

const COLUMNS: [&str; 11] = [
    "nodes",
    "CPU ms a run",
    "times that of 5",
    "simulated s per CPU s",
    "runs per CPU min",
    "operations per CPU s",
    "messages per CPU s",
    "judged operations per CPU s",
    "idle ticks %",
    "the rest of simulating %",
    "drawing and judging %",
];

/// The standard run: all defaults, of the first system.
pub(super) fn bench(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let Some(config) = Config::first_of(registry) else { return Err(Failure::wrong_use("no system is registered")) };
    let of = |nodes: usize, runs: u32| {
        Speed::of(&Config { nodes, ..config.clone() }, runs, registry).map_err(Failure::wrong_use)
    };
    // The first run of a process also pays for what is set up once.
    let five = config.nodes;
    of(five, 1)?;
    let usual = of(five, arguments.runs)?;
    let mut sheet = Sheet::new(&COLUMNS);
    for nodes in &arguments.nodes {
        let speed = if *nodes == five { usual } else { of(*nodes, arguments.runs)? };
        sheet.rows.push(row(*nodes, &speed, &usual));
    }
    say(&format!("{} runs of {} under {}, from seed to verdict", arguments.runs, config.system, config.nemesis));
    for row in &sheet.rows {
        say("");
        let told = sheet.head.iter().zip(row);
        told.for_each(|(name, value)| say(&format!("  {name:<28}{value:>10}")));
    }
    say("");
    say("idle ticks: what turmoil takes to step the same hosts for as many ticks, with nothing to do");
    tell_rows("bench", &sheet);
    Ok(0)
}

fn row(nodes: usize, speed: &Speed, usual: &Speed) -> Vec<String> {
    let (cpu, part) = (speed.cpu().as_secs_f64(), |part: f64| format!("{:.0}", 100.0 * part));
    let idle = speed.idle.as_secs_f64().min(speed.simulating.as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "counts of a few runs")]
    let per = |count: u64, seconds: f64| format!("{:.0}", count as f64 / seconds);
    vec![
        nodes.to_string(),
        format!("{:.1}", 1000.0 * speed.cpu_of_one()),
        format!("{:.2}", speed.cpu_of_one() / usual.cpu_of_one()),
        format!("{:.0}", speed.simulated.as_secs_f64() / cpu),
        format!("{:.0}", 60.0 / speed.cpu_of_one()),
        per(speed.operations, cpu),
        per(speed.messages, cpu),
        per(speed.operations, speed.judging.as_secs_f64()),
        part(idle / cpu),
        part((speed.simulating.as_secs_f64() - idle) / cpu),
        part((speed.drawing + speed.judging).as_secs_f64() / cpu),
    ]
}
