//! The space-time diagram (Lamport 1978): a line for each host, an arrow for each message, around the witness.

use std::collections::BTreeSet;
use std::time::Duration;

use maud::{Markup, html};
use netsplit_checker::{Operation, Outcome};
use netsplit_nemesis::Step;

use super::axis::{Axis, LEFT, LINE, Levels, RIGHT, WIDTH, text_width};
use super::document::{Block, Scope};
use super::flights::{self, Fate, Flight, aimed_at, host};
use super::story::Story;
use super::table::Table;
use super::{timeline, words};
use crate::plan::CLIENTS;

/// Beyond these, the figure and its table show less and say so.
const MOST_FLIGHTS: usize = 260;
const MOST_ROWS: usize = 40;
/// The distance between two hosts.
const LANE: u64 = 58;

/// A flight, and whether it belongs to an operation of the witness.
struct Shown {
    flight: Flight,
    is_own: bool,
}

/// The figure and its table; `None` without a record of messages.
pub(super) fn blocks(story: &Story<'_>, operations: &[&Operation<'_>], scope: &Scope) -> Option<Vec<Block>> {
    if operations.is_empty() || story.recording.record.messages.is_empty() {
        return None;
    }
    let axis = Axis::around(timeline::spans(story, operations));
    let Seen { shown, left_out, alone } = seen(story, &axis, operations);
    let hosts = lanes(story, &shown, operations);
    let figure = drawn(story, &axis, &shown, &hosts, operations, scope);
    let mut caption = format!(
        "{} A level line is a host; a message runs from its sending to the dot where it is read. Strong: messages of the operations above and \
         of the node that served them; pale: others. Amber and dashed: held by a fault and late. Red with a cross: lost, cut \
         off. Grey and ending in a bar: never read, because the receiver had given up or the run had ended. Dotted: a connection is opened. A grey \
         stretch of a host's line: it is down.",
        axis.told()
    );
    caption.push_str(&words::left_out(left_out, "other message"));
    let (told, folded) = (told(&shown, story), table(story, &shown));
    let mut blocks = vec![Block::Text(told)];
    blocks.extend(alone.iter().take(8).map(|(index, node)| {
        Block::Text(format!("{node} answered #{index} from what it had itself: in between, no message left it for another host or came from one."))
    }));
    blocks.extend([
        Block::Figure(figure, caption),
        Block::More("The same messages as a table".to_owned(), vec![Block::Table(folded)]),
    ]);
    Some(blocks)
}

/// How the messages of the witness fared, in a sentence.
fn told(shown: &[Shown], story: &Story<'_>) -> String {
    let count = |is: fn(&Fate) -> bool| shown.iter().filter(|shown| is(&shown.flight.fate)).count();
    let own = shown.iter().filter(|shown| shown.is_own).count();
    let lost = count(|fate| matches!(fate, Fate::Lost));
    let held = count(|fate| matches!(fate, Fate::Held(_)));
    let unread = count(|fate| matches!(fate, Fate::Unread));
    let fared = match (lost, held) {
        (0, 0) if story.case.schedule.is_empty() => "no fault was there to touch them".to_owned(),
        (0, 0) => "no fault touched any of them".to_owned(),
        (lost, 0) => format!("a fault lost {lost} of them"),
        (0, held) => format!("a fault held {held} of them"),
        (lost, held) => format!("faults lost {lost} of them and held {held}"),
    };
    let unread = if unread == 0 {
        String::new()
    } else {
        let were = if unread == 1 { "was" } else { "were" };
        format!("; {unread} {were} never read, because their receiver had given up or the run had ended")
    };
    format!(
        "{} around the witness, {own} of them of its operations and of the nodes that served them; {fared}{unread}.",
        words::count(shown.len(), "message")
    )
}

/// What is seen around the witness.
struct Seen {
    /// The flights to show: those of the operations, then others, as far as there is room.
    shown: Vec<Shown>,
    left_out: usize,
    /// The operations that a node answered from what it had itself, with that node.
    alone: Vec<(u64, String)>,
}

fn seen(story: &Story<'_>, axis: &Axis, operations: &[&Operation<'_>]) -> Seen {
    let is_seen =
        |sent, arrived: Option<Duration>| axis.shows(sent, sent) || arrived.is_some_and(|at| axis.shows(at, at));
    let all = flights::of(story, is_seen);
    let calls: Vec<Call<'_>> = operations.iter().filter_map(|operation| Call::of(story, &all, operation)).collect();
    let alone = calls.iter().filter(|call| call.was_answered_alone(story, &all));
    let alone = alone.map(|call| (call.index, call.node.to_owned())).collect();
    let is_own: Vec<bool> = all.iter().map(|flight| calls.iter().any(|call| call.has(story, flight))).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&at| (!is_own[at], matches!(all[at].fate, Fate::Arrived(_)), at));
    let left_out = order.len().saturating_sub(MOST_FLIGHTS);
    order.truncate(MOST_FLIGHTS);
    order.sort_unstable();
    let shown = order.into_iter().map(|at| Shown { flight: all[at], is_own: is_own[at] }).collect();
    Seen { shown, left_out, alone }
}

