//! The systems under test: real node code that listens on sockets, and the clients that ask it.
//!
//! | part | what it is |
//! |---|---|
//! | [`node`] | what a node is given: name, peers, dice, disk, clock, network |
//! | [`net`] | the seam to the network: the only place that names turmoil's or tokio's sockets |
//! | [`peers`] | links between nodes: requests, replies, messages |
//! | [`membership`] | who the other nodes are, and which of them answer |
//! | [`weather`] | what the network does to single messages |
//! | [`wire`] | the record of every send and delivery |
//! | [`disk`], [`journal`] | a host's disk, and records that survive on it |
//! | [`clock`], [`gate`], [`dice`], [`board`] | a wall clock that may be wrong, pausing, randomness, who leads |
//! | [`http`], [`json`], [`call`] | HTTP on both sides, JSON over it, and what a caller may conclude from a failure |
//! | [`rpc`] | a protocol of one's own |
//! | [`redis`], [`redis_host`] | the embedded Redis as a state machine, and the host that any Redis runs on |
//! | [`planted`] | leaks that the harness must find |
//! | [`system`], [`story`] | what a system is, as data, and how it comes to fail, in words |
//! | [`ping_pong`] | counts of pings, broadcast |
//! | [`leader`] | one leader with a lease, and a job that only one may do |
//! | [`mailbox`] | messages between nodes, with what a plain link promises |
//! | [`map_reduce`] | word counts, in chunks |
//! | `roster`, [`groups`], [`registry`] | what nodes say of themselves: process groups, and global names |
//! | [`shortener`] | the link shortener's HTTP interface, its client, and its variants |
//!
//! **Architecture invariant:** a node knows nothing of tests, seeds or faults. Its randomness, clock, disk and links come in
//! with [`node::Node`].

#[cfg(not(tokio_unstable))]
compile_error!(
    "netsplit needs `--cfg tokio_unstable` for runs that replay: build inside the repository, where .cargo/config.toml \
     sets it, or add it to RUSTFLAGS (that variable replaces the file's flags)"
);

pub mod board;
pub mod call;
pub mod clock;
#[cfg(test)]
mod cluster;
pub mod dice;
pub mod disk;
pub(crate) mod fail_stop;
mod frame;
pub mod gate;
pub mod groups;
pub mod http;
pub mod journal;
pub mod json;
pub mod leader;
pub mod mailbox;
pub mod map_reduce;
pub mod membership;
pub mod net;
pub mod node;
pub mod peers;
pub mod ping_pong;
pub mod planted;
pub mod redis;
pub mod redis_host;
pub mod registry;
mod roster;
pub mod rpc;
pub mod shortener;
pub mod story;
pub mod system;
pub mod weather;
pub mod wire;
