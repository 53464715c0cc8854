//! Hand-drawn sessions on both sides of the line, and random ones against the definition.

use super::*;
use crate::drawing::{anomalies, draw, registers};
use crate::random;

/// The guarantees that are broken, as `ryw mr mw wfr`.
fn broken(operations: &str) -> String {
    let history = draw(&registers(operations));
    let broken = |guarantee: &&(Guarantee, &str)| Session::new(guarantee.0).check(&history).is_invalid();
    let all: Vec<(Guarantee, &str)> = Guarantee::ALL.into_iter().zip(["ryw", "mr", "mw", "wfr"]).collect();
    all.iter().filter(broken).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_process_sees_what_it_wrote() {
    assert_eq!(broken("1wx1 1rx1"), "");
    assert_eq!(broken("1wx1 1rx0"), "ryw");
    assert_eq!(broken("1wx1 1wx2 1rx1"), "ryw");
    assert_eq!(broken("1wx1 2wx2 1rx2"), "");
    assert_eq!(broken("1wx1 2rx0"), "");
}

#[test]
fn a_process_never_sees_less_than_it_has_seen() {
    assert_eq!(broken("1wx1 1wx2 2rx1 2rx2"), "");
    assert_eq!(broken("1wx1 1wx2 2rx2 2rx1"), "mr");
    assert_eq!(broken("1wx1 2rx1 2rx0"), "mr");
    // whichever of two writes is the older, there and back again is back once
    assert_eq!(broken("1wx1 2wx2 3rx1 3rx2 3rx1"), "mr");
    // two processes may differ, as in causal memory
    assert_eq!(broken("1wx1 2wx2 3rx1 3rx2 4rx2 4rx1"), "");
}

#[test]
fn whoever_sees_a_write_sees_what_its_process_wrote_before() {
    assert_eq!(broken("1wx1 1wy2 2ry2 2rx1"), "");
    assert_eq!(broken("1wx1 1wy2 2ry2 2rx0"), "mw");
    assert_eq!(broken("1wx1 1wx3 1wy2 2ry2 2rx1"), "mw");
    assert_eq!(broken("1wx1 1wy2 2rx0 2ry2"), "");
}

#[test]
fn whoever_sees_a_write_sees_what_its_process_read_before() {
    assert_eq!(broken("1wx1 2rx1 2wy2 3ry2 3rx1"), "");
    assert_eq!(broken("1wx1 2rx1 2wy2 3ry2 3rx0"), "wfr");
    assert_eq!(broken("1wx1 2rx1 2wy2 3ry2 3wz3 4rz3 4rx0"), "wfr");
    assert_eq!(broken("1rx1 1wx1"), "wfr");
    assert_eq!(broken("1wx1 2wy2 3ry2 3rx0"), "");
}

#[test]
fn what_nobody_wrote_breaks_every_guarantee_and_equal_values_decide_none() {
    assert_eq!(broken("1rx7"), "ryw mr mw wfr");
    let twice = "1 invoke write x=1\n1 ok write x=1\n2 invoke write x=1\n2 ok write x=1";
    for guarantee in Guarantee::ALL {
        assert_eq!(anomalies(&Session::new(guarantee), twice), "unknown");
        assert_eq!(anomalies(&Session::new(guarantee), "1 invoke write x=1\n1 ok write x=1"), "vacuous");
    }
}

#[test]
fn claims_and_refusals_are_reads() {
    let claimed = "1 invoke claim x=1\n1 ok claim x=1\n2 invoke claim x=2\n2 ok claim x={refused 1}\n";
    let check = |lines: &str| anomalies(&Session::new(Guarantee::MonotonicReads), &format!("{claimed}{lines}"));
    assert_eq!(check("2 invoke read x=nil\n2 ok read x=1"), "valid");
    assert_eq!(check("2 invoke read x=nil\n2 ok read x=nil"), "not-monotonic-reads");
    assert_eq!(check("2 invoke claim x=3\n2 ok claim x=3"), "not-monotonic-reads");
}

#[test]
fn what_was_not_answered_may_happen_after_what_its_process_does_next() {
    let late = "1 invoke write x=1\n1 info write x=1\n1 invoke read x=nil\n1 ok read x=nil\n\
                2 invoke read x=nil\n2 ok read x=1\n1 invoke write y=2\n1 ok write y=2\n\
                3 invoke read y=nil\n3 ok read y=2\n3 invoke read x=nil\n3 ok read x=nil\n";
    for guarantee in Guarantee::ALL {
        assert_eq!(anomalies(&Session::new(guarantee), late).replace("vacuous", "valid"), "valid");
    }
}

#[test]
fn evidence_names_the_reads_and_what_they_had_to_show() {
    let history = draw(
        "1 invoke write x=1\n1 ok write x=1\n1 invoke write x=2\n1 ok write x=2\n\
         2 invoke read x=nil\n2 ok read x=2\n2 invoke read x=nil\n2 ok read x=1",
    );
    let Verdict::Invalid(all) = Session::new(Guarantee::MonotonicReads).check(&history) else { panic!("it goes back") };
    assert_eq!(all[0].operations, [0, 2, 4, 6]);
    assert_eq!(all[0].culprit, Some(6));
    assert_eq!(all[0].key, "\"x\"");
    assert!(all[0].steps.last().unwrap().contains("#4 had shown it to the same process"), "{:?}", all[0].steps);
}

/// A history as the definition speaks of it. Numbers are places among all accesses.
struct Definition<'a, 'h> {
    all: &'a [Access<'h>],
    sources: &'a [Option<usize>],
    guarantee: Guarantee,
}

