//! The words of a report, and the limits of what it says.

/// Words with their meaning here.
pub(super) const WORDS: [(&str, &str); 9] = [
    ("operation", "something a client asks of a node: an invocation and at most one completion"),
    ("invoke", "the operation begins"),
    (
        "ok",
        "the node answered, and the answer is an observation; an answer that refuses and shows the present state counts as a read of it",
    ),
    ("fail", "the operation had no effect and never will"),
    (
        "info",
        "nobody knows: no answer came in time, so it may take effect at any time from its invocation on, or never",
    ),
    (
        "process",
        "one life of a client; after an info the client goes on as a new process, because the old operation is still open",
    ),
    (
        "linearizable",
        "the answers are as if every operation took effect at one instant between its invocation and its completion",
    ),
    (
        "fault window",
        "the time from the start of a fault to its heal; a fault that stood in no one's way hit nothing, and tests nothing",
    ),
    ("vacuous", "nothing in the run could have refuted the claim, so that its pass means nothing"),
];

/// What a reader must not conclude.
pub(super) const BLIND: [&str; 5] = [
    "A valid run is one run without a contradiction. It is no proof: another seed, another schedule or a longer run may find one.",
    "Only what clients asked and were answered is judged. State that nobody read, and operations that the workload does not have, are not seen.",
    "Operations that ended as info can excuse many answers: the more of them, the weaker the test. The share of ok says how many there are.",
    "Time is simulated and code runs in no time: slow processors, full disks and races between threads inside one node do not occur.",
    "Faults beyond those in the table were not tried, and those marked as hitting nothing were not tried either.",
];
