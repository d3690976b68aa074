//! The cases, by the part of a bundle in which they have their fault.

mod bundle;
mod certificate;
mod chain;
mod entry;
mod good;
mod log;
mod root;
mod sct;
mod statement;
mod time;
mod tsa;

use serde_json::{Map, Value};

use super::Cases;

/// The fields of what is an object.
fn fields(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("an object stands there")
}

/// The items of what is a list.
fn items(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().expect("a list stands there")
}

pub(super) fn add(cases: &mut Cases<'_>) {
    good::add(cases);
    bundle::add(cases);
    log::add(cases);
    entry::add(cases);
    time::add(cases);
    tsa::add(cases);
    certificate::add(cases);
    chain::add(cases);
    sct::add(cases);
    statement::add(cases);
    root::add(cases);
}
