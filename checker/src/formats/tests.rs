//! Claims about all formats: what is written reads back, and each foreign shape means what its source says.

use std::io::Write as _;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Actor, Event, Kind, Value};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        any::<String>(),
        Just(String::new()),
        Just("$map".to_owned()),
        Just("$number".to_owned()),
        Just("\"quoted\"".to_owned()),
        Just("42".to_owned()),
        Just("a,b\r\n\t\\;#{:x}".to_owned()),
        Just("append".to_owned()),
        Just("nil".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let numbers = ["1.5", "1e999", "-0.0", "18446744073709551615", "1/2", "##Inf", "7", "x y", "/", "1M", ""];
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        proptest::sample::select(numbers.to_vec()).prop_map(|number| Value::Number(number.into())),
        text().prop_map(Value::text),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            proptest::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Value::map),
            (text(), inner).prop_map(|(name, value)| Value::map([(Value::text(name), value)])),
        ]
    })
}

fn event() -> impl Strategy<Value = Event> {
    let process = prop_oneof![
        any::<u64>().prop_map(Actor::Process),
        text().prop_map(|name| Actor::Other(name.into())),
        Just(Actor::Other("nemesis".into()))
    ];
    let kind = proptest::sample::select(vec![Kind::Invoke, Kind::Ok, Kind::Fail, Kind::Info]);
    let names = (proptest::option::of(text()), text(), proptest::option::of(text()));
    let time = (any::<u64>(), 0..1_000_000_000_u32);
    (any::<u64>(), time, process, kind, names, value(), value()).prop_map(
        |(index, (seconds, nanos), process, kind, (node, f, error), key, value)| Event {
            index,
            time: Duration::new(seconds, nanos),
            process,
            node: node.map(Into::into),
            kind,
            f: f.into(),
            key,
            value,
            error: error.map(Into::into),
        },
    )
}

fn written(format: Format, history: &History) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(format, history, &mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn our_own_formats_read_back_what_was_written(events in proptest::collection::vec(event(), 0..6)) {
        let history = History { events };
        for format in [Format::Jsonl, Format::Csv] {
            let bytes = written(format, &history);
            let found = read(&bytes[..], Some(format)).unwrap();
            prop_assert_eq!(&found.history, &history, "{}", String::from_utf8_lossy(&bytes));
            if !history.events.is_empty() {
                prop_assert_eq!(detect(&bytes), Some(format));
            }
        }
    }

    #[test]
    fn edn_reads_back_what_was_written(events in proptest::collection::vec(event(), 0..6)) {
        // in EDN the place is the index, and times past 2^64 ns are decoration that is lost
        let mut history = History { events };
        for (index, event) in (0..).zip(&mut history.events) {
            event.index = index;
            event.time = Duration::from_nanos(event.time.as_secs());
        }
        let bytes = written(Format::Edn, &history);
        let found = read(&bytes[..], Some(Format::Edn)).unwrap();
        prop_assert_eq!(&found.history, &history, "{}", String::from_utf8_lossy(&bytes));
    }
}

/// The events of `text` as `process kind f key value error`, after its format was detected.
fn check(format: Format, text: &str, expected: &[&str]) -> Imported {
    let found = read(text.as_bytes(), None).unwrap();
    assert_eq!(found.format, format);
    let process = |actor: &Actor| match actor {
        Actor::Process(process) => process.to_string(),
        Actor::Other(name) => name.to_string(),
    };
    let show = |e: &Event| {
        let error = e.error.as_deref().unwrap_or("-");
        format!("{} {} {} {} {} {error}", process(&e.process), own::kind_name(e.kind), e.f, e.key, e.value)
    };
    assert_eq!(found.history.events.iter().map(show).collect::<Vec<_>>(), expected);
    found
}

#[test]
fn what_an_answer_says_was_written_was_written() {
    let maps = |answer: &str| {
        format!("{{:type :invoke :f :enqueue :process 0}} {{:type :ok :f :enqueue :process 0 :value {answer}}}")
    };
    let found = check(Format::Edn, &maps("2"), &["0 invoke enqueue nil 2 -", "0 ok enqueue nil 2 -"]);
    assert!(found.warnings[0].starts_with("event 1, and maybe more, was answered with another value"));
    check(Format::Edn, &maps("nil"), &["0 invoke enqueue nil nil -", "0 ok enqueue nil nil -"]);
    let refused = "{\"refused\" 3}";
    check(Format::Edn, &maps(refused), &["0 invoke enqueue nil nil -", &format!("0 ok enqueue nil {refused} -")]);
}

#[test]
fn sets_are_equal_in_whatever_order_they_are_written() {
    let maps =
        "{:type :invoke :f :write :process 0 :value #{2 [1 0] 1}}{:type :ok :f :write :process 0 :value #{1 2 [1 0]}}";
    check(Format::Edn, maps, &["0 invoke write nil [1 2 [1 0]] -", "0 ok write nil [1 2 [1 0]] -"]);
}

