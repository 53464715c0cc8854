//! The embedded Redis against a real one: same commands, same replies, same logs.

mod differential;
mod generate;
mod log;
mod twins;
