//! netsplit systems.
