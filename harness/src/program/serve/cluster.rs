//! All nodes of a cluster, each a process of its own, and the Redis that they stand on.
//!
//! Every child ends when its standard input does, and that is a pipe from here: whatever becomes of this process, nothing
//! that it started outlives it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use netsplit_systems::node::REDIS;
use netsplit_systems::system::{Fsync, System};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Arguments, GUARD, folder, stop, told};
use crate::program::{Failure, say};
use crate::redis_server;
use crate::serve::layout::{Layout, free_port};
use crate::serve::redis;

/// A child that does not serve after this long never will.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

/// How long children have to end when they are asked to.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// What is served, and where its files are.
struct Served<'a> {
    arguments: &'a Arguments,
    system: &'a System,
    layout: Layout,
    data: PathBuf,
    /// Removed at the end.
    temporary: Option<TempDir>,
}

/// A process that this one started.
struct Started {
    name: Arc<str>,
    child: Child,
    /// The child lives as long as this is open.
    input: Option<ChildStdin>,
    /// Whom a person kills: the child, or what it guards.
    number: u32,
    /// How a person starts it again.
    again: String,
}

/// Serves until it is asked to stop.
pub(super) fn run(arguments: &Arguments, system: &System, given: Option<SocketAddr>) -> Result<u8, Failure> {
    let layout = layout(arguments)?;
    let temporary = match &arguments.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("netsplit-serve-").tempdir().map_err(Failure::harness)?),
    };
    let data = match (&arguments.data, &temporary) {
        (Some(path), _) => std::path::absolute(path).map_err(Failure::harness)?,
        (None, folder) => folder.as_ref().map(|folder| folder.path().to_owned()).unwrap_or_default(),
    };
    let mut served = Served { arguments, system, layout, data, temporary };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::harness)?;
    let ended = runtime.block_on(async {
        let mut children = Vec::new();
        let failed = tokio::select! {
            biased;
            () = stop::asked(false) => None,
            failure = served.serve(given, &mut children) => Some(failure),
        };
        end(children).await?;
        failed.map_or(Ok(()), Err)
    });
    if let Some(folder) = served.temporary {
        folder
            .close()
            .map_err(|error| Failure::harness(format!("{} is left behind: {error}", served.data.display())))?;
    }
    ended.map(|()| 0)
}

fn layout(arguments: &Arguments) -> Result<Layout, Failure> {
    if arguments.port == 0 {
        return Layout::free(arguments.nodes).map_err(Failure::harness);
    }
    let layout = Layout::new(arguments.nodes, arguments.port).map_err(Failure::wrong_use)?;
    layout.must_be_free().map_err(Failure::wrong_use)?;
    Ok(layout)
}

