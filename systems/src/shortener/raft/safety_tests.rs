//! The safety of the consensus alone (figure 3 of the paper), under whatever a network and a power supply can do to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestError, TestRunner};

use super::consensus::{Raft, Reply, Request};
use super::durable::{Record, Remembered};
use super::log::Entry;
use crate::dice::dice;

/// What happens next; numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Event {
    Deliver(usize),
    Double(usize),
    Lose(usize),
    Wait(u64),
    Propose(usize),
    Read(usize),
    Crash(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        60 => any::<usize>().prop_map(Event::Deliver),
        3 => any::<usize>().prop_map(Event::Double),
        5 => any::<usize>().prop_map(Event::Lose),
        12 => (1..150_u64).prop_map(Event::Wait),
        10 => any::<usize>().prop_map(Event::Propose),
        3 => any::<usize>().prop_map(Event::Read),
        2 => any::<usize>().prop_map(Event::Crash),
    ]
}

enum Mail {
    Request(usize, usize, Request<u64>),
    Reply(usize, usize, Reply),
}

/// A cluster whose messages lie about until an event picks one.
struct World {
    names: Vec<Arc<str>>,
    nodes: Vec<Raft<u64>>,
    born: Vec<Duration>,
    disks: Vec<Vec<Record<u64>>>,
    /// Whether a crash takes all that is on the disk.
    forgetful: bool,
    mail: Vec<Mail>,
    now: Duration,
    last_number: u64,
    leaders: BTreeMap<u64, usize>,
    committed: BTreeMap<u64, Arc<Entry<u64>>>,
    /// For each open read, what was committed anywhere when it began.
    reads: BTreeMap<u64, u64>,
    answered_reads: usize,
}

impl World {
    fn new(size: usize, forgetful: bool) -> World {
        let names: Vec<Arc<str>> = (1..=size).map(|number| format!("n{number}").into()).collect();
        let mut world = World {
            nodes: Vec::new(),
            born: vec![Duration::ZERO; size],
            disks: vec![Vec::new(); size],
            names,
            forgetful,
            mail: Vec::new(),
            now: Duration::ZERO,
            last_number: 0,
            leaders: BTreeMap::new(),
            committed: BTreeMap::new(),
            reads: BTreeMap::new(),
            answered_reads: 0,
        };
        world.nodes = (0..size).map(|node| world.life_of(node)).collect();
        world
    }

    fn life_of(&self, node: usize) -> Raft<u64> {
        let me = self.names[node].clone();
        let others = self.names.iter().filter(|name| **name != me).cloned().collect();
        let mut remembered = Remembered::default();
        remembered.extend(self.disks[node].iter().cloned());
        Raft::start(me.clone(), others, dice(self.now.as_secs(), &me), remembered)
    }

    fn happen(&mut self, event: Event) {
        let mail = |at: usize| at.checked_rem(self.mail.len());
        match event {
            Event::Deliver(at) => {
                if let Some(at) = mail(at) {
                    let mail = self.mail.swap_remove(at);
                    self.deliver(mail);
                }
            }
            Event::Double(at) => {
                if let Some(Mail::Request(from, to, request)) = mail(at).map(|at| &self.mail[at]) {
                    let copy = Mail::Request(*from, *to, request.clone());
                    self.mail.push(copy);
                }
            }
            Event::Lose(at) => {
                if let Some(at) = mail(at) {
                    self.mail.swap_remove(at);
                }
            }
            Event::Wait(ms) => {
                self.now += Duration::from_millis(ms);
                for node in 0..self.nodes.len() {
                    self.nodes[node].pass(self.now.saturating_sub(self.born[node]));
                    self.settle(node);
                }
            }
            Event::Propose(at) => {
                self.last_number += 1;
                let node = at % self.nodes.len();
                self.nodes[node].propose(self.last_number);
                self.settle(node);
            }
            Event::Read(at) => {
                self.last_number += 1;
                let node = at % self.nodes.len();
                if self.nodes[node].read(self.last_number) {
                    let committed = self.committed.last_key_value().map_or(0, |(index, _)| *index);
                    self.reads.insert(self.last_number, committed);
                }
                self.settle(node);
            }
            Event::Crash(at) => {
                let node = at % self.nodes.len();
                if self.forgetful {
                    self.disks[node].clear();
                }
                self.born[node] = self.now;
                self.nodes[node] = self.life_of(node);
            }
        }
    }

