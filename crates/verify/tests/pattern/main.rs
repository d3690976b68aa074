//! Patterns mean here what they mean in Go: a table of patterns, texts and what Go says about them.

mod refused;
mod table;

use proptest::prelude::*;
use waxwing_verify::pattern::{DEEPEST_GROUP, LONGEST_PATTERN};
use waxwing_verify::{Pattern, PatternError};

use refused::refused;
use table::TABLE;

#[test]
fn patterns_match_what_they_match_in_go() {
    for (pattern, matching, others) in TABLE {
        let read = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for (expected, texts) in [(true, matching), (false, others)] {
            for text in *texts {
                assert_eq!(read.is_match(text), expected, "{pattern} on {text:?}");
            }
        }
    }
}

#[test]
fn what_go_does_not_know_is_refused_by_name() {
    for (pattern, error) in refused() {
        assert_eq!(Pattern::new(pattern), Err(error), "{pattern}");
    }
    let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Pattern::new(&nested(DEEPEST_GROUP)).is_ok());
    // Each level of this one is four for the compiler.
    let steep = |depth| format!("{}a{}", "(b|[^c]".repeat(depth), ")*".repeat(depth));
    assert!(Pattern::new(&steep(DEEPEST_GROUP)).unwrap().is_match(""));
    let position = DEEPEST_GROUP;
    assert_eq!(
        Pattern::new(&nested(DEEPEST_GROUP + 1)),
        Err(PatternError::TooDeep { position })
    );
    assert!(Pattern::new(&"a".repeat(LONGEST_PATTERN)).is_ok());
    let length = LONGEST_PATTERN + 1;
    assert_eq!(
        Pattern::new(&"a".repeat(length)),
        Err(PatternError::TooLong { length })
    );
}

#[test]
fn patterns_are_equal_when_they_are_written_alike() {
    let pattern = Pattern::new("a|b").unwrap();
    assert_eq!(pattern.clone(), pattern);
    assert_eq!(pattern.as_str(), "a|b");
    assert_ne!(pattern, Pattern::new("[ab]").unwrap());
    assert_eq!(format!("{pattern:?}"), "Pattern(\"a|b\")");
}

proptest! {
    #[test]
    fn quoted_text_matches_itself_alone(text in "[^\\\\]{1,20}", other in "[^\\\\]{1,20}") {
        let pattern = Pattern::new(&format!("^\\Q{text}\\E$")).unwrap();
        prop_assert!(pattern.is_match(&text));
        prop_assert_eq!(pattern.is_match(&other), text == other);
    }

    #[test]
    fn a_pattern_that_the_rules_allow_is_never_refused_by_the_compiler(
        pattern in r"([ab\[\](){}|?*+^$.,1\\dDbpLQE:<>i&~-]|\(\?i|\[\[:alpha:\]|\\p\{Lu\}){1,16}",
    ) {
        let read = Pattern::new(&pattern);
        let untranslated = matches!(read, Err(PatternError::Untranslated { .. }));
        prop_assert!(!untranslated, "{:?}", read);
    }
}
