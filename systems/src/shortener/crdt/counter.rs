//! A counter that only grows: everybody counts alone, the value is the sum.
//!
//! Source: Shapiro, Preguiça, Baquero and Zawirski, "A comprehensive study of Convergent and Commutative Replicated Data
//! Types" (2011), specification 6.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::version::Actor;

/// How often each actor counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GCounter(BTreeMap<Actor, u64>);

impl GCounter {
    pub(super) fn increment(&mut self, by: Actor) {
        *self.0.entry(by).or_default() += 1;
    }

    pub(super) fn value(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Joins: of each actor the higher count, which is the later.
    pub(super) fn merge(&mut self, other: &GCounter) {
        for (actor, &count) in &other.0 {
            let ours = self.0.entry(actor.clone()).or_default();
            *ours = count.max(*ours);
        }
    }

    /// Adds, which is no join: what is merged twice counts twice.
    pub(super) fn added(&self, other: &GCounter) -> GCounter {
        let mut sum = self.clone();
        for (actor, count) in &other.0 {
            let ours = sum.0.entry(actor.clone()).or_default();
            *ours = ours.saturating_add(*count);
        }
        sum
    }
}
