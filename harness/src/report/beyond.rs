//! What faults do that a system does not promise to live with, and what it would take to promise it: told where a run is
//! held to nothing under a family, in place of a way that the system's own rules leave open.

use netsplit_systems::story::Failure;

use super::story::Story;

/// The families of faults of the run that explain what it shows and that the system does not promise to live with.
pub(super) fn told(story: &Story<'_>) -> Vec<&'static Failure> {
    let beyond = story.case.beyond();
    let happened = |family: &str| story.case.schedule.iter().any(|step| step.fault.family() == family);
    let tells = |(family, _): &&(&str, Failure)| beyond.contains(family) && happened(family);
    TOLD.iter().filter(tells).map(|(_, failure)| failure).collect()
}

/// What packets do that come twice, if nothing else happened, to a system that holds what it promises, but not under these: its
/// own story is then of other faults.
pub(super) fn second_copies(story: &Story<'_>) -> Option<&'static Failure> {
    let schedule = &story.case.schedule;
    let alone = !schedule.is_empty() && schedule.iter().all(|step| step.fault.family() == DUPLICATION);
    let mut held = story.case.system.claims.iter().filter(|claim| !claim.weakened).peekable();
    let is_beyond = held.peek().is_some() && held.all(|claim| !claim.under.contains(&DUPLICATION));
    let (_, failure) = TOLD.iter().find(|(family, _)| *family == DUPLICATION)?;
    (alone && is_beyond).then_some(failure)
}

const DUPLICATION: &str = "duplication";

const TOLD: &[(&str, Failure)] = &[
    (
        DUPLICATION,
        Failure {
            anomalies: &[],
            steps: &[
                "The network delivers a packet twice, and with it a request that one node sent to another.",
                "Whoever gets it takes the second copy for a new request: it is done twice, or refused because it was done already.",
                "The answer to the second copy may overtake the first one: the client is told what only the second copy met.",
            ],
            remedy: "A number on every request, and its outcome remembered for as long as a second copy may come (an idempotence key; a session, as Raft has them).",
            variant: Some("raft"),
            cost: "Memory for the outcomes, and a rule when one may be forgotten.",
        },
    ),
    (
        "amnesia",
        Failure {
            anomalies: &[],
            steps: &[
                "A machine loses its disk, and an empty one takes its place under the same name.",
                "What only that disk held is gone. And what the machine had promised, or had acknowledged as one of a majority, it does not know any more.",
                "Whoever counts on it now counts on a machine that has forgotten: what was acknowledged is missing, or what was given out is given out again.",
            ],
            remedy: "A machine that comes back empty joins as a new member: it neither votes nor answers before it has what a majority of the others holds (Liskov & Cowling, \"Viewstamped Replication Revisited\", 2012, section 4.3). What only one machine holds needs a copy on another.",
            variant: None,
            cost: "The cluster has one voter less until the new one has caught up, and somebody has to tell an empty machine from one that has just begun.",
        },
    ),
    (
        "lying-sync",
        Failure {
            anomalies: &[],
            steps: &[
                "A disk says that a sync has ended, and has the bytes in its cache only.",
                "The system takes its word, and acknowledges what rests on them.",
                "The power fails and the cache is gone: what was acknowledged is not there when the machine is back.",
            ],
            remedy: "No program can tell such a disk from an honest one before the power fails: a disk whose cache has power of its own, or copies on machines that do not lose power together.",
            variant: None,
            cost: "Hardware; or the messages and the waiting of replication.",
        },
    ),
    (
        "bit-flip",
        Failure {
            anomalies: &[],
            steps: &[
                "While a process is down, one bit of what its disk holds changes.",
                "Where a checksum covers the bit, the process finds the damage when it starts, and stays down rather than serve what was never written.",
                "Where none does, it starts from other bytes than were written, and serves those.",
            ],
            remedy: "A checksum on every record, and a copy on another machine from which a damaged record is written again (Alagappan et al., \"Protocol-Aware Recovery for Consensus-Based Storage\", FAST 2018).",
            variant: None,
            cost: "Some bytes a record, and a recovery that can tell what was damaged from what was never finished: to cut off the first as if it were the second loses acknowledged writes.",
        },
    ),
    (
        "failed-sync",
        Failure {
            anomalies: &[],
            steps: &[
                "A sync fails. Which of the bytes since the last one are durable nobody knows, and to ask again tells nothing: the next sync succeeds without them (Rebello et al., \"Can Applications Recover from fsync Failures?\", USENIX ATC 2020).",
                "So the node does not go on from there: it refuses what needs its disk, though the disk is right again.",
            ],
            remedy: "To end the process when a sync has failed, and to start again from what the disk really holds.",
            variant: None,
            cost: "A restart, and what the node's peers have to do meanwhile.",
        },
    ),
    (
        "disk-full",
        Failure {
            anomalies: &[],
            steps: &[
                "A disk takes no more bytes: nothing can be made durable there.",
                "What must be durable before it is answered is refused, or is left half written; and who must write to start does not start.",
            ],
            remedy: "Space in reserve, for the few records with which a node refuses in good order, cleans up and starts.",
            variant: None,
            cost: "Space that is never used, and an answer to every write that can fail half way.",
        },
    ),
    (
        "slow-disk",
        Failure {
            anomalies: &[],
            steps: &[
                "Every sync takes long, and whatever is answered after one waits for it.",
                "Requests queue behind one another, until their clients give up and do not know what became of them.",
            ],
            remedy: "To sync once for all that waits, and to refuse at once what can't be done in time.",
            variant: None,
            cost: "Single requests wait for others; some are refused that would have been done.",
        },
    ),
];
