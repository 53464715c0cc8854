//! Seeds, as a person writes them.

use std::ops::Range;

/// `7`, or `0..50` without its end.
pub fn parse(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}` is no seed: {error}"));
    let range = match text.split_once("..") {
        None => {
            let seed = number(text)?;
            seed..seed.checked_add(1).ok_or("the largest seed is 18446744073709551614")?
        }
        Some((from, to)) => number(from)?..number(to)?,
    };
    if range.is_empty() { Err(format!("`{text}` holds no seed")) } else { Ok(range) }
}

/// The seeds that `NETSPLIT_SEED` and `NETSPLIT_SEEDS` ask for, else `usual`.
pub(crate) fn asked(usual: Range<u64>, seed: Option<String>, count: Option<String>) -> Result<Range<u64>, String> {
    let range = seed.map_or(Ok(usual), |text| parse(&text).map_err(|error| format!("NETSPLIT_SEED: {error}")))?;
    let Some(count) = count else { return Ok(range) };
    let count: u64 = count.parse().map_err(|error| format!("NETSPLIT_SEEDS: `{count}` is no number: {error}"))?;
    let end = range.start.checked_add(count).filter(|end| *end > range.start);
    Ok(range.start..end.ok_or(format!("NETSPLIT_SEEDS: {count} seeds can't be run"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_from_which_seed_and_how_many() {
        let asked =
            |seed: Option<&str>, count: Option<&str>| asked(0..10, seed.map(str::to_owned), count.map(str::to_owned));
        assert_eq!(asked(None, None), Ok(0..10));
        assert_eq!(asked(Some("7"), None), Ok(7..8));
        assert_eq!(asked(Some("3..9"), None), Ok(3..9));
        assert_eq!(asked(None, Some("50")), Ok(0..50));
        assert_eq!(asked(Some("7"), Some("2")), Ok(7..9));
        assert!(asked(Some("x"), None).is_err() && asked(None, Some("0")).is_err());
    }
}
