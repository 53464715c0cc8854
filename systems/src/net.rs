//! The seam to the network: nodes and clients name neither turmoil's nor tokio's sockets, but these.
//!
//! The same node code runs in the simulation and, with [`Net::real`], on the sockets of this machine.

mod socket;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::call::CallError;
use crate::weather::{Fate, RETRANSMISSION, Weather};
use crate::wire::{self, Connection, Recorder, What};
use socket::{Acceptor, Socket};

/// The address of each host's port on real sockets.
pub type AddressBook = BTreeMap<(Arc<str>, u16), SocketAddr>;

/// A host's access to the network.
#[derive(Clone, Debug)]
pub struct Net {
    me: Arc<str>,
    world: World,
}

#[derive(Clone, Debug)]
enum World {
    Simulated { recorder: Recorder, weather: Weather },
    Real(Arc<AddressBook>),
}

impl Net {
    /// The simulated network as the host `me` sees it; all that it sends is noted by `recorder` and meets `weather`.
    pub fn simulated(me: Arc<str>, recorder: Recorder, weather: Weather) -> Net {
        Net { me, world: World::Simulated { recorder, weather } }
    }

    /// The real network as the host `me` sees it, with every port of every host at its address in the book.
    pub fn real(me: Arc<str>, book: Arc<AddressBook>) -> Net {
        Net { me, world: World::Real(book) }
    }

    /// Listens on `port`.
    pub async fn listen(&self, port: u16) -> io::Result<Listener> {
        let acceptor = match &self.world {
            World::Simulated { .. } => Acceptor::simulated(port).await?,
            World::Real(book) => Acceptor::real(address(book, &self.me, port)?).await?,
        };
        Ok(Listener { acceptor, net: self.clone() })
    }

    /// Opens a connection to `port` of `host`. Nothing was sent when this is an `Err`.
    pub async fn connect(&self, host: &Arc<str>, port: u16, deadline: Duration) -> Result<Stream, CallError> {
        self.note(&self.me, host, Connection { port: 0, dialled: true }, What::Connect, 0);
        let opening = async {
            match &self.world {
                World::Simulated { .. } => Socket::simulated(host, port).await,
                World::Real(book) => Socket::real(address(book, host, port)?).await,
            }
        };
        match tokio::time::timeout(deadline, opening).await {
            Ok(Ok((socket, port))) => {
                Ok(Stream::new(socket, Connection { port, dialled: true }, host.clone(), self.clone()))
            }
            Ok(Err(error)) => Err(CallError::NotSent(format!("no connection to {host}: {}", error.kind()))),
            Err(_) => Err(CallError::NotSent(format!("no connection to {host} within {deadline:?}"))),
        }
    }

    fn fate(&self, to: &str) -> Fate {
        match &self.world {
            World::Simulated { weather, .. } => weather.fate(&self.me, to),
            World::Real(_) => Fate::Delivered,
        }
    }

    fn retransmits(&self, to: &str) -> bool {
        match &self.world {
            World::Simulated { weather, .. } => weather.retransmits(&self.me, to),
            World::Real(_) => false,
        }
    }

    /// Takes its place on the link to `to`.
    fn queue(&self, to: &str, size_bytes: usize) -> Segment {
        let World::Simulated { weather, .. } = &self.world else { return Segment::Passes };
        match weather.queue(&self.me, to, size_bytes, wire::now()) {
            Some(leaves_at) => self.still_queues(to, leaves_at),
            None => Segment::Passes,
        }
    }

    fn still_queues(&self, to: &str, leaves_at: Duration) -> Segment {
        let World::Simulated { weather, .. } = &self.world else { return Segment::Passes };
        let left = leaves_at.saturating_sub(wire::now());
        if left.is_zero() || !weather.is_narrow(&self.me, to) {
            return Segment::Passes;
        }
        Segment::Queues(leaves_at, Box::pin(tokio::time::sleep(left.min(LOOK))))
    }

