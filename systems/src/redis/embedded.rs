//! The embedded Redis on a host: the engine, its append-only file on the host's disk, and its sessions.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use futures::future::LocalBoxFuture;
use futures::{FutureExt, TryFutureExt};

use super::{Engine, Session, aof};
use crate::disk::Disk;
use crate::node::NodeError;
use crate::redis_host;

/// The name of the append-only file.
const LOG: &str = "appendonly.aof";

/// A Redis in this process, loaded from its append-only file.
#[derive(Clone)]
pub struct Embedded {
    engine: Rc<RefCell<Engine>>,
    disk: Disk,
}

impl Embedded {
    /// Loads what `disk` holds, as a restart does; an `Err` says what is wrong with the file.
    pub fn load(disk: Disk) -> Result<Embedded, NodeError> {
        let replayed = aof::replay(&disk.read(LOG)?)?;
        disk.truncate(LOG, replayed.kept_bytes)?;
        Ok(Embedded { engine: Rc::new(RefCell::new(replayed.engine)), disk })
    }
}

impl redis_host::Backend for Embedded {
    fn connect(&self) -> io::Result<Box<dyn redis_host::Session>> {
        Ok(Box::new(Connected { redis: self.clone(), session: Session::default() }))
    }

    fn sync(&self) -> LocalBoxFuture<'_, io::Result<()>> {
        self.disk.sync(LOG).map_err(io::Error::other).boxed_local()
    }
}

struct Connected {
    redis: Embedded,
    session: Session,
}

impl redis_host::Session for Connected {
    fn execute(&mut self, command: &[Bytes], replies: &mut BytesMut) -> io::Result<()> {
        let answer = self.redis.engine.borrow_mut().execute(&mut self.session, command);
        if !answer.log.is_empty() {
            self.redis.disk.append(LOG, &answer.log).map_err(io::Error::other)?;
        }
        answer.reply.encode(replies);
        Ok(())
    }
}
