//! The commands about the connection: transactions, watching, greetings.

use bytes::Bytes;

use super::keyspace::Keyspace;
use super::reply::{Answered, Refusal, Reply, integer};
use super::session::{Session, Transaction};

/// The version of Redis that this one answers as.
const VERSION: &str = "7.0.15";

type Run = fn(&Keyspace, &mut Session, &[Bytes]) -> Answered;

/// A command that reads or changes the session, and at most reads the data.
pub(super) struct Connection {
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) run: Run,
    /// Runs at once inside a transaction, where the others are queued.
    pub(super) immediate: bool,
}

const MANY: usize = usize::MAX;

const COMMANDS: &[Connection] = &[
    queued("client", 1, MANY, client),
    immediate("discard", 0, 0, discard),
    queued("echo", 1, 1, echo),
    queued("hello", 0, MANY, hello),
    immediate("multi", 0, 0, multi),
    queued("ping", 0, MANY, ping),
    immediate("quit", 0, MANY, quit),
    immediate("reset", 0, 0, reset),
    queued("select", 1, 1, select),
    queued("unwatch", 0, 0, unwatch),
    queued("wait", 2, 2, wait),
    immediate("watch", 1, MANY, watch),
];

const fn queued(name: &'static str, least: usize, most: usize, run: Run) -> Connection {
    Connection { name, least, most, run, immediate: false }
}

const fn immediate(name: &'static str, least: usize, most: usize, run: Run) -> Connection {
    Connection { name, least, most, run, immediate: true }
}

/// The command of that name in lower case.
pub(super) fn find(name: &str) -> Option<&'static Connection> {
    COMMANDS.iter().find(|command| command.name == name)
}

fn multi(_: &Keyspace, session: &mut Session, _: &[Bytes]) -> Answered {
    if session.in_transaction() {
        return Err(Refusal::new("ERR MULTI calls can not be nested"));
    }
    session.transaction = Some(Transaction::default());
    Ok(Reply::OK)
}

fn discard(_: &Keyspace, session: &mut Session, _: &[Bytes]) -> Answered {
    if session.transaction.take().is_none() {
        return Err(Refusal::new("ERR DISCARD without MULTI"));
    }
    session.unwatch();
    Ok(Reply::OK)
}

fn watch(data: &Keyspace, session: &mut Session, keys: &[Bytes]) -> Answered {
    if session.in_transaction() {
        return Err(Refusal::new("ERR WATCH inside MULTI is not allowed"));
    }
    for key in keys {
        session.watch(data, key);
    }
    Ok(Reply::OK)
}

fn unwatch(_: &Keyspace, session: &mut Session, _: &[Bytes]) -> Answered {
    session.unwatch();
    Ok(Reply::OK)
}

fn ping(_: &Keyspace, _: &mut Session, args: &[Bytes]) -> Answered {
    match args {
        [] => Ok(Reply::Status("PONG".into())),
        [text] => Ok(Reply::Bulk(text.clone())),
        _ => Err(Refusal::arity("ping")),
    }
}

fn echo(_: &Keyspace, _: &mut Session, args: &[Bytes]) -> Answered {
    Ok(Reply::Bulk(args[0].clone()))
}

/// There is one database, as with `--databases 1`.
fn select(_: &Keyspace, _: &mut Session, args: &[Bytes]) -> Answered {
    match integer(&args[0]).map(i32::try_from) {
        Some(Ok(0)) => Ok(Reply::OK),
        Some(Ok(_)) => Err(Refusal::new("ERR DB index is out of range")),
        Some(Err(_)) => Err(Refusal::new("ERR value is out of range, value must between -2147483648 and 2147483647")),
        None => Err(Refusal::NOT_AN_INTEGER),
    }
}

/// No replicas: none acknowledges, and the answer does not wait for the timeout to say so.
fn wait(_: &Keyspace, _: &mut Session, args: &[Bytes]) -> Answered {
    integer(&args[0]).ok_or(Refusal::NOT_AN_INTEGER)?;
    let timeout = integer(&args[1]).ok_or(Refusal::new("ERR timeout is not an integer or out of range"))?;
    if timeout < 0 {
        return Err(Refusal::new("ERR timeout is negative"));
    }
    Ok(Reply::Integer(0))
}

fn quit(_: &Keyspace, session: &mut Session, _: &[Bytes]) -> Answered {
    session.closing = true;
    Ok(Reply::OK)
}

fn reset(_: &Keyspace, session: &mut Session, _: &[Bytes]) -> Answered {
    *session = Session::default();
    Ok(Reply::Status("RESET".into()))
}

/// RESP2 only, without the options: a client that asks for more is told so and falls back.
fn hello(_: &Keyspace, _: &mut Session, args: &[Bytes]) -> Answered {
    match args {
        [] => {}
        [version] => match integer(version) {
            None => {
                let text = "ERR Protocol version is not an integer or out of range";
                return Err(Refusal::new(text));
            }
            Some(2) => {}
            Some(_) => return Err(Refusal::new("NOPROTO unsupported protocol version")),
        },
        _ => return Err(Refusal::SYNTAX),
    }
    let text = |text: &'static str| Reply::Bulk(Bytes::from_static(text.as_bytes()));
    Ok(Reply::Array(vec![
        text("server"),
        text("redis"),
        text("version"),
        text(VERSION),
        text("proto"),
        Reply::Integer(2),
        text("id"),
        Reply::Integer(1),
        text("mode"),
        text("standalone"),
        text("role"),
        text("master"),
        text("modules"),
        Reply::Array(Vec::new()),
    ]))
}

/// Redis looks a subcommand up before it queues. `SETINFO`, which client libraries send when they
/// connect and whose refusal they ignore, came with 7.2.
pub(super) fn check_subcommand(name: &str, args: &[Bytes]) -> Result<(), Refusal> {
    if name != "client" {
        return Ok(());
    }
    let lower = String::from_utf8_lossy(&args[0]).to_ascii_lowercase();
    let wanted = match lower.as_str() {
        "setname" => 2,
        "getname" => 1,
        _ => {
            let given = String::from_utf8_lossy(&args[0][..args[0].len().min(128)]);
            let text = format!("ERR unknown subcommand '{given}'. Try CLIENT HELP.");
            return Err(Refusal(text.replace(['\r', '\n'], " ").into()));
        }
    };
    if args.len() == wanted { Ok(()) } else { Err(Refusal::arity(&format!("client|{lower}"))) }
}

fn client(_: &Keyspace, session: &mut Session, args: &[Bytes]) -> Answered {
    let [_, name] = args else {
        let named = !session.name.is_empty();
        return Ok(Reply::bulk_or_null(named.then(|| session.name.clone())));
    };
    if !name.iter().all(u8::is_ascii_graphic) {
        let text = "ERR Client names cannot contain spaces, newlines or special characters.";
        return Err(Refusal::new(text));
    }
    session.name = name.clone();
    Ok(Reply::OK)
}
