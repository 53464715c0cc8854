//! The log of a run: what every node traced, in simulated time.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;

/// The lines so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no holder panics"));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What is worth a line: what systems say of themselves, and warnings of what they are built on.
pub(crate) fn told() -> Targets {
    Targets::new()
        .with_default(Level::WARN)
        .with_target("netsplit", Level::INFO)
        .with_target("netsplit_systems", Level::INFO)
}

/// Runs `body` with everything that is traced on this thread going to `log`.
pub(crate) fn with<T>(log: &Log, body: impl FnOnce() -> T) -> T {
    let subscriber = tracing_subscriber::fmt()
        .with_timer(Simulated)
        .with_ansi(false)
        .with_target(false)
        .with_writer(log.clone())
        .finish()
        .with(told());
    tracing::subscriber::with_default(subscriber, body)
}

thread_local! {
    /// The time between two steps, when no host runs that could be asked for it.
    static BETWEEN_STEPS: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// What is traced between two steps from now on, such as the faults, is traced at this time.
pub(super) fn between_steps(now: Duration) {
    BETWEEN_STEPS.set(now);
}

struct Simulated;

impl FormatTime for Simulated {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = turmoil::sim_elapsed().unwrap_or_else(|| BETWEEN_STEPS.get());
        write!(out, "{:>9.3}s", now.as_secs_f64())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no holder panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
