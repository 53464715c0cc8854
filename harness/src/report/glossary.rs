//! The words of a report, the fallacies that its faults refute, and the limits of what it says.

use super::document::Block;
use crate::registry::Registry;

/// Words with their meaning here.
const WORDS: [(&str, &str); 14] = [
    ("operation", "something a client asks of a node: an invocation and at most one completion"),
    ("invocation, completion", "the moments at which a client asks, and at which it knows how that ended"),
    (
        "ok",
        "the node answered, and the answer is an observation; an answer that refuses and shows the present state counts as a read of it",
    ),
    ("fail", "the operation had no effect and never will"),
    (
        "info",
        "indeterminate: no answer came in time, so the operation may take effect at any time from its invocation on, or never",
    ),
    (
        "process",
        "one life of a client; after an info the client goes on as a new process, because the old operation is still open",
    ),
    (
        "linearizable",
        "the answers are as if every operation took effect at one instant between its invocation and its completion",
    ),
    ("stale read", "an answer that was right once, but had been replaced before the question was asked"),
    ("lost write", "an acknowledged write that later reads do not show"),
    ("witness", "the fewest operations of the run that already contradict the promise"),
    (
        "fault window",
        "the time from the start of a fault to its heal; a fault that stood in no one's way hit nothing, and tests no more than what it leaves behind",
    ),
    (
        "cut",
        "no message passes between two sides: they wait for the heal (stall), or are lost and connections die (drop)",
    ),
    ("vacuous", "nothing in the run could have refuted the claim, so that its pass means nothing"),
    ("seed", "the number that a whole run is drawn from: the same seed gives the same run, byte for byte"),
];

/// What a reader must not conclude.
pub(super) const BLIND: [&str; 5] = [
    "A valid run is one run without a contradiction. It is no proof: another seed, another schedule or a longer run may find one.",
    "Only what clients asked and were answered is judged. State that nobody read, and operations that the workload does not have, are not seen.",
    "Operations that ended as info can excuse many answers: the more of them, the weaker the test. The share of ok says how many there are.",
    "Time is simulated and code runs in no time: slow processors and races between threads inside one node do not occur.",
    "Faults beyond those in the table were not tried, and of those that hit no message and no operation only what they leave behind was.",
];

/// A belief about networks that is false (Deutsch and Gosling, Sun Microsystems, 1994–1997).
struct Fallacy {
    belief: &'static str,
    truth: &'static str,
    /// The families of faults that refute it, by the names that `--nemesis` takes.
    refuted_by: &'static [&'static str],
    /// The exhibit of `results/gallery` that shows what comes of the belief; empty if nothing here falls for it.
    shown_by: &'static str,
}

/// All eight.
const FALLACIES: [Fallacy; 8] = [
    Fallacy {
        belief: "The network is reliable",
        truth: "connections are cut, and machines at their other end die",
        refuted_by: &["partition", "crash", "power-loss", "loss"],
        shown_by: "redis-failover-stale-read",
    },
    Fallacy {
        belief: "Latency is zero",
        truth: "messages arrive when their sender has long given up, and has sent them again",
        refuted_by: &["slow", "partition"],
        shown_by: "redis-resend-above-upper-bound",
    },
    Fallacy {
        belief: "Bandwidth is infinite",
        truth: "what is sent on a narrow link queues, and arrives later than the deadline allows",
        refuted_by: &["bandwidth"],
        shown_by: "",
    },
    Fallacy {
        belief: "The network is secure",
        truth: "bytes arrive other than they were sent, and capsules and urls come from strangers; every system here has checksums, and the comparison shows that they hold",
        refuted_by: &["corruption"],
        shown_by: "",
    },
    Fallacy {
        belief: "Topology doesn't change",
        truth: "who reaches whom differs from one second to the next, and nodes leave and come back",
        refuted_by: &["flapping", "rolling-restart", "crash"],
        shown_by: "groups-no-monitor-dead-member",
    },
    Fallacy {
        belief: "There is one administrator",
        truth: "somebody restarts a machine while somebody else changes the network",
        refuted_by: &["partition,crash", "swarm"],
        shown_by: "raft-reply-before-commit-stale-read",
    },
    Fallacy {
        belief: "Transport cost is zero",
        truth: "to agree is paid in messages and round trips, which the comparison counts; who saves them pays in recency",
        refuted_by: &[],
        shown_by: "redis-stale-cache-stale-read",
    },
    Fallacy {
        belief: "The network is homogeneous",
        truth: "clocks differ, one link is up while another is down, and every pair of hosts has a latency of its own",
        refuted_by: &["skew", "one-way", "slow"],
        shown_by: "quorum-lww-stale-read",
    },
];

/// The part: the words, then the fallacies with the faults that there are against each.
pub(super) fn blocks(registry: &Registry) -> Vec<Block> {
    let words = WORDS.map(|(word, meaning)| (word.to_owned(), meaning.to_owned()));
    vec![
        Block::Terms(words.to_vec()),
        Block::Part(
            "The eight fallacies of distributed computing, and the fault that refutes each".to_owned(),
            vec![Block::Terms(FALLACIES.iter().map(|fallacy| told(fallacy, registry)).collect())],
        ),
    ]
}

fn told(fallacy: &Fallacy, registry: &Registry) -> (String, String) {
    // a family that is told of but not registered could not be run
    let known = fallacy.refuted_by.iter().filter(|families| registry.nemeses_named(families).is_ok());
    let tries: Vec<String> = known.map(|families| format!("--nemesis {families}")).collect();
    let tries = match (fallacy.refuted_by.is_empty(), tries.is_empty()) {
        (true, _) => String::new(),
        (false, true) => " (no fault of this version tries it)".to_owned(),
        (false, false) => format!(" ({})", tries.join(", ")),
    };
    let shown = match fallacy.shown_by {
        "" => String::new(),
        exhibit => format!(", as results/gallery/{exhibit} shows"),
    };
    (fallacy.belief.to_owned(), format!("{}{shown}{tries}", fallacy.truth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_maps_each_fallacy_to_the_same_faults_and_exhibit() {
        let readme = include_str!("../../../README.md");
        for fallacy in &FALLACIES {
            let row = readme.lines().find(|line| line.starts_with(&format!("| {} ", fallacy.belief)));
            let row = row.unwrap_or_else(|| panic!("the README has no row for: {}", fallacy.belief));
            let faults = fallacy.refuted_by.iter().map(|families| format!("`{families}`"));
            for wanted in faults.chain([fallacy.shown_by.to_owned()]) {
                assert!(row.contains(&wanted), "`{wanted}` is missing in: {row}");
            }
        }
    }

    #[test]
    fn every_exhibit_is_in_the_gallery_that_is_committed_and_every_fault_is_registered() {
        let gallery = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/gallery");
        let gallery = std::path::Path::new(gallery);
        for fallacy in &FALLACIES {
            for families in fallacy.refuted_by {
                assert!(Registry::builtin().nemeses_named(families).is_ok(), "{families}");
            }
            let is_there = gallery.join(fallacy.shown_by).join("report.html").is_file();
            let is_committed = gallery.join("gallery.csv").is_file();
            assert!(
                is_there || !is_committed || fallacy.shown_by.is_empty(),
                "{} is not in the gallery",
                fallacy.shown_by
            );
        }
    }
}
