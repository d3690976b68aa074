//! Takes a JSON object apart, member by member: what is left over is unknown, and kept.

use serde_json::{Map, Value};
use waxwing_encoding::time::UnixTime;

use super::MetadataError;

/// The members of an object that were not taken yet, and where it stands.
pub(super) struct Members {
    place: String,
    members: Map<String, Value>,
}

impl Members {
    pub(super) fn of(value: Value, place: String) -> Result<Self, MetadataError> {
        match value {
            Value::Object(members) => Ok(Self { place, members }),
            _ => Err(kind(place, "an object")),
        }
    }

    /// Where this object stands.
    pub(super) fn own_place(&self) -> String {
        self.place.clone()
    }

    /// Where a member of this object stands.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn optional(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    pub(super) fn value(&mut self, name: &str) -> Result<Value, MetadataError> {
        self.optional(name).ok_or_else(|| MetadataError::Missing {
            place: self.place(name),
        })
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Self, MetadataError> {
        Self::of(self.value(name)?, self.place(name))
    }

    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, MetadataError> {
        match self.value(name)? {
            Value::Array(items) => Ok(items),
            _ => Err(kind(self.place(name), "a list")),
        }
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, MetadataError> {
        let items = self.list(name)?.into_iter();
        items.map(|item| text(item, || self.place(name))).collect()
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, MetadataError> {
        text(self.value(name)?, || self.place(name))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, MetadataError> {
        match self.value(name)? {
            Value::Bool(flag) => Ok(flag),
            _ => Err(kind(self.place(name), "true or false")),
        }
    }

    pub(super) fn integer(&mut self, name: &str) -> Result<u64, MetadataError> {
        let value = self.value(name)?;
        value
            .as_u64()
            .ok_or_else(|| kind(self.place(name), "an integer from 0"))
    }

    /// A version or a threshold.
    pub(super) fn positive(&mut self, name: &str) -> Result<u64, MetadataError> {
        match self.integer(name)? {
            0 => Err(MetadataError::Zero {
                place: self.place(name),
            }),
            number => Ok(number),
        }
    }

    pub(super) fn time(&mut self, name: &str) -> Result<UnixTime, MetadataError> {
        let found = self.text(name)?;
        UnixTime::parse(&found).map_err(|_| MetadataError::Time {
            place: self.place(name),
            found,
        })
    }

    /// The members that nobody took, as objects with names of their own: the keys of `keys`.
    pub(super) fn each(self) -> impl Iterator<Item = (String, Value, String)> {
        let place = self.place;
        let members = self.members.into_iter();
        members.map(move |(name, value)| {
            let place = format!("{place}.{name}");
            (name, value, place)
        })
    }

    /// The members that nobody took.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.members
    }
}

fn text(value: Value, place: impl FnOnce() -> String) -> Result<String, MetadataError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(kind(place(), "a string")),
    }
}

fn kind(place: String, expected: &'static str) -> MetadataError {
    MetadataError::Kind { place, expected }
}
