//! Patterns of target paths (section 4.5, `PATHPATTERN`): `release/*.tgz`.
//!
//! Compared segment by segment, so that nothing crosses a `/`, with the rules that Python's `fnmatch`
//! and Go's `filepath.Match` share: `*`, `?`, and `[ab]` or `[a-z]`, negated by `!` (Python) or `^`
//! (Go). Upper and lower case differ.

/// Whether the pattern covers the path.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let mut patterns = pattern.split('/');
    let mut segments = path.split('/');
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) if segment_matches(&tokens(pattern), segment) => {}
            _ => return false,
        }
    }
}

enum Token {
    Star,
    Any,
    One(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::One(expected) => *expected == character,
            Self::Class { negated, ranges } => {
                let mut ranges = ranges.iter();
                let within = ranges.any(|(from, to)| (*from..=*to).contains(&character));
                within != *negated
            }
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        tokens.push(match character {
            '*' => Token::Star,
            '?' => Token::Any,
            '[' => match class(rest) {
                Some((class, after)) => {
                    rest = after;
                    class
                }
                // Not closed: the bracket itself.
                None => Token::One('['),
            },
            other => Token::One(other),
        });
    }
    tokens
}

/// What stands between brackets, and what comes after; a `]` in the first place is one of the
/// characters.
fn class(text: &str) -> Option<(Token, &str)> {
    let (negated, text) = match text.strip_prefix(['!', '^']) {
        Some(text) => (true, text),
        None => (false, text),
    };
    let first = text.chars().next()?.len_utf8();
    let end = first + text.get(first..)?.find(']')?;
    let characters: Vec<char> = text.get(..end)?.chars().collect();
    let mut ranges = Vec::new();
    let mut left = characters.as_slice();
    loop {
        left = match left {
            [] => break,
            [from, '-', to, after @ ..] => {
                ranges.push((*from, *to));
                after
            }
            [one, after @ ..] => {
                ranges.push((*one, *one));
                after
            }
        };
    }
    Some((Token::Class { negated, ranges }, text.get(end + 1..)?))
}

/// Greedy with one point to come back to, the last star: no pattern takes more steps than the
/// product of both lengths.
fn segment_matches(pattern: &[Token], segment: &str) -> bool {
    let (mut pattern, mut segment) = (pattern, segment);
    let mut star: Option<(&[Token], &str)> = None;
    loop {
        let mut characters = segment.chars();
        match (pattern.split_first(), characters.next()) {
            (None, None) => return true,
            (Some((Token::Star, after)), _) => {
                star = Some((after, segment));
                pattern = after;
                continue;
            }
            (Some((token, after)), Some(character)) if token.takes(character) => {
                pattern = after;
                segment = characters.as_str();
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = star else {
            return false;
        };
        let mut skipped = from.chars();
        if skipped.next().is_none() {
            return false;
        }
        star = Some((after, skipped.as_str()));
        (pattern, segment) = (after, skipped.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_cover_what_both_reference_clients_say() {
        for (pattern, path, expected) in [
            ("release/*", "release/a", true),
            ("release/*", "release/a/b", false),
            ("release/*", "release/", true),
            ("*", "a/b", false),
            ("*/*", "a/b", true),
            ("*.tgz", "a.tgz", true),
            ("*.tgz", "a.tgz.sig", false),
            ("foo-version-?.tgz", "foo-version-2.tgz", true),
            ("foo-version-?.tgz", "foo-version-.tgz", false),
            ("foo-version-?.tgz", "foo-version-/.tgz", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("A", "a", false),
            ("", "", true),
            ("", "a", false),
            ("a//b", "a//b", true),
            ("a//b", "a/b", false),
            ("[ab]x", "bx", true),
            ("[ab]x", "cx", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("[]]x", "]x", true),
            ("[ab", "[ab", true),
            ("[ab", "a", false),
            ("é?", "é😀", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_of_stars_takes_no_time() {
        let pattern = "*a".repeat(2000) + "b";
        assert!(!matches(&pattern, &"a".repeat(4000)));
        assert!(matches(&pattern, &("a".repeat(4000) + "b")));
    }
}
