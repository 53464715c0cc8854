//! Names in a replicated log: a name is given in the log's order, and taken from a process only when it is known to be dead.
//!
//! A name is a link whose target says which process holds it: its node, and in which life of the node it was started. A
//! process is dead when its node is in a later life; nobody can take its name before, so that a name whose node is down,
//! or cut off, waits for it. Whoever finds a dead holder takes its place by compare-and-set.

use std::fmt;
use std::sync::Arc;

use super::{Names, Registered, api};
use crate::shortener::raft::{self, RaftLinks};
use crate::shortener::{Answer, Links, Unavailable};
use crate::story::Story;
use crate::system::{Claim, Level, MINIMUM, Offer, System};

/// The system: never two.
pub const REGISTRY_RAFT: System = System {
    name: "registry-raft",
    about: "global names for processes in a replicated log (Raft): never two holders",
    gives_up: "a minority can neither register nor call; the name of a node that is down waits for it",
    source: "Ongaro & Ousterhout 2014, Raft",
    offers: &[Offer::Names],
    redis: None,
    leads: true,
    claims: &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: false }],
    story: Story {
        mechanism: "Who holds a name is an entry in a log that a majority keeps. A call reads it there, and asks the holder's node whether it still is in the life in which the process was started. Only a holder that is not is replaced, by compare-and-set.",
        failures: &[],
    },
    start: |node| raft::start(node, |links| api::router(Registry(links))),
};

/// Who holds a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    life: u64,
    node: Arc<str>,
    process: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.life, self.node, self.process)
    }
}

impl Holder {
    fn parse(target: &str) -> Result<Holder, Unavailable> {
        let mut parts = target.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        let (life, node, process) = (next().parse(), next(), next());
        match life {
            Ok(life) if !process.is_empty() => Ok(Holder { life, node: node.into(), process: process.to_owned() }),
            _ => Err(Unavailable::NoEffect(format!("`{target}` names no process"))),
        }
    }
}

/// Names as links.
#[derive(Clone)]
struct Registry(RaftLinks);

impl Names for Registry {
    async fn register(&self, name: &str, process: &str) -> Result<Registered, Unavailable> {
        let (node, life) = self.0.me();
        let mine = Holder { life, node: node.clone(), process: process.to_owned() }.to_string();
        let Some(current) = registered(self.0.claim(name, &mine).await?)? else { return Ok(Registered::Done) };
        let holder = Holder::parse(&current)?;
        match self.0.life_of(&holder.node).await {
            // Its node was started again since.
            Ok(life) if life > holder.life => match registered(self.0.compare_and_set(name, &current, &mine).await?)? {
                None => Ok(Registered::Done),
                Some(other) => Ok(Registered::Held(Holder::parse(&other)?.process)),
            },
            _ => Ok(Registered::Held(holder.process)),
        }
    }

    async fn call(&self, name: &str) -> Result<Option<String>, Unavailable> {
        let Some(target) = self.0.follow(name).await? else { return Ok(None) };
        let holder = Holder::parse(&target.url)?;
        match self.0.life_of(&holder.node).await {
            Ok(life) => Ok((life == holder.life).then_some(holder.process)),
            Err(error) => Err(Unavailable::NoEffect(format!("{} does not answer: {error}", holder.process))),
        }
    }
}

/// Who holds the name after all; `None` if it was given as asked.
fn registered(answer: Answer) -> Result<Option<String>, Unavailable> {
    match answer {
        Answer::Done => Ok(None),
        Answer::Refused(Some(current)) => Ok(Some(current)),
        Answer::Absent | Answer::Refused(None) => Err(Unavailable::NoEffect("the name is gone".to_owned())),
    }
}
