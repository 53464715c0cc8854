//! No bytes make a reader panic, hang or exhaust memory, and no history a checker: a short fuzz, the same on every run.
//! `checker/fuzz` goes on from here.

use std::sync::Arc;
use std::time::Duration;

use netsplit_checker::formats::{self, Format, Limits};
use netsplit_checker::models::Options;
use netsplit_checker::{Actor, Event, History, Kind, Value, judge, linearizable};

/// One small file a format, with a little of everything that its reader knows.
const SEEDS: [(Format, &str); 8] = [
    (
        Format::Jsonl,
        "{\"index\":0,\"time\":5,\"process\":0,\"node\":\"n1\",\"type\":\"invoke\",\"f\":\"cas\",\"key\":\"k\",\"value\":[1,2.5e3]}\n\
         {\"index\":1,\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"cut\",\"value\":{\"$map\":[[1,{\"$number\":\"1/2\"}]]}}\n\
         {\"index\":2,\"process\":0,\"type\":\"fail\",\"f\":\"cas\",\"error\":\"\\ud83d\\ude00 \\n\"}\n",
    ),
    (
        Format::Csv,
        "index,time,process,node,type,f,key,value,error\n0,0,0,n1,invoke,write,\"\"\"k\"\"\",\"[1,{\"\"a\"\":2}]\",\n\
         1,9,nemesis,,info,cut,,,\"a \"\"b\"\"\nc\"\n",
    ),
    (
        Format::Edn,
        "; c\n[{:type :invoke, :f :read, :process 0, :value [[:r :x nil] #{1 2} (3)]}\n#jepsen.history.Op{:type :ok :f :read \
         :process 0 :value {1 \\a, \"x\\u0041\" -1.5e3, :y 1/2 :z ##Inf} :error [:t #_ x \"b\"]}]",
    ),
    (
        Format::JepsenLog,
        "INFO  jepsen.core - x\nINFO  jepsen.util - 0\t:invoke\t:cas\t[3 0]\nINFO  jepsen.util - :nemesis\t:info\t:start\t\"Cut \
         {:n2 #{:n5}}\"\nINFO jepsen.util: [ 12 ] 0\t:info\t:cas\t:timed-out\n",
    ),
    (
        Format::Json,
        "[{\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"w\",\"x\",2]],\"process\":0},\n{\"type\":\"ok\",\"f\":\"txn\",\
         \"value\":[[\"w\",\"x\",2]],\"process\":0}]",
    ),
    (
        Format::Ndjson,
        "{\"process\":1,\"type\":\"INVOKE\",\"value\":0,\"f\":\"READ\",\"time\":1.6E12}\n{\"process\":1,\"type\":\"OK\",\"value\":6,\
         \"f\":\"READ\",\"time\":-1e400}\n",
    ),
    (Format::Plume, "w(1,0,0,0)\nr(1,0,1,1)\nw(1,2,1,-1)\n"),
    (Format::AwditTest, "w 0 1\n-----\nr 0 1\n=====\nr 0 99999999999999999999\n"),
];

/// Pieces that parsers stumble over.
const PIECES: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"#",
    b"#_",
    b"##",
    b"\\u",
    b"\\ud800",
    b"\n",
    b"\t",
    b"\0",
    b"\xff",
    b"\xe2\x82",
    b"-1",
    b"99999999999999999999999999",
    b"1e999999999",
    b":",
    b",",
    b";",
];

/// Numbers from a fixed start (`SplitMix64`, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound.max(1)).expect("fits")).expect("fits")
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let to = at + self.below(bytes.len() - at + 1).min(40);
        let piece = match self.below(5) {
            0 => Vec::new(),
            1 => vec![u8::try_from(self.below(256)).expect("a byte")],
            2 => PIECES[self.below(PIECES.len())].repeat(1 + self.below(200)),
            3 => bytes[at..to].repeat(2),
            _ => PIECES[self.below(PIECES.len())].to_vec(),
        };
        let end = if self.below(2) == 0 { at } else { to };
        bytes.splice(at..end, piece);
    }
}

/// Reads `bytes` as `format`; what is read can be written and is then the same.
fn survive(bytes: &[u8], format: Option<Format>) -> bool {
    let limits = Limits { record_bytes: 1 << 16, depth: 64, memory_bytes: 1 << 20 };
    let Ok(found) = formats::read_within(bytes, format, limits) else { return false };
    let _ = found.lint();
    let _ = formats::independent::split(found.history.clone());
    let mut written = Vec::new();
    formats::write(Format::Jsonl, &found.history, &mut written).expect("what was written can be read");
    let again = formats::read(&written[..], Some(Format::Jsonl)).expect("a vector takes all");
    assert_eq!(again.history, found.history, "{format:?}: {}", String::from_utf8_lossy(bytes));
    true
}

#[test]
fn the_seeds_are_read_in_the_format_they_are_in() {
    for (format, text) in SEEDS {
        assert_eq!(formats::read(text.as_bytes(), None).map(|found| found.format), Ok(format), "{format}");
    }
}

