//! The host that Redis runs on: it takes connections from the simulated network and hands whole commands to a backend,
//! embedded or a real `redis-server`.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::LocalBoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use crate::net::{Net, Stream};
use crate::node::{NodeError, REDIS_PORT, spawn};
use crate::redis::take_request;
use crate::system::Fsync;

/// A Redis, behind the socket: what the host asks of it.
pub trait Backend {
    /// Opens a session.
    fn connect(&self) -> io::Result<Box<dyn Session>>;
    /// Makes everything that was executed so far durable.
    fn sync(&self) -> LocalBoxFuture<'_, io::Result<()>>;
}

/// One connection to a [`Backend`].
pub trait Session {
    /// Executes one command and appends the whole reply to `replies`. An `Err` says that its effects may be in memory and not
    /// in the log, or that the connection to a real Redis broke.
    fn execute(&mut self, command: &[Bytes], replies: &mut BytesMut) -> io::Result<()>;
}

/// What a process knows of its own end.
#[derive(Default)]
struct Life {
    /// Why nobody can know any more what is durable.
    failed: RefCell<Option<io::Error>>,
    ended: Notify,
}

impl Life {
    /// The process ends: as Redis does when its append-only file can't be written or synced. What it has in memory and not in
    /// the file must not be shown to anybody.
    fn end(&self, error: io::Error) {
        tracing::error!("the append-only file can't be written: {error}");
        self.failed.borrow_mut().get_or_insert(error);
        self.ended.notify_one();
    }

    fn is_over(&self) -> bool {
        self.failed.borrow().is_some()
    }
}

/// Serves `backend` on [`REDIS_PORT`] of `net`'s host until the host is stopped, or what was executed can't be made durable: an
/// `Err`, which ends the process. (With [`Fsync::EverySecond`] a real one would only refuse writes until it can again.)
pub async fn serve(net: Net, backend: Rc<dyn Backend>, fsync: Fsync) -> Result<(), NodeError> {
    let listener = net.listen(REDIS_PORT).await?;
    let life = Rc::new(Life::default());
    if fsync == Fsync::EverySecond {
        let (backend, life) = (backend.clone(), life.clone());
        spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if let Err(error) = backend.sync().await {
                    return life.end(error);
                }
            }
        });
    }
    loop {
        let stream = tokio::select! {
            biased;
            () = life.ended.notified() => return Err(life.failed.take().expect("it ended by this").into()),
            stream = listener.accept() => stream?,
        };
        let (backend, life) = (backend.clone(), life.clone());
        spawn(async move {
            if let Err(error) = converse(stream, backend, fsync, &life).await {
                tracing::debug!("a connection ended: {error}");
            }
        });
    }
}

/// With [`Fsync::Always`] no reply leaves, reads included, before what it saw is durable: a reader must never learn of a
/// write that a power loss then takes back.
async fn converse(mut stream: Stream, backend: Rc<dyn Backend>, fsync: Fsync, life: &Life) -> io::Result<()> {
    let mut session = backend.connect()?;
    let mut received = BytesMut::with_capacity(1024);
    loop {
        let mut replies = BytesMut::new();
        while let Some(command) = take_request(&mut received).map_err(io::Error::other)? {
            if life.is_over() {
                return Ok(());
            }
            if let Err(error) = session.execute(&command, &mut replies) {
                life.end(error);
                return Ok(());
            }
        }
        if !replies.is_empty() {
            if fsync == Fsync::Always
                && let Err(error) = backend.sync().await
            {
                life.end(error);
            }
            if life.is_over() {
                return Ok(());
            }
            stream.write_all(&replies).await?;
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
    }
}
