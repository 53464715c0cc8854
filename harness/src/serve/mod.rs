//! A cluster on the real sockets of this machine: the very node code of the simulation, with a real clock and with folders as
//! disks.
//!
//! | part | what it is |
//! |---|---|
//! | [`layout`] | which host is at which address |
//! | [`folder`] | a folder as a node's disk |
//! | [`node`] | one node, in this process |
//! | [`redis`] | the Redis that a system stands on: somebody else's, or one of its own |
//!
//! Every node is a process of its own, so that killing one is what it is anywhere else; [`crate::program`] starts them.

pub mod folder;
pub mod layout;
pub mod node;
pub mod redis;
