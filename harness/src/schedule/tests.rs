use std::time::Duration;

use netsplit_nemesis::{Cluster, CutKind, Delay, Fault, Step, Target};
use proptest::prelude::*;

use super::{read, write};
use crate::case::Case;
use crate::plan::Config;
use crate::registry::{NEMESES, Registry};

fn cluster() -> Cluster {
    Cluster { nodes: vec!["n1".into(), "n2".into(), "n3".into()], redis: Some("redis".into()), leads: true }
}

const LENGTH: Duration = Duration::from_secs(30);

/// Line and reason of what is wrong with `text`.
fn refusal(text: &str) -> (usize, String) {
    let bad = read(text, &cluster(), LENGTH).expect_err("it is wrong");
    (bad.line, bad.reason)
}

#[test]
fn a_schedule_is_read_as_it_is_written_by_hand() {
    let text = "
# a comment
[[fault]]
at = \"3s\"
for = \"1s 500ms\"
cut = [[\"n1\", \"n2\"], [\"n3\"]]
kind = \"drop\"

[[fault]]
at = \"1s\"
for = \"2s\"
mid_sync = true
fault = \"power-loss\"
hosts = \"redis\"

[[fault]]
at = \"5s\"
for = \"1s\"
slow = [\"leader\", \"clients\"]
delay = { uniform = [10, 300] }
";
    let schedule = read(text, &cluster(), LENGTH).expect("it is a schedule");
    let sides = vec![vec!["n1".to_owned(), "n2".to_owned()], vec!["n3".to_owned()]];
    let power_loss = Fault::PowerLoss { hosts: vec![Target::Host("redis".into())], torn_permille: 0 };
    let hosts = vec![Target::Leader, Target::Host("clients".into())];
    let slow = Fault::Slow { hosts, delay: Delay::Uniform(10, 300) };
    assert_eq!(
        schedule,
        [
            Step { id: 0, at_ms: 1000, lasts_ms: 2000, mid_sync: true, fault: power_loss },
            Step {
                id: 1,
                at_ms: 3000,
                lasts_ms: 1500,
                mid_sync: false,
                fault: Fault::Cut { kind: CutKind::Drop, sides }
            },
            Step { id: 2, at_ms: 5000, lasts_ms: 1000, mid_sync: false, fault: slow },
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_to_do() {
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"n9\"\n");
    assert!(line == 4 && reason == "no host `n9`; there are n1, n2, n3, redis, clients, leader", "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncrsh = \"n1\"\n");
    assert!(line == 4 && reason.contains("did you mean `crash`?"), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"n1\"\npause = \"n2\"\n");
    assert!(line == 5 && reason.contains("`pause` needs a `[[fault]]` of its own"), "{line}: {reason}");
    let (line, reason) = refusal("\n[[fault]]\nat = \"1s\"\ncrash = \"n1\"\n");
    assert!(line == 2 && reason.contains("lacks `for`"), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = 3\nfor = \"1s\"\ncrash = \"n1\"\n");
    assert!(line == 2 && reason.contains("such as \"2s\""), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncut = [[\"n1\"], [\"n2\"]]\nkid = \"drop\"\n");
    assert!(line == 5 && reason.contains("`kind`"), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncut = [[\"n1\"], [\"n2\"]]\n");
    assert!(line == 1 && reason.contains("missing field `kind`"), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"40s\"\nfor = \"1s\"\ncrash = \"n1\"\n");
    assert!(line == 2 && reason.contains("--time-limit"), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\n");
    assert!(line == 1 && reason.contains("`power-loss`"), "{line}: {reason}");
    let (line, reason) = refusal("[faults]\n");
    assert!(line == 1 && reason.contains("[[fault]]"), "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\nmid_sync = 1\ncrash = \"n1\"\n");
    assert!(line == 4 && reason == "`mid_sync` is true or false", "{line}: {reason}");
    let (line, _) = refusal("[[fault]]\nat = \"1s\nfor = 3");
    assert_eq!(line, 2);
}

proptest! {
    #[test]
    fn what_was_written_reads_back_as_the_same_schedule(seed in any::<u64>()) {
        // Every second one: all names together are longer than a plan's may be.
        let every_second = NEMESES.iter().skip((seed % 2) as usize).step_by(2);
        let nemesis = every_second.map(|nemesis| nemesis.name).collect::<Vec<_>>().join(",");
        let config = Config { nemesis, ..Config::default() };
        let case = Case::draw(seed, &config, &Registry::builtin()).expect("the names are known");
        prop_assert!(!case.schedule.is_empty());
        let text = write(&case.schedule);
        let again = read(&text, &case.cluster(), LENGTH);
        prop_assert!(again.as_ref() == Ok(&case.schedule), "{again:?}\n{text}");
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\[\\[fault\\]\\]|at|for|cut|crash|=|\"|\n|\\[|\\]|n1|1s|,|é| ){0,40}") {
        let _any = read(&text, &cluster(), LENGTH);
    }
}
