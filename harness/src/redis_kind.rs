//! The Redis of a run, of either kind: how it starts, stops and loses power.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use netsplit_systems::disk::Platter;
use netsplit_systems::node::NodeError;
use netsplit_systems::redis::{Embedded, encode_request};
use netsplit_systems::redis_host::{Backend, Session};

use crate::case::Case;
use crate::plan::RedisKind;
use crate::redis_server::{Conn, RedisServer, RedisServerError};
use crate::simulate::SYNC_TAKES;

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
    /// The Redis that `case` asks for; a real one is started.
    pub(crate) fn of(case: &Case) -> Result<Redis, NoRedis> {
        Ok(match case.redis {
            RedisKind::Server if case.system.redis.is_some() => {
                let process = RedisServer::start_temporary()?;
                let synced_bytes = process.aof_len()?;
                Redis::Server(Rc::new(RefCell::new(Server { process, synced_bytes })))
            }
            _ => Redis::Embedded(Platter::with_syncs_of(SYNC_TAKES)),
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

    /// The machine of a real server lost power: its file is cut back to its last sync. Returns how many bytes are gone. Call it
    /// after [`Redis::killed`]. Never in the middle of a write: Redis itself does not survive that (see
    /// [`RedisServer::truncate_aof`]).
    pub(crate) fn lose_unsynced(&self) -> u64 {
        let Redis::Server(server) = self else { return 0 };
        let Server { process, synced_bytes } = &mut *server.borrow_mut();
        let length = process.aof_len().expect("the file of a killed server can be read");
        process.truncate_aof(*synced_bytes).expect("the file of a killed server can be cut");
        length.saturating_sub(*synced_bytes)
    }

    /// The machine of a real server is replaced. Returns how many bytes are gone. Call it after [`Redis::killed`].
    pub(crate) fn forget(&self) -> u64 {
        let Redis::Server(server) = self else { return 0 };
        let Server { process, synced_bytes } = &mut *server.borrow_mut();
        let length = process.aof_len().expect("the file of a killed server can be read");
        process.truncate_aof(0).expect("the file of a killed server can be cut");
        *synced_bytes = 0;
        length
    }
}

/// A real server behind the simulated host: one unix socket for each simulated connection, one command at a time.
struct Bridge(Rc<RefCell<Server>>);

impl Backend for Bridge {
    fn connect(&self) -> io::Result<Box<dyn Session>> {
        Ok(Box::new(Bridged(self.0.borrow().process.connect().map_err(io::Error::other)?)))
    }

    fn sync(&self) -> LocalBoxFuture<'_, io::Result<()>> {
        async {
            let length = self.0.borrow().process.aof_len().map_err(io::Error::other)?;
            if length > self.0.borrow().synced_bytes {
                tokio::time::sleep(SYNC_TAKES).await;
            }
            let synced_bytes = &mut self.0.borrow_mut().synced_bytes;
            *synced_bytes = length.max(*synced_bytes);
            Ok(())
        }
        .boxed_local()
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