#[test]
fn mutated_files_are_read_or_refused() {
    for (format, text) in SEEDS {
        let mut dice = Dice(1);
        let mut read = 0;
        for _ in 0..2000 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=dice.below(4) {
                dice.mutate(&mut bytes);
            }
            read += u32::from(survive(&bytes, Some(format)));
            survive(&bytes, None);
        }
        // all refused would test nothing but the first line of each reader
        assert!((20..2000).contains(&read), "{format}: {read} of 2000 were read");
    }
}

#[test]
fn random_bytes_are_read_or_refused() {
    let mut dice = Dice(2);
    for _ in 0..4000 {
        let length = dice.below(200);
        let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        survive(&bytes, None);
        survive(&bytes, Some(Format::ALL[dice.below(8)]));
        let packed = [b"\x1f\x8b\x08\0".as_slice(), &bytes].concat();
        survive(&packed, None);
    }
}

#[test]
fn an_empty_file_is_an_empty_history_only_where_the_format_is_named() {
    assert_eq!(formats::read(&b""[..], None).unwrap_err().line, 1);
    for format in Format::ALL {
        let found = formats::read(&b""[..], Some(format));
        // a table has a header
        assert_eq!(found.is_err(), format == Format::Csv, "{format}");
    }
}

/// The names of all operations that some checker knows, and of one that none does.
const OPERATIONS: [&str; 31] = [
    "read",
    "write",
    "cas",
    "claim",
    "create",
    "delete",
    "get",
    "put",
    "append",
    "add",
    "inc",
    "decrement",
    "enqueue",
    "dequeue",
    "drain",
    "acquire",
    "release",
    "generate",
    "transfer",
    "txn",
    "txn",
    "send",
    "poll",
    "swap",
    "bid",
    "announce",
    "join",
    "leave",
    "submit",
    "act",
    "strange",
];

impl Dice {
    /// A value that some model may expect, or none does.
    fn value(&mut self, depth: usize) -> Value {
        let extremes = [i64::MIN, -1, 0, 1, 2, i64::MAX];
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => Value::Nil,
            1 => Value::Bool(true),
            2 => Value::Int(extremes[self.below(extremes.len())]),
            3 => Value::Int(i64::try_from(self.below(4)).expect("small")),
            4 => Value::Number("1e999999999".into()),
            5 => Value::text(["x", "r", "w", "append", ""][self.below(5)]),
            6 => Value::map((0..self.below(3)).map(|_| (self.value(0), self.value(depth - 1))).collect::<Vec<_>>()),
            7 => Value::refused(self.value(depth - 1)),
            8 => {
                let step = |dice: &mut Dice| {
                    let f = ["r", "w", "append", "read", "write"][dice.below(5)];
                    Value::list([Value::text(f), dice.value(0), dice.value(1)])
                };
                Value::list((0..self.below(4)).map(|_| step(self)).collect::<Vec<_>>())
            }
            _ => Value::list((0..self.below(4)).map(|_| self.value(depth - 1)).collect::<Vec<_>>()),
        }
    }

    /// Events of few processes, which mostly pair.
    fn history(&mut self) -> History {
        let few: Vec<&str> = (0..=self.below(3)).map(|_| OPERATIONS[self.below(OPERATIONS.len())]).collect();
        let mut open: [Option<(&str, Value, Value)>; 3] = [None, None, None];
        let mut event = |dice: &mut Dice, index: usize| {
            let process = dice.below(3);
            let (kind, (f, key, value)) = if let Some((f, key, asked)) = open[process].take() {
                let kind = [Kind::Ok, Kind::Ok, Kind::Ok, Kind::Fail, Kind::Info, Kind::Invoke][dice.below(6)];
                let value = if dice.below(3) == 0 { asked } else { dice.value(3) };
                (kind, (f, key, value))
            } else {
                let key = if dice.below(2) == 0 { Value::Nil } else { dice.value(1) };
                let asked = (few[dice.below(few.len())], key, dice.value(3));
                open[process] = Some(asked.clone());
                (Kind::Invoke, asked)
            };
            Event {
                index: index as u64,
                time: Duration::ZERO,
                process: Actor::Process(process as u64),
                node: None,
                kind,
                f: Arc::from(f),
                key,
                value,
                error: None,
            }
        };
        History { events: (0..self.below(24)).map(|index| event(self, index)).collect() }
    }
}

#[test]
fn no_history_makes_a_checker_panic_or_say_two_things() {
    let limits = linearizable::Limits { states: 2_000, bytes: 16 << 20, time: Duration::from_secs(10) };
    let options = Options { limits, ..Options::default() };
    let mut dice = Dice(3);
    let (mut valid, mut invalid) = (0, 0);
    for _ in 0..1500 {
        let history = dice.history();
        for model in judge::names() {
            let judged = judge::judge(model, None, &history, options).expect("a known model");
            assert_eq!(judge::judge(model, None, &history, options), Ok(judged.clone()), "{model}: {history:?}");
            valid += u32::from(judged.verdict == netsplit_checker::Verdict::VALID);
            invalid += u32::from(judged.verdict.is_invalid());
        }
    }
    // all refused would test nothing but the decoding
    assert!(valid > 200 && invalid > 200, "{valid} valid, {invalid} invalid");
}
