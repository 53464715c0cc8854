//! The laws of a join: in whatever order, however often and in whatever groups states are merged, the result is the same,
//! and it holds all that went into it.

use proptest::prelude::*;

use super::clock::Stamp;
use super::link::Link;
use super::replica::Replica;
use super::version::{Actor, Dot};
use crate::clock::Clock;

/// A step in the life of some copies of a link.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add(u8),
    Put(u8),
    Clear,
    Count,
    /// Another copy is merged into this one.
    Hear(usize),
}

const COPIES: usize = 3;

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = prop_oneof![
        (0..4_u8).prop_map(Step::Add),
        (0..4_u8).prop_map(Step::Put),
        Just(Step::Clear),
        Just(Step::Count),
        (0..COPIES).prop_map(Step::Hear),
    ];
    prop::collection::vec((0..COPIES, step), 0..40)
}

fn actor(copy: usize) -> Actor {
    Actor { node: format!("n{copy}").into(), life: 1 }
}

/// Copies that lived through these steps: only such states exist, and only for them the laws need to hold.
fn live(steps: &[(usize, Step)]) -> Vec<Link> {
    let mut copies = vec![Link::default(); COPIES];
    for (at, (copy, step)) in (1..).zip(steps) {
        let dot = Dot { at: Stamp(at), by: actor(*copy) };
        let heard = if let Step::Hear(other) = step { copies[*other].clone() } else { Link::default() };
        let link = &mut copies[*copy];
        match step {
            Step::Add(url) => link.add(dot, &format!("https://{url}")),
            Step::Put(url) => link.put(dot, &format!("https://{url}")),
            Step::Clear => link.clear(dot),
            Step::Count => link.count(dot),
            Step::Hear(_) => link.merge(&heard),
        }
    }
    copies
}

fn join(a: &Link, b: &Link) -> Link {
    let mut joined = a.clone();
    joined.merge(b);
    joined
}

proptest! {
    #[test]
    fn merging_is_commutative_associative_and_idempotent(steps in steps()) {
        let copies = live(&steps);
        let (a, b, c) = (&copies[0], &copies[1], &copies[2]);
        prop_assert_eq!(join(a, b), join(b, a));
        prop_assert_eq!(join(&join(a, b), c), join(a, &join(b, c)));
        prop_assert_eq!(&join(a, a), a);
    }

    #[test]
    fn merging_and_every_step_only_grow_a_state(steps in steps()) {
        let mut before = vec![Link::default(); COPIES];
        for upto in 0..=steps.len() {
            let after = live(&steps[..upto]);
            for (before, after) in before.iter().zip(&after) {
                prop_assert_eq!(&join(before, after), after);
                prop_assert!(after.redirects() >= before.redirects());
            }
            before = after;
        }
        let joined = join(&before[0], &before[1]);
        prop_assert_eq!(&join(&before[0], &joined), &joined);
    }

    #[test]
    fn every_redirect_is_counted_once_and_only_targets_that_were_set_survive(steps in steps()) {
        let copies = live(&steps);
        let all = join(&join(&copies[0], &copies[1]), &copies[2]);
        let counted = steps.iter().filter(|(_, step)| matches!(step, Step::Count)).count();
        prop_assert_eq!(all.redirects(), counted as u64);
        let cleared_last = steps.iter().rposition(|(_, step)| matches!(step, Step::Clear));
        if cleared_last.is_none() {
            let set = steps.iter().any(|(_, step)| matches!(step, Step::Add(_) | Step::Put(_)));
            prop_assert_eq!(all.target().is_some(), set);
        }
    }

    #[test]
    fn a_copy_that_pulls_what_it_has_not_seen_holds_all_that_the_other_holds(
        changes in prop::collection::vec((0..2_usize, 0..60_u16), 1..120),
    ) {
        let mut copies: Vec<Replica> = (0..2).map(|copy| Replica::new(actor(copy), Clock::default())).collect();
        for (copy, code) in changes {
            let (copy, code) = (&mut copies[copy], format!("{code}").repeat(100));
            let (mut link, dot) = (copy.link(&code), copy.next_dot());
            link.put(dot, &code.repeat(10));
            copy.change(&code, link);
            let (one, two) = copies.split_at_mut(1);
            pull(&mut one[0], &two[0]);
            for (code, link) in two[0].links() {
                prop_assert_eq!(&join(&one[0].link(code), link), &one[0].link(code));
            }
            let nothing = one[0].newer_than(one[0].seen(), None).links;
            prop_assert!(nothing.is_empty());
        }
    }
}

/// All chunks of `from` that `to` lacks, as gossip asks for them.
fn pull(to: &mut Replica, from: &Replica) {
    let seen = to.seen().clone();
    let mut after = None;
    loop {
        let chunk = from.newer_than(&seen, after.as_deref());
        after = chunk.links.last().map(|(code, _)| code.clone());
        for (code, theirs) in chunk.links {
            let joined = join(&to.link(&code), &theirs);
            to.store(&code, joined);
        }
        if !chunk.more {
            to.claim(&chunk.seen);
            return;
        }
    }
}

#[test]
fn of_concurrent_claims_the_later_wins_and_the_other_is_kept_as_a_sibling() {
    let mut copies = [Link::default(), Link::default()];
    copies[0].add(Dot { at: Stamp(1), by: actor(0) }, "https://first");
    copies[1].add(Dot { at: Stamp(2), by: actor(1) }, "https://second");
    let target = join(&copies[0], &copies[1]).target().unwrap();
    assert_eq!((target.url.as_str(), target.siblings), ("https://second", vec!["https://first".to_owned()]));
}

#[test]
fn a_create_wins_over_a_delete_that_did_not_see_it() {
    let mut one = Link::default();
    one.add(Dot { at: Stamp(1), by: actor(0) }, "https://one");
    let mut two = one.clone();
    two.clear(Dot { at: Stamp(2), by: actor(1) });
    assert_eq!(join(&one, &two).target(), None);
    one.add(Dot { at: Stamp(3), by: actor(0) }, "https://one");
    assert_eq!(join(&one, &two).winner(), Some("https://one"));
}
