//! `registry`: global names, each for one process of the whole cluster; whoever is asked calls the process by its name.
//!
//! A process lives on the node at which it registered, and is in its memory only. Every node has a [`crate::roster`] of the
//! names that all hold, and answers whatever it can see of it: on each side of a cut a name may get a holder. When they
//! see each other again the node whose name comes first keeps it, and the other process is stopped. Source: Erlang's
//! `global`, which resolves a name that two processes have when their nodes connect. Gilbert and Lynch, "Brewer's
//! conjecture", 2002, say why it can't be both one and always there; [`consistent`] is the other choice.
//!
//! | part | what it is |
//! |---|---|
//! | [`available`] | the registry on a roster: always there |
//! | [`consistent`] | the registry on a replicated log: never two |
//! | [`api`], [`client`] | the HTTP interface of both, and the client for it |

pub mod api;
pub mod available;
pub mod client;
pub mod consistent;

use std::future::Future;

use crate::shortener::Unavailable;

/// What came of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Registered {
    /// The process has the name.
    Done,
    /// Another has it.
    Held(String),
}

/// A way to keep names: what a node does with a request that reached it.
trait Names: Clone + Send + Sync + 'static {
    /// Starts a process at this node and gives it a name, if no other has it.
    fn register(&self, name: &str, process: &str) -> impl Future<Output = Result<Registered, Unavailable>> + Send;

    /// Calls the process of this name, wherever it is; it answers who it is. `None` if nobody has the name.
    fn call(&self, name: &str) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;
}
