//! The append-only log: whatever is left of it brings back a state that there was.

use netsplit_systems::redis::{Engine, aof};
use proptest::prop_assert_eq;
use proptest::strategy::{Strategy, ValueTree};

use super::differential::runner;
use super::generate::{Step, steps};
use super::twins::{Embedded, Real, Redis, dump, server};

/// The log of a sequence, and the state at each length that it had between two commands.
fn run(steps: &[Step]) -> (Vec<u8>, Vec<(usize, Engine)>) {
    let mut embedded = Embedded::default();
    let mut states = vec![(0, Engine::default())];
    for Step { session, request } in steps {
        embedded.ask(*session, request);
        states.push((embedded.log.len(), embedded.engine.clone()));
    }
    (embedded.log, states)
}

#[test]
fn any_prefix_of_the_log_brings_back_the_state_after_its_last_whole_record() {
    let done = runner().run(&steps(40), |steps| {
        let (log, states) = run(&steps);
        for cut in 0..=log.len() {
            let replayed = aof::replay(&log[..cut]).expect("a cut log is not a bad one");
            let (kept, state) = states.iter().rev().find(|(length, _)| *length <= cut).unwrap();
            prop_assert_eq!(replayed.kept_bytes, *kept, "cut at {}", cut);
            prop_assert_eq!(&replayed.engine, state, "cut at {}", cut);
        }
        Ok(())
    });
    done.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_real_redis_makes_of_a_cut_log_what_the_embedded_one_does() {
    let Some(mut server) = server() else { return };
    let mut runner = runner();
    let cases = (steps(60), 0..=1000_usize);
    // Not as many as elsewhere: each restarts a process.
    for _ in 0..40 {
        let (steps, permille) = cases.new_tree(&mut runner).unwrap().current();
        let (log, _) = run(&steps);
        let left = &log[..log.len() * permille / 1000];
        server.kill().unwrap();
        server.replace_aof(left).unwrap();
        server.restart().unwrap();
        let replayed = aof::replay(left).unwrap();
        let kept = replayed.kept_bytes;
        // Cut inside a transaction, Redis 7.0 leaves its open `MULTI` in the file.
        if !left[kept..].starts_with(b"*1\r\n$5\r\nMULTI\r\n") {
            assert_eq!(server.aof_len().unwrap(), kept as u64, "{steps:?}");
        }
        let (ours, theirs) = (&mut Embedded::of(replayed.engine), &mut Real::of(&server));
        assert_eq!(dump(ours), dump(theirs), "{steps:?}");
    }
}

#[test]
fn loads_the_log_that_a_real_redis_wrote() {
    let Some(server) = server() else { return };
    let done = runner().run(&steps(60), |steps| {
        let mut real = Real::emptied(&server);
        let before = usize::try_from(server.aof_len().unwrap()).unwrap();
        for Step { session, request } in &steps {
            real.ask(*session, request);
        }
        // A transaction that is still open would swallow the reads.
        let mut real = Real::of(&server);
        let written = server.read_aof().unwrap().split_off(before);
        let replayed = aof::replay(&written).expect("Redis writes good logs");
        prop_assert_eq!(dump(&mut Embedded::of(replayed.engine)), dump(&mut real));
        Ok(())
    });
    done.unwrap_or_else(|failure| panic!("{failure}"));
}
