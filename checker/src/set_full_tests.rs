//! Hand-drawn grow-only sets on both sides of the line.

use super::*;
use crate::drawing::{anomalies, draw};

fn check(checker: SetFull, lines: &str) -> String {
    anomalies(&checker, lines)
}

const ADDED: &str = "0 invoke add 7\n0 ok add 7\n";

#[track_caller]
fn is(expected: &str, lines: &str) {
    assert_eq!(check(SetFull::default(), lines), expected);
}

#[test]
fn an_added_element_must_be_in_later_reads() {
    is("valid", &format!("{ADDED}1 invoke read\n1 ok read [7]"));
    is("lost", &format!("{ADDED}1 invoke read\n1 ok read []"));
    is("lost", &format!("{ADDED}1 invoke read\n1 ok read nil"));
    is("unknown", ADDED);
}

#[test]
fn a_concurrent_read_decides_nothing_when_it_misses() {
    is("unknown", "0 invoke add 7\n1 invoke read\n0 ok add 7\n1 ok read []");
    is("valid", "0 invoke add 7\n1 invoke read\n1 ok read [7]\n0 ok add 7");
}

#[test]
fn missing_for_a_while_is_stale_and_counts_only_where_recency_is_claimed() {
    let lines = format!("{ADDED}1 invoke read\n1 ok read []\n1 invoke read\n1 ok read [7]");
    is("valid", &lines);
    assert_eq!(check(SetFull { linearizable: true, settled_from: None }, &lines), "stale-read");
    let report = SetFull::default().report(&draw(&lines)).unwrap();
    assert_eq!(report.elements[0].stale_for, Some(Duration::from_millis(1)));
    assert_eq!((report.counts.stale, report.counts.stable, report.counts.lost), (1, 1, 0));
}

#[test]
fn after_the_quiet_period_every_node_must_show_it() {
    let lines = format!("{ADDED}1@n1 invoke read\n1@n1 ok read []\n1@n2 invoke read\n1@n2 ok read [7]");
    assert_eq!(check(SetFull { linearizable: false, settled_from: Some(2) }, &lines), "lost");
    assert_eq!(check(SetFull { linearizable: false, settled_from: Some(4) }, &lines), "valid");
}

#[test]
fn an_element_seen_once_and_gone_is_lost_even_if_its_add_is_pending() {
    is("lost", "0 invoke add 7\n1 invoke read\n1 ok read [7]\n1 invoke read\n1 ok read []");
    is("valid", "0 invoke add 7\n1 invoke read\n1 ok read []\n1 invoke read\n1 ok read [7]");
}

#[test]
fn duplicates_phantoms_and_failed_adds_are_contradictions() {
    is("duplicated", &format!("{ADDED}1 invoke read\n1 ok read [7 7]"));
    is("phantom", &format!("{ADDED}1 invoke read\n1 ok read [7 8]"));
    is("phantom", "1 invoke read\n1 ok read [7]\n0 invoke add 7\n0 ok add 7");
    is("failed-but-visible", "0 invoke add 7\n0 fail add 7\n1 invoke read\n1 ok read [7]");
    is("failed-but-visible", "0 invoke add 7\n0 ok add {refused nil}\n1 invoke read\n1 ok read [7]");
    is("unknown", "0 invoke add 7\n0 fail add 7\n1 invoke read\n1 ok read []");
}

#[test]
fn an_unacknowledged_element_that_is_found_is_recovered() {
    let lines = "0 invoke add 7\n0 info add 7\n1 invoke add 8\n1 info add 8\n2 invoke read\n2 ok read [7]";
    is("valid", lines);
    let counts = SetFull::default().report(&draw(lines)).unwrap().counts;
    let expected =
        Counts { attempted: 2, indeterminate: 2, stable: 1, never_read: 1, recovered: 1, ..Counts::default() };
    assert_eq!(counts, expected);
}

#[test]
fn each_key_is_a_set_of_its_own() {
    is(
        "valid",
        "0 invoke add a=7\n0 ok add a=7\n1 invoke read b=nil\n1 ok read b=[]\n1 invoke read a=nil\n1 ok read a=[7]",
    );
    is(
        "phantom",
        "0 invoke add a=7\n0 ok add a=7\n1 invoke read b=nil\n1 ok read b=[7]\n1 invoke read a=nil\n1 ok read a=[7]",
    );
}

#[test]
fn evidence_names_the_add_and_the_read_that_misses() {
    let history = draw(&format!("{ADDED}1 invoke read\n1 ok read [7]\n1 invoke read\n1 ok read []"));
    let Verdict::Invalid(all) = SetFull::default().check(&history) else { panic!("an element was lost") };
    assert_eq!(all[0].operations, [0, 4]);
    assert_eq!(all[0].summary, "element 7 was known by #0, and #4, which began later, does not show it");
}

#[test]
fn an_answer_that_is_no_list_is_not_judged() {
    is("unknown", &format!("{ADDED}1 invoke read\n1 ok read [7]\n1 invoke read\n1 ok read 5"));
}
