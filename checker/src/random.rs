//! Small random histories of registers, for comparisons with brute force. `NETSPLIT_RANDOM_HISTORIES` says how many a
//! test compares (20,000).

use std::fmt::Write;

use crate::History;
use crate::drawing::draw;

/// As many histories a test compares.
pub(crate) fn histories() -> u64 {
    std::env::var("NETSPLIT_RANDOM_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Steele, Lea & Flood 2014.
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Up to seven operations of up to three processes on up to two keys, every value written once, some by creations. Reads,
/// compare-and-sets and refusals show something written or nil, so that both verdicts are common.
pub(crate) fn registers(seed: u64) -> History {
    let mut random = SplitMix(seed);
    let (processes, keys, count) = (1 + random.below(3), 1 + random.below(2), 1 + random.below(7));
    let with_cas = random.below(2) == 0;
    // whether each operation writes, and on which key, is drawn first: reads may show what is written only later
    let plan: Vec<(u64, u64)> =
        (0..count).map(|_| (random.below(if with_cas { 9 } else { 5 }), random.below(keys))).collect();
    let mut lines = String::new();
    // a process mostly ends with an operation that was not answered, and goes on after it as imported ones may
    let mut clients: Vec<u64> = (0..processes).collect();
    for (at, (kind, key)) in plan.iter().enumerate() {
        let written: Vec<usize> =
            (0..plan.len()).filter(|&other| plan[other].0 >= 2 && plan[other].1 == *key).collect();
        let shown = match random.below(written.len() as u64 + 1) {
            0 => "nil".to_owned(),
            nth => format!("{}", written[usize::try_from(nth - 1).unwrap()]),
        };
        let life = usize::try_from(random.below(processes)).unwrap();
        let process = clients[life];
        let (f, given, answer) = match kind {
            0..2 => ("read", "nil".to_owned(), shown),
            2..5 => ("write", at.to_string(), at.to_string()),
            5 | 6 => ("cas", format!("[{shown} {at}]"), format!("[{shown} {at}]")),
            7 => ("cas", format!("[{} {at}]", random.below(7)), format!("{{refused {shown}}}")),
            _ => ("create", at.to_string(), at.to_string()),
        };
        let info = random.below(8) == 0;
        clients[life] += if info && random.below(4) > 0 { processes } else { 0 };
        let ends = if info { "info" } else { "ok" };
        writeln!(lines, "{process} invoke {f} k{key}={given}\n{process} {ends} {f} k{key}={answer}").unwrap();
    }
    draw(&lines)
}
