//! The speed of the linearizability checkers, from histories in memory, with porcupine-rs beside them in the same run.
//! `cargo bench -p netsplit-checker --bench linearizable` prints a table; porcupine-rs gets ten seconds a row. Words after
//! `--` select the rows whose names contain one of them: `… --bench linearizable -- keys stale`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use netsplit_checker::linearizable::{Engine, Limits};
use netsplit_checker::models::{Options, by_name};
use netsplit_checker::{History, Verdict, formats};

#[path = "drawn/register.rs"]
mod register;

use register::Plan;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
fn now() -> Instant {
    Instant::now()
}

/// The best of some, for the first touches memory that the others find, and a busy machine makes any of them slow.
fn run(engine: Engine, limits: Limits, model: &str, init: &str, history: &History) -> (Duration, String) {
    let options = Options { engine, limits, nil_reads: None };
    let checker = by_name(model, Some(init), options).expect("a known model");
    let (mut best, begun) = (Duration::MAX, now());
    loop {
        let started = now();
        let verdict = checker.check(history);
        best = best.min(started.elapsed());
        if begun.elapsed() > Duration::from_millis(1500) {
            return (best, in_a_word(&verdict));
        }
    }
}

fn in_a_word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Valid { .. } => "valid".to_owned(),
        Verdict::Unknown(cause) => format!("unknown: {cause}"),
        Verdict::Invalid(evidence) => format!("invalid, evidence of {} operations", evidence[0].operations.len()),
    }
}

/// The kernel's word for the most memory that this process ever had, where there is one.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "?".to_owned(), |line| line.trim().to_owned())
}

/// A row of the table. porcupine-rs' come last: a search of its that is given up goes on in its thread.
struct Row {
    name: &'static str,
    bar: &'static str,
    engine: Engine,
    limits: Limits,
    plan: Plan,
    porcupine: bool,
}

impl Row {
    fn own(&self) {
        let history = self.plan.draw();
        let before = peak_memory();
        let (took, verdict) = run(self.engine, self.limits, "register", "0", &history);
        let (name, bar) = (self.name, self.bar);
        println!(
            "{name:<50} {:>10.3} ms  {verdict} (bar {bar}; peak memory {before} -> {})",
            millis(took),
            peak_memory()
        );
    }

    fn porcupine(&self) {
        let limits = Limits { time: Duration::from_secs(10), ..self.limits };
        let (took, verdict) = run(Engine::Porcupine, limits, "register", "0", &self.plan.draw());
        println!("porcupine-rs: {:<36} {:>10.3} ms  {verdict}", self.name, millis(took));
    }
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn etcd_logs() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories/public");
    let folder = std::env::var_os("NETSPLIT_HISTORIES").map_or(beside, PathBuf::from).join("porcupine-etcd");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("etcd logs: skipped, they are not there");
        return;
    };
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    let histories: Vec<History> = files
        .iter()
        .filter_map(|file| Some(formats::read(BufReader::new(File::open(file).ok()?), None).ok()?.history))
        .collect();
    for (name, engine) in [("own", Engine::Own), ("porcupine-rs", Engine::Porcupine)] {
        let limits = Limits { time: Duration::from_mins(1), ..Limits::default() };
        let options = Options { engine, limits, nil_reads: None };
        let checker = by_name("cas-register", Some("nil"), options).expect("a known model");
        let started = now();
        let invalid = histories.iter().filter(|history| checker.check(history).is_invalid()).count();
        let took = millis(started.elapsed());
        println!("etcd logs, {} of them, {name:<28} {took:>10.3} ms  {invalid} invalid", histories.len());
    }
}

fn main() {
    let usual = Limits::default();
    let plan = Plan { operations: 1000, clients: 20, keys: 1, pending_permille: 0, stale_at: None, repeat: false };
    let row = |name, bar, engine, limits, plan| Row { name, bar, engine, limits, plan, porcupine: false };
    let beside = |row: Row| Row { porcupine: true, ..row };
    let pending = Plan { operations: 10_000, pending_permille: 180, ..plan };
    let keys = Plan { operations: 800_000, keys: 40_000, ..plan };
    let general = Plan { operations: 100_000, clients: 5, ..plan };
    let general_stale = Plan { stale_at: Some(50_000), ..general };
    let million = Plan { operations: 1_000_000, ..plan };
    let million_stale = Plan { stale_at: Some(500_000), ..million };
    let hard = Plan { pending_permille: 400, stale_at: Some(9_000), repeat: true, ..pending };
    let time = Limits { time: Duration::from_millis(500), ..usual };
    let bytes = Limits { bytes: 16 << 20, ..usual };
    let states = Limits { states: 10_000, ..usual };
    let rows = [
        beside(row("register, 1,000 operations, 20 clients", "1 ms", Engine::Own, usual, plan)),
        beside(row("register, 10,000 operations, 900 pending writes", "5 ms", Engine::Own, usual, pending)),
        row("bounded by 500 ms", "600 ms", Engine::General, time, hard),
        row("bounded by 16 MB", "16 MB", Engine::General, bytes, hard),
        row("bounded by 10,000 states", "", Engine::General, states, hard),
        beside(row("general, 100,000 operations, 5 clients", "200 ms", Engine::General, usual, general)),
        beside(row("general, one stale read", "600 ms", Engine::General, usual, general_stale)),
        row("register, 40,000 keys of 20 operations", "100 ms", Engine::Own, usual, keys),
        row("register, 1,000,000 operations, 20 clients", "150 ms", Engine::Own, usual, million),
        row("register, one stale read", "150 ms", Engine::Own, usual, million_stale),
    ];
    // cargo itself adds `--bench`
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    if wanted("etcd logs") {
        etcd_logs();
    }
    rows.iter().filter(|row| wanted(row.name)).for_each(Row::own);
    rows.iter().filter(|row| row.porcupine && wanted(row.name)).for_each(Row::porcupine);
}
