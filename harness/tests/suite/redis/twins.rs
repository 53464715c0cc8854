//! Both Redises behind one face, and replies made comparable.

use bytes::{Bytes, BytesMut};
use netsplit::redis_server::{Conn, RedisServer, RedisServerError};
use netsplit_systems::redis::{Engine, Session, encode_request};
use redis_protocol::resp2::decode::decode_bytes;
use redis_protocol::resp2::types::BytesFrame;

use super::generate::{KEYS, SESSIONS};

/// A real server, or `None` after saying why the test is skipped.
pub(crate) fn server() -> Option<RedisServer> {
    match RedisServer::start_temporary() {
        Ok(server) => Some(server),
        Err(error @ RedisServerError::NotFound) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Something that answers requests with the bytes of a reply.
pub(crate) trait Redis {
    fn ask(&mut self, session: usize, request: &[Bytes]) -> Bytes;
}

/// The embedded engine, its sessions and its log.
#[derive(Default)]
pub(crate) struct Embedded {
    pub(crate) engine: Engine,
    pub(crate) log: Vec<u8>,
    sessions: [Session; SESSIONS],
}

impl Embedded {
    pub(crate) fn of(engine: Engine) -> Embedded {
        Embedded { engine, ..Embedded::default() }
    }
}

impl Redis for Embedded {
    fn ask(&mut self, session: usize, request: &[Bytes]) -> Bytes {
        let answer = self.engine.execute(&mut self.sessions[session], request);
        self.log.extend_from_slice(&answer.log);
        let mut out = BytesMut::new();
        answer.reply.encode(&mut out);
        out.freeze()
    }
}

/// Connections to a real server, new ones for each case.
pub(crate) struct Real([Conn; SESSIONS]);

impl Real {
    pub(crate) fn of(server: &RedisServer) -> Real {
        Real(std::array::from_fn(|_| server.connect().expect("the server runs")))
    }

    pub(crate) fn emptied(server: &RedisServer) -> Real {
        let mut real = Real::of(server);
        assert_eq!(real.ask(0, &["flushall".into()]), "+OK\r\n");
        real
    }
}

impl Redis for Real {
    fn ask(&mut self, session: usize, request: &[Bytes]) -> Bytes {
        let mut out = BytesMut::new();
        encode_request(request, &mut out);
        self.0[session].command(&out).expect("a real Redis answers").into()
    }
}

/// What both must agree on, whatever the order that their members are stored in.
#[derive(Debug, PartialEq)]
pub(crate) enum Comparable {
    Exact(Bytes),
    Sorted(String),
}

/// Knows what a session has queued, so that the replies inside an `EXEC` can be sorted too.
#[derive(Default)]
pub(crate) struct Reader {
    queued: Vec<Vec<Bytes>>,
}

impl Reader {
    pub(crate) fn read(&mut self, request: &[Bytes], reply: &Bytes) -> Comparable {
        let name = request[0].to_ascii_lowercase();
        if reply == "+QUEUED\r\n" {
            self.queued.push(request.to_vec());
        }
        let unordered = if name == b"exec" && reply.starts_with(b"*") && reply != "*-1\r\n" {
            self.queued.iter().any(|request| is_unordered(request))
        } else {
            is_unordered(request) && reply.starts_with(b"*")
        };
        let comparable = if unordered {
            let (frame, _) = decode_bytes(reply).expect("RESP2").expect("a whole reply");
            Comparable::Sorted(self.sorted(request, frame))
        } else {
            Comparable::Exact(reply.clone())
        };
        // A refused DISCARD or nested MULTI leaves the queue; a refused EXEC does not.
        let ends = [&b"multi"[..], b"discard", b"reset"].contains(&name.as_slice());
        if name == b"exec" || (ends && !reply.starts_with(b"-")) {
            self.queued.clear();
        }
        comparable
    }

    fn sorted(&self, request: &[Bytes], frame: BytesFrame) -> String {
        let BytesFrame::Array(mut members) = frame else { return format!("{frame:?}") };
        if request[0] == "hello" {
            // The number of the connection, which is Redis's own affair.
            members[7] = BytesFrame::Null;
            return format!("{members:?}");
        }
        if is_unordered(request) {
            let width = if request[0].eq_ignore_ascii_case(b"hgetall") { 2 } else { 1 };
            let mut members: Vec<_> = members.chunks(width).map(|it| format!("{it:?}")).collect();
            members.sort();
            return format!("{members:?}");
        }
        let replies = members.into_iter().zip(&self.queued);
        let replies: Vec<_> = replies
            .map(
                |(reply, request)| {
                    if is_unordered(request) { self.sorted(request, reply) } else { format!("{reply:?}") }
                },
            )
            .collect();
        format!("{replies:?}")
    }
}

/// Replies that may differ where no client may look.
fn is_unordered(request: &[Bytes]) -> bool {
    let unordered = ["hgetall", "hkeys", "hvals", "smembers", "keys", "hello"];
    unordered.iter().any(|name| request[0].eq_ignore_ascii_case(name.as_bytes()))
}

/// Everything that a Redis holds.
pub(crate) fn dump(redis: &mut impl Redis) -> Vec<(Vec<Bytes>, Comparable)> {
    let reads = ["type", "get", "hgetall", "smembers", "lrange"];
    let asked = KEYS.iter().flat_map(|key| reads.map(|name| (name, *key)));
    asked
        .map(|(name, key)| {
            let mut request = vec![Bytes::from(name), Bytes::from(key)];
            if name == "lrange" {
                request.extend(["0".into(), "-1".into()]);
            }
            let reply = redis.ask(0, &request);
            let comparable = Reader::default().read(&request, &reply);
            (request, comparable)
        })
        .collect()
}
