//! netsplit.
