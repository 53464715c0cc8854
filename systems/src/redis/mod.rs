//! The embedded Redis: a single-threaded server as a pure state machine that answers as Redis 7.0 does.
//!
//! | part | what it is |
//! |---|---|
//! | `request` | a command as it comes off the wire (RESP2) |
//! | `reply` | what goes back, and the refusals |
//! | `keyspace` | the data, and the versions that `WATCH` compares |
//! | `commands` | one file a kind of value, and the table of all commands |
//! | `connection` | the commands about the connection: transactions, watching, greetings |
//! | `session` | what one connection has queued and watches |
//! | `engine` | executes one command of one session |
//! | `embedded` | all of it on a host, with its log on the host's disk |
//! | [`aof`] | the append-only log: what to append, and how it is loaded again |
//!
//! Nothing in here reads a socket, a disk, a clock or a die. The host owns those: it reads bytes,
//! takes requests out of them, executes each, appends [`Answer::log`] to its log file, syncs that
//! file if its policy says so, and only then writes [`Answer::reply`].
//!
//! Out of scope, and refused rather than guessed: expiry (`EX`, `PX`, `TTL`: it would need a clock),
//! random members, scripts, blocking commands, publish/subscribe, RESP3. The order of the members
//! of a hash, a set or `KEYS` is by bytes here and arbitrary in Redis; clients may rely on neither.
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use netsplit_systems::redis::{Engine, Session, aof, take_request};
//!
//! let mut engine = Engine::default();
//! let mut session = Session::default();
//! let mut disk: Vec<u8> = Vec::new();
//!
//! let mut received = BytesMut::from("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\nurl\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
//! let mut sent = BytesMut::new();
//! while let Some(request) = take_request(&mut received)? {
//!     let answer = engine.execute(&mut session, &request);
//!     disk.extend_from_slice(&answer.log);
//!     answer.reply.encode(&mut sent);
//! }
//! assert_eq!(sent, "+OK\r\n$3\r\nurl\r\n");
//!
//! // A power loss tore three bytes off a later write: what was whole comes back.
//! disk.extend_from_slice(b"*3\r");
//! let replayed = aof::replay(&disk)?;
//! assert_eq!(replayed.engine, engine);
//! assert_eq!(replayed.kept_bytes, disk.len() - 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod aof;
#[expect(clippy::unnecessary_wraps, reason = "every command has the signature of its table")]
mod commands;
#[expect(clippy::unnecessary_wraps, reason = "every command has the signature of its table")]
mod connection;
mod embedded;
mod engine;
mod glob;
mod keyspace;
mod reply;
mod request;
mod session;

pub use embedded::Embedded;
pub use engine::{Answer, Engine};
pub use reply::Reply;
pub use request::{ProtocolError, encode_request, take_request};
pub use session::Session;
