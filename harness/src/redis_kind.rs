//! The Redis of a run, of either kind: how it starts, stops and loses power.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::{LocalBoxFuture, ready};
use netsplit_systems::disk::Platter;
use netsplit_systems::node::NodeError;
use netsplit_systems::redis::{Embedded, encode_request};
use netsplit_systems::redis_host::{Backend, Session};

use crate::plan::{Plan, RedisKind};
use crate::redis_server::{Conn, RedisServer, RedisServerError};

/// Why a run has no Redis to stand on.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NoRedis(#[from] RedisServerError);

/// The Redis of one run; clones are the same.
#[derive(Clone)]
pub(crate) enum Redis {
    /// In the simulation, with its file on a simulated disk.
    Embedded(Platter),
    /// A child process of this one.
    Server(Rc<RefCell<Server>>),
}

/// A real server, and how much of its file is durable by the simulation's reckoning.
pub(crate) struct Server {
    process: RedisServer,
    synced_bytes: u64,
}

impl Redis {
    /// The Redis that `plan` asks for; a real one is started.
    pub(crate) fn of(plan: &Plan) -> Result<Redis, NoRedis> {
        Ok(match plan.redis {
            RedisKind::Server if plan.system().redis.is_some() => {
                let process = RedisServer::start_temporary()?;
                let synced_bytes = process.aof_len()?;
                Redis::Server(Rc::new(RefCell::new(Server { process, synced_bytes })))
            }
            _ => Redis::Embedded(Platter::default()),
        })
    }

    /// What serves the host, from what its file holds.
    pub(crate) fn start(&self) -> Result<Rc<dyn Backend>, NodeError> {
        Ok(match self {
            Redis::Embedded(platter) => Rc::new(Embedded::load(platter.disk())?),
            Redis::Server(server) => {
                if !server.borrow().process.is_running() {
                    server.borrow_mut().process.restart()?;
                }
                Rc::new(Bridge(server.clone()))
            }
        })
    }

    /// The process is killed; what it wrote stays in the page cache.
    pub(crate) fn killed(&self) {
        if let Redis::Server(server) = self {
            server.borrow_mut().process.kill().expect("a child of this process can be killed");
        }
    }

    /// The machine lost power: the file is cut back to its last sync. Call it after [`Redis::killed`].
    pub(crate) fn lose_unsynced(&self) {
        match self {
            Redis::Embedded(platter) => {
                platter.lose_unsynced();
            }
            Redis::Server(server) => {
                let Server { process, synced_bytes } = &mut *server.borrow_mut();
                process.truncate_aof(*synced_bytes).expect("the file of a killed server can be cut");
            }
        }
    }
}

/// A real server behind the simulated host: one unix socket for each simulated connection, one command at a time.
struct Bridge(Rc<RefCell<Server>>);

impl Backend for Bridge {
    fn connect(&self) -> io::Result<Box<dyn Session>> {
        Ok(Box::new(Bridged(self.0.borrow().process.connect().map_err(io::Error::other)?)))
    }

    fn sync(&self) -> LocalBoxFuture<'_, io::Result<()>> {
        let mut server = self.0.borrow_mut();
        if let Ok(length) = server.process.aof_len() {
            server.synced_bytes = length;
        }
        ready(Ok(())).boxed_local()
    }
}

struct Bridged(Conn);

impl Session for Bridged {
    fn execute(&mut self, command: &[Bytes], replies: &mut BytesMut) -> io::Result<()> {
        let mut frame = BytesMut::new();
        encode_request(command, &mut frame);
        replies.extend_from_slice(&self.0.command(&frame)?);
        Ok(())
    }
}
