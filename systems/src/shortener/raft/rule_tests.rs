//! The rules of the consensus one by one (figures 2 and 8 of the paper): each test fails when its rule is left out.

use std::sync::Arc;
use std::time::Duration;

use super::consensus::{Raft, Reply, Request, Role};
use super::durable::{Ballot, Record, Remembered};
use super::log::{Entry, Position};
use crate::dice::dice;

/// A node `n1` of so many, with entries of these terms in its log.
fn node(size: usize, term: u64, log: &[u64]) -> Raft<u64> {
    let others = (2..=size).map(|number| format!("n{number}").into()).collect();
    let mut remembered = Remembered::default();
    let entries = log.iter().zip(1..).map(|(term, index)| Record::Entry(index, entry(*term, index)));
    remembered.extend(entries.chain([Record::Ballot(Ballot { term, vote: None })]));
    Raft::start("n1".into(), others, dice(1, "n1"), remembered)
}

/// Its command is its index.
fn entry(term: u64, index: u64) -> Arc<Entry<u64>> {
    Arc::new(Entry { term, command: Some(index) })
}

fn n(number: usize) -> Arc<str> {
    format!("n{number}").into()
}

fn terms(raft: &Raft<u64>) -> Vec<u64> {
    (1..=raft.log.last().index).filter_map(|index| raft.log.term_at(index)).collect()
}

/// Wins the election of the next term with the vote of `n2` (and `n3`, where that takes two), and has its log on disk.
fn leader(size: usize, term: u64, log: &[u64]) -> Raft<u64> {
    let mut raft = node(size, term, log);
    raft.pass(Duration::from_secs(1));
    for trial in [true, false] {
        for voter in 2..=raft.majority() {
            let (asked, own) = (term + 1, raft.term());
            raft.replied(&n(voter), &Reply::Vote { term: own, asked, trial, granted: true });
        }
    }
    assert!(raft.leads() && raft.term() == term + 1);
    raft.take_effects();
    raft.persisted();
    raft
}

fn acknowledge(raft: &mut Raft<u64>, from: usize, round: u64, matched: u64) {
    let term = raft.term();
    raft.replied(&n(from), &Reply::Appended { term, round, matched });
}

fn ask_for_vote(raft: &mut Raft<u64>, from: usize, term: u64, last: Position) -> bool {
    let reply = raft.asked(&n(from), Request::Vote { term, last, trial: false });
    matches!(reply, Reply::Vote { granted: true, .. })
}

fn append(raft: &mut Raft<u64>, term: u64, previous: Position, entries: &[u64], commit: u64) -> Reply {
    let entries = entries.iter().zip(previous.index + 1..).map(|(term, index)| entry(*term, index)).collect();
    raft.asked(&n(2), Request::Append { term, round: 0, previous, entries, commit })
}

const fn at(term: u64, index: u64) -> Position {
    Position { term, index }
}

#[test]
fn a_node_votes_once_in_a_term_and_keeps_to_it_in_its_next_life() {
    let mut raft = node(3, 4, &[1]);
    assert!(ask_for_vote(&mut raft, 2, 5, at(1, 1)));
    let mut remembered = Remembered::<u64>::default();
    remembered.extend(raft.take_effects().records);
    assert_eq!(remembered.ballot, Ballot { term: 5, vote: Some(n(2)) }, "the vote comes out before the reply leaves");
    for raft in [&mut raft, &mut Raft::start("n1".into(), vec![n(2), n(3)], dice(2, "n1"), remembered)] {
        assert!(!ask_for_vote(raft, 3, 5, at(9, 9)), "another candidate of the term");
        assert!(ask_for_vote(raft, 2, 5, at(1, 1)), "the same one asks again");
    }
    assert!(!ask_for_vote(&mut raft, 3, 4, at(9, 9)), "a term that is over");
}

#[test]
fn a_candidate_whose_log_ends_earlier_gets_no_vote() {
    for (last, granted) in [(at(1, 9), false), (at(2, 2), false), (at(2, 3), true), (at(2, 4), true), (at(3, 1), true)]
    {
        assert_eq!(ask_for_vote(&mut node(3, 2, &[1, 2, 2]), 2, 5, last), granted, "{last:?}");
    }
}

#[test]
fn a_node_that_hears_of_its_leader_does_not_help_to_depose_it() {
    let mut raft = node(3, 2, &[1]);
    append(&mut raft, 2, at(1, 1), &[], 0);
    let trial = |raft: &mut Raft<u64>| raft.asked(&n(3), Request::Vote { term: 3, last: at(1, 1), trial: true });
    assert_eq!(trial(&mut raft), Reply::Vote { term: 2, asked: 3, trial: true, granted: false });
    raft.now = Duration::from_secs(5);
    assert_eq!(trial(&mut raft), Reply::Vote { term: 2, asked: 3, trial: true, granted: true });
    assert!(raft.ballot.vote.is_none(), "a trial vote binds nobody");
}

#[test]
fn votes_count_once_and_only_for_the_term_they_were_asked_for() {
    let mut raft = node(5, 0, &[]);
    raft.pass(Duration::from_secs(1));
    let vote = |asked, trial, granted| Reply::Vote { term: 0, asked, trial, granted };
    for _ in 0..3 {
        raft.replied(&n(2), &vote(1, true, true));
    }
    raft.replied(&n(3), &vote(1, true, false));
    raft.replied(&n(4), &vote(2, true, true));
    raft.replied(&n(4), &vote(1, false, true));
    assert!(matches!(raft.role, Role::Candidate { trial: true, .. }), "two of five: {:?}", raft.role);
    raft.replied(&n(3), &vote(1, true, true));
    assert!(matches!(raft.role, Role::Candidate { trial: false, .. }) && raft.term() == 1);
}

