//! What `netsplit serve` prints: requests that work as printed, for what the system offers, and how to kill a node.

use std::path::Path;

use netsplit_systems::system::{Offer, System};

use crate::serve::layout::Layout;

/// `curl` lines, to be tried one after the other.
pub(super) fn requests(system: &System, layout: &Layout) -> Vec<String> {
    let names = layout.names();
    let mut at = names.iter().map(|name| format!("http://{}", layout.clients_of(name))).cycle();
    let mut next = || at.next().expect("a cluster has a node");
    let mut lines = Vec::new();
    for (_, templates) in REQUESTS.iter().filter(|(offer, _)| system.offers.contains(offer)) {
        lines.extend(templates.iter().map(|template| template.replace("URL", &next())));
    }
    lines
}

/// What can be asked of whoever offers it, in an order that makes sense. (How to ask for what a user's own system offers, only
/// the user knows.)
const REQUESTS: &[(Offer, &[&str])] = &[
    (Offer::Links, &["curl -i -d url=https://example.com URL/", "curl -i URL/UNCc6Q"]),
    (Offer::Retarget, &["curl -i -X PUT -d url=https://keathley.io URL/UNCc6Q"]),
    (
        Offer::CompareAndSet,
        &["curl -i -X PUT -H 'If-Match: \"https://keathley.io\"' -d url=https://example.com URL/UNCc6Q"],
    ),
    (Offer::Claim, &["curl -i -d url=https://elixiroutlaws.com -d alias=podcast URL/"]),
    (Offer::Count, &["curl -i URL/UNCc6Q/aggregates"]),
    (Offer::Transactions, &["curl -i -d '[[\"swap\",\"UNCc6Q\",\"podcast\"],[\"r\",\"podcast\",null]]' URL/txn"]),
    (Offer::Locks, &["curl -i -X POST URL/locks/door", "curl -i -X DELETE URL/locks/door"]),
    (Offer::Delete, &["curl -i -X DELETE URL/UNCc6Q"]),
    (Offer::Pings, &["curl -i -X POST URL/ping", "curl -i URL/total", "curl -i URL/counts"]),
    (Offer::Job, &["curl -i -X POST URL/act", "curl -i -X POST URL/act"]),
    (Offer::WordCounts, &["curl -i -X PUT -d 'a rose is a rose' URL/jobs/rose", "curl -i URL/jobs/rose"]),
    (Offer::Names, &["curl -i -X PUT -d worker-1 URL/names/printer", "curl -i URL/names/printer"]),
    (Offer::Groups, &["curl -i -X POST URL/groups/room/ann", "curl -i URL/groups/room"]),
    (Offer::Mail, &["curl -i -d hello URL/mail/n2", "curl -i URL/mail"]),
];

/// The command that starts one node of a cluster again.
pub(super) fn start_again(system: &System, layout: &Layout, data: &Path, cookie: &str) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "netsplit".into());
    let mut words = vec![program, "serve".into(), system.name.into()];
    words.extend(["--nodes".into(), layout.names().len().to_string()]);
    words.extend(["--port".into(), layout.first_port().to_string()]);
    words.extend(["--data".into(), data.display().to_string()]);
    if let Some(redis) = layout.redis() {
        words.extend(["--redis".into(), format!("redis://{redis}")]);
    }
    if cookie != super::DEFAULT_COOKIE {
        words.extend(["--cookie".into(), cookie.to_owned()]);
    }
    words.push("--node".into());
    command(words)
}

/// Words as a shell takes them.
pub(super) fn command(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

/// One word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@,+%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::SYSTEMS;

    #[test]
    fn every_system_has_something_to_try() {
        let layout = Layout::new(3, 8001).unwrap();
        for system in SYSTEMS {
            let lines = requests(system, &layout);
            assert!(
                lines.len() > 1 && lines.iter().all(|line| line.contains("http://127.0.0.1:800")),
                "{}",
                system.name
            );
        }
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("/tmp/a-b"), "/tmp/a-b");
        assert_eq!(quoted("/tmp/my data's"), r"'/tmp/my data'\''s'");
    }
}
