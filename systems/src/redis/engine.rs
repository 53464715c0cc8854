//! Executes commands: one at a time, so that every command and every transaction is atomic.

use bytes::Bytes;

use super::aof;
use super::commands::{self, Command};
use super::connection::{self, Connection};
use super::keyspace::Keyspace;
use super::reply::{Refusal, Reply};
use super::session::Session;

/// The server's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    data: Keyspace,
}

/// What a command gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For the client, once [`Answer::log`] is as durable as the host promises.
    pub reply: Reply,
    /// Bytes to append to the log in one piece; empty if nothing was written.
    pub log: Bytes,
}

/// What a request names.
#[derive(Clone, Copy)]
enum Named {
    Data(&'static Command),
    Connection(&'static Connection),
    Exec,
}

impl Named {
    /// The least and the most arguments.
    fn bounds(self) -> (usize, usize) {
        match self {
            Named::Data(command) => (command.least, command.most),
            Named::Connection(command) => (command.least, command.most),
            Named::Exec => (0, 0),
        }
    }

    fn is_immediate(self) -> bool {
        matches!(self, Named::Connection(command) if command.immediate)
    }
}

/// What `command` names, if it may be queued or run: known, and with enough arguments.
fn name(command: &[Bytes]) -> Result<Named, Refusal> {
    let (name, args) = command.split_first().expect("a request has a name");
    let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
    let named = match lower.as_str() {
        "exec" => Named::Exec,
        lower => match (commands::find(lower), connection::find(lower)) {
            (Some(command), _) => Named::Data(command),
            (_, Some(command)) => Named::Connection(command),
            _ => return Err(unknown(name, args)),
        },
    };
    let (least, most) = named.bounds();
    if (least..=most).contains(&args.len()) {
        connection::check_subcommand(&lower, args).map(|()| named)
    } else {
        Err(Refusal::arity(&lower))
    }
}

/// Redis quotes the arguments back until it has some 128 bytes of them.
fn unknown(name: &[u8], args: &[Bytes]) -> Refusal {
    let mut quoted = Vec::new();
    for arg in args {
        if quoted.len() >= 128 {
            break;
        }
        let room = 128 - quoted.len();
        quoted.push(b'\'');
        quoted.extend_from_slice(&arg[..arg.len().min(room)]);
        quoted.extend_from_slice(b"' ");
    }
    let name = String::from_utf8_lossy(&name[..name.len().min(128)]);
    let quoted = String::from_utf8_lossy(&quoted);
    let text = format!("ERR unknown command '{name}', with args beginning with: {quoted}");
    Refusal(text.replace(['\r', '\n'], " ").into())
}

/// A refusal before queueing aborts the transaction; a malformed `EXEC` ends it at once.
fn refuse(session: &mut Session, command: &[Bytes], refusal: Refusal) -> Reply {
    if !command[0].eq_ignore_ascii_case(b"exec") {
        session.abort();
        return refusal.into();
    }
    session.transaction = None;
    session.unwatch();
    let why = refusal.0.trim_start_matches("ERR ");
    Reply::Error(format!("EXECABORT Transaction discarded because of: {why}").into())
}

fn unlogged(reply: Reply) -> Answer {
    Answer { reply, log: Bytes::new() }
}

impl Engine {
    /// Executes one command. Its first element is the name; a command without one is a bug of the
    /// caller and panics ([`super::take_request`] never yields it).
    pub fn execute(&mut self, session: &mut Session, command: &[Bytes]) -> Answer {
        let named = match name(command) {
            Ok(named) => named,
            Err(refusal) => return unlogged(refuse(session, command, refusal)),
        };
        match (named, &mut session.transaction) {
            (Named::Exec, _) => self.exec(session),
            (named, Some(transaction)) if !named.is_immediate() => {
                transaction.queue.push(command.to_vec());
                unlogged(Reply::QUEUED)
            }
            _ => {
                let (reply, wrote) = self.run(session, named, &command[1..]);
                let log = if wrote { aof::record(command) } else { Bytes::new() };
                Answer { reply, log }
            }
        }
    }

    /// Runs a command; its reply, and whether it wrote.
    fn run(&mut self, session: &mut Session, named: Named, args: &[Bytes]) -> (Reply, bool) {
        let before = self.data.changes();
        let answered = match named {
            Named::Data(command) => (command.run)(&mut self.data, args),
            Named::Connection(command) => (command.run)(&self.data, session, args),
            Named::Exec => Err(Refusal::new("ERR EXEC without MULTI")),
        };
        (answered.unwrap_or_else(Reply::from), self.data.changes() != before)
    }

    fn exec(&mut self, session: &mut Session) -> Answer {
        let Some(transaction) = session.transaction.take() else {
            return unlogged(Reply::Error("ERR EXEC without MULTI".into()));
        };
        let dirty = session.is_dirty(&self.data);
        session.unwatch();
        if transaction.aborted {
            let text = "EXECABORT Transaction discarded because of previous errors.";
            return unlogged(Reply::Error(text.into()));
        }
        if dirty {
            return unlogged(Reply::NullArray);
        }
        let mut writes = Vec::new();
        let mut replies = Vec::new();
        for command in &transaction.queue {
            let named = name(command).expect("a queued command has been named before");
            let (reply, wrote) = self.run(session, named, &command[1..]);
            replies.push(reply);
            if wrote {
                writes.push(command);
            }
        }
        Answer { reply: Reply::Array(replies), log: aof::transaction_record(&writes) }
    }
}
