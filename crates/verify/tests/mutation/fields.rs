//! Changes of whole fields and elements, made in the text: a parser would hide a doubled key.

use crate::Change;
use crate::cases::Case;
use crate::json::{self, Value};

/// Every change to every value of a bundle, the text of the case of this name or one made from it.
pub(crate) fn changes(name: &str, text: &str, all: &[Case]) -> Vec<Change> {
    let values = json::values(text);
    let others: Vec<(&Case, Vec<Value>)> = all
        .iter()
        .filter(|other| other.name != name)
        .map(|other| (other, json::values(&other.text)))
        .collect();
    let mut changes: Vec<Change> = Vec::new();
    let mut add = |what: &str, value: &Value, json: Vec<u8>| {
        changes.push((format!("{what} {}", value.path), json));
    };
    for value in &values {
        let (member, inner) = (&text[value.member.clone()], &text[value.value.clone()]);
        let key = &text[value.member.start..value.value.start];
        add("without", value, without(text, value));
        add("null as", value, with(text, value, "null"));
        add(
            "doubled",
            value,
            replaced(text, value, &format!("{member},{member}")),
        );
        add(
            "null before",
            value,
            replaced(text, value, &format!("{key}null,{member}")),
        );
        add(
            "null behind",
            value,
            replaced(text, value, &format!("{member},{key}null")),
        );
        for empty in ["\"\"", "{}", "[]", "0", "true", "\"AAAA\""] {
            add(empty, value, with(text, value, empty));
        }
        if let Some(rest) = inner.strip_prefix('{') {
            add(
                "an unknown field in",
                value,
                with(text, value, &format!("{{\"more\":1,{rest}")),
            );
        }
        if !value.is_element {
            let snake = snake_case(key);
            add(
                "in both spellings",
                value,
                replaced(text, value, &format!("{member},{snake}{inner}")),
            );
            add(
                "in snake case",
                value,
                replaced(text, value, &format!("{snake}{inner}")),
            );
        }
        for (other, values) in &others {
            if let Some(same) = values.iter().find(|other| other.path == value.path) {
                let json = with(text, value, &other.text[same.value.clone()]);
                add(&format!("of {}", other.name), value, json);
            }
        }
    }
    for (place, one) in values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_element)
    {
        let behind = values[place + 1..]
            .iter()
            .filter(|other| are_siblings(one, other));
        for other in behind {
            let (first, second) = (&text[one.value.clone()], &text[other.value.clone()]);
            let rest = &text[one.value.end..other.value.start];
            let swapped = [
                &text[..one.value.start],
                second,
                rest,
                first,
                &text[other.value.end..],
            ];
            add("swapped with another", one, swapped.concat().into_bytes());
        }
    }
    changes
}

fn are_siblings(one: &Value, other: &Value) -> bool {
    let parent = |value: &Value| {
        value
            .path
            .rsplit_once('/')
            .map(|(parent, _)| parent.to_owned())
    };
    parent(one) == parent(other)
}

/// The text with another value in this place.
pub(crate) fn with(text: &str, value: &Value, new: &str) -> Vec<u8> {
    let (before, after) = (&text[..value.value.start], &text[value.value.end..]);
    [before, new, after].concat().into_bytes()
}

/// The text with something else for the whole member.
fn replaced(text: &str, value: &Value, new: &str) -> Vec<u8> {
    let (before, after) = (&text[..value.member.start], &text[value.member.end..]);
    [before, new, after].concat().into_bytes()
}

/// The text without the member and without the comma that went with it.
fn without(text: &str, value: &Value) -> Vec<u8> {
    let (before, after) = (&text[..value.member.start], &text[value.member.end..]);
    match (
        after.trim_start().strip_prefix(','),
        before.trim_end().strip_suffix(','),
    ) {
        (Some(after), _) => [before, after].concat().into_bytes(),
        (None, Some(before)) => [before, after].concat().into_bytes(),
        (None, None) => [before, after].concat().into_bytes(),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
