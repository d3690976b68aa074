//! A repository that was written before, read for the next change.
//!
//! The latest version of each document counts, listed by another or not: what a crash left between
//! two files is carried on from there, and no version is ever given twice.

use std::collections::BTreeMap;

use super::{Repository, RepositoryError};
use crate::metadata::{Metadata, Root, Signed, TopRole};

impl Repository {
    /// Reads the metadata among these files, by path; contents of targets need not be there.
    ///
    /// Every root must be signed by the one before it, back to the first that is there, and all else
    /// by the keys of one of the roots: by those of the last, unless a rotation was not carried to
    /// its end. Expiry does not matter.
    pub fn load(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, RepositoryError> {
        let roots = roots(files)?;
        let last = roots.last().ok_or_else(|| RepositoryError::Missing {
            file: "1.root.json".into(),
        })?;
        let consistent = last.signed().consistent_snapshot();
        Ok(Self {
            root: last.clone(),
            targets: latest(files, TopRole::Targets, consistent, &roots)?,
            snapshot: latest(files, TopRole::Snapshot, consistent, &roots)?,
            timestamp: latest(files, TopRole::Timestamp, false, &roots)?,
            leaps: BTreeMap::new(),
        })
    }
}

fn roots(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Metadata<Root>>, RepositoryError> {
    let versions = versions(files, TopRole::Root);
    let mut roots: Vec<Metadata<Root>> = Vec::new();
    for version in versions {
        let file = format!("{version}.root.json");
        let root: Metadata<Root> = parse(files, &file, Some(version))?;
        if let Some(before) = roots.last() {
            let expected = before.signed().version().saturating_add(1);
            if version != expected {
                return Err(RepositoryError::Missing {
                    file: format!("{expected}.root.json"),
                });
            }
            root.verify(before.signed().signers(TopRole::Root))?;
        }
        root.verify(root.signed().signers(TopRole::Root))?;
        roots.push(root);
    }
    Ok(roots)
}

fn latest<T: Signed>(
    files: &BTreeMap<String, Vec<u8>>,
    role: TopRole,
    consistent: bool,
    roots: &[Metadata<Root>],
) -> Result<Option<Metadata<T>>, RepositoryError> {
    let (file, version) = match consistent {
        true => match versions(files, role).last() {
            Some(version) => (format!("{version}.{role}.json"), Some(*version)),
            None => return Ok(None),
        },
        false => (format!("{role}.json"), None),
    };
    if !files.contains_key(&file) {
        return Ok(None);
    }
    let metadata: Metadata<T> = parse(files, &file, version)?;
    let mut roots = roots.iter().rev();
    match roots.any(|root| metadata.verify(root.signed().signers(role)).is_ok()) {
        true => Ok(Some(metadata)),
        false => Err(RepositoryError::Unsigned { file }),
    }
}

/// The versions of a role's files, in order.
fn versions(files: &BTreeMap<String, Vec<u8>>, role: TopRole) -> Vec<u64> {
    let suffix = format!(".{role}.json");
    let names = files.keys().filter_map(|name| name.strip_suffix(&suffix));
    let numbers = names.filter_map(|number| {
        let version: u64 = number.parse().ok()?;
        // One name a version.
        (version > 0 && version.to_string() == number).then_some(version)
    });
    let mut versions: Vec<u64> = numbers.collect();
    versions.sort_unstable();
    versions
}

fn parse<T: Signed>(
    files: &BTreeMap<String, Vec<u8>>,
    file: &str,
    version: Option<u64>,
) -> Result<Metadata<T>, RepositoryError> {
    let bytes = files.get(file).ok_or_else(|| RepositoryError::Missing {
        file: file.to_owned(),
    })?;
    let metadata = Metadata::<T>::parse(bytes).map_err(|source| RepositoryError::File {
        file: file.to_owned(),
        source,
    })?;
    let found = metadata.signed().version();
    match version {
        Some(expected) if expected != found => Err(RepositoryError::FileVersion {
            file: file.to_owned(),
            found,
            expected,
        }),
        _ => Ok(metadata),
    }
}
