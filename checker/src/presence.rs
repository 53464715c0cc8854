//! Presence in groups: when all is quiet, every node shows the same members, no dead one stays, and no live one is lost.
//!
//! A member joins at a node, once, and lives there until it leaves or the node is stopped by a fault of the `deadly` families.
//! Judged are the reads that began after the quiet period; what a node shows before that may be old.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::Operation;
use crate::monotonic::Monotonic;
use crate::{Cause, Checker, Evidence, History, Outcome, Value, Verdict};

/// The checker: `join` and `leave` take a member, and a leave answers whether it was there; `read` answers the list of members.
/// One group for each key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presence {
    /// Reads from this index on began after the quiet period.
    pub settled_from: u64,
    /// The families of faults that stop a node, and its members with it.
    pub deadly: &'static [&'static str],
}

/// What is known of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It must be shown.
    Lives,
    /// It must not be shown.
    Gone,
    /// Nobody knows.
    Unsure,
}

/// A member: how it joined, and how it left, if it did.
#[derive(Default)]
struct Member<'h> {
    join: Option<Operation<'h>>,
    leave: Option<Operation<'h>>,
}

impl<'h> Member<'h> {
    fn fate(&self, stops: &BTreeMap<&str, Vec<usize>>) -> Fate {
        let Some(join) = self.join.filter(|join| join.outcome() != Outcome::Fail) else { return Fate::Gone };
        let left = self.leave.map(|leave| leave.outcome());
        let node = join.invocation.node.as_deref().unwrap_or_default();
        let stops = stops.get(node).map_or(&[][..], Vec::as_slice);
        let stopped_after = |at: usize| stops.last().is_some_and(|&last| last > at);
        match (join.outcome(), join.completed_at) {
            (_, _) if left == Some(Outcome::Ok(&Value::Bool(true))) => Fate::Gone,
            (Outcome::Ok(_), Some(joined)) if stopped_after(joined) => Fate::Gone,
            (Outcome::Ok(_), _) if stopped_after(join.invoked_at) || left == Some(Outcome::Info) => Fate::Unsure,
            (Outcome::Ok(_), _) => Fate::Lives,
            _ => Fate::Unsure,
        }
    }

    fn operations(&self) -> impl Iterator<Item = Operation<'h>> {
        self.join.into_iter().chain(self.leave)
    }

    /// What became of a member that did not leave by itself, where something did.
    fn end(&self, name: &Value, stops: &BTreeMap<&str, Vec<usize>>) -> Option<String> {
        let left = self.leave.is_some_and(|leave| leave.outcome() == Outcome::Ok(&Value::Bool(true)));
        let node = self.join.filter(|_| !left)?.invocation.node.as_deref()?;
        let joined = self.join?.completed_at;
        stops.get(node)?.last().filter(|last| Some(**last) > joined)?;
        Some(format!("{node} was stopped after that, and {name} with it"))
    }
}

/// The members of each group, by their names.
type Groups<'h> = BTreeMap<&'h Value, BTreeMap<&'h Value, Member<'h>>>;

fn groups<'h>(operations: &[Operation<'h>]) -> Result<Groups<'h>, String> {
    let mut groups = Groups::new();
    for operation in operations {
        let slot = |member: &mut Member<'h>| match operation.f() {
            "join" => member.join.replace(*operation),
            _ => member.leave.replace(*operation),
        };
        if !matches!(operation.f(), "join" | "leave") {
            continue;
        }
        let members = groups.entry(&operation.invocation.key).or_default();
        if let Some(before) = slot(members.entry(&operation.invocation.value).or_default()) {
            let (f, member, before) = (operation.f(), &operation.invocation.value, before.index());
            return Err(format!("#{}: a second {f} of {member}, after #{before}", operation.index()));
        }
    }
    Ok(groups)
}

/// A read that is judged, with the members that it shows.
struct Read<'h> {
    operation: Operation<'h>,
    shown: BTreeSet<&'h Value>,
}

impl Presence {
    fn contradictions<'h>(
        read: &Read<'h>,
        members: &BTreeMap<&'h Value, Member<'h>>,
        stops: &BTreeMap<&str, Vec<usize>>,
    ) -> Option<Evidence> {
        let at = read.operation.index();
        let stranger = read.shown.iter().find(|member| !members.contains_key(*member));
        if let Some(stranger) = stranger {
            return Some(evidence("phantom", format!("#{at} shows {stranger}, who never joined"), &[], None, read));
        }
        let wrong = members.iter().find_map(|(name, member)| match (member.fate(stops), read.shown.contains(*name)) {
            (Fate::Lives, false) => {
                Some(("lost-member", format!("#{at} does not show {name}, who lives"), member, None))
            }
            (Fate::Gone, true) => {
                Some(("dead-member", format!("#{at} shows {name}, who is gone"), member, member.end(name, stops)))
            }
            _ => None,
        });
        let (anomaly, summary, member, end) = wrong?;
        let known: Vec<Operation<'_>> = member.operations().collect();
        Some(evidence(anomaly, summary, &known, end, read))
    }
}

