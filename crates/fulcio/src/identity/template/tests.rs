//! Templates against what Go's `text/template` makes of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const DATA: [(&str, &str); 7] = [
    ("url", "https://github.com"),
    ("ref", "main"),
    ("ref_type", "branch"),
    ("empty", ""),
    ("oidc.circleci.com/pipeline-id", "p-1"),
    ("html", "<a & \"b\">"),
    ("_x9", "underscore"),
];

fn rendered(text: &str) -> Result<String, TemplateError> {
    let data = BTreeMap::from(DATA);
    Template::parse(text)?.render(&|name| data.get(name).map(|text| Cow::Borrowed(*text)))
}

#[test]
fn templates_give_what_go_gives() {
    for (template, expected) in [
        ("plain", "plain"),
        ("{{ .url }}/{{.ref}}", "https://github.com/main"),
        ("{{.html}}", "<a & \"b\">"),
        ("{{._x9}}", "underscore"),
        (
            "refs/{{if eq .ref_type \"branch\"}}heads/{{ else }}tags/{{end}}{{ .ref }}",
            "refs/heads/main",
        ),
        (
            "{{if eq .ref_type \"tag\"}}a{{else if eq .ref \"main\"}}b{{else}}c{{end}}",
            "b",
        ),
        ("{{if .empty}}a{{end}}", ""),
        ("{{if not .empty}}a{{end}}", "a"),
        ("{{(index . \"oidc.circleci.com/pipeline-id\")}}", "p-1"),
        ("{{index . `oidc.circleci.com/pipeline-id`}}", "p-1"),
        ("{{index . \"missing\"}}", ""),
        (
            "{{if eq (index . \"missing\") \"true\"}}x{{ else }}\"\"{{end}}",
            "\"\"",
        ),
        ("{{eq .ref \"a\" \"main\"}}", "true"),
        ("{{ne .ref \"main\"}}", "false"),
        ("{{and .url .ref}}", "main"),
        ("{{or .empty .ref}}", "main"),
        // What comes after what decides is not looked at.
        ("{{or .ref .missing}}{{and .empty .missing}}", "main"),
        ("{{printf \"%s-%v%%\" .ref .ref_type}}", "main-branch%"),
        ("a {{- \" b \" -}} c", "a b c"),
        ("a  {{- /* note */ -}}  c", "ac"),
        ("a{{/* note }} */}}c", "ac"),
        ("{{\"}}\"}}", "}}"),
        ("{{\"a\\\"b\\\\\"}}", "a\"b\\"),
        ("{{eq (not .empty) (not .empty)}}", "true"),
    ] {
        assert_eq!(rendered(template), Ok(expected.to_owned()), "{template}");
    }
}

