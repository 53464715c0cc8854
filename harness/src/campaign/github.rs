//! What GitHub shows of a campaign: annotations, and an issue for every finding that has none.

use std::io;
use std::process::Command;

use super::findings::Finding;
use super::outcome::Outcome;
use super::summary;

/// GitHub shows ten annotations of a step, and leaves out the others.
const MOST_ANNOTATIONS: usize = 10;

/// The workflow commands that make annotations.
pub fn annotations(outcome: &Outcome) -> Vec<String> {
    let title = format!("netsplit campaign {}", outcome.campaign.name);
    let level = if outcome.exit_code == 2 { "warning" } else { "error" };
    let reasons = outcome.reasons.iter().take(MOST_ANNOTATIONS);
    reasons.map(|reason| format!("::{level} title={}::{}", property(&title), data(reason))).collect()
}

/// As `@actions/core` escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As it escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// An issue to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its title, which is the finding's own: whoever finds it again finds the issue.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// The issues of the findings, at most so many.
pub fn issues(outcome: &Outcome, most: usize) -> Vec<Issue> {
    let issue = |finding: &Finding| {
        let (title, spec) = (format!("netsplit: {}", finding.title()), &outcome.campaign);
        let foot =
            format!("\nFound by campaign `{}`, seeds {}, netsplit {}.\n", spec.name, spec.seeds_told(), spec.netsplit);
        Issue { title, body: summary::body(finding, outcome) + &foot }
    };
    outcome.findings.iter().take(most).map(issue).collect()
}

impl Issue {
    /// Files it through GitHub's own program, unless an open issue has its title; whether it was filed.
    pub fn file(&self) -> io::Result<bool> {
        let search = format!("in:title \"{}\"", self.title.replace('"', ""));
        let listed =
            gh(&["issue", "list", "--state", "open", "--limit", "100", "--json", "title", "--search", &search])?;
        let open: Vec<serde_json::Value> = serde_json::from_str(&listed).map_err(io::Error::other)?;
        if open.iter().any(|issue| issue["title"] == self.title.as_str()) {
            return Ok(false);
        }
        gh(&["issue", "create", "--title", &self.title, "--body", &self.body])?;
        Ok(true)
    }
}

fn gh(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("gh").args(arguments).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!(
        "gh ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_command_stays_one_line_whatever_is_in_it() {
        assert_eq!(data("50 %\r\nof ::error::"), "50 %25%0D%0Aof ::error::");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
