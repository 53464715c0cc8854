//! A real `redis-server` as a child process: the twin of the embedded engine.
//!
//! It listens on a unix socket in its own folder and on no port, so that it can be mistaken for
//! no other Redis, nor another for it. It never syncs: `kill -9` loses nothing that Redis wrote,
//! so a power loss is [`RedisServer::truncate_aof`] to the length at the last virtual sync.

mod conn;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

pub use conn::Conn;

/// A child that is not up after this long never will be: it takes some 10 ms.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(1);

/// The longest path that a unix socket can have on Linux, its closing zero not counted.
const SOCKET_PATH_BYTES: usize = 107;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum RedisServerError {
    /// No `redis-server` on the PATH.
    #[error("redis-server not found; apt-get install redis-server")]
    NotFound,
    /// It ended or never answered.
    #[error("redis-server did not start in {}: {reason}", folder.display())]
    DidNotStart {
        /// The folder it was given.
        folder: PathBuf,
        /// What it said last.
        reason: String,
    },
    /// What is asked for needs a server that is not running, or one that is.
    #[error("{0}")]
    WrongState(&'static str),
    /// Its folder, its log or its process can't be used.
    #[error("redis-server in {}: {source}", folder.display())]
    Io {
        /// The folder it was given.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

type Result<T> = std::result::Result<T, RedisServerError>;

/// A running or killed server; dropping it ends the process.
#[derive(Debug)]
pub struct RedisServer {
    folder: PathBuf,
    version: String,
    child: Option<Child>,
    /// Removed when the server is dropped, after the process has ended.
    temporary: Option<TempDir>,
}

impl RedisServer {
    /// Starts a server in a temporary folder of its own.
    pub fn start_temporary() -> Result<RedisServer> {
        let temporary = tempfile::Builder::new().prefix("netsplit-redis-").tempdir();
        let temporary = temporary.map_err(|source| RedisServerError::Io { folder: std::env::temp_dir(), source })?;
        let mut server = RedisServer::start(temporary.path())?;
        server.temporary = Some(temporary);
        Ok(server)
    }

    /// Starts a server in an existing folder that nobody else uses, from the log that is in it if
    /// there is one. Returns when it answers.
    pub fn start(folder: &Path) -> Result<RedisServer> {
        let version = version()?;
        let io = |source| RedisServerError::Io { folder: folder.to_owned(), source };
        let folder = fs::canonicalize(folder).map_err(io)?;
        let mut server = RedisServer { folder, version, child: None, temporary: None };
        server.restart()?;
        Ok(server)
    }

    /// The version of Redis, such as `7.0.15`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the process has been started and not killed.
    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Ends the process with SIGKILL and waits until it is gone; nothing if it is not running.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let ended = child.kill().and_then(|()| child.wait());
        ended.map(drop).map_err(|source| self.io(source))
    }

    /// Starts the process again, from its log; nothing if it is running. Returns when it answers.
    pub fn restart(&mut self) -> Result<()> {
        if self.is_running() {
            return Ok(());
        }
        if self.socket().as_os_str().len() > SOCKET_PATH_BYTES {
            return Err(self.did_not_start("its path is too long for a unix socket"));
        }
        // The socket of a killed server would answer "refused" until the new one has replaced it.
        if let Err(error) = fs::remove_file(self.socket())
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(self.io(error));
        }
        self.child = Some(self.spawn()?);
        let up = self.wait_until_it_answers();
        if up.is_err() {
            self.kill()?;
        }
        up
    }

    /// A new connection; its calls block.
    pub fn connect(&self) -> Result<Conn> {
        if !self.is_running() {
            return Err(RedisServerError::WrongState("redis-server is not running: restart it first"));
        }
        Conn::open(&self.socket()).map_err(|source| self.io(source))
    }

    /// The length of the log in bytes. Redis writes to it before it replies.
    pub fn aof_len(&self) -> Result<u64> {
        let length = fs::metadata(self.aof()?).map(|metadata| metadata.len());
        length.map_err(|source| self.io(source))
    }

    /// The bytes of the log.
    pub fn read_aof(&self) -> Result<Vec<u8>> {
        fs::read(self.aof()?).map_err(|source| self.io(source))
    }

    /// Cuts the log of a killed server back to `length` bytes: what a power loss leaves of it.
    ///
    /// Take a length that [`RedisServer::aof_len`] told between two replies. Cut inside a
    /// transaction, Redis 7.0 starts with the `MULTI` still open in the file, appends later writes
    /// behind it, and loses those at the restart after the next.
    pub fn truncate_aof(&mut self, length: u64) -> Result<()> {
        self.must_be_killed()?;
        let cut = File::options().write(true).open(self.aof()?).and_then(|log| log.set_len(length));
        cut.map_err(|source| self.io(source))
    }

    /// Replaces the log of a killed server.
    pub fn replace_aof(&mut self, log: &[u8]) -> Result<()> {
        self.must_be_killed()?;
        fs::write(self.aof()?, log).map_err(|source| self.io(source))
    }

    /// The incremental part of the log, as the manifest names it: all of it but the (empty) base,
    /// because automatic rewrites are off.
    fn aof(&self) -> Result<PathBuf> {
        let parts = self.folder.join("appendonlydir");
        let manifest = fs::read_to_string(parts.join("appendonly.aof.manifest"));
        let manifest = manifest.map_err(|source| self.io(source))?;
        let incremental = manifest.lines().rev().find(|line| line.ends_with(" type i"));
        let name = incremental.and_then(|line| line.split(' ').nth(1));
        name.map(|name| parts.join(name))
            .ok_or_else(|| self.io(io::Error::other("the manifest of the append-only log names no incremental part")))
    }

    fn must_be_killed(&self) -> Result<()> {
        if self.is_running() {
            let text = "redis-server is running: kill it before its log is changed";
            return Err(RedisServerError::WrongState(text));
        }
        Ok(())
    }

    fn spawn(&self) -> Result<Child> {
        let log = File::options().create(true).append(true).open(self.log());
        let log = log.map_err(|source| self.io(source))?;
        let errors = log.try_clone().map_err(|source| self.io(source))?;
        let spawned = Command::new("redis-server")
            .args(["--port", "0", "--databases", "1", "--daemonize", "no"])
            .arg("--unixsocket")
            .arg(self.socket())
            .args(["--unixsocketperm", "700", "--loglevel", "warning", "--logfile", ""])
            .args(["--appendonly", "yes", "--appendfsync", "no", "--save", ""])
            .args(["--aof-load-truncated", "yes", "--auto-aof-rewrite-percentage", "0"])
            .arg("--dir")
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn();
        spawned.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => RedisServerError::NotFound,
            _ => self.io(source),
        })
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let socket = self.socket();
        for _ in 0..STARTS_WITHIN.as_millis() / POLL.as_millis() {
            if Conn::open(&socket).is_ok_and(|mut conn| conn.answers_ping()) {
                return Ok(());
            }
            let ended = self.child.as_mut().map(Child::try_wait).transpose();
            if let Some(Some(status)) = ended.map_err(|source| self.io(source))? {
                let said = fs::read_to_string(self.log()).unwrap_or_default();
                let last = said.lines().next_back().unwrap_or("it said nothing");
                return Err(self.did_not_start(&format!("{status}: {last}")));
            }
            sleep(POLL);
        }
        Err(self.did_not_start("it does not answer"))
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("redis.sock")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("redis.log")
    }

    fn io(&self, source: io::Error) -> RedisServerError {
        RedisServerError::Io { folder: self.folder.clone(), source }
    }

    fn did_not_start(&self, reason: &str) -> RedisServerError {
        RedisServerError::DidNotStart { folder: self.folder.clone(), reason: reason.to_owned() }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Nobody is left to tell; the process is ours and has no other way to end.
        let _ = self.kill();
        drop(self.temporary.take());
    }
}

/// The version of the `redis-server` on the PATH, as it tells itself.
pub fn version() -> Result<String> {
    let output = Command::new("redis-server").arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => RedisServerError::NotFound,
        _ => RedisServerError::Io { folder: PathBuf::from("."), source },
    })?;
    let told = String::from_utf8_lossy(&output.stdout);
    let version = told.split_whitespace().find_map(|word| word.strip_prefix("v="));
    Ok(version.unwrap_or("unknown").to_owned())
}

#[cfg(test)]
mod tests;
