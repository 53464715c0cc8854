//! The sockets under the seam: turmoil's in a simulation, tokio's on a real machine.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Between two tries to take a connection when the machine refuses.
const PAUSE: Duration = Duration::from_millis(50);

/// A connected socket.
#[derive(Debug)]
pub(super) enum Socket {
    Simulated(turmoil::net::TcpStream),
    Real(tokio::net::TcpStream),
}

/// A listening socket.
pub(super) enum Acceptor {
    Simulated(turmoil::net::TcpListener),
    Real(tokio::net::TcpListener),
}

impl Socket {
    /// Connects inside the simulation; with the port of this side.
    pub(super) async fn simulated(host: &str, port: u16) -> io::Result<(Socket, u16)> {
        let stream = turmoil::net::TcpStream::connect((host, port)).await?;
        let port = stream.local_addr().map_or(0, |address| address.port());
        Ok((Socket::Simulated(stream), port))
    }

    /// Connects to a real address; with the port of this side.
    pub(super) async fn real(address: SocketAddr) -> io::Result<(Socket, u16)> {
        let stream = tokio::net::TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let port = stream.local_addr().map_or(0, |address| address.port());
        Ok((Socket::Real(stream), port))
    }
}

impl Acceptor {
    pub(super) async fn simulated(port: u16) -> io::Result<Acceptor> {
        turmoil::net::TcpListener::bind(("0.0.0.0", port)).await.map(Acceptor::Simulated)
    }

    pub(super) async fn real(address: SocketAddr) -> io::Result<Acceptor> {
        tokio::net::TcpListener::bind(address).await.map(Acceptor::Real)
    }

    /// The next connection, with the other side's port and name.
    pub(super) async fn accept(&self) -> io::Result<(Socket, u16, Arc<str>)> {
        match self {
            Acceptor::Simulated(listener) => {
                let (stream, address) = listener.accept().await?;
                let peer = turmoil::reverse_lookup(address.ip()).unwrap_or_else(|| address.ip().to_string());
                Ok((Socket::Simulated(stream), address.port(), peer.into()))
            }
            Acceptor::Real(listener) => {
                let (stream, address) = accepted(listener).await;
                stream.set_nodelay(true)?;
                Ok((Socket::Real(stream), address.port(), address.ip().to_string().into()))
            }
        }
    }
}

/// The next connection. One that broke before it was taken, or a machine that has no descriptors left for a while, is no
/// reason to end.
async fn accepted(listener: &tokio::net::TcpListener) -> (tokio::net::TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!("no connection taken: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Simulated(stream) => Pin::new(stream).poll_read(cx, buffer),
            Socket::Real(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Simulated(stream) => Pin::new(stream).poll_write(cx, buffer),
            Socket::Real(stream) => Pin::new(stream).poll_write(cx, buffer),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Simulated(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Real(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Simulated(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Real(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
