//! What kinds of faults there are, and the fields of each: asked of serde, which must know.

use std::fmt;

use netsplit_nemesis::Fault;
use serde::Deserialize;
use serde::de::value::MapDeserializer;

/// The names of all kinds.
pub(super) fn kinds() -> &'static [&'static str] {
    expected(&[("fault", "?")])
}

/// The names of the fields of a kind.
pub(super) fn fields(kind: &str) -> &'static [&'static str] {
    expected(&[("fault", kind), ("?", "")])
}

/// The field of a kind that is written beside its name.
pub(super) fn main_field(kind: &str) -> Option<&'static str> {
    super::HOST_FIELDS.into_iter().find(|field| fields(kind).contains(field))
}

/// What is expected in the place of the first thing that is not.
fn expected(fault: &[(&str, &str)]) -> &'static [&'static str] {
    let unknown = Fault::deserialize(MapDeserializer::new(fault.iter().copied()));
    unknown.err().map_or(&[], |Expected(names)| names)
}

/// An error that remembers which names would have been right.
#[derive(Debug)]
struct Expected(&'static [&'static str]);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {:?}", self.0)
    }
}

impl std::error::Error for Expected {}

impl serde::de::Error for Expected {
    fn custom<T: fmt::Display>(_: T) -> Expected {
        Expected(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Expected {
        Expected(expected)
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Expected {
        Expected(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_tells_the_kinds_of_faults_and_their_fields() {
        assert!(kinds().contains(&"cut") && kinds().contains(&"power-loss"), "{:?}", kinds());
        assert_eq!(fields("cut"), ["kind", "sides"]);
        assert_eq!(main_field("cut"), Some("sides"));
        assert_eq!(main_field("crash"), Some("host"));
        assert!(fields("no such kind").contains(&"cut"), "then the kind itself is what is not expected");
    }
}
