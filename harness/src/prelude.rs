//! What a system of one's own names: `use netsplit::prelude::*`.

pub use netsplit_checker::{Checker, Value};
pub use netsplit_systems::call::CallError;
pub use netsplit_systems::net::Net;
pub use netsplit_systems::node::{Node, NodeError, NodeFuture, spawn};
pub use netsplit_systems::rpc::{self, Caller};
pub use netsplit_systems::system::{Claim, Level, Offer, System};
pub use netsplit_workloads::read_write::{REGISTERS, read_write, shown};
pub use netsplit_workloads::{Client, Invocation, Op, Planned, Promise, Script, Shape, Workload};
