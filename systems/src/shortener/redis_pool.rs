//! Connections from a node to its Redis: each used by one request at a time, so that WATCH means what it says, and never
//! used again after any failure. Nothing is ever sent twice.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline, RedisConnectionInfo, RedisError};

use super::Unavailable;
use crate::net::Net;
use crate::node::{REDIS, REDIS_PORT, spawn};

/// A node's connections to Redis.
#[derive(Clone)]
pub(crate) struct Pool {
    net: Net,
    idle: Arc<Mutex<Vec<MultiplexedConnection>>>,
    deadline: Duration,
}

/// A connection that is one request's own; only [`Lease::done`] gives it back.
pub(crate) struct Lease<'p> {
    pool: &'p Pool,
    connection: MultiplexedConnection,
}

impl Pool {
    pub(crate) fn new(net: Net, deadline: Duration) -> Pool {
        Pool { net, idle: Arc::default(), deadline }
    }

    /// A connection; an `Err` says that nothing was sent.
    pub(crate) async fn lease(&self) -> Result<Lease<'_>, Unavailable> {
        let idle = self.idle.lock().expect("no holder panics").pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Lease { pool: self, connection })
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Unavailable> {
        let no_effect = |error: &dyn std::fmt::Display| Unavailable::NoEffect(format!("Redis is not reached: {error}"));
        let redis: Arc<str> = REDIS.into();
        let stream = self.net.connect(&redis, REDIS_PORT, self.deadline).await.map_err(|error| no_effect(&error))?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(self.deadline));
        let info = RedisConnectionInfo::default();
        let opening = MultiplexedConnection::new_with_config(&info, stream, config);
        let (connection, driver) = tokio::time::timeout(self.deadline, opening)
            .await
            .map_err(|error| no_effect(&error))?
            .map_err(|error| no_effect(&error))?;
        spawn(driver);
        Ok(connection)
    }
}

impl Lease<'_> {
    /// Runs one command; an `Err` says what is known of its effect.
    pub(crate) async fn run<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Unavailable> {
        command.query_async(&mut self.connection).await.map_err(|error| unavailable(&error))
    }

    /// Runs commands as one transaction. Redis does not undo the others when one of them fails, so that a refusal says nothing
    /// of their effect.
    pub(crate) async fn run_all<T: FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, Unavailable> {
        commands.query_async(&mut self.connection).await.map_err(|error| in_doubt(unavailable(&error)))
    }

    /// Gives the connection back for another request: call it only when every reply has come.
    pub(crate) fn done(self) {
        self.pool.idle.lock().expect("no holder panics").push(self.connection);
    }
}

/// A command that got a reply is not lost; anything else may have been sent.
fn unavailable(error: &RedisError) -> Unavailable {
    match error.code() {
        Some(code) => Unavailable::NoEffect(format!("Redis refused: {code} {}", error.detail().unwrap_or_default())),
        None => Unavailable::MayTakeEffect(format!("no answer from Redis: {error}")),
    }
}

/// The failure of a part of something whose other parts may have an effect.
pub(crate) fn in_doubt(error: Unavailable) -> Unavailable {
    match error {
        Unavailable::NoEffect(reason) => Unavailable::MayTakeEffect(reason),
        other => other,
    }
}

/// The failure of a command without any effect.
pub(crate) fn harmless<T>(reply: Result<T, Unavailable>) -> Result<T, Unavailable> {
    reply.map_err(|error| match error {
        Unavailable::MayTakeEffect(reason) => Unavailable::NoEffect(reason),
        other => other,
    })
}
