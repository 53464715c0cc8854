//! The seam to the network: nodes and clients name neither turmoil's nor tokio's sockets, but these.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

use crate::call::CallError;
use crate::wire::{Connection, Recorder, What};

/// A host's access to the network.
#[derive(Clone, Debug)]
pub struct Net {
    me: Arc<str>,
    recorder: Recorder,
}

impl Net {
    /// The network as the host `me` sees it; all that it sends is noted by `recorder`.
    pub fn simulated(me: Arc<str>, recorder: Recorder) -> Net {
        Net { me, recorder }
    }

    /// Listens on `port`.
    pub async fn listen(&self, port: u16) -> io::Result<Listener> {
        let inner = TcpListener::bind(("0.0.0.0", port)).await?;
        Ok(Listener { inner, net: self.clone() })
    }

    /// Opens a connection to `port` of `host`. Nothing was sent when this is an `Err`.
    pub async fn connect(&self, host: &Arc<str>, port: u16, deadline: Duration) -> Result<Stream, CallError> {
        self.recorder.note(&self.me, host, Connection { port: 0, dialled: true }, What::Connect, 0);
        let opening = TcpStream::connect((host.as_ref(), port));
        match tokio::time::timeout(deadline, opening).await {
            Ok(Ok(inner)) => {
                let port = inner.local_addr().map_or(0, |address| address.port());
                Ok(Stream { inner, port, dialled: true, peer: host.clone(), net: self.clone() })
            }
            Ok(Err(error)) => Err(CallError::NotSent(format!("no connection to {host}: {}", error.kind()))),
            Err(_) => Err(CallError::NotSent(format!("no connection to {host} within {deadline:?}"))),
        }
    }
}

/// Where connections come in.
pub struct Listener {
    inner: TcpListener,
    net: Net,
}

impl Listener {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<Stream> {
        let (inner, address) = self.inner.accept().await?;
        let peer = turmoil::reverse_lookup(address.ip()).unwrap_or_else(|| address.ip().to_string());
        Ok(Stream { inner, port: address.port(), dialled: false, peer: peer.into(), net: self.net.clone() })
    }
}

/// A connection: bytes in order while it lives, no promise of delivery.
#[derive(Debug)]
pub struct Stream {
    inner: TcpStream,
    port: u16,
    dialled: bool,
    peer: Arc<str>,
    net: Net,
}

impl Stream {
    /// The host at the other end.
    pub fn peer(&self) -> &Arc<str> {
        &self.peer
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer));
        let size = buffer.filled().len() - before;
        if size > 0 {
            let connection = Connection { port: self.port, dialled: !self.dialled };
            self.net.recorder.note(&self.peer, &self.net.me, connection, What::Deliver, size);
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buffer));
        if let Ok(size) = result {
            let connection = Connection { port: self.port, dialled: self.dialled };
            self.net.recorder.note(&self.net.me, &self.peer, connection, What::Send, size);
        }
        Poll::Ready(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
