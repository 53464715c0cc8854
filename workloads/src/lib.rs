//! netsplit workloads.
