//! The link shortener over whoever is believed primary: one request for each operation, and none is ever sent again.

use std::time::Duration;

use async_trait::async_trait;

use super::operation::{Operation, Outcome};
use super::server::Server;
use super::{Reply, Request};
use crate::peers::Peers;
use crate::shortener::{Answer, Links, Target, Unavailable};

/// How long a front waits for the primary, which may itself wait for its replicas; shorter than a client waits.
const PATIENCE: Duration = Duration::from_millis(600);

/// A node's front.
pub(super) struct Front {
    server: Server,
    peers: Peers<Request, Reply>,
}

impl Front {
    pub(super) fn new(server: Server, peers: Peers<Request, Reply>) -> Front {
        Front { server, peers }
    }

    async fn ask(&self, operation: Operation) -> Result<Outcome, Unavailable> {
        let primary = self.server.reign().primary;
        let reply = if primary == self.server.me {
            self.server.execute(&operation).await
        } else {
            self.peers.ask(&primary, Request::Execute(operation), PATIENCE).await?
        };
        match reply {
            Reply::Executed(outcome) => Ok(outcome),
            Reply::NotPrimary(other) => {
                Err(Unavailable::NoEffect(format!("{primary} is not the primary any more: {other} is")))
            }
            Reply::Uncertain(reason) => Err(Unavailable::MayTakeEffect(reason)),
            other => Err(strange(&other)),
        }
    }

    async fn write(&self, operation: Operation) -> Result<Answer, Unavailable> {
        match self.ask(operation).await? {
            Outcome::Answered(answer) => Ok(answer),
            other => Err(strange(&other)),
        }
    }
}

/// A reply to another question than was asked.
fn strange(reply: &impl std::fmt::Debug) -> Unavailable {
    Unavailable::MayTakeEffect(format!("the primary answered {reply:?}"))
}

#[async_trait]
impl Links for Front {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(Operation::Create { code: code.into(), url: url.into() }).await
    }

    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(Operation::Claim { alias: alias.into(), url: url.into() }).await
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        self.write(Operation::Retarget { code: code.into(), url: url.into() }).await
    }

    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<Answer, Unavailable> {
        self.write(Operation::CompareAndSet { code: code.into(), old: old.into(), new: new.into() }).await
    }

    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        self.write(Operation::Delete { code: code.into() }).await
    }

    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        match self.ask(Operation::Follow { code: code.into() }).await? {
            Outcome::Leads(url) => Ok(url.map(Target::from)),
            other => Err(strange(&other)),
        }
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        match self.ask(Operation::Redirects { code: code.into() }).await? {
            Outcome::Followed(count) => Ok(count),
            other => Err(strange(&other)),
        }
    }
}
