//! The Redis that a cluster stands on: one that somebody names, or a private `redis-server` on a port of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use netsplit_systems::system::Fsync;
use redis::{Client, ConnectionAddr, IntoConnectionInfo, RedisResult};

/// How long a Redis may take to say that it is there.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Why a Redis can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The url.
    #[error("`{url}` is no Redis that netsplit can use: {reason}; write redis://HOST:PORT")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is not there, or is no Redis.
    #[error("no Redis answers at {url}: {reason}")]
    Silent {
        /// As it was given.
        url: String,
        /// What came in its place.
        reason: String,
    },
}

/// The address that a url of the form `redis://HOST:PORT` names. Nodes send no password and use database 0.
pub fn address(url: &str) -> Result<SocketAddr, Unusable> {
    let unusable = |reason: &str| Unusable::Url { url: url.to_owned(), reason: reason.to_owned() };
    let info = url.into_connection_info().map_err(|error| unusable(&error.to_string()))?;
    let settings = info.redis_settings();
    if settings.password().is_some() || settings.username().is_some() {
        return Err(unusable("its nodes send no password"));
    }
    if settings.db() != 0 {
        return Err(unusable("its nodes use database 0"));
    }
    let ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(unusable("its nodes speak plain TCP")) };
    let mut addresses = (host.as_str(), *port).to_socket_addrs().map_err(|error| unusable(&error.to_string()))?;
    addresses.next().ok_or_else(|| unusable("its host has no address"))
}

/// Asks the Redis whether it is there; returns what it does not do that a system with `wanted` relies on, if it tells.
pub fn probe(address: SocketAddr, wanted: Fsync) -> Result<Option<String>, Unusable> {
    let url = format!("redis://{address}");
    let asked = || -> RedisResult<Option<BTreeMap<String, String>>> {
        let mut connection = Client::open(url.as_str())?.get_connection_with_timeout(ANSWERS_WITHIN)?;
        connection.set_read_timeout(Some(ANSWERS_WITHIN))?;
        redis::cmd("PING").query::<String>(&mut connection)?;
        // Some that are run by others don't tell.
        Ok(redis::cmd("CONFIG").arg("GET").arg("append*").query(&mut connection).ok())
    };
    let told = asked().map_err(|error| Unusable::Silent { url: url.clone(), reason: error.to_string() })?;
    let Some(settings) = told else { return Ok(None) };
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|set| set == value);
    let keeps = match wanted {
        Fsync::Always => is("appendonly", "yes") && is("appendfsync", "always"),
        Fsync::EverySecond => is("appendonly", "yes") && !is("appendfsync", "no"),
    };
    let shown = |name: &str| settings.get(name).cloned().unwrap_or_default();
    let warning = || {
        let (file, fsync) = (shown("appendonly"), shown("appendfsync"));
        format!(
            "it has appendonly {file} and appendfsync {fsync}: what it acknowledged may not survive its crash, and the \
             system claims that it does with appendonly yes and appendfsync {}",
            word(wanted)
        )
    };
    Ok((!keeps).then(warning))
}

/// The arguments of a private `redis-server` with its files in `folder`.
pub fn arguments(port: u16, folder: &Path, fsync: Fsync) -> Vec<OsString> {
    let port = port.to_string();
    let mut arguments: Vec<OsString> =
        ["--port", &port, "--bind", "127.0.0.1", "--daemonize", "no"].map(Into::into).into();
    arguments.extend(["--appendonly", "yes", "--appendfsync", word(fsync), "--save", ""].map(Into::into));
    arguments.extend(["--loglevel", "warning", "--dir"].map(Into::into));
    arguments.push(folder.into());
    arguments
}

/// As Redis's own setting says it.
pub fn word(fsync: Fsync) -> &'static str {
    match fsync {
        Fsync::Always => "always",
        Fsync::EverySecond => "everysec",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_asks_for_what_nodes_do_not_do_is_refused_with_the_reason() {
        assert_eq!(address("redis://127.0.0.1:7777").unwrap(), "127.0.0.1:7777".parse().unwrap());
        assert_eq!(address("redis://127.0.0.1").unwrap(), "127.0.0.1:6379".parse().unwrap());
        for (url, reason) in [
            ("redis://:secret@127.0.0.1:6379", "password"),
            ("redis://127.0.0.1:6379/3", "database 0"),
            ("http://127.0.0.1:6379", "redis://HOST:PORT"),
            ("nonsense", "redis://HOST:PORT"),
        ] {
            let refused = address(url).unwrap_err().to_string();
            assert!(refused.contains(reason) && refused.contains(url), "{refused}");
        }
    }
}
