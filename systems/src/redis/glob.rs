//! The patterns of `KEYS`: `*`, `?`, `[a-c]`, `[^x]` and a backslash before a plain character.

/// Whether the whole of `text` matches `pattern`.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skip| matches(rest, &text[skip..])),
        [b'?', rest @ ..] => !text.is_empty() && matches(rest, &text[1..]),
        [b'[', rest @ ..] => text.split_first().is_some_and(|(&byte, text)| {
            let (inside, rest) = class(rest, byte);
            inside && matches(rest, text)
        }),
        [b'\\', plain, rest @ ..] | [plain, rest @ ..] => text.first() == Some(plain) && matches(rest, &text[1..]),
    }
}

/// Whether `byte` is in the class that starts after its bracket, and what follows the class.
/// An unclosed class ends with the pattern, as in Redis.
fn class(pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut pattern) = match pattern {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut inside = false;
    loop {
        pattern = match pattern {
            [] => return (inside != negated, pattern),
            [b']', rest @ ..] => return (inside != negated, rest),
            [b'\\', plain, rest @ ..] => {
                inside |= *plain == byte;
                rest
            }
            [from, b'-', to, rest @ ..] => {
                inside |= (*from.min(to)..=*from.max(to)).contains(&byte);
                rest
            }
            [plain, rest @ ..] => {
                inside |= *plain == byte;
                rest
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?", "a", false),
            ("[a-c]x", "bx", true),
            ("[c-a]x", "bx", true),
            ("[^b]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[ab", "b", true),
            ("url:*", "url:m9HS_w", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
