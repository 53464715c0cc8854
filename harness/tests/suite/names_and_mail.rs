//! Leaders, names and mail: what their claims do not say, or what only a whole run shows.

use std::time::Duration;

use netsplit::case::Case;
use netsplit::judge::{Overall, judge};
use netsplit::plan::Config;
use netsplit::simulate;
use netsplit_checker::mailbox::{Mailbox, Seen};
use netsplit_checker::single_holder::SingleHolder;
use netsplit_checker::{Checker, History, Verdict};

use crate::draw;

fn case(system: &str, workload: &str, nemesis: &str, seed: u64) -> Case {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: nemesis.into(),
        time_limit: Duration::from_secs(15),
        ..Config::default()
    };
    draw(seed, &config)
}

/// The history of a run that keeps what its system claims.
fn history(system: &str, workload: &str, nemesis: &str, seed: u64) -> History {
    let case = case(system, workload, nemesis, seed);
    let recording = simulate::run(&case).expect("nothing real is needed");
    let results = judge(&case, &recording);
    assert_eq!(results.overall, Overall::Valid, "{system}, {nemesis}, seed {seed}: {:?}", results.evidence().next());
    recording.history
}

#[test]
fn candidates_that_stand_one_after_another_do_not_keep_their_votes_from_each_other_for_ever() {
    history("leader", "job", "power-loss", 8);
}

#[test]
fn a_cut_gives_a_name_two_holders_where_names_are_always_there_and_never_where_they_are_agreed_on() {
    let two = |system: &str| {
        let verdict = SingleHolder.check(&history(system, "names", "partition", 0));
        matches!(verdict, Verdict::Invalid(all) if all.iter().any(|one| one.anomaly == "two-holders"))
    };
    assert!(two("registry"), "no cut of this run gave a name two holders");
    assert!(!two("registry-raft"));
}

fn seen(nemesis: &str) -> Seen {
    Mailbox.seen(&history("mailbox", "mail", nemesis, 0)).expect("the history is well formed")
}

#[test]
fn mail_of_different_pairs_crosses_when_a_link_is_slow() {
    let (calm, slow) = (seen("none"), seen("slow"));
    assert!(slow.crossed > 0, "{slow:?}");
    assert_eq!((calm.lost, calm.duplicated), (0, 0), "{calm:?}");
}

#[test]
fn mail_is_lost_when_the_network_loses_messages_and_doubled_when_it_doubles_them() {
    assert!(seen("loss").lost > 0);
    assert!(seen("duplication").duplicated > 0);
}

#[test]
fn mail_of_one_pair_keeps_its_order_unless_the_network_lets_messages_overtake() {
    let case = case("mailbox", "mail", "reordering", 2);
    assert!(case.is_beyond(), "order is not claimed under reordering");
    let results = judge(&case, &simulate::run(&case).expect("nothing real is needed"));
    assert!(results.evidence().any(|(_, evidence)| evidence.anomaly == "reordered"), "{:?}", results.verdicts);
}
