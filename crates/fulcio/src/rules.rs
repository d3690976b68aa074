//! Who may get a certificate: an addition of ours, for instances that are not for everybody.
//!
//! ```yaml
//! rules:
//!   - issuer: https://token.actions.githubusercontent.com
//!     require:
//!       repository_owner: ["acme", "acme-labs"]
//!       ref: ["refs/heads/main", "refs/tags/*"]
//! ```
//!
//! A token of an issuer that some rule names must satisfy one of its rules whole: each claim has one
//! of the values. Issuers that no rule names are not restricted. A `*` in a value stands for any
//! text, in an issuer for what it does in a `meta-issuers` pattern. A claim whose name begins with a
//! slash is a JSON pointer: `/kubernetes.io/namespace`. In a list, one item must match.
//!
//! Refused when they are read: names that are not known, empty lists, a rule that requires nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use waxwing_serve::document::{Document, DocumentError};

use crate::config::Pattern;
use crate::identity::{TokenClaims, printed};

/// Which claims the tokens of an issuer must have.
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    issuer: Pattern,
    require: BTreeMap<String, Vec<String>>,
}

/// No rule for the issuer of a token is satisfied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this instance issues no certificate for this token of {issuer}: the claim {claim} is {found}, expected one of {expected:?}"
)]
pub struct RuleRefused {
    /// The issuer.
    pub issuer: String,
    /// The first claim that does not hold, of the rule of which most claims do.
    pub claim: String,
    /// What the token has there, as JSON.
    pub found: String,
    /// What it would have to be.
    pub expected: Vec<String>,
}

/// Why rules are not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Neither JSON nor YAML.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A rule of another form.
    #[error("{place}: expected {expected}")]
    Form {
        /// Where.
        place: String,
        /// What should be there.
        expected: &'static str,
    },
}

impl Rules {
    /// Reads rules in YAML or JSON: an object whose one member `rules` is a list.
    pub fn read(text: &[u8]) -> Result<Self, RulesError> {
        Self::of(Document::read(text)?.value())
    }

    /// The rules in a tree that was read already.
    pub fn of(document: &Value) -> Result<Self, RulesError> {
        let form = |place: &str, expected| RulesError::Form {
            place: place.to_owned(),
            expected,
        };
        let whole = "an object with one member, rules, which is a list";
        let members = document.as_object().filter(|members| members.len() == 1);
        let list = members.and_then(|members| members.get("rules")?.as_array());
        let list = list.ok_or(form("the file", whole))?;
        let rules = list.iter().enumerate();
        let rules = rules.map(|(number, rule)| Rule::read(&format!("rules[{number}]"), rule));
        Ok(Self(rules.collect::<Result<_, _>>()?))
    }

    /// Checks the verified claims of a token.
    pub fn check(&self, issuer: &str, claims: &TokenClaims) -> Result<(), RuleRefused> {
        let mut closest: Option<(usize, RuleRefused)> = None;
        for rule in self.0.iter().filter(|rule| rule.issuer.matches(issuer)) {
            let mut held = 0;
            let mut refused = None;
            for (claim, expected) in &rule.require {
                let found = match claim.starts_with('/') {
                    true => pointed(claims, claim),
                    false => claims.get(claim),
                };
                if found.is_some_and(|found| holds(found, expected)) {
                    held += 1;
                } else {
                    refused.get_or_insert_with(|| RuleRefused {
                        issuer: issuer.to_owned(),
                        claim: claim.clone(),
                        found: found.map_or_else(
                            || "absent".to_owned(),
                            |found| found.to_string().chars().take(256).collect(),
                        ),
                        expected: expected.clone(),
                    });
                }
            }
            let Some(refused) = refused else {
                return Ok(());
            };
            if closest.as_ref().is_none_or(|(most, _)| held > *most) {
                closest = Some((held, refused));
            }
        }
        closest.map_or(Ok(()), |(_, refused)| Err(refused))
    }
}

impl Rule {
    fn read(place: &str, value: &Value) -> Result<Self, RulesError> {
        let form = |inside: &str, expected| RulesError::Form {
            place: format!("{place}{inside}"),
            expected,
        };
        let both = "an object with issuer and require, and nothing else";
        let members = value.as_object().filter(|members| members.len() == 2);
        let member = |name| members.and_then(|members| members.get(name));
        let issuer = member("issuer").and_then(Value::as_str);
        let issuer = issuer.filter(|issuer| !issuer.is_empty());
        let issuer = issuer.ok_or_else(|| form("", both))?;
        let required = member("require").ok_or_else(|| form("", both))?;
        let claims = "at least one claim, each with a list of texts that is not empty";
        let required = required.as_object().filter(|claims| !claims.is_empty());
        let required = required.ok_or_else(|| form(".require", claims))?;
        let mut require = BTreeMap::new();
        for (claim, values) in required {
            let error = || form(&format!(".require.{claim}"), claims);
            let values = values.as_array().filter(|values| !values.is_empty());
            let texts = values.ok_or_else(error)?.iter().map(Value::as_str);
            let texts: Option<Vec<&str>> = texts.collect();
            let texts = texts.ok_or_else(error)?.into_iter().map(str::to_owned);
            require.insert(claim.clone(), texts.collect());
        }
        Ok(Self {
            issuer: Pattern::new(issuer),
            require,
        })
    }
}

