//! The process that runs are done in, seen from outside: it is asked for one run after another, watched, and killed if one
//! does not end or takes all memory.
//!
//! Every run has a fresh thread there, and its thread-local state never reaches another; a new process for each would cost
//! more than a small run. What no thread can contain (an endless loop, an abort, a stack or a memory that is used up) costs
//! this process, and the next run gets a new one.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::memory;
use super::protocol::{self, Reply, Request};
use super::spec::Limits;

/// The hidden command that a worker is.
pub const COMMAND: &str = "campaign-worker";

/// The longest end of what a worker says on its standard error that is kept, in bytes.
const KEPT_BYTES: usize = 2000;

/// The longest line that a worker may say, in bytes.
const LONGEST_LINE_BYTES: u64 = 1 << 20;

/// Why there is no answer. The worker is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It had not answered in time.
    Hung,
    /// It took more memory than it may.
    OutOfMemory,
    /// It ended by itself: its status, and the last of what it said.
    Ended(String),
}

/// In a sentence.
impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lost::Hung => write!(f, "a run did not end"),
            Lost::OutOfMemory => write!(f, "a run took too much memory"),
            Lost::Ended(how) => write!(f, "a process ended by itself: {how}"),
        }
    }
}

/// A process that does runs.
pub struct Worker {
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<Reply>,
    said: Arc<Mutex<VecDeque<u8>>>,
    listener: Option<JoinHandle<()>>,
    limits: Limits,
}

impl Worker {
    /// Starts one.
    pub fn start(limits: Limits) -> io::Result<Worker> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (sender, replies) = mpsc::channel();
        let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
        std::thread::spawn(move || {
            while let Some(line) = line(&mut output) {
                // What node code prints is not for us.
                if let Some(reply) = protocol::reply(&line)
                    && sender.send(reply).is_err()
                {
                    return;
                }
            }
        });
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let (errors, kept) = (child.stderr.take().expect("it was asked for"), said.clone());
        let listener = std::thread::spawn(move || keep_the_end(errors, &kept));
        Ok(Worker { requests: child.stdin.take(), child, replies, said, listener: Some(listener), limits })
    }

    /// What it answers to a request; the time that a run may take begins anew whenever it says that it is alive.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, Lost> {
        let line = protocol::line(request);
        let sent = self.requests.as_mut().is_some_and(|requests| requests.write_all(line.as_bytes()).is_ok());
        if !sent {
            return Err(self.ended());
        }
        let patience = Duration::from_secs(self.limits.seconds);
        let mut heard = now();
        loop {
            match self.replies.recv_timeout(Duration::from_millis(memory::ASK_EVERY_MS)) {
                Ok(Reply::Alive) => heard = now(),
                Ok(reply) => return Ok(reply),
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
                Err(RecvTimeoutError::Timeout) if heard.elapsed() >= patience => return Err(self.killed(Lost::Hung)),
                Err(RecvTimeoutError::Timeout) => {
                    let resident = memory::resident_bytes(&self.child).unwrap_or(0);
                    if resident > self.limits.memory_mib << 20 {
                        return Err(self.killed(Lost::OutOfMemory));
                    }
                }
            }
        }
    }

    fn killed(&mut self, lost: Lost) -> Lost {
        self.end();
        lost
    }

    /// It closed its output: it has ended, or is about to.
    fn ended(&mut self) -> Lost {
        self.requests = None;
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        if let Some(listener) = self.listener.take() {
            let _no_panic = listener.join();
        }
        let said: Vec<u8> = self.said.lock().expect("no holder panics").iter().copied().collect();
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        Lost::Ended(if last.is_empty() { status } else { format!("{status}: {}", last.join(" | ")) })
    }

    fn end(&mut self) {
        self.requests = None;
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A worker that is no longer needed ends.
impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// The next line, without what is beyond the longest; `None` at the end.
fn line(output: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    let read = output.take(LONGEST_LINE_BYTES).read_until(b'\n', &mut bytes).ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn keep_the_end(mut errors: impl Read, kept: &Mutex<VecDeque<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(read @ 1..) = errors.read(&mut chunk) {
        let mut kept = kept.lock().expect("no holder panics");
        kept.extend(&chunk[..read]);
        let surplus = kept.len().saturating_sub(KEPT_BYTES);
        kept.drain(..surplus);
    }
}

#[expect(clippy::disallowed_methods, reason = "whether a run hangs is told by real time")]
fn now() -> Instant {
    Instant::now()
}
