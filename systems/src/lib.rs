//! netsplit systems.

pub mod redis;