/// What a JSON pointer (RFC 6901) leads to.
fn pointed<'a>(claims: &'a TokenClaims, pointer: &str) -> Option<&'a Value> {
    let rest = pointer.strip_prefix('/')?;
    let (first, rest) = match rest.split_once('/') {
        Some((first, rest)) => (first, format!("/{rest}")),
        None => (rest, String::new()),
    };
    let first = first.replace("~1", "/").replace("~0", "~");
    claims.get(&first)?.pointer(&rest)
}

fn holds(found: &Value, expected: &[String]) -> bool {
    if let Value::Array(items) = found {
        return items
            .iter()
            .any(|item| !item.is_array() && holds(item, expected));
    }
    // An object or nothing is no text that somebody could have written down.
    if matches!(found, Value::Object(_) | Value::Null) {
        return false;
    }
    let text = printed(found);
    expected.iter().any(|value| matches(value, &text))
}

/// Whether `text` is `value`, in which each `*` stands for any text.
fn matches(value: &str, text: &str) -> bool {
    let mut parts = value.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> TokenClaims {
        TokenClaims::from_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (value, text, expected) in [
            ("acme", "acme", true),
            ("acme", "acme2", false),
            ("acme", "xacme", false),
            ("refs/tags/*", "refs/tags/v1", true),
            ("refs/tags/*", "refs/heads/v1", false),
            ("*", "", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "ac", false),
            ("a*a", "a", false),
            ("*/main", "refs/heads/main", true),
            ("*/main", "main", false),
        ] {
            assert_eq!(matches(value, text), expected, "{value} {text}");
        }
    }

    #[test]
    fn one_rule_of_an_issuer_must_hold_whole() {
        let rules = Rules::read(
            b"rules:\n\
              - issuer: https://a\n  require: {owner: [acme], ref: [main, 'v*']}\n\
              - issuer: https://a\n  require: {admin: ['true']}\n\
              - issuer: https://*.b\n  require: {/k.io/ns: [x], groups: [dev]}\n",
        )
        .unwrap();
        let check = |issuer, json| rules.check(issuer, &claims(json));
        assert_eq!(check("https://c", "{}"), Ok(()));
        assert_eq!(check("https://a", r#"{"owner":"acme","ref":"v1"}"#), Ok(()));
        assert_eq!(check("https://a", r#"{"admin":true}"#), Ok(()));
        let refused = check("https://a", r#"{"owner":"acme","ref":7}"#).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "this instance issues no certificate for this token of https://a: \
             the claim ref is 7, expected one of [\"main\", \"v*\"]"
        );
        let refused = check("https://a", r#"{"ref":"main"}"#).unwrap_err();
        assert_eq!(
            (refused.claim.as_str(), refused.found.as_str()),
            ("owner", "absent")
        );
        let good = r#"{"k.io":{"ns":"x"},"groups":["ops","dev"]}"#;
        assert_eq!(check("https://x.b", good), Ok(()));
        let other = r#"{"k.io":{"ns":"y"},"groups":["ops","dev"]}"#;
        assert_eq!(check("https://x.b", other).unwrap_err().claim, "/k.io/ns");
        let nested = r#"{"k.io":{"ns":"x"},"groups":[["dev"]]}"#;
        assert_eq!(check("https://x.b", nested).unwrap_err().claim, "groups");
    }

    #[test]
    fn rules_that_would_not_mean_what_they_seem_are_refused() {
        let good = "rules: [{issuer: 'https://a', require: {x: [y]}}]";
        assert!(Rules::read(good.as_bytes()).is_ok());
        for bad in [
            "rules: {}",
            "rule: []",
            "rules: [{issuer: 'https://a', require: {}}]",
            "rules: [{issuer: 'https://a', require: {x: []}}]",
            "rules: [{issuer: 'https://a', require: {x: y}}]",
            "rules: [{issuer: 'https://a', required: {x: [y]}}]",
            "rules: [{issuer: 'https://a', require: {x: [y]}, deny: {}}]",
            "rules: [{issuer: '', require: {x: [y]}}]",
        ] {
            let error = Rules::read(bad.as_bytes()).unwrap_err();
            assert!(matches!(error, RulesError::Form { .. }), "{bad}: {error}");
        }
    }
}
