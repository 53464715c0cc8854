//! The link shortener over whoever has commands executed: every request is one command, and its outcome is the answer.

use std::future::Future;

use async_trait::async_trait;

use super::machine::{Command, Outcome};
use super::{Answer, Committed, Fenced, Links, Lock, MicroOperation, Target, Unavailable};

/// Has commands executed, wherever that is.
pub(super) trait Execute: Send + Sync + 'static {
    /// What came of a command.
    fn execute(&self, command: Command) -> impl Future<Output = Result<Outcome, Unavailable>> + Send;

    /// How often a link was followed: no command, because it changes nothing.
    fn redirects(&self, code: &str) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}

async fn written(links: &impl Execute, command: Command) -> Result<Answer, Unavailable> {
    match links.execute(command).await? {
        Outcome::Written(answer) => Ok(answer),
        other => Err(unexpected(&other)),
    }
}

/// A node of another version, or a command whose session had ended: nobody can say what came of it.
pub(super) fn unexpected(outcome: &Outcome) -> Unavailable {
    Unavailable::MayTakeEffect(format!("the answer was {outcome:?}"))
}

#[async_trait]
impl<E: Execute> Links for E {
    async fn create(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        written(self, Command::Create { code: code.into(), url: url.into() }).await
    }

    async fn claim(&self, alias: &str, url: &str) -> Result<Answer, Unavailable> {
        written(self, Command::Claim { alias: alias.into(), url: url.into() }).await
    }

    async fn retarget(&self, code: &str, url: &str) -> Result<Answer, Unavailable> {
        written(self, Command::Retarget { code: code.into(), url: url.into() }).await
    }

    async fn compare_and_set(&self, code: &str, old: &str, new: &str) -> Result<Answer, Unavailable> {
        written(self, Command::CompareAndSet { code: code.into(), old: old.into(), new: new.into() }).await
    }

    /// A redirect is counted, so it is a command like any other.
    async fn follow(&self, code: &str) -> Result<Option<Target>, Unavailable> {
        match self.execute(Command::Follow { code: code.into() }).await? {
            Outcome::Target(target) => Ok(target.map(Target::from)),
            other => Err(unexpected(&other)),
        }
    }

    async fn redirects(&self, code: &str) -> Result<u64, Unavailable> {
        Execute::redirects(self, code).await
    }

    async fn delete(&self, code: &str) -> Result<Answer, Unavailable> {
        written(self, Command::Delete { code: code.into() }).await
    }

    async fn transact(&self, steps: Vec<MicroOperation>) -> Result<Committed, Unavailable> {
        match self.execute(Command::Transact(steps)).await? {
            Outcome::Transaction(committed) => Ok(committed),
            other => Err(unexpected(&other)),
        }
    }

    async fn lock(&self, name: &str) -> Result<Lock, Unavailable> {
        match self.execute(Command::Lock { name: name.into() }).await? {
            Outcome::Lock(lock) => Ok(lock),
            other => Err(unexpected(&other)),
        }
    }

    async fn unlock(&self, name: &str, token: Option<u64>) -> Result<Answer, Unavailable> {
        written(self, Command::Unlock { name: name.into(), token }).await
    }

    async fn retarget_fenced(&self, code: &str, token: u64, url: &str) -> Result<Fenced, Unavailable> {
        match self.execute(Command::RetargetFenced { code: code.into(), token, url: url.into() }).await? {
            Outcome::Fenced(fenced) => Ok(fenced),
            other => Err(unexpected(&other)),
        }
    }
}
