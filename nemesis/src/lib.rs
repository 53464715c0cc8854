//! netsplit nemesis.