impl Served<'_> {
    /// Starts everything, then tells of whatever ends; returns only if something could not be started.
    async fn serve(&mut self, given: Option<SocketAddr>, children: &mut Vec<Started>) -> Failure {
        match self.start(given, children).await {
            Ok(()) => watch(children).await,
            Err(failure) => failure,
        }
    }

    async fn start(&mut self, given: Option<SocketAddr>, children: &mut Vec<Started>) -> Result<(), Failure> {
        if let Some(fsync) = self.system.redis {
            let address = match given {
                Some(address) => ask(address, fsync)?,
                None => self.start_redis(fsync, children).await?,
            };
            self.layout = self.layout.clone().on(Some(address));
        }
        let nodes_from = children.len();
        for name in self.layout.names() {
            children.push(self.start_node(name)?);
        }
        for node in &mut children[nodes_from..] {
            let address = self.layout.clients_of(&node.name);
            until(node, async || TcpStream::connect(address).await.is_ok()).await?;
        }
        self.tell(given.is_none(), children);
        Ok(())
    }

    fn start_node(&self, name: Arc<str>) -> Result<Started, Failure> {
        let Served { arguments, system, layout, data, .. } = self;
        let mut command = Command::new(std::env::current_exe().map_err(Failure::harness)?);
        command.args(["serve", system.name, "--until-eof", "--node", &name, "--cookie", &arguments.cookie]);
        command.args(["--nodes", &arguments.nodes.to_string(), "--port", &layout.first_port().to_string()]);
        command.arg("--data").arg(data);
        if let Some(redis) = layout.redis() {
            command.args(["--redis", &format!("redis://{redis}")]);
        }
        let again = format!("{} {name}", told::start_again(system, layout, data, &arguments.cookie));
        started(name, &mut command, again)
    }

    /// Starts a private Redis; returns where it is.
    async fn start_redis(&self, fsync: Fsync, children: &mut Vec<Started>) -> Result<SocketAddr, Failure> {
        redis_server::version().map_err(|error| {
            let system = self.system.name;
            Failure::harness(format!("`{system}` stands on Redis: {error}, or name one with --redis redis://HOST:PORT"))
        })?;
        let folder = folder(&self.data, self.system, REDIS);
        std::fs::create_dir_all(&folder).map_err(|error| Failure::harness(format!("{}: {error}", folder.display())))?;
        let port = free_port().map_err(Failure::harness)?;
        let server = redis::arguments(port, &folder, fsync);
        let mut command = Command::new(std::env::current_exe().map_err(Failure::harness)?);
        command.args([GUARD, "redis-server"]).args(&server).stdout(Stdio::piped());
        let words = server.iter().map(|word| word.to_string_lossy().into_owned());
        let again = told::command(["redis-server".to_owned()].into_iter().chain(words));
        // It is ended with the others from here on, whatever happens next.
        children.push(started(REDIS.into(), &mut command, again)?);
        let guard = children.last_mut().expect("it was just put there");
        let output = guard.child.stdout.take().expect("it was asked for");
        let number = BufReader::new(output).lines().next_line().await.map_err(Failure::harness)?;
        guard.number = number.and_then(|number| number.parse().ok()).unwrap_or(guard.number);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        until(guard, async || redis::probe(address, fsync).is_ok()).await?;
        Ok(address)
    }

    fn tell(&self, private_redis: bool, children: &[Started]) {
        let Served { system, layout, data, .. } = self;
        let count = layout.names().len();
        say(&format!(
            "{}: {count} node{} on this machine, until Ctrl-C",
            system.name,
            if count == 1 { "" } else { "s" }
        ));
        for Started { name, number, .. } in children.iter().filter(|started| started.name.as_ref() != REDIS) {
            say(&format!("  {name:<6} http://{}  process {number}", layout.clients_of(name)));
        }
        if let (Some(address), Some(fsync)) = (layout.redis(), system.redis) {
            let whose = if private_redis {
                let number = children.iter().find(|child| child.name.as_ref() == REDIS).map_or(0, |child| child.number);
                format!("process {number}, appendfsync {}", redis::word(fsync))
            } else {
                "yours: it is never flushed, started or stopped".to_owned()
            };
            say(&format!("  {REDIS:<6} redis://{address}  {whose}"));
        }
        let kept = if self.temporary.is_some() { "removed at the end; --data DIR keeps it" } else { "kept" };
        say(&format!("  data   {}  {kept}", data.display()));
        say("try, one after the other");
        for line in told::requests(system, layout) {
            say(&format!("  {line}"));
        }
        if let Some(last) = children.last() {
            say(&format!("kill {} and start it again", last.name));
            say(&format!("  kill -9 {}", last.number));
            say(&format!("  {}", last.again));
        }
    }
}

/// A Redis that somebody named must answer; what it lacks is said once.
fn ask(address: SocketAddr, fsync: Fsync) -> Result<SocketAddr, Failure> {
    if let Some(lacks) = redis::probe(address, fsync).map_err(Failure::wrong_use)? {
        eprintln!("netsplit: redis://{address}: {lacks}");
    }
    Ok(address)
}

/// Starts a child that lives no longer than this process, out of reach of a Ctrl-C that is meant for this one.
fn started(name: Arc<str>, command: &mut Command, again: String) -> Result<Started, Failure> {
    #[cfg(unix)]
    command.process_group(0);
    let mut child =
        command.stdin(Stdio::piped()).kill_on_drop(true).spawn().map_err(|error| not_started(&name, &error))?;
    let (input, number) = (child.stdin.take(), child.id().unwrap_or_default());
    Ok(Started { name, child, input, number, again })
}

fn not_started(name: &str, error: &io::Error) -> Failure {
    Failure::harness(format!("{name} can't be started: {error}"))
}

/// Waits until a child serves, or says why it does not.
async fn until(started: &mut Started, serves: impl AsyncFn() -> bool) -> Result<(), Failure> {
    let waiting = async {
        while !serves().await {
            if let Some(status) = started.child.try_wait().map_err(|error| not_started(&started.name, &error))? {
                return Err(Failure::harness(format!("{} did not start: {status}", started.name)));
            }
            sleep(stop::LOOK).await;
        }
        Ok(())
    };
    let late = || Failure::harness(format!("{} did not start within {STARTS_WITHIN:?}", started.name));
    timeout(STARTS_WITHIN, waiting).await.unwrap_or_else(|_| Err(late()))
}

/// Tells of whatever ends, for ever.
async fn watch(children: &mut [Started]) -> Failure {
    let ends = children.iter_mut().map(|started| async { (started.child.wait().await, &started.name, &started.again) });
    let mut ends: FuturesUnordered<_> = ends.collect();
    while let Some((status, name, again)) = ends.next().await {
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        say(&format!("{name} ended ({status}); start it again with\n  {again}"));
    }
    std::future::pending().await
}

/// Asks all children to end, and waits until they have.
async fn end(mut children: Vec<Started>) -> Result<(), Failure> {
    for started in &mut children {
        drop(started.input.take());
    }
    let deadline = Instant::now() + ENDS_WITHIN;
    for Started { name, child, .. } in &mut children {
        if timeout_at(deadline, child.wait()).await.is_err() {
            child.kill().await.map_err(|error| Failure::harness(format!("{name} can't be ended: {error}")))?;
        }
    }
    Ok(())
}
