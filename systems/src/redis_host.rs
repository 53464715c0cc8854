//! The host that Redis runs on: it takes connections from the simulated network and hands whole commands to a backend,
//! embedded or a real `redis-server`.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::LocalBoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    /// Executes one command and appends the whole reply to `replies`.
    fn execute(&mut self, command: &[Bytes], replies: &mut BytesMut) -> io::Result<()>;
}

/// Serves `backend` on [`REDIS_PORT`] of `net`'s host until the host is stopped.
pub async fn serve(net: Net, backend: Rc<dyn Backend>, fsync: Fsync) -> Result<(), NodeError> {
    let listener = net.listen(REDIS_PORT).await?;
    if fsync == Fsync::EverySecond {
        let backend = backend.clone();
        spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if let Err(error) = backend.sync().await {
                    tracing::error!("what was executed may not be durable: {error}");
                }
            }
        });
    }
    loop {
        let stream = listener.accept().await?;
        let backend = backend.clone();
        spawn(async move {
            if let Err(error) = converse(stream, backend, fsync).await {
                tracing::debug!("a connection ended: {error}");
            }
        });
    }
}

/// With [`Fsync::Always`] no reply leaves, reads included, before what it saw is durable: a reader must never learn of a
/// write that a power loss then takes back.
async fn converse(mut stream: Stream, backend: Rc<dyn Backend>, fsync: Fsync) -> io::Result<()> {
    let mut session = backend.connect()?;
    let mut received = BytesMut::with_capacity(1024);
    loop {
        let mut replies = BytesMut::new();
        while let Some(command) = take_request(&mut received).map_err(io::Error::other)? {
            session.execute(&command, &mut replies)?;
        }
        if !replies.is_empty() {
            if fsync == Fsync::Always {
                backend.sync().await?;
            }
            stream.write_all(&replies).await?;
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
    }
}
