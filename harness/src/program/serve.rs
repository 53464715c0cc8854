//! `netsplit serve`: a cluster on the real sockets of this machine, until Ctrl-C.

mod cluster;
mod stop;
mod told;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use netsplit_systems::system::System;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Failure, say};
use crate::registry::Registry;
use crate::serve::layout::Layout;
use crate::serve::{node, redis};
use crate::simulate::log::told;

/// The name of the command that keeps a program no longer than whoever started it.
pub(super) const GUARD: &str = "guard";

const DEFAULT_COOKIE: &str = "netsplit";

/// Arguments of `serve`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  netsplit serve raft
  netsplit serve redis-ring --nodes 5 --redis redis://127.0.0.1:6379
  netsplit serve raft --data /tmp/raft --node n2      one node of three, in this process

Every node listens on 127.0.0.1 only: n1 for clients at --port, n2 at the next port, and so on, and for its peers 100 ports
above. Without --node every node is a process of its own: kill one with its number, and start it again as it is printed.")]
pub(super) struct Arguments {
    /// The system (see `netsplit list systems`)
    system: String,
    /// How many nodes the cluster has
    #[arg(long, default_value_t = 3)]
    nodes: u16,
    /// The Redis to stand on, for systems that need one; a private redis-server is started if left out
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Where nodes keep what must survive; a temporary folder, removed at the end, if left out
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The port of n1 for clients; 0 for any that is free
    #[arg(long, value_name = "N", default_value_t = 8001)]
    port: u16,
    /// Run only this node here; the others of the cluster run elsewhere on this machine
    #[arg(long, value_name = "NAME", requires = "data")]
    node: Option<String>,
    /// The secret that nodes of one cluster share: a node refuses a peer with another
    #[arg(long, default_value = DEFAULT_COOKIE)]
    cookie: String,
    /// Stop when standard input ends, too
    #[arg(long, hide = true)]
    until_eof: bool,
}

/// Exit code 0 after Ctrl-C; 70 if the cluster could not be started, or its only node ended.
pub(super) fn serve(arguments: &Arguments, registry: &Registry) -> Result<u8, Failure> {
    let system = registry.system(&arguments.system).map_err(Failure::wrong_use)?;
    let redis = match (&arguments.redis, system.redis) {
        (Some(_), None) => {
            return Err(Failure::wrong_use(format!("system `{}` does not use Redis: leave --redis out", system.name)));
        }
        (Some(url), Some(_)) => Some(redis::address(url).map_err(Failure::wrong_use)?),
        (None, _) => None,
    };
    match &arguments.node {
        None => cluster::run(arguments, system, redis),
        Some(_) if system.redis.is_some() && redis.is_none() => Err(Failure::wrong_use(format!(
            "all nodes of `{}` stand on the same Redis: say which with --redis redis://HOST:PORT",
            system.name
        ))),
        Some(_) if arguments.port == 0 => {
            Err(Failure::wrong_use("a node that runs alone has to know the others' ports: give the first with --port"))
        }
        Some(name) => {
            let layout = Layout::new(arguments.nodes, arguments.port).map_err(Failure::wrong_use)?;
            one(arguments, system, name, &layout.on(redis))
        }
    }
}

/// The folder of one host of `system` under `data`: two systems never read each other's files.
fn folder(data: &Path, system: &System, host: &str) -> PathBuf {
    data.join(system.name).join(host)
}

/// Runs one node here.
fn one(arguments: &Arguments, system: &System, name: &str, layout: &Layout) -> Result<u8, Failure> {
    let names = layout.names();
    let Some(name) = names.iter().find(|known| known.as_ref() == name) else {
        let last = &names[names.len() - 1];
        return Err(Failure::wrong_use(format!("no node `{name}` in a cluster of n1 to {last}")));
    };
    log_to_standard_error(name);
    if !arguments.until_eof {
        say(&format!("{name} of {}  http://{}  until Ctrl-C", system.name, layout.clients_of(name)));
    }
    let folder = folder(arguments.data.as_deref().expect("--node requires --data"), system, name);
    node::run(system, name, layout, &arguments.cookie, &folder, stop::asked(arguments.until_eof))
        .map_err(|ended| Failure::harness(format!("{name} ended: {ended}")))?;
    Ok(0)
}

/// What a node traces goes to standard error, a line each, with the node's name.
fn log_to_standard_error(name: &Arc<str>) {
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(Named(name.clone()))
        .finish()
        .with(told());
    subscriber.init();
}

/// Puts a node's name before each line.
struct Named(Arc<str>);

impl<'a> MakeWriter<'a> for Named {
    type Writer = Named;

    fn make_writer(&'a self) -> Named {
        Named(self.0.clone())
    }
}

impl io::Write for Named {
    /// A line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let named = [self.0.as_bytes(), b" ", line].concat();
        io::stderr().lock().write_all(&named)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Arguments of the guard.
#[derive(clap::Args)]
pub(super) struct Guarded {
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<std::ffi::OsString>,
}

/// Runs a program, prints its process number, and ends it when standard input does: whoever started the guard may die of
/// anything, and still leaves nothing behind.
pub(super) fn guard(arguments: &Guarded) -> Result<u8, Failure> {
    let (program, rest) = arguments.command.split_first().expect("the arguments are required");
    let named = |error: io::Error| Failure::harness(format!("{}: {error}", program.display()));
    let mut child =
        Command::new(program).args(rest).stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(named)?;
    say(&child.id().to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::harness)?;
    let asked_to_stop = runtime.block_on(async {
        let mut asked = std::pin::pin!(stop::asked(true));
        while child.try_wait().map_err(named)?.is_none() {
            if tokio::time::timeout(stop::LOOK, &mut asked).await.is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    // It may have ended by itself.
    let _gone = child.kill();
    child.wait().map_err(named)?;
    Ok(if asked_to_stop { 0 } else { super::HARNESS_FAILED })
}