#[test]
fn reads_edn_in_every_shape() {
    let expected = ["0 invoke read nil nil -", "0 fail read nil nil timed-out", "nemesis info start nil [1 2] -"];
    let maps = "{:type :invoke, :f :read, :process 0, :index 9}\n#jepsen.history.Op{:type :fail :f :read\n :process 0 \
                :error :timed-out :exception {:via [{:at [a b \\] \"]\"]}]}} ; }\n#_{:type :ok} {:f :start, :type :info, \
                :process :nemesis, :value #{1 2}}";
    check(Format::Edn, maps, &expected);
    check(Format::Edn, &format!("; first\n[{maps}]\n; last"), &expected);
    check(Format::Edn, &format!("({maps})"), &expected);
}

#[test]
fn a_log_line_of_a_failure_shows_the_error_in_place_of_the_value() {
    let log = "INFO  jepsen.core - {:x 1}\nINFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - :nemesis\t\
               :info\t:start\t\"Cut off {:n2 #{:n5}}\"\nINFO  jepsen.util - 0   :info   :cas   :timed-out\n0\t:invoke\t:read\tnil\n";
    let found = check(
        Format::JepsenLog,
        log,
        &[
            "0 invoke cas nil [1 2] -",
            "nemesis info start nil \"Cut off {:n2 #{:n5}}\" -",
            "0 info cas nil [1 2] timed-out",
        ],
    );
    assert_eq!(found.warnings, ["2 lines log no operation: left out"]);
}

#[test]
fn reads_the_logs_of_newer_jepsen_and_history_txt() {
    let newer = "2022-07-28 07:56:05,331{GMT}\tINFO\t[jepsen worker 4] jepsen.util: [ 183823060135 ] 109\t:invoke\t:write\t3\n\
                 2022-07-28 07:56:05,331{GMT}\tINFO\t[jepsen worker 4] jepsen.util: [ 183823060136 ] 109\t:info\t:write\t3\t:timeout\n";
    check(Format::JepsenLog, newer, &["109 invoke write nil 3 -", "109 info write nil 3 timeout"]);
    let txt = ":nemesis\t:info\t:add-server\t\"n5\"\n2\t:invoke\t:read\tnil\n2\t:fail\t:read\tnil\n";
    check(
        Format::JepsenLog,
        txt,
        &["nemesis info add-server nil \"n5\" -", "2 invoke read nil nil -", "2 fail read nil nil -"],
    );
}

#[test]
fn reads_the_json_of_elle_cli_and_of_jepsen_in_java() {
    let array = r#"[{"type":"invoke","value":[["w","x",2]],"process":0,"index":1},
        {"type":"ok","f":"txn","value":[["w","x",2]],"process":0,"index":2}]"#;
    check(Format::Json, array, &["0 invoke txn nil [[\"w\" \"x\" 2]] -", "0 ok txn nil [[\"w\" \"x\" 2]] -"]);
    let lines = "{\"process\":5,\"type\":\"INVOKE\",\"value\":0,\"f\":\"READ\",\"time\":1.6E12,\"index\":-1}\n\
                 {\"process\":5,\"type\":\"OK\",\"value\":63,\"f\":\"READ\",\"time\":1.600000000002E12,\"index\":-1}\n";
    let found = check(Format::Ndjson, lines, &["5 invoke read nil nil -", "5 ok read nil 63 -"]);
    assert_eq!(found.history.events[1].time, Duration::from_millis(2));
}

#[test]
fn the_array_of_elle_cli_is_json_and_its_numbers_are_json_s() {
    let operation = |value: &str| format!(r#"{{"type":"invoke","f":"write","process":0,"value":{value}}}"#);
    let values = |array: String| {
        let found = read(array.as_bytes(), Some(Format::Json)).map_err(|error| error.to_string())?;
        Ok(found.history.events.iter().map(|event| event.value.to_string()).collect::<Vec<_>>().join(" "))
    };
    let one = operation("1");
    let refused = |reason: &str| Err(format!("line 1: {reason}"));
    assert_eq!(values(format!("[{one}, {}]", operation("-2.00"))), Ok("1 -2".to_owned()));
    assert_eq!(values(format!("[{}]", operation("1.50"))), Ok("1.50".to_owned()));
    assert_eq!(values(format!("[{one} {one}]")), refused("expected `,` or `]` after an operation"));
    assert_eq!(values(format!("[{one},]")), refused("expected an operation's object after the `,`"));
    assert_eq!(values(format!("[,{one}]")), refused("expected an operation's object"));
    assert_eq!(values(format!("[{one}")), refused("the file ends before the `]` that closes it"));
}

#[test]
fn lines_of_objects_without_an_index_are_others_and_clients_have_numbers() {
    let lines = "{\"process\":\"client-0\",\"type\":\"invoke\",\"f\":\"read\"}\n\
                 {\"process\":\"client-0\",\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n";
    let found = read(lines.as_bytes(), None).unwrap();
    assert_eq!(found.format, Format::Ndjson);
    assert!(found.warnings[0].contains("`client-0` are left out"), "{:?}", found.warnings);
}

#[test]
fn reads_bare_transactions_session_by_session_without_real_time() {
    let expected = [
        "0 invoke txn nil [[\"w\" 0 1]] -",
        "0 ok txn nil [[\"w\" 0 1]] -",
        "1 invoke txn nil [[\"r\" 0 nil] [\"w\" 0 2]] -",
        "1 ok txn nil [[\"r\" 0 1] [\"w\" 0 2]] -",
    ];
    assert!(!check(Format::Plume, "w(0,1,0,0)\nr(0,1,1,7)\nw(0,2,1,7)\n", &expected).real_time);
    assert!(!check(Format::AwditTest, "w 0 1\n=====\nr 0 1\nw 0 2\n", &expected).real_time);
}

#[test]
fn completions_without_processes_find_their_invocations() {
    let edn = "{:type :invoke :f :read :value [[:r 0 nil] [:r 1 nil]]} {:type :invoke :f :read :value [[:r 1 nil] [:r 0 nil]]}
        {:type :ok :f :read :value [[:r 1 5] [:r 0 nil]]} {:type :ok :f :read :value [[:r 0 6] [:r 1 nil]]}";
    let found = read(edn.as_bytes(), None).unwrap();
    let processes: Vec<_> = found.history.events.iter().map(|event| event.process.clone()).collect();
    assert_eq!(processes, [0, 1, 1, 0].map(Actor::Process));
}

#[test]
fn gzip_is_unpacked() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"w(0,1,0,0)\n").unwrap();
    assert_eq!(read(&packed.finish().unwrap()[..], None).unwrap().format, Format::Plume);
}