/// An operation as the network sees it: its node, its time, and the port of the connection that carried it.
struct Call<'a> {
    index: u64,
    is_answered: bool,
    node: &'a str,
    from: Duration,
    to: Duration,
    port: Option<u16>,
}

impl<'a> Call<'a> {
    /// Its connection is one between the clients and its node on which something was asked in its time, and on which
    /// something was answered at its end, if it was answered.
    fn of(story: &Story<'_>, flights: &[Flight], operation: &Operation<'a>) -> Option<Call<'a>> {
        let node = operation.invocation.node.as_deref()?;
        let from = operation.invocation.time;
        let to = operation.completion.map_or(from, |event| event.time);
        let port = |flight: &Flight| flight.connection.0;
        let between = |flight: &&Flight, a: &str, b: &str| host(story, flight.from) == a && host(story, flight.to) == b;
        let asked = |flight: &&Flight| between(flight, CLIENTS, node) && flight.sent >= from && flight.sent <= to;
        let answered = |flight: &&Flight| between(flight, node, CLIENTS) && flight.arrived() == Some(to);
        let answers: BTreeSet<u16> = flights.iter().filter(answered).map(port).collect();
        let mut questions = flights.iter().filter(|flight| !flight.is_opening()).filter(asked).map(port);
        let port = questions.find(|port| answers.is_empty() || answers.contains(port));
        let is_answered = matches!(operation.outcome(), Outcome::Ok(_));
        Some(Call { index: operation.index(), is_answered, node, from, to, port })
    }

    /// Whether its node answered it without a message to or from any host but the clients': from what it had itself.
    fn was_answered_alone(&self, story: &Story<'_>, flights: &[Flight]) -> bool {
        let is_seen_whole = self.to.saturating_sub(self.from) <= timeline::LONG;
        let own = || flights.iter().filter(|flight| self.has(story, flight));
        let is_client_s = |flight: &Flight| [flight.from, flight.to].iter().any(|&at| host(story, at) == CLIENTS);
        self.is_answered && is_seen_whole && own().next().is_some() && own().all(is_client_s)
    }

    /// Whether a flight is its question or its answer, or passes between its node and other hosts meanwhile.
    fn has(&self, story: &Story<'_>, flight: &Flight) -> bool {
        let ends = [host(story, flight.from), host(story, flight.to)];
        let is_client_s = ends.contains(&CLIENTS);
        // what a client sends at the end is its next question
        let during = flight.sent >= self.from && (flight.sent < self.to || self.to == self.from);
        during && ends.contains(&self.node) && (!is_client_s || self.port == Some(flight.connection.0))
    }
}