fn evidence(anomaly: &str, summary: String, known: &[Operation<'_>], end: Option<String>, read: &Read<'_>) -> Evidence {
    let told = |one: &Operation<'_>| {
        let node = one.invocation.node.as_deref().unwrap_or("a node");
        format!("#{}: {} {} at {node}", one.index(), one.f(), one.invocation.value)
    };
    Evidence {
        anomaly: anomaly.to_owned(),
        operations: known.iter().chain([&read.operation]).map(Operation::index).collect(),
        steps: known.iter().map(told).chain(end).chain([summary.clone()]).collect(),
        summary,
        culprit: Some(read.operation.index()),
        key: read.operation.invocation.key.as_key(),
        ..Evidence::default()
    }
}

impl Checker for Presence {
    fn name(&self) -> &'static str {
        "presence"
    }

    fn check(&self, history: &History) -> Verdict {
        let operations = match history.operations() {
            Ok(operations) => operations,
            Err(unpaired) => return unpaired.into(),
        };
        let groups = match groups(&operations) {
            Ok(groups) => groups,
            Err(why) => return Verdict::Unknown(Cause::Undecided(why)),
        };
        let nodes = operations.iter().filter_map(|operation| operation.invocation.node.as_deref());
        let nodes: BTreeSet<&str> = nodes.collect();
        let deadly = Monotonic { forgetful: self.deadly };
        let stops: BTreeMap<&str, Vec<usize>> =
            nodes.into_iter().map(|node| (node, deadly.stops(history, node))).collect();
        let (none, mut all) = (BTreeMap::new(), Vec::new());
        let mut first: BTreeMap<&Value, Read<'_>> = BTreeMap::new();
        for operation in operations.iter().filter(|one| one.f() == "read" && one.index() >= self.settled_from) {
            let Outcome::Ok(answer) = operation.outcome() else { continue };
            let Some(shown) = answer.as_list() else {
                let why = format!("#{} answers {answer}, which is no list of members", operation.index());
                return Verdict::Unknown(Cause::Undecided(why));
            };
            let key = &operation.invocation.key;
            let read = Read { operation: *operation, shown: shown.iter().collect() };
            let wrong = Presence::contradictions(&read, groups.get(key).unwrap_or(&none), &stops);
            let other = first.get(key).filter(|first| first.shown != read.shown);
            let differs = || {
                let other = other?;
                let (a, b) = (other.operation.index(), read.operation.index());
                let member = other.shown.symmetric_difference(&read.shown).next()?;
                let summary = format!("after the quiet period #{a} and #{b} do not agree on {member}");
                Some(evidence("divergence", summary, &[other.operation], None, &read))
            };
            all.extend(wrong.or_else(differs));
            first.entry(key).or_insert(read);
        }
        match (all.is_empty(), first.is_empty()) {
            (false, _) => Verdict::Invalid(all),
            (true, true) => Verdict::vacuous("no group was read after the quiet period"),
            (true, false) => Verdict::VALID,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw;
    use crate::{Event, Kind};

    /// The verdict on what is drawn before a read at `b` that shows `members`; a leave that is drawn `ok` was of one who was there.
    fn check(before: &str, members: &str) -> String {
        let mut history = draw(&format!("{before}\n9@b invoke read g=nil\n9@b ok read g=[{members}]"));
        let left = |event: &&mut Event| event.f.as_ref() == "leave" && event.kind == Kind::Ok;
        history.events.iter_mut().filter(left).for_each(|event| event.value = Value::Bool(true));
        match (Presence { settled_from: 0, deadly: &["crash"] }).check(&history) {
            Verdict::Valid { .. } => "valid".into(),
            Verdict::Unknown(_) => "unknown".into(),
            Verdict::Invalid(all) => all[0].anomaly.clone(),
        }
    }

    const JOINED: &str = "1@a invoke join g=m\n1@a ok join g=m";

    #[test]
    fn a_live_member_is_shown_and_nobody_else() {
        assert_eq!(check(JOINED, "m"), "valid");
        assert_eq!(check(JOINED, ""), "lost-member");
        assert_eq!(check(JOINED, "m n"), "phantom");
        assert_eq!(check("1@a invoke join g=m\n1@a fail join g=m", "m"), "dead-member");
        for shown in ["", "m"] {
            assert_eq!(check("1@a invoke join g=m\n1@a info join g=m", shown), "valid");
        }
        assert_eq!(check(&format!("{JOINED}\n{JOINED}"), "m"), "unknown");
    }

    #[test]
    fn who_left_or_died_with_its_node_is_gone() {
        let left = format!("{JOINED}\n2@a invoke leave g=m\n2@a ok leave g=m");
        assert_eq!(check(&left, ""), "valid");
        assert_eq!(check(&left, "m"), "dead-member");
        for shown in ["", "m"] {
            assert_eq!(check(&left.replace("2@a ok", "2@a info"), shown), "valid");
        }
        let crashed = |node: &str| format!("{JOINED}\n~ info crash 0:{node}");
        assert_eq!(check(&crashed("a"), "m"), "dead-member");
        assert_eq!(check(&crashed("a"), ""), "valid");
        assert_eq!(check(&crashed("b"), ""), "lost-member");
        for shown in ["", "m"] {
            let on_its_way = "1@a invoke join g=m\n~ info crash 0:a\n1@a ok join g=m";
            assert_eq!(check(on_its_way, shown), "valid");
        }
    }

    #[test]
    fn all_nodes_show_the_same() {
        let unsure = "1@a invoke join g=m\n1@a info join g=m\n8@a invoke read g=nil\n8@a ok read g=[m]";
        assert_eq!(check(unsure, "m"), "valid");
        assert_eq!(check(unsure, ""), "divergence");
    }
}
