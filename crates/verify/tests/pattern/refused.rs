//! What is refused.

use waxwing_verify::PatternError;

/// What Go refuses, and what this reader refuses beside it.
pub(crate) fn refused() -> Vec<(&'static str, PatternError)> {
    use PatternError as E;
    let escape = |found: &str, position| E::Escape {
        found: found.into(),
        position,
    };
    let unicode = |found: &str, position| E::UnicodeClass {
        found: found.into(),
        position,
    };
    let range = |found: &str, position| E::Range {
        found: found.into(),
        position,
    };
    let group = |found: &str, position| E::Group {
        found: found.into(),
        position,
    };
    let size = |found: &str, position| E::RepeatSize {
        found: found.into(),
        position,
    };
    let surrogate = |found: &str, position| E::Surrogate {
        found: found.into(),
        position,
    };
    vec![
        ("", E::Empty),
        (r"a\", escape(r"\", 1)),
        (r"\1", escape(r"\1", 0)),
        (r"(a)\2", escape(r"\2", 3)),
        (r"\8", escape(r"\8", 0)),
        (r"a\Z", escape(r"\Z", 1)),
        (r"\C", escape(r"\C", 0)),
        (r"\E", escape(r"\E", 0)),
        (r"\u0041", escape(r"\u", 0)),
        (r"\u{41}", escape(r"\u", 0)),
        (r"\U00000041", escape(r"\U", 0)),
        (r"\h", escape(r"\h", 0)),
        (r"\e", escape(r"\e", 0)),
        ("\\\u{e9}", escape("\\\u{e9}", 0)),
        (r"\x4", escape(r"\x4", 0)),
        (r"\xg1", escape(r"\xg1", 0)),
        (r"\x{}", escape(r"\x{}", 0)),
        (r"\x{ 41}", escape(r"\x{ ", 0)),
        (r"\x{110000}", escape(r"\x{110000", 0)),
        (r"[\b]", escape(r"\b", 1)),
        (r"[\z]", escape(r"\z", 1)),
        (r"[\Qa\E]", escape(r"\Q", 1)),
        (r"[a-\d]", escape(r"\d", 3)),
        (r"\x{d800}", surrogate(r"\x{d800}", 0)),
        (r"[\x{d7ff}-\x{dfff}]", surrogate(r"\x{dfff}", 10)),
        ("[", E::MissingBracket { position: 0 }),
        ("a[]", E::MissingBracket { position: 1 }),
        ("[^]", E::MissingBracket { position: 0 }),
        ("[a", E::MissingBracket { position: 0 }),
        ("[a-", E::MissingBracket { position: 0 }),
        ("[z-a]", range("z-a", 1)),
        ("[a[:word2:]]", range("[:word2:]", 2)),
        ("[[:Alpha:]]", range("[:Alpha:]", 1)),
        (r"\p", unicode(r"\p", 0)),
        (r"\p{", unicode(r"\p{", 0)),
        (r"\p{}", unicode(r"\p{}", 0)),
        (r"\pX", unicode(r"\pX", 0)),
        (r"a\p{Nonsense}", unicode(r"\p{Nonsense}", 1)),
        (r"\p{Greek}\p{Grek}", unicode(r"\p{Grek}", 9)),
        (r"\p{IsGreek}", unicode(r"\p{IsGreek}", 0)),
        (r"\p{sc=Greek}", unicode(r"\p{sc=Greek}", 0)),
        (r"\p{Alphabetic}", unicode(r"\p{Alphabetic}", 0)),
        (r"\p{White_Space}", unicode(r"\p{White_Space}", 0)),
        (
            r"\pC",
            E::AmbiguousClass {
                found: r"\pC".into(),
                position: 0,
            },
        ),
        ("a(b", E::MissingParenthesis { position: 1 }),
        ("a)", E::UnexpectedParenthesis { position: 1 }),
        ("(a))", E::UnexpectedParenthesis { position: 3 }),
        ("(?x)a b", group("(?x", 0)),
        ("(?u)a", group("(?u", 0)),
        ("a(?R)", group("(?R", 1)),
        ("(?-)a", group("(?-)", 0)),
        ("(?i-)a", group("(?i-)", 0)),
        ("(?i--s)a", group("(?i--", 0)),
        ("(?=a)", group("(?=", 0)),
        ("(?!a)", group("(?!", 0)),
        ("(?<=a)", group("(?<", 0)),
        ("(?<!a)", group("(?<", 0)),
        ("(?>a)", group("(?>", 0)),
        ("(?#a)", group("(?#", 0)),
        ("(?P=a)", group("(?P", 0)),
        ("(?P<>a)", group("(?P<", 0)),
        ("(?P<a-b>c)", group("(?P<", 0)),
        ("(?", group("(?", 0)),
        ("(?i", group("(?i", 0)),
        ("*a", E::NothingToRepeat { position: 0 }),
        ("a|*", E::NothingToRepeat { position: 2 }),
        ("(+)", E::NothingToRepeat { position: 1 }),
        ("{2}", E::NothingToRepeat { position: 0 }),
        ("(?i)*a", E::NothingToRepeat { position: 4 }),
        (r"a\Q\E*", E::NothingToRepeat { position: 5 }),
        ("a**", E::RepeatedTwice { position: 2 }),
        ("a*?*", E::RepeatedTwice { position: 3 }),
        ("a{2}{3}", E::RepeatedTwice { position: 4 }),
        ("a{1001}", size("{1001}", 1)),
        ("a{1001,}", size("{1001,}", 1)),
        ("a{0,1001}", size("{0,1001}", 1)),
        ("a{99999999999}", size("{99999999999}", 1)),
        ("a{2,1}", size("{2,1}", 1)),
        ("(a{101}){10}", size("{10}", 8)),
        ("((a{10}b){10}c{3}){11}", size("{11}", 18)),
        (r"\pL{1000}\pL{1000}", E::TooLarge),
    ]
}
