//! One blocking connection to a real Redis: bytes in, as many replies out.

use std::io::{self, Read, Write};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use netsplit_systems::redis::take_request;
use redis_protocol::resp2::decode::decode_range;

#[cfg(not(unix))]
use nowhere::UnixStream;

/// A Redis that takes longer hangs: the commands that block on purpose are not for a simulation.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A connection over the server's unix socket.
#[derive(Debug)]
pub struct Conn {
    stream: UnixStream,
}

impl Conn {
    pub(super) fn open(socket: &Path) -> io::Result<Conn> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(ANSWERS_WITHIN))?;
        stream.set_write_timeout(Some(ANSWERS_WITHIN))?;
        Ok(Conn { stream })
    }

    pub(super) fn answers_ping(&mut self) -> bool {
        self.command(b"*1\r\n$4\r\nPING\r\n").is_ok_and(|reply| reply == b"+PONG\r\n")
    }

    /// Writes one or more whole requests and returns the bytes of as many replies. An `Err` leaves
    /// the connection unusable: which request the next reply belongs to is no longer known.
    pub fn command(&mut self, requests: &[u8]) -> io::Result<Vec<u8>> {
        let expected = count_requests(requests)?;
        self.stream.write_all(requests)?;
        let mut received = Vec::new();
        let (mut replies, mut decoded) = (0, 0);
        let mut chunk = [0; 4096];
        while replies < expected {
            match self.stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => received.extend_from_slice(&chunk[..length]),
            }
            while let Some(length) = reply_length(&received[decoded..])? {
                decoded += length;
                replies += 1;
            }
        }
        if replies == expected && decoded == received.len() {
            return Ok(received);
        }
        Err(invalid(format!("redis-server sent more than {expected} replies")))
    }
}

/// Where there are no unix sockets, none can be opened.
#[cfg(not(unix))]
mod nowhere {
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    #[derive(Debug)]
    pub(super) enum UnixStream {}

    impl UnixStream {
        pub(super) fn connect(_socket: &Path) -> io::Result<UnixStream> {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no unix sockets"))
        }

        pub(super) fn set_read_timeout(&self, _within: Option<Duration>) -> io::Result<()> {
            match *self {}
        }

        pub(super) fn set_write_timeout(&self, _within: Option<Duration>) -> io::Result<()> {
            match *self {}
        }
    }

    impl io::Read for UnixStream {
        fn read(&mut self, _bytes: &mut [u8]) -> io::Result<usize> {
            match *self {}
        }
    }

    impl io::Write for UnixStream {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            match *self {}
        }

        fn flush(&mut self) -> io::Result<()> {
            match *self {}
        }
    }
}

fn count_requests(requests: &[u8]) -> io::Result<usize> {
    let mut left = BytesMut::from(requests);
    let mut count = 0;
    while take_request(&mut left).map_err(|error| invalid(error.to_string()))?.is_some() {
        count += 1;
    }
    if left.is_empty() { Ok(count) } else { Err(invalid("the last request is not whole".into())) }
}

fn reply_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let decoded = decode_range(bytes).map_err(|error| invalid(error.to_string()))?;
    Ok(decoded.map(|(_, length)| length))
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