/// The hosts that are shown: the clients on top, then those that are named in the witness or in a message.
fn lanes<'a>(story: &Story<'a>, shown: &[Shown], operations: &[&Operation<'_>]) -> Vec<&'a str> {
    let mut named: BTreeSet<&str> =
        shown.iter().flat_map(|shown| [host(story, shown.flight.from), host(story, shown.flight.to)]).collect();
    named.extend(operations.iter().filter_map(|operation| operation.invocation.node.as_deref()));
    let cluster = story.case.cluster().hosts();
    let mut hosts: Vec<&'a str> = story.recording.record.hosts.iter().map(AsRef::as_ref).collect();
    hosts.retain(|host| named.contains(host));
    hosts.sort_by_key(|host| (*host != CLIENTS, cluster.iter().position(|known| known == host)));
    hosts
}

fn drawn(
    story: &Story<'_>,
    axis: &Axis,
    shown: &[Shown],
    hosts: &[&str],
    operations: &[&Operation<'_>],
    scope: &Scope,
) -> Markup {
    let mut levels = Levels::default();
    let asked: Vec<(u64, u64, String, &Operation<'_>)> = operations
        .iter()
        .map(|operation| {
            let label = format!("#{} {}", operation.index(), operation.f());
            let x = axis.x(operation.invocation.time).min(RIGHT - text_width(&label)).max(LEFT);
            (x, levels.place(x, x + text_width(&label)), label, *operation)
        })
        .collect();
    let top = 8 + axis.band_lines(story) * LINE;
    let first = top + levels.used() * LINE + 24;
    let y = |name: &str| first + LANE * hosts.iter().position(|host| *host == name).unwrap_or(0) as u64;
    let bottom = first + LANE * (hosts.len() as u64).saturating_sub(1) + 16;
    let id = format!("{}-messages", scope.prefix);
    html! {
        svg.zoomable viewBox=(format!("0 0 {WIDTH} {}", bottom + 22)) role="group" aria-labelledby=(format!("{id}-title")) aria-describedby=(format!("{id}-desc")) {
            title id=(format!("{id}-title")) { "Space-time diagram of the messages around the witness" }
            desc id=(format!("{id}-desc")) { "A level line for each host, a slanted one for each message. " (axis.told()) " The table below holds the same." }
            (axis.bands(story, 4, bottom))
            (axis.ticks(4, bottom))
            @for name in hosts {
                line.host x1=(LEFT) y1=(y(name)) x2=(RIGHT) y2=(y(name)) {}
                text.lanelabel x="4" y=(y(name) + 4) { (name) }
                @for (from, to) in down(story, axis, name) { line.down x1=(from) y1=(y(name)) x2=(to) y2=(y(name)) { title { (name) " is down" } } }
            }
            @for shown in shown { (arrow(story, axis, shown, &y)) }
            @for (x, level, label, operation) in &asked {
                @let name = format!("{}-{}", scope.prefix, operation.index());
                @let (from, to) = (axis.x(operation.invocation.time), axis.x(story.ends(operation)));
                a href=(format!("#{name}")) data-op=(name) {
                    rect class=(format!("bar {} told", words::class(operation))) x=(from) y=(first - 5) width=((to - from).max(4)) height="10" rx="2" {}
                    text.barlabel x=(x) y=(top + level * LINE + 14) { (label) }
                }
            }
        }
    }
}

/// The stretches of the axis in which a host is stopped.
fn down(story: &Story<'_>, axis: &Axis, name: &str) -> Vec<(u64, u64)> {
    let halts_it = |step: &&Step| step.fault.stops_processes() && aimed_at(story, step).iter().any(|host| host == name);
    let steps = story.case.schedule.iter().filter(halts_it).map(|step| story.recording.begun(step));
    let times = steps.map(|step| (step.at_ms.min(story.case.length_ms), step.ends_ms().min(story.case.length_ms)));
    let times = times.map(|(from, to)| (Duration::from_millis(from), Duration::from_millis(to)));
    times.filter(|(from, to)| axis.shows(*from, *to)).map(|(from, to)| (axis.x(from), axis.x(to))).collect()
}

fn arrow(story: &Story<'_>, axis: &Axis, shown: &Shown, y: &impl Fn(&str) -> u64) -> Markup {
    let flight = &shown.flight;
    let (from, to) = (host(story, flight.from), host(story, flight.to));
    let (x1, y1, y2) = (axis.x(flight.sent), y(from), y(to));
    let fate = match flight.fate {
        Fate::Arrived(_) => "arrived",
        Fate::Held(_) => "held",
        Fate::Lost => "lost",
        Fate::Unread => "unread",
    };
    let opening = if flight.is_opening() { "opening" } else { "" };
    let own = if shown.is_own { "own" } else { "around" };
    // what never arrives ends on its way
    let (x2, y2) = match flight.arrived() {
        Some(at) => (axis.x(at).max(x1 + 1), y2),
        None => (x1 + 12, u64::midpoint(y1, y2)),
    };
    html! {
        g class=(format!("flight {fate} {own} {opening}")) {
            title { (told_of(story, flight)) }
            line x1=(x1) y1=(y1) x2=(x2) y2=(y2) {}
            @match flight.fate {
                Fate::Arrived(_) | Fate::Held(_) => { circle cx=(x2) cy=(y2) r="2" {} },
                Fate::Lost => { path d=(format!("M{} {}l8 8m0 -8l-8 8", x2.saturating_sub(4), y2.saturating_sub(4))) {} },
                Fate::Unread => { path d=(format!("M{} {}h8", x2.saturating_sub(4), y2)) {} },
            }
        }
    }
}

fn what(flight: &Flight) -> String {
    if flight.is_opening() { "opens a connection".to_owned() } else { words::count(flight.size_bytes, "byte") }
}

fn fate(flight: &Flight) -> String {
    match flight.fate {
        Fate::Arrived(at) => words::at(at),
        Fate::Held(at) => format!("held until {}", words::at(at)),
        Fate::Lost => "lost: a fault stood in its way".to_owned(),
        Fate::Unread => "never read: the receiver had given up, or the run had ended".to_owned(),
    }
}

fn told_of(story: &Story<'_>, flight: &Flight) -> String {
    let (from, to) = (host(story, flight.from), host(story, flight.to));
    format!("{from} → {to}, {}, sent {}, arrived: {}", what(flight), words::at(flight.sent), fate(flight))
}

/// Those of the witness, and those that did not fare well.
fn table(story: &Story<'_>, shown: &[Shown]) -> Table {
    let mut table = Table::words(
        "Messages of the witness, and those that a fault touched",
        &["sent", "from", "to", "what", "arrived"],
    );
    for Shown { flight, .. } in
        shown.iter().filter(|shown| shown.is_own || !matches!(shown.flight.fate, Fate::Arrived(_)))
    {
        let (from, to) = (host(story, flight.from), host(story, flight.to));
        table.row([words::at(flight.sent), from.to_owned(), to.to_owned(), what(flight), fate(flight)]);
    }
    table.at_most(MOST_ROWS)
}
