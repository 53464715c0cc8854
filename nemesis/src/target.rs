//! Whom a fault hits: a host by its name, or whichever node leads when the fault begins.

use std::fmt;

use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Cluster;

/// The word that stands for the leader wherever a host is named. No node can have this name.
pub const LEADER: &str = "leader";

/// A host that a fault aims at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Target {
    /// The node that says that it leads when the fault begins; nobody, if none says so.
    Leader,
    /// The host of this name.
    Host(String),
}

impl From<String> for Target {
    fn from(name: String) -> Target {
        if name == LEADER { Target::Leader } else { Target::Host(name) }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Leader => f.write_str(LEADER),
            Target::Host(name) => f.write_str(name),
        }
    }
}

/// How many of which hosts a fault is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    /// One node.
    One,
    /// Less than half of the nodes, as many as that can be.
    Minority,
    /// At most a third of the nodes, but one: what a Byzantine quorum survives.
    MinorityThird,
    /// The least number of nodes that is more than half.
    Majority,
    /// Every node.
    All,
    /// Whoever leads; one node where nobody does.
    Leader,
    /// Redis; one node where there is none.
    Redis,
    /// Any one host, Redis among them.
    AnyHost,
    /// Every host, Redis among them.
    AllHosts,
}

impl Spec {
    /// Draws the hosts, in the order of the cluster.
    pub(crate) fn draw(self, rng: &mut ChaCha8Rng, cluster: &Cluster) -> Vec<Target> {
        let nodes = cluster.nodes.len();
        let hosts = match self {
            Spec::Minority => some(rng, &cluster.nodes, (nodes.saturating_sub(1) / 2).max(1)),
            Spec::MinorityThird => some(rng, &cluster.nodes, (nodes.saturating_sub(1) / 3).max(1)),
            Spec::Majority => some(rng, &cluster.nodes, nodes / 2 + 1),
            Spec::All => cluster.nodes.clone(),
            Spec::Leader if cluster.leads => return vec![Target::Leader],
            Spec::One | Spec::Leader => some(rng, &cluster.nodes, 1),
            Spec::Redis => cluster.redis.clone().map_or_else(|| some(rng, &cluster.nodes, 1), |redis| vec![redis]),
            Spec::AnyHost => some(rng, &cluster.hosts(), 1),
            Spec::AllHosts => cluster.hosts(),
        };
        hosts.into_iter().map(Target::Host).collect()
    }

    /// Draws one of `specs`, then its hosts.
    pub(crate) fn one_of(specs: &[Spec], rng: &mut ChaCha8Rng, cluster: &Cluster) -> Vec<Target> {
        specs.choose(rng).expect("there is a spec").draw(rng, cluster)
    }
}

/// A random `count` of `hosts`, in their order.
pub fn some(rng: &mut ChaCha8Rng, hosts: &[String], count: usize) -> Vec<String> {
    let mut places: Vec<usize> = (0..hosts.len()).collect();
    places.shuffle(rng);
    places.truncate(count);
    places.sort_unstable();
    places.into_iter().map(|at| hosts[at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{cluster, rng};

    #[test]
    fn every_spec_draws_as_many_hosts_as_it_says() {
        let count = |spec: Spec| spec.draw(&mut rng(1), &cluster(5)).len();
        assert_eq!(
            [Spec::One, Spec::Minority, Spec::MinorityThird, Spec::Majority, Spec::All].map(count),
            [1, 2, 1, 3, 5]
        );
        assert_eq!(count(Spec::AllHosts), 6, "five nodes and Redis");
        assert_eq!(Spec::Redis.draw(&mut rng(1), &cluster(3)), [Target::Host("redis".into())]);
        assert_eq!(Spec::Leader.draw(&mut rng(1), &cluster(3)), [Target::Leader]);
    }

    #[test]
    fn where_there_is_no_leader_or_no_redis_a_node_is_hit_in_its_place() {
        let cluster = Cluster { redis: None, leads: false, ..cluster(3) };
        for spec in [Spec::Leader, Spec::Redis] {
            let mut hit: Vec<Target> = (0..50).flat_map(|seed| spec.draw(&mut rng(seed), &cluster)).collect();
            hit.sort();
            hit.dedup();
            assert_eq!(hit, ["n1", "n2", "n3"].map(|node| Target::Host(node.into())), "{spec:?}");
        }
    }

    #[test]
    fn the_leader_is_named_by_a_word_in_data() {
        let targets = vec![Target::Leader, Target::Host("n1".into())];
        let json = serde_json::to_string(&targets).expect("names have a JSON form");
        assert_eq!(json, r#"["leader","n1"]"#);
        assert_eq!(serde_json::from_str::<Vec<Target>>(&json).expect("it was just written"), targets);
    }
}