impl Definition<'_, '_> {
    fn earlier(&self, at: usize) -> impl Iterator<Item = usize> {
        (0..at).filter(move |&other| self.all[other].life == self.all[at].life)
    }

    fn completed_writes_before(&self, at: usize) -> Vec<usize> {
        self.earlier(at).filter(|&one| self.all[one].wrote().is_some() && !self.all[one].pending()).collect()
    }

    /// The writes that a read must include.
    fn must_include(&self, read: usize) -> Vec<usize> {
        let shown_so_far = || self.earlier(read).chain([read]).filter_map(|one| self.sources[one]);
        match self.guarantee {
            Guarantee::ReadYourWrites => self.completed_writes_before(read),
            Guarantee::MonotonicReads => self.earlier(read).filter_map(|one| self.sources[one]).collect(),
            Guarantee::MonotonicWrites => shown_so_far().flat_map(|seen| self.completed_writes_before(seen)).collect(),
            Guarantee::WritesFollowReads => {
                let mut known: Vec<usize> = shown_so_far().collect();
                let mut all = Vec::new();
                let mut at = 0;
                while at < known.len() {
                    for source in self.earlier(known[at]).chain([known[at]]).filter_map(|one| self.sources[one]) {
                        all.push(source);
                        if !known.contains(&source) {
                            known.push(source);
                        }
                    }
                    at += 1;
                }
                all
            }
        }
    }

    /// Whether the order keeps what everybody keeps.
    fn is_kept(&self, order: &[usize]) -> bool {
        let is_older =
            |a: usize, b: usize| order.iter().position(|&one| one == a) < order.iter().position(|&one| one == b);
        order.iter().all(|&write| {
            let follows = self.guarantee == Guarantee::WritesFollowReads;
            let here = |one: &usize| self.all[*one].key == self.all[write].key;
            let read = self.earlier(write).filter(here).filter_map(|one| self.sources[one]).filter(|_| follows);
            let made = self.completed_writes_before(write).into_iter().filter(here);
            made.chain(read).chain(self.sources[write]).all(|before| is_older(before, write))
        })
    }

    fn holds(&self) -> bool {
        let writes = |key: &Value| -> Vec<usize> {
            let here = |one: &usize| self.all[*one].key == key && self.all[*one].wrote().is_some();
            (0..self.all.len()).filter(here).collect()
        };
        self.all.iter().all(|one| {
            let reads = |read: &usize| {
                let read = &self.all[*read];
                read.life == one.life && read.key == one.key && read.observed().is_some()
            };
            let reads: Vec<usize> = (0..self.all.len()).filter(reads).collect();
            any_order(&mut writes(one.key), 0, &mut |order| {
                let age = |write: usize| order.iter().position(|&one| one == write);
                let fits = |&read: &usize| {
                    let here = |write: &usize| self.all[*write].key == one.key;
                    // None, the initial value, is older than every place
                    let shown = self.sources[read].and_then(age);
                    self.must_include(read).into_iter().filter(here).all(|write| age(write) <= shown)
                };
                self.is_kept(order) && reads.iter().all(fits)
            })
        })
    }
}

/// Whether any order of `rest` behind the first `fixed` passes.
fn any_order(all: &mut Vec<usize>, fixed: usize, passes: &mut dyn FnMut(&[usize]) -> bool) -> bool {
    if fixed == all.len() {
        return passes(all);
    }
    (fixed..all.len()).any(|next| {
        all.swap(fixed, next);
        let found = any_order(all, fixed + 1, passes);
        all.swap(fixed, next);
        found
    })
}

#[test]
fn agrees_with_every_order_tried_on_random_histories() {
    let mut counts = [[0_u64; 2]; 4];
    for seed in 0..random::histories() {
        let history = random::registers(seed);
        let all = traceable(accesses(&history, &Value::Nil).unwrap());
        let Ok(sources) = sources(&all, &Value::Nil) else { continue };
        for (guarantee, counts) in Guarantee::ALL.into_iter().zip(&mut counts) {
            let truth = Definition { all: &all, sources: &sources, guarantee }.holds();
            let verdict = Session::new(guarantee).check(&history);
            assert_eq!(
                verdict.is_invalid(),
                !truth,
                "{guarantee:?}, seed {seed}: {verdict:?} {}",
                all.iter().map(Access::told).collect::<Vec<_>>().join("\n")
            );
            counts[usize::from(truth)] += 1;
        }
    }
    println!("(broken, kept) for each guarantee: {counts:?}");
    assert!(
        random::histories() < 20_000 || counts.iter().all(|[broken, kept]| *broken > 100 && *kept > 100),
        "{counts:?}"
    );
}
