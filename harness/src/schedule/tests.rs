use std::time::Duration;

use netsplit_nemesis::{Cluster, CutKind, Fault, Step};
use proptest::prelude::*;

use super::{read, write};
use crate::plan::{Config, Plan};

fn cluster() -> Cluster {
    Cluster { nodes: vec!["n1".into(), "n2".into(), "n3".into()], redis: Some("redis".into()) }
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
fault = \"power-loss\"
host = \"redis\"
";
    let schedule = read(text, &cluster(), LENGTH).expect("it is a schedule");
    let sides = vec![vec!["n1".to_owned(), "n2".to_owned()], vec!["n3".to_owned()]];
    assert_eq!(
        schedule,
        [
            Step { id: 0, at_ms: 1000, lasts_ms: 2000, fault: Fault::PowerLoss { host: "redis".into() } },
            Step { id: 1, at_ms: 3000, lasts_ms: 1500, fault: Fault::Cut { kind: CutKind::Drop, sides } },
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_to_do() {
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"n9\"\n");
    assert!(line == 4 && reason == "no host `n9`; there are n1, n2, n3, redis", "{line}: {reason}");
    let (line, reason) = refusal("[[fault]]\nat = \"1s\"\nfor = \"1s\"\ncrsh = \"n1\"\n");
    assert!(line == 4 && reason.contains("did you mean `crash`?"), "{line}: {reason}");
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
    let (line, _) = refusal("[[fault]]\nat = \"1s\nfor = 3");
    assert_eq!(line, 2);
}

proptest! {
    #[test]
    fn what_was_written_reads_back_as_the_same_schedule(seed in any::<u64>()) {
        let nemesis = crate::registry::NEMESES.iter().map(|nemesis| nemesis.name).collect::<Vec<_>>().join(",");
        let plan = Plan::draw(seed, &Config { nemesis, ..Config::default() }).expect("the names are known");
        prop_assert!(!plan.schedule.is_empty());
        let text = write(&plan.schedule);
        let again = read(&text, &plan.cluster(), LENGTH);
        prop_assert!(again.as_ref() == Ok(&plan.schedule), "{again:?}\n{text}");
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\[\\[fault\\]\\]|at|for|cut|crash|=|\"|\n|\\[|\\]|n1|1s|,|é| ){0,40}") {
        let _any = read(&text, &cluster(), LENGTH);
    }
}
