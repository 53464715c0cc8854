//! netsplit.

pub mod redis_server;
