//! A replicated register that claims to be linearizable. A write waits for a majority of the nodes; a read asks only one.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

use netsplit::prelude::*;
use serde::{Deserialize, Serialize};

/// The system under test.
pub const REGISTER: System = System {
    about: "registers on every node: writes go to a majority, reads ask one node",
    offers: &[REGISTERS],
    claims: &[Claim { level: Level::Linearizable, under: &["none", "partition"], weakened: false }],
    ..System::new("own-register", |node| Box::pin(serve(node)))
};

/// What clients do with it.
pub const WORKLOAD: Workload = read_write(|net, deadline| Box::new(Asker(Caller::new(net, PORT, deadline))));

const PORT: u16 = 4000;

/// A read; with a number, a write; with a version too, the copy of a write.
#[derive(Serialize, Deserialize)]
struct Ask {
    key: String,
    number: Option<i64>,
    version: Option<u64>,
}

/// The version and the number of every register.
type Cells = Rc<RefCell<BTreeMap<String, (u64, Option<i64>)>>>;

async fn serve(node: Node) -> Result<(), NodeError> {
    let (net, cells) = (node.net.clone(), Cells::default());
    rpc::serve(&net, PORT, move |ask| answer(ask, node.clone(), cells.clone())).await
}

async fn answer(Ask { key, number, version }: Ask, node: Node, cells: Cells) -> Option<i64> {
    let old = cells.borrow().get(&key).copied().unwrap_or_default();
    if number.is_none() {
        return old.1;
    }
    let new = (version.unwrap_or(old.0 + 1), number);
    cells.borrow_mut().insert(key.clone(), new.max(old));
    let (mut copies, peers) = (1, if version.is_none() { &node.peers[..] } else { &[] });
    let mut caller = Caller::<Ask, Option<i64>>::new(node.net.clone(), PORT, Duration::from_millis(200));
    for peer in peers {
        let copy = Ask { key: key.clone(), number, version: Some(new.0) };
        copies += usize::from(caller.call(peer, &copy).await.is_ok());
    }
    number.filter(|_| version.is_some() || copies >= node.majority())
}

struct Asker(Caller<Ask, Option<i64>>);

impl Client for Asker {
    fn invoke<'a>(&'a mut self, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
        Box::pin(async move {
            let ask = Ask { key: op.key().into(), number: op.number(0), version: None };
            match self.0.call(node, &ask).await? {
                None if op.f == "write" => Err(CallError::Lost("no majority has it".into())),
                answer => Ok(shown(answer)),
            }
        })
    }
}