#[test]
fn errors_name_the_line_and_the_reason() {
    let reason = |format, text: &[u8]| read(text, Some(format)).unwrap_err().to_string();
    let line = r#"{"index":0,"process":0,"type":"invoke","f":"read"}"#;
    let bad = |more: &str| reason(Format::Jsonl, format!("{line}\n{more}").as_bytes());
    assert_eq!(bad("{\"index\":1}"), "line 2: `process` is missing");
    assert_eq!(bad("{\"indx\":1}"), "line 2: no field is called `indx`");
    assert_eq!(bad("{\"index\":1,\"index\":2}"), "line 2: `index` is given twice");
    assert_eq!(bad("{\"value\":[1}"), "line 2: expected `,` or `]`, found `}`");
    assert_eq!(reason(Format::Edn, b"{:type :ok\n :value \"\xff\"}"), "line 2: no UTF-8 at byte 20 of the record");
    assert_eq!(
        reason(Format::Edn, b"\n{:type :odd}"),
        "line 2: `type` must be invoke, ok, fail or info, found \"odd\""
    );
    assert_eq!(reason(Format::Edn, b"[{:type :ok :process 1}"), "line 1: the file ends before the `]` that closes it");
    assert_eq!(
        reason(Format::Plume, b"w(1,2)"),
        "line 1: expected `r(key,value,session,transaction)` or `w(…)`, found `w(1,2)`"
    );
    assert_eq!(
        reason(Format::Csv, b"index,time,process,node,type,f,key,value,error\n1,2\n"),
        "line 2: expected 9 cells, found 2"
    );
}

#[test]
fn nesting_length_and_memory_are_bounded() {
    let deep = |open: &str| format!("{{\"value\":{}", open.repeat(1_000_000));
    for (format, text) in [
        (Format::Jsonl, deep("[")),
        (Format::Json, format!("[{}", deep("[") + &"]".repeat(1_000_000) + "}]")),
        (Format::Edn, format!("{{:value {} {} }}", "[".repeat(1_000_000), "]".repeat(1_000_000))),
        (Format::Edn, format!("{{:value {} 1}}", "#a ".repeat(1_000_000))),
        (Format::Edn, format!("{{:value {} 1}}", "#_ ".repeat(1_000_000))),
    ] {
        assert!(read(text.as_bytes(), Some(format)).unwrap_err().reason.contains("nested deeper"), "{format}");
    }
    let limits = Limits { record_bytes: 1000, memory_bytes: 10_000, ..Limits::default() };
    for format in Format::ALL {
        let endless = std::io::BufReader::new(std::io::repeat(b'{'));
        let found = read_within(endless, Some(format), limits);
        assert!(found.is_err(), "{format}");
    }
    let endless = "{\"index\":0,\"process\":0,\"type\":\"info\",\"f\":\"x\",\"value\":[[],[],[]]}\n".repeat(1000);
    let found = read_within(endless.as_bytes(), Some(Format::Jsonl), limits);
    assert!(found.unwrap_err().reason.contains("memory"));
}

#[test]
fn tuples_are_split_into_keys() {
    let edn = "{:process 0 :type :invoke :f :cas :value [7 [1 2]]} {:process 0 :type :info :f :cas :value nil}
        {:process 1 :type :invoke :f :read :value [8 nil]} {:process 1 :type :ok :f :read :value [8 3]}";
    let history = independent::split(read(edn.as_bytes(), None).unwrap().history);
    let shown: Vec<_> = history.events.iter().map(|event| format!("{}: {}", event.key, event.value)).collect();
    assert_eq!(shown, ["7: [1 2]", "7: nil", "8: nil", "8: 3"]);
}

#[test]
fn format_names_read_back() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    assert!("xml".parse::<Format>().is_err());
}
