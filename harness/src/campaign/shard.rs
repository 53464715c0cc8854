//! Shards: which part of a campaign one of several machines does. The parts are disjoint, and together they are all of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most machines that can share a campaign.
const MOST: u64 = 10_000;

/// One of several parts, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    part: u64,
    of: u64,
}

/// All of it.
impl Default for Shard {
    fn default() -> Shard {
        Shard { part: 1, of: 1 }
    }
}

/// `3/8`
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Shard, String> {
        text.parse()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((part, of)) => Shard::new(part, of),
            None => Err(format!("`{text}` is no shard: write 3/8 for the third of eight")),
        }
    }
}

impl Shard {
    /// The `part` of `of`, counted from 1.
    pub fn new(part: u64, of: u64) -> Result<Shard, String> {
        if of > MOST {
            return Err(format!("{of} shards are more than {MOST}, the most"));
        }
        if part < 1 || part > of {
            return Err(format!("there is no shard {part} of {of}: they are counted from 1 to {of}"));
        }
        Ok(Shard { part, of })
    }

    /// Which one it is, from 1.
    pub fn part(self) -> u64 {
        self.part
    }

    /// How many there are.
    pub fn of(self) -> u64 {
        self.of
    }

    /// Whether it is not all of it.
    pub fn is_part(self) -> bool {
        self.of > 1
    }

    /// Whether it does the piece of this number.
    pub fn has(self, number: u64) -> bool {
        number % self.of == self.part - 1
    }

    /// The shard that a scheduler's variables name, and which of them said so: Kubernetes' indexed jobs count from 0 and do
    /// not say how many there are, GitLab's parallel jobs count from 1, and a GitHub matrix passes what its workflow says.
    pub fn from_environment(read: impl Fn(&str) -> Option<String>) -> Result<Option<(Shard, &'static str)>, String> {
        const PAIRS: [(&str, &str, u64); 3] = [
            ("NETSPLIT_SHARD_INDEX", "NETSPLIT_SHARD_TOTAL", 0),
            ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
            ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0),
        ];
        if let Some(text) = read("NETSPLIT_SHARD") {
            return Ok(Some((text.parse()?, "NETSPLIT_SHARD")));
        }
        for (index, total, first) in PAIRS {
            let (Some(at), of) = (read(index), read(total)) else { continue };
            let Some(of) = of.or_else(|| read("NETSPLIT_SHARD_TOTAL")) else {
                // GitLab sets the index only together with the total; of an indexed job the total has to be passed on.
                return Err(format!(
                    "{index} is set and {total} is not: pass how many there are in {total}, or --shard"
                ));
            };
            let number = |name: &str, text: &str| {
                text.trim().parse::<u64>().map_err(|error| format!("{name} is `{}`: {error}", text.escape_debug()))
            };
            let at = number(index, &at)?;
            let shard = Shard::new(at.saturating_add(1).saturating_sub(first), number(total, &of)?);
            return Ok(Some((shard.map_err(|error| format!("{index} is {at}: {error}"))?, index)));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let read =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Ok(Shard::from_environment(read)?.map(|(shard, _)| shard.to_string()))
    }

    #[test]
    fn every_piece_is_done_by_exactly_one_shard() {
        for number in 0..100 {
            let having = (1..=8).filter(|part| Shard::new(*part, 8).expect("it is one").has(number)).count();
            assert_eq!(having, 1);
        }
        assert!((0..9).all(|number| Shard::default().has(number)));
    }

    #[test]
    fn what_is_no_shard_is_refused_with_what_one_is() {
        assert_eq!("3/8".parse::<Shard>().map(|shard| shard.to_string()), Ok("3/8".into()));
        for wrong in ["0/8", "9/8", "3", "a/b", "1/0", "1/10001", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_schedulers_index_variables_are_read_as_they_count() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")]), Ok(Some("1/4".into())));
        assert_eq!(of(&[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "4")]), Ok(Some("4/4".into())));
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "4")]), Ok(Some("1/4".into())));
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "3"), ("NETSPLIT_SHARD_TOTAL", "4")]), Ok(Some("4/4".into())));
        assert_eq!(of(&[("NETSPLIT_SHARD_INDEX", "2"), ("NETSPLIT_SHARD_TOTAL", "4")]), Ok(Some("3/4".into())));
        assert_eq!(of(&[("NETSPLIT_SHARD", "2/3"), ("CI_NODE_INDEX", "1")]), Ok(Some("2/3".into())));
        assert!(of(&[("JOB_COMPLETION_INDEX", "3")]).is_err_and(|error| error.contains("JOB_COMPLETIONS")));
        assert!(of(&[("JOB_COMPLETION_INDEX", "4"), ("JOB_COMPLETIONS", "4")]).is_err());
        assert!(of(&[("CI_NODE_INDEX", "x"), ("CI_NODE_TOTAL", "4")]).is_err());
    }
}