    fn deliver(&mut self, mail: Mail) {
        match mail {
            Mail::Request(from, to, request) => {
                let asker = self.names[from].clone();
                let reply = self.nodes[to].asked(&asker, request);
                self.settle(to);
                self.mail.push(Mail::Reply(to, from, reply));
            }
            Mail::Reply(from, to, reply) => {
                let replier = self.names[from].clone();
                self.nodes[to].replied(&replier, &reply);
                self.settle(to);
            }
        }
    }

    /// Does what the node wants done, then looks for what must never be.
    fn settle(&mut self, node: usize) {
        self.nodes[node].replicate();
        let effects = self.nodes[node].take_effects();
        self.disks[node].extend(effects.records);
        self.nodes[node].persisted();
        for (peer, request) in effects.requests {
            let to = self.names.iter().position(|name| *name == peer).expect("peers have names");
            self.mail.push(Mail::Request(node, to, request));
        }
        self.check(node);
    }

    fn check(&mut self, at: usize) {
        let node = &self.nodes[at];
        if node.leads() {
            let leader = *self.leaders.entry(node.term()).or_insert(at);
            assert_eq!(leader, at, "election safety: two leaders in term {}", node.term());
            if self.leaders.last_key_value() == Some((&node.term(), &at)) {
                for (index, entry) in &self.committed {
                    assert_eq!(node.log.get(*index), Some(entry), "leader completeness: index {index}");
                }
            }
        }
        for index in 1..=node.commit {
            let entry = node.log.get(index).expect("what is committed is in the log");
            let first = self.committed.entry(index).or_insert_with(|| entry.clone());
            assert_eq!(first, entry, "state machine safety: index {index} is committed twice");
        }
        for number in self.nodes[at].ready_reads() {
            let committed = self.reads.remove(&number).expect("a read is answered once");
            assert!(self.nodes[at].commit >= committed, "a read misses what was committed before it");
            self.answered_reads += 1;
        }
    }

    /// Entries of one index and term have the same logs before them.
    fn check_logs(&self) {
        for (one, other) in self.nodes.iter().zip(self.nodes.iter().skip(1)) {
            let shorter = one.log.last().index.min(other.log.last().index);
            let agree = (1..=shorter).rev().find(|index| one.log.term_at(*index) == other.log.term_at(*index));
            for index in 1..=agree.unwrap_or(0) {
                assert_eq!(one.log.get(index), other.log.get(index), "log matching: index {index}");
            }
        }
    }
}

fn safe(size: usize, events: &[Event], forgetful: bool) -> World {
    let mut world = World::new(size, forgetful);
    for event in events {
        world.happen(*event);
    }
    world.check_logs();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_breaks_the_safety_of_three(events in vec(event(), 0..600)) {
        safe(3, &events, false);
    }

    #[test]
    fn nothing_that_happens_breaks_the_safety_of_five(events in vec(event(), 0..600)) {
        safe(5, &events, false);
    }
}

#[test]
fn safety_is_not_for_want_of_progress() {
    let (mut commits, mut terms, mut reads) = (0, 0, 0);
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        let events = vec(event(), 600).new_tree(&mut runner).expect("a strategy without filters").current();
        let world = safe(3, &events, false);
        commits += world.committed.len();
        terms += world.leaders.len();
        reads += world.answered_reads;
    }
    assert!(commits > 100 && terms > 40 && reads > 20, "{commits} commits, {terms} terms, {reads} reads");
}

#[test]
fn a_node_that_forgets_breaks_safety_and_is_found() {
    let mut runner = TestRunner::deterministic();
    let found = runner.run(&vec(event(), 0..600), |events| {
        let broken = std::panic::catch_unwind(|| drop(safe(3, &events, true))).is_err();
        if broken { Err(TestCaseError::fail("broken")) } else { Ok(()) }
    });
    assert!(matches!(found, Err(TestError::Fail(..))), "the search is too weak");
}

#[test]
fn a_healthy_cluster_elects_commits_and_tells_everybody() {
    let mut world = World::new(5, false);
    for _ in 0..40 {
        world.happen(Event::Wait(50));
        world.happen(Event::Propose(0));
        while !world.mail.is_empty() {
            world.happen(Event::Deliver(0));
        }
    }
    assert_eq!(world.leaders.len(), 1, "one election is enough");
    let leader = world.leaders.values().next().copied().expect("one was elected");
    world.happen(Event::Propose(leader));
    for _ in 0..4 {
        while !world.mail.is_empty() {
            world.happen(Event::Deliver(0));
        }
        world.happen(Event::Wait(100));
    }
    let last = world.nodes[leader].log.last().index;
    assert!(last >= 2 && world.nodes.iter().all(|node| node.commit == last), "committed up to {last}");
}
