//! What nodes publish of themselves on purpose, for faults that aim at a leader: the only thing of a node's inside that the
//! nemesis ever sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A notice board that all nodes of a run share.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<BTreeMap<Arc<str>, u64>>>);

impl Board {
    /// `node` says that it leads, since this term or epoch.
    pub fn lead(&self, node: &Arc<str>, term: u64) {
        self.0.lock().expect("no holder panics").insert(node.clone(), term);
    }

    /// `node` says that it does not lead.
    pub fn follow(&self, node: &Arc<str>) {
        self.0.lock().expect("no holder panics").remove(node);
    }

    /// The node that leads since the highest term, if any says that it leads.
    pub fn leader(&self) -> Option<Arc<str>> {
        let board = self.0.lock().expect("no holder panics");
        board.iter().max_by_key(|(_, term)| **term).map(|(node, _)| node.clone())
    }
}
