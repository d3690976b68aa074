//! Patterns of issuers: `meta-issuers`.
//!
//! ```text
//! https://oidc.eks.*.amazonaws.com/id/*    * is one or more of - _ a-z A-Z 0-9
//! ```
//!
//! Everything else stands for itself, and the whole URL must match: a pattern that matched anywhere,
//! or whose dots stood for any character, once let tokens send the server where they wanted
//! (GHSA-59jp-pj84-45mr).

/// A URL with stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// Every text is a pattern.
    pub fn new(text: &str) -> Self {
        let text = text.to_owned();
        Self { text }
    }

    /// The pattern as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much of it stands for itself: where several match, the longest decides.
    pub fn literal_length(&self) -> usize {
        self.text.bytes().filter(|byte| *byte != b'*').count()
    }

    /// Whether the whole of `url` matches.
    pub fn matches(&self, url: &str) -> bool {
        // Where the pattern could go on, character by character: linear in both, whatever they are.
        let pattern = self.text.as_bytes();
        let mut at = vec![false; pattern.len() + 1];
        if let Some(start) = at.first_mut() {
            *start = true;
        }
        for byte in url.bytes() {
            let in_star = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            let mut next = vec![false; at.len()];
            let states = at.iter().zip(pattern).enumerate();
            for (number, (_, expected)) in states.filter(|(_, (reached, _))| **reached) {
                let taken = match expected {
                    b'*' => in_star,
                    literal => *literal == byte,
                };
                if !taken {
                    continue;
                }
                if let Some(state) = next.get_mut(number + 1) {
                    *state = true;
                }
                // A star goes on.
                if *expected == b'*'
                    && let Some(state) = next.get_mut(number)
                {
                    *state = true;
                }
            }
            at = next;
        }
        at.last().copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_whole_url_must_match_and_a_star_is_one_name() {
        let eks = "https://oidc.eks.*.amazonaws.com/id/*";
        for (url, expected) in [
            ("https://oidc.eks.us-west-2.amazonaws.com/id/B02C", true),
            ("https://oidc.eks.us-west-2.amazonaws.com/id/", false),
            ("https://oidc.eks..amazonaws.com/id/B02C", false),
            ("https://oidc.eks.a.b.amazonaws.com/id/B02C", false),
            ("https://oidcXeks.us-west-2.amazonaws.com/id/B02C", false),
            ("https://oidc.eks.us-west-2.amazonaws.com/id/B02C/x", false),
            (
                "https://evil.example?https://oidc.eks.a.amazonaws.com/id/b",
                false,
            ),
            ("https://oidc.eks.evil.example/.amazonaws.com/id/b", false),
            ("https://oidc.eks.a@evil.amazonaws.com/id/b", false),
            ("http://oidc.eks.us-west-2.amazonaws.com/id/B02C", false),
            ("", false),
        ] {
            assert_eq!(Pattern::new(eks).matches(url), expected, "{url}");
        }
        assert!(Pattern::new("a").matches("a") && !Pattern::new("a").matches("aa"));
        assert!(Pattern::new("").matches("") && !Pattern::new("").matches("a"));
    }

    proptest! {
        /// Against the same rule as a regular expression, which the original uses.
        #[test]
        fn it_is_the_regular_expression_of_the_original(
            pattern in "[a./*+-]{0,12}",
            url in "[a./+b-]{0,12}",
        ) {
            let quoted: Vec<String> = pattern.split('*').map(regex::escape).collect();
            let expression = format!("^(?:{})$", quoted.join("[-_a-zA-Z0-9]+"));
            let expected = regex::Regex::new(&expression).unwrap().is_match(&url);
            prop_assert_eq!(Pattern::new(&pattern).matches(&url), expected);
        }
    }
}