#[test]
fn a_leader_begins_its_term_with_an_entry_of_its_own() {
    let mut raft = leader(3, 3, &[1, 3]);
    assert_eq!(terms(&raft), [1, 3, 4]);
    assert!(raft.log.get(3).is_some_and(|entry| entry.command.is_none()));
    assert_eq!(raft.propose(7), Some(4));
    assert_eq!(node(3, 3, &[1]).propose(7), None, "nobody else takes in a command");
}

/// Figure 8 of the paper.
#[test]
fn an_entry_of_an_earlier_term_is_committed_only_behind_one_of_the_leader_s_own() {
    let mut raft = leader(5, 3, &[1, 2]);
    for follower in [2, 3, 4] {
        acknowledge(&mut raft, follower, 0, 2);
    }
    assert_eq!(raft.commit, 0, "a majority has the entry of term 2, and could still lose it");
    acknowledge(&mut raft, 2, 0, 3);
    assert_eq!(raft.commit, 0, "two of five");
    acknowledge(&mut raft, 3, 0, 3);
    assert_eq!(raft.commit, 3);
}

#[test]
fn a_leader_s_own_copy_counts_only_when_it_is_durable() {
    let mut raft = leader(3, 0, &[]);
    acknowledge(&mut raft, 2, 0, 1);
    assert_eq!(raft.commit, 1);
    raft.propose(7);
    acknowledge(&mut raft, 2, 0, 2);
    assert_eq!(raft.commit, 1, "one durable copy of three");
    raft.persisted();
    assert_eq!(raft.commit, 2);
}

#[test]
fn an_acknowledgement_of_another_term_says_nothing() {
    let mut raft = leader(3, 3, &[]);
    raft.replied(&n(2), &Reply::Appended { term: 3, round: 9, matched: 1 });
    assert_eq!(raft.commit, 0);
    raft.replied(&n(2), &Reply::Appended { term: 9, round: 9, matched: 1 });
    assert!(!raft.leads() && raft.term() == 9 && raft.commit == 0, "there is a later term");
}

#[test]
fn a_follower_refuses_a_leader_whose_term_is_over_and_entries_that_do_not_fit() {
    let mut raft = node(3, 3, &[1, 2]);
    assert!(matches!(append(&mut raft, 2, at(2, 2), &[2], 3), Reply::Missing { term: 3, .. }));
    assert!(
        matches!(append(&mut raft, 3, at(3, 2), &[3], 3), Reply::Missing { hint: 1, .. }),
        "another entry is there"
    );
    assert!(matches!(append(&mut raft, 3, at(3, 5), &[3], 6), Reply::Missing { hint: 2, .. }), "nothing is there");
    assert_eq!((terms(&raft), raft.commit), (vec![1, 2], 0));
}

#[test]
fn only_a_conflict_takes_entries_out_of_a_log() {
    let mut raft = node(3, 2, &[1, 2, 2, 2]);
    assert!(matches!(append(&mut raft, 2, at(1, 1), &[2], 0), Reply::Appended { matched: 2, .. }));
    assert_eq!(terms(&raft), [1, 2, 2, 2], "a message that was overtaken");
    assert!(raft.take_effects().records.is_empty(), "nothing is written twice");
    append(&mut raft, 3, at(2, 2), &[3], 0);
    assert_eq!(terms(&raft), [1, 2, 3]);
}

#[test]
fn a_follower_commits_no_further_than_its_log_is_known_to_agree() {
    let mut raft = node(3, 2, &[1, 2, 2]);
    append(&mut raft, 3, at(1, 1), &[], 3);
    assert_eq!(raft.commit, 1, "what is behind may be another's");
    append(&mut raft, 3, at(1, 1), &[3, 3], 2);
    assert_eq!(raft.commit, 2);
    append(&mut raft, 3, at(1, 1), &[], 1);
    assert_eq!(raft.commit, 2, "a commit index never goes back");
}

#[test]
fn a_read_waits_for_a_majority_that_was_asked_after_it_and_for_an_entry_of_the_term() {
    let mut raft = leader(5, 1, &[1]);
    assert!(raft.read(7));
    for follower in [2, 3] {
        acknowledge(&mut raft, follower, 0, 2);
    }
    assert_eq!((raft.commit, raft.ready_reads()), (2, vec![]), "they were asked before the read");
    acknowledge(&mut raft, 2, 1, 2);
    assert_eq!(raft.ready_reads(), [0; 0], "two of five");
    acknowledge(&mut raft, 3, 1, 2);
    assert_eq!(raft.ready_reads(), [7]);

    let mut new = leader(3, 1, &[1]);
    new.read(8);
    acknowledge(&mut new, 2, 1, 1);
    assert_eq!(new.ready_reads(), [0; 0], "it does not know yet what is committed");
    acknowledge(&mut new, 2, 1, 2);
    assert_eq!(new.ready_reads(), [8]);
    assert!(!node(3, 1, &[]).read(9), "nobody else takes in a read");
}

#[test]
fn a_leader_that_hears_from_no_majority_leads_no_more() {
    let mut raft = leader(3, 0, &[]);
    raft.pass(Duration::from_millis(1500));
    assert!(raft.leads(), "a follower may be slow");
    raft.pass(Duration::from_millis(1700));
    assert!(!raft.leads());
}
