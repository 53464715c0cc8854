//! How fast runs are: the CPU that a run takes from seed to verdict, and what of it is turmoil's own.
//!
//! turmoil steps every host at every tick, whether it has work or not. What that alone costs is measured by a simulation of the
//! same hosts for as many ticks, in which nobody does anything.

use std::time::Duration;

use cpu_time::ProcessTime;

use crate::case::Case;
use crate::judge::judge;
use crate::plan::{BadConfig, Config};
use crate::redis_kind::NoRedis;
use crate::registry::Registry;
use crate::simulate;

/// What some runs of one configuration took, all together. The process must do nothing else meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speed {
    /// How many runs.
    pub runs: u32,
    /// CPU to draw their plans.
    pub drawing: Duration,
    /// CPU to simulate them.
    pub simulating: Duration,
    /// CPU to judge them.
    pub judging: Duration,
    /// CPU of simulations of the same hosts for as many ticks, in which nobody does anything; not a part of the sum.
    pub idle: Duration,
    /// Simulated time.
    pub simulated: Duration,
    /// Operations of clients.
    pub operations: u64,
    /// Messages that crossed the network.
    pub messages: u64,
}

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
pub enum NotMeasured {
    /// There is no such plan.
    #[error(transparent)]
    Plan(#[from] BadConfig),
    /// There is no Redis.
    #[error(transparent)]
    Redis(#[from] NoRedis),
}

impl Speed {
    /// Measures the runs of the seeds from 0.
    pub fn of(config: &Config, runs: u32, registry: &Registry) -> Result<Speed, NotMeasured> {
        let mut speed = Speed { runs, ..Speed::default() };
        for seed in 0..u64::from(runs) {
            let start = ProcessTime::now();
            let case = Case::draw(seed, config, registry)?;
            let drawn = ProcessTime::now();
            let recording = simulate::run(&case)?;
            let simulated = ProcessTime::now();
            let results = judge(&case, &recording);
            let judged = ProcessTime::now();
            simulate::idle(&case, recording.simulated);
            speed.idle += judged.elapsed();
            speed.drawing += drawn.duration_since(start);
            speed.simulating += simulated.duration_since(drawn);
            speed.judging += judged.duration_since(simulated);
            let overall = &results.stats.overall;
            speed.operations += overall.ok + overall.fail + overall.info;
            speed.messages += results.messages;
            speed.simulated += results.simulated;
        }
        Ok(speed)
    }

    /// CPU from seed to verdict.
    pub fn cpu(&self) -> Duration {
        self.drawing + self.simulating + self.judging
    }

    /// CPU of one run, in seconds.
    pub fn cpu_of_one(&self) -> f64 {
        self.cpu().as_secs_f64() / f64::from(self.runs.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_of_a_run_are_measured() {
        let config = Config { time_limit: Duration::from_secs(5), ..Config::default() };
        let speed = Speed::of(&config, 2, &Registry::builtin()).expect("embedded Redis needs nothing");
        assert!(speed.operations > 300 && speed.messages > 2 * speed.operations, "{speed:?}");
        assert!(speed.simulated >= Duration::from_secs(12), "two runs, each with its quiet period: {speed:?}");
        // Other tests run in this process: how much CPU it was says nothing here.
        assert!([speed.drawing, speed.simulating, speed.judging, speed.idle].iter().all(|part| !part.is_zero()));
    }
}