#[test]
fn what_is_not_understood_is_refused_when_it_is_read() {
    let unexpected = |found: &str| Problem::Unexpected {
        found: found.to_owned(),
    };
    let arguments = |function, found, expected| Problem::Arguments {
        function,
        found,
        expected,
    };
    for (template, problem) in [
        ("{{.ref", Problem::Unclosed),
        ("{{\"}}", Problem::Unclosed),
        ("{{/* x }}", Problem::Comment),
        ("{{/* x */ .ref}}", Problem::Comment),
        ("{{}}", Problem::Empty),
        ("{{.a.b}}", Problem::Separator),
        ("{{(index . \"a\").b}}", Problem::Separator),
        ("{{.project-id}}", unexpected("-")),
        ("{{.ref | html}}", unexpected("|")),
        ("{{$x := .ref}}", unexpected("$")),
        ("{{7}}", unexpected("7")),
        ("{{.7}}", unexpected(".")),
        ("{{range .ref}}{{end}}", unexpected("range")),
        ("{{len .ref}}", unexpected("len")),
        ("{{call .ref}}", unexpected("call")),
        ("{{true}}", unexpected("true")),
        ("{{.ref .url}}", Problem::NotAFunction),
        ("{{\"a\" .url}}", Problem::NotAFunction),
        ("{{(.ref}}", Problem::NotAFunction),
        ("{{.ref)}}", Problem::NotAFunction),
        ("{{.}}", Problem::Dot),
        ("{{index .ref \"a\"}}", Problem::Dot),
        ("{{eq . .}}", Problem::Dot),
        ("{{index .}}", arguments("index", 0, "the data and one key")),
        (
            "{{index . \"a\" \"b\"}}",
            arguments("index", 2, "the data and one key"),
        ),
        ("{{eq .ref}}", arguments("eq", 1, "two or more")),
        ("{{ne .ref}}", arguments("ne", 1, "two")),
        ("{{not}}", arguments("not", 0, "one")),
        ("{{and}}", arguments("and", 0, "one or more")),
        ("{{or}}", arguments("or", 0, "one or more")),
        ("{{printf .ref}}", Problem::Format),
        ("{{printf \"%d\" .ref}}", Problem::Format),
        ("{{printf \"%s\"}}", Problem::Format),
        ("{{printf \"x\" .ref}}", Problem::Format),
        ("{{printf \"%\"}}", Problem::Format),
        ("{{\"a\\x41\"}}", Problem::Literal),
        ("{{end}}", Problem::Stray { found: "end" }),
        ("{{else}}", Problem::Stray { found: "else" }),
        (
            "{{if .ref}}{{else}}{{else}}{{end}}",
            Problem::Stray { found: "else" },
        ),
        ("{{if .ref}}", Problem::NoEnd),
        ("{{if .ref}}{{else}}", Problem::NoEnd),
        ("{{if}}{{end}}", Problem::Empty),
    ] {
        match Template::parse(template) {
            Err(TemplateError::Syntax { problem: found, .. }) => {
                assert_eq!(found, problem, "{template}");
            }
            other => panic!("{template}: {other:?}"),
        }
    }
    let nested =
        |levels: usize| format!("{{{{{}.ref{}}}}}", "(".repeat(levels), ")".repeat(levels));
    assert!(Template::parse(&nested(DEEPEST)).is_ok());
    assert!(Template::parse(&nested(DEEPEST + 1)).is_err());
    let ifs = |levels: usize| "{{if .ref}}".repeat(levels) + &"{{end}}".repeat(levels);
    assert!(Template::parse(&ifs(DEEPEST)).is_ok());
    assert!(Template::parse(&ifs(DEEPEST + 1)).is_err());
    let length = LONGEST_TEMPLATE + 1;
    let long = Template::parse(&"x".repeat(length));
    assert_eq!(long, Err(TemplateError::TooLong { length }));
}

#[test]
fn what_has_no_result_is_an_error_and_no_empty_text() {
    let template = "{{.missing}}".to_owned();
    let name = "missing".to_owned();
    let missing = TemplateError::MissingKey { template, name };
    assert_eq!(
        missing.to_string(),
        "executing the template \"{{.missing}}\" at <.missing>: map has no entry for key \"missing\""
    );
    assert_eq!(rendered("{{.missing}}"), Err(missing));
    let incomparable = rendered("{{eq .ref (not .ref)}}").unwrap_err();
    assert!(matches!(incomparable, TemplateError::Incomparable { .. }));
    let long = "x".repeat(LONGEST_RESULT);
    let parsed = Template::parse("{{.a}}").unwrap();
    assert!(parsed.render(&|_| Some(Cow::Borrowed(&long))).is_ok());
    let parsed = Template::parse("{{.a}}{{.a}}").unwrap();
    let refused = parsed.render(&|_| Some(Cow::Borrowed(&long)));
    assert!(matches!(refused, Err(TemplateError::ResultTooLong { .. })));
}

proptest! {
    /// Values are never read as templates, and nothing is added to them.
    #[test]
    fn values_are_copied_as_they_are(value in ".{0,40}", before in "[a-z{/ ]{0,8}") {
        prop_assume!(!before.contains("{{") && !before.ends_with('{'));
        let template = format!("{before}{{{{ .v }}}}{{{{index . \"v\"}}}}");
        let parsed = Template::parse(&template).unwrap();
        let result = parsed.render(&|_| Some(Cow::Borrowed(&value))).unwrap();
        prop_assert_eq!(result, format!("{before}{value}{value}"));
    }

    #[test]
    fn nothing_panics(template in "[{}().a\"`\\\\ /*%s-]{0,40}|(\\{\\{(if|else|end|eq|index|and|\\.a|\"x\"| |\\(|\\))*\\}\\}){0,6}") {
        if let Ok(parsed) = Template::parse(&template) {
            let _ = parsed.render(&|_| Some(Cow::Borrowed("v")));
        }
    }
}
