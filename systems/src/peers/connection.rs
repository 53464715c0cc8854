//! One connection of a link: an outbox that meets the weather frame by frame, and a reader that hands out what arrives whole.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::{Frame, Message};
use crate::frame::{First, HEAD_BYTES, encode, first};
use crate::net::Stream;
use crate::node::spawn;
use crate::weather::Fate;

/// How long a frame that is to be overtaken waits for one that overtakes it.
const OVERTAKING: Duration = Duration::from_millis(50);

/// Where frames are put to be sent.
pub(super) type Outbox<Q, R> = mpsc::UnboundedSender<Frame<Q, R>>;

/// The asking side of a connection; clones are the same.
#[derive(Debug)]
pub(super) struct Connection<Q, R> {
    outbox: Outbox<Q, R>,
    waiting: Arc<Waiting<R>>,
}

/// Who waits for which reply.
#[derive(Debug)]
struct Waiting<R> {
    ended: AtomicBool,
    last: AtomicU64,
    replies: Mutex<BTreeMap<u64, oneshot::Sender<R>>>,
}

impl<Q, R> Clone for Connection<Q, R> {
    fn clone(&self) -> Connection<Q, R> {
        Connection { outbox: self.outbox.clone(), waiting: self.waiting.clone() }
    }
}

impl<Q: Message, R: Message> Connection<Q, R> {
    /// Takes over a stream that was just opened, and says hello.
    pub(super) fn open(stream: Stream, hello: Frame<Q, R>) -> Connection<Q, R> {
        let (mut reader, outbox) = outbox(stream);
        let waiting =
            Arc::new(Waiting { ended: AtomicBool::new(false), last: AtomicU64::new(0), replies: Mutex::default() });
        let connection = Connection { outbox, waiting: waiting.clone() };
        connection.send(hello);
        spawn(async move {
            while let Some(Frame::Reply(number, reply)) = reader.next().await {
                let asked = waiting.replies.lock().expect("no holder panics").remove(&number);
                if let Some(asked) = asked {
                    // Whoever asked may have given up.
                    let _gone = asked.send(reply);
                }
            }
            // Nothing will be answered any more: everybody who waits is told at once.
            waiting.ended.store(true, Ordering::Relaxed);
            waiting.replies.lock().expect("no holder panics").clear();
        });
        connection
    }

    /// Asks, and awaits the reply; `None` if the connection ends first.
    pub(super) async fn ask(&self, request: Q) -> Option<R> {
        if !self.is_open() {
            return None;
        }
        let number = self.waiting.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, reply) = oneshot::channel();
        self.waiting.replies.lock().expect("no holder panics").insert(number, sender);
        self.send(Frame::Ask(number, request));
        reply.await.ok()
    }

    /// Sends what has no reply.
    pub(super) fn tell(&self, message: Q) {
        self.send(Frame::Tell(message));
    }

    /// Whether it may still carry something.
    pub(super) fn is_open(&self) -> bool {
        !self.waiting.ended.load(Ordering::Relaxed) && !self.outbox.is_closed()
    }

    /// Whether both are the same connection.
    pub(super) fn is(&self, other: &Connection<Q, R>) -> bool {
        Arc::ptr_eq(&self.waiting, &other.waiting)
    }

    fn send(&self, frame: Frame<Q, R>) {
        // A connection that has ended loses what is sent: that is what a link promises.
        let _lost = self.outbox.send(frame);
    }
}

/// Splits a stream into what reads frames from it and what takes frames to be written to it.
pub(super) fn outbox<Q: Message, R: Message>(stream: Stream) -> (Reader<Q, R>, Outbox<Q, R>) {
    let fates = stream.fates();
    let (incoming, outgoing) = tokio::io::split(stream.framed());
    let (sender, frames) = mpsc::unbounded_channel();
    spawn(write(outgoing, frames, fates));
    (Reader { incoming, received: BytesMut::new(), frames: PhantomData }, sender)
}

/// Writes frames until the connection or its user ends; each meets the weather on its own.
async fn write<Q: Message, R: Message>(
    mut outgoing: WriteHalf<Stream>,
    mut frames: mpsc::UnboundedReceiver<Frame<Q, R>>,
    fates: impl Fn(usize) -> Fate,
) {
    let mut overtaken: Option<Vec<u8>> = None;
    loop {
        let next = if overtaken.is_some() {
            tokio::time::timeout(OVERTAKING, frames.recv()).await
        } else {
            Ok(frames.recv().await)
        };
        let bytes = match next {
            Ok(None) => break,
            Ok(Some(frame)) => {
                let hello = matches!(frame, Frame::Hello { .. });
                let bytes = encode(&frame);
                match if hello { Fate::Delivered } else { fates(bytes.len()) } {
                    Fate::Lost => continue,
                    Fate::Overtaken if overtaken.is_none() => {
                        overtaken = Some(bytes);
                        continue;
                    }
                    fate => [befallen(bytes, fate), overtaken.take().unwrap_or_default()].concat(),
                }
            }
            Err(_) => overtaken.take().unwrap_or_default(),
        };
        if outgoing.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // The other side is told, if it can be reached at all.
    let _unreachable = outgoing.shutdown().await;
}

/// The bytes that arrive of a frame.
fn befallen(mut bytes: Vec<u8>, fate: Fate) -> Vec<u8> {
    match fate {
        Fate::Doubled => bytes.repeat(2),
        Fate::Damaged(at) => {
            // Never the length: a network that loses the place of the next frame has lost the connection.
            let body = &mut bytes[HEAD_BYTES..];
            let bit = at as usize % (body.len() * 8);
            body[bit / 8] ^= 1 << (bit % 8);
            bytes
        }
        Fate::Delivered | Fate::Lost | Fate::Overtaken => bytes,
    }
}

/// Reads frames from a connection.
pub(super) struct Reader<Q, R> {
    incoming: ReadHalf<Stream>,
    received: BytesMut,
    frames: PhantomData<fn() -> (Q, R)>,
}

impl<Q: Message, R: Message> Reader<Q, R> {
    /// The next frame that arrived whole; `None` when the connection has ended.
    pub(super) async fn next(&mut self) -> Option<Frame<Q, R>> {
        loop {
            match first(&self.received) {
                First::Frame(frame, length_bytes) => {
                    self.received.advance(length_bytes);
                    return Some(frame);
                }
                First::Damaged(length_bytes) => self.received.advance(length_bytes),
                First::Lost => return None,
                First::Incomplete => {
                    if self.incoming.read_buf(&mut self.received).await.ok()? == 0 {
                        return None;
                    }
                }
            }
        }
    }
}
