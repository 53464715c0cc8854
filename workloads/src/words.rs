//! `words`: texts whose words are to be counted, each a job; every count that is read must be exact.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::word_count::WordCount;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::map_reduce::client::{result, submit};
use netsplit_systems::system::Offer;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::op::deal;
use crate::ping::shown;
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const WORDS: Workload = Workload {
    name: "words",
    about: "have the words of texts counted, and read the counts: each exact, and no accepted job lost",
    needs: &[Offer::WordCounts],
    generate,
    setup: |_| Vec::new(),
    finale,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |_| -> Vec<Box<dyn Checker>> { vec![Box::new(WordCount)] },
    pure: |op| op.f == "read",
};

/// A job is as much work as so many operations of other workloads.
const WEIGHT: u32 = 7;

/// Reads are of one of so many jobs, the latest.
const LATEST: usize = 6;

const VOCABULARY: [&str; 10] = ["the", "net", "split", "node", "link", "and", "of", "map", "word", "again"];

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let lighter = Shape { rate: shape.rate.div_ceil(WEIGHT), ..shape.clone() };
    let mut submitted = 0_usize;
    deal(rng, &lighter, |rng| {
        if submitted == 0 || rng.random() {
            submitted += 1;
            return Op::on(&format!("j{submitted}"), "submit", &[&text(rng)]);
        }
        let job = rng.random_range(submitted.saturating_sub(LATEST)..submitted) + 1;
        Op::on(&format!("j{job}"), "read", &[])
    })
}

/// A few chunks of words, most of them more than once.
fn text(rng: &mut ChaCha8Rng) -> String {
    let words = rng.random_range(10..40);
    let words: Vec<&str> = (0..words).map(|_| *VOCABULARY.choose(rng).expect("there are words")).collect();
    words.join(" ")
}

/// Every job's counts; a job that is not done is asked for again.
fn finale(scripts: &[Script]) -> Vec<Op> {
    let submits = scripts.iter().flatten().filter(|planned| planned.op.f == "submit");
    submits.map(|planned| Op::on(planned.op.key(), "read", &[])).collect()
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "submit" => submit(client, node, op.key(), op.arg(0)).await.map(|_| Value::Nil),
            "read" => match result(client, node, op.key()).await? {
                None => Ok(Value::Nil),
                Some(counts) => {
                    let counts = counts.into_iter().map(|(word, count)| Ok((Value::text(word), shown(count)?)));
                    Ok(Value::map(counts.collect::<Result<Vec<_>, CallError>>()?))
                }
            },
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
