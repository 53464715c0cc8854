//! What a history is held to: the level that its system promises under the faults of its run.

use netsplit_checker::Checker;
use netsplit_checker::causal::Causal;
use netsplit_checker::eventual::Eventual;
use netsplit_checker::sequential::Sequential;
use netsplit_checker::timeline::Timeline;
use netsplit_checker::txn::Model;
use netsplit_systems::system::Level;

/// What a history is held to.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// The level of consistency.
    pub level: Level,
    /// The index from which on operations began after the quiet period.
    pub settled_from: u64,
}

impl Promise {
    /// The checkers of registers: `linearizable` knows the operations at its level, the weaker ones read, write and
    /// compare-and-set.
    pub fn of_registers(self, linearizable: impl Checker + 'static) -> Vec<Box<dyn Checker>> {
        let checker: Box<dyn Checker> = match self.level {
            Level::Linearizable | Level::Serializable => Box::new(linearizable),
            Level::Sequential => Box::new(Sequential::default()),
            Level::Timeline => Box::new(Timeline { settled_from: self.settled_from }),
            Level::Causal => Box::new(Causal::default()),
            Level::Eventual | Level::Fifo => {
                Box::new(Eventual { settled_from: self.settled_from, ..Eventual::default() })
            }
        };
        vec![checker]
    }

    /// The model of transactions that corresponds to the level.
    pub fn of_transactions(self) -> Model {
        match self.level {
            Level::Linearizable => Model::StrictSerializable,
            Level::Serializable => Model::Serializable,
            Level::Sequential => Model::StrongSessionSerializable,
            Level::Timeline => Model::Prefix,
            Level::Causal => Model::Causal,
            Level::Fifo | Level::Eventual => Model::ReadUncommitted,
        }
    }
}