    fn note(&self, from: &Arc<str>, to: &Arc<str>, connection: Connection, what: What, size_bytes: usize) {
        if let World::Simulated { recorder, .. } = &self.world {
            recorder.note(from, to, connection, what, size_bytes);
        }
    }
}

fn address(book: &AddressBook, host: &Arc<str>, port: u16) -> io::Result<SocketAddr> {
    let address = book.get(&(host.clone(), port)).copied();
    address.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no address for port {port} of {host}")))
}

/// Where connections come in.
pub struct Listener {
    acceptor: Acceptor,
    net: Net,
}

impl Listener {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<Stream> {
        let (socket, port, peer) = self.acceptor.accept().await?;
        Ok(Stream::new(socket, Connection { port, dialled: false }, peer, self.net.clone()))
    }
}

/// A connection: bytes in order while it lives, no promise of delivery.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    connection: Connection,
    peer: Arc<str>,
    net: Net,
    segment: Segment,
    /// What is sent here are frames, each with a fate of its own.
    framed: bool,
}

/// What the weather does to the next segment that is written.
#[derive(Debug)]
enum Segment {
    /// It was not drawn yet.
    Undrawn,
    /// TCP sends it when this time is over.
    Waits(Pin<Box<Sleep>>),
    /// Others are before it on a narrow link, until then; it looks now and again whether the link is still narrow.
    Queues(Duration, Pin<Box<Sleep>>),
    /// It goes out now.
    Passes,
}

/// How often a segment that queues looks up.
const LOOK: Duration = Duration::from_millis(20);

impl Stream {
    fn new(socket: Socket, connection: Connection, peer: Arc<str>, net: Net) -> Stream {
        Stream { socket, connection, peer, net, segment: Segment::Undrawn, framed: false }
    }

    /// The host at the other end.
    pub fn peer(&self) -> &Arc<str> {
        &self.peer
    }

    /// Exempts the stream from mishaps: its user draws the fate of every message.
    pub(crate) fn framed(mut self) -> Stream {
        self.framed = true;
        self
    }

    /// Draws what befalls each message of so many bytes that is sent on it.
    pub(crate) fn fates(&self) -> impl Fn(usize) -> Fate + 'static {
        let (net, peer, connection) = (self.net.clone(), self.peer.clone(), self.connection);
        move |size_bytes| {
            let fate = net.fate(&peer);
            if fate == Fate::Lost {
                net.note(&net.me, &peer, connection, What::Lose, size_bytes);
            }
            fate
        }
    }

    /// Ready when the weather lets the next segment, of so many bytes, out.
    fn poll_weather(&mut self, cx: &mut Context<'_>, size_bytes: usize) -> Poll<()> {
        loop {
            self.segment = match &mut self.segment {
                Segment::Undrawn if !self.framed && self.net.retransmits(&self.peer) => {
                    Segment::Waits(Box::pin(tokio::time::sleep(RETRANSMISSION)))
                }
                Segment::Undrawn => self.net.queue(&self.peer, size_bytes),
                Segment::Waits(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    self.net.queue(&self.peer, size_bytes)
                }
                Segment::Queues(leaves_at, look) => {
                    ready!(look.as_mut().poll(cx));
                    self.net.still_queues(&self.peer, *leaves_at)
                }
                Segment::Passes => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.socket).poll_read(cx, buffer));
        let size = buffer.filled().len() - before;
        if size > 0 {
            let sent_on = Connection { dialled: !self.connection.dialled, ..self.connection };
            self.net.note(&self.peer, &self.net.me, sent_on, What::Deliver, size);
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_weather(cx, buffer.len()));
        let result = ready!(Pin::new(&mut self.socket).poll_write(cx, buffer));
        self.segment = Segment::Undrawn;
        if let Ok(size) = result {
            self.net.note(&self.net.me, &self.peer, self.connection, What::Send, size);
        }
        Poll::Ready(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
