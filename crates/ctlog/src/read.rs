//! The read side of RFC 6962 section 4, from the same tree as the tiles.
//!
//! ```text
//! GET /ct/v1/get-sth                                       the newest head
//! GET /ct/v1/get-sth-consistency?first=3&second=8          {"consistency":["…"]}
//! GET /ct/v1/get-proof-by-hash?hash=…&tree_size=8          {"leaf_index":4,"audit_path":["…"]}
//! GET /ct/v1/get-entries?start=0&end=99                    {"entries":[{"leaf_input":"…","extra_data":"…"}]}
//! GET /ct/v1/get-entry-and-proof?leaf_index=4&tree_size=8
//! ```
//!
//! One answer is made from one view of the log. Every proof is checked before it is given, and every
//! entry is compared with its leaf in the tree. Refused with 400: parameters that are missing, malformed
//! or in the wrong order, and sizes beyond the newest head; with 404: a leaf that is not there, and a
//! proof of it in a larger tree than there is. CTFE draws the lines there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use waxwing_encoding::{base64, hex};
use waxwing_log::{Entry, View};
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use waxwing_tlog::tile::FULL_WIDTH;

use crate::answer::Refused;
use crate::leaf::TileLeaf;
use crate::leaves::LeafIndexError;
use crate::query::{ParameterError, Parameters};
use crate::sth::SignedTreeHead;
use crate::{Fingerprint, GetEntries, Service};

const PAGE: u64 = FULL_WIDTH as u64;

/// About how many bytes of stored entries one answer has at most, unless a single one has more.
const ANSWER_BYTES: usize = 16 << 20;

type Query = RawQuery;

#[derive(Serialize)]
struct Consistency {
    consistency: Vec<String>,
}

#[derive(Serialize)]
struct ProofByHash {
    leaf_index: u64,
    audit_path: Vec<String>,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<LogEntry>,
}

#[derive(Serialize)]
struct LogEntry {
    leaf_input: String,
    extra_data: String,
}

#[derive(Serialize)]
struct EntryAndProof {
    #[serde(flatten)]
    entry: LogEntry,
    audit_path: Vec<String>,
}

impl From<ParameterError> for Refused {
    fn from(error: ParameterError) -> Self {
        Self::bad_request(error)
    }
}

impl From<LeafIndexError> for Refused {
    fn from(error: LeafIndexError) -> Self {
        match error {
            LeafIndexError::Filling { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, &error).again_in(5)
            }
            LeafIndexError::TooLarge { .. } => Self::new(StatusCode::NOT_IMPLEMENTED, &error),
            error => Self::internal(error),
        }
    }
}

pub(crate) async fn sth(State(service): State<Service>) -> Result<Response, Refused> {
    let checkpoint = service.inner.log.checkpoint().checkpoint;
    let head = SignedTreeHead::of(&checkpoint, service.inner.key.public_key());
    Ok(axum::Json(head.map_err(Refused::internal)?).into_response())
}

pub(crate) async fn consistency(
    State(service): State<Service>,
    RawQuery(query): Query,
) -> Result<Response, Refused> {
    let query = Parameters::new(query.as_deref().unwrap_or_default());
    let (first, second) = (query.number("first")?, query.number("second")?);
    if second < first {
        let reason = format!("first ({first}) is larger than second ({second})");
        return Err(Refused::bad_request(reason));
    }
    let view = service.inner.log.view();
    check_size(&view, second, StatusCode::BAD_REQUEST)?;
    // Every tree extends the empty one.
    let proof = match first {
        0 => Vec::new(),
        _ => {
            let proof = view.consistency_proof(first, second).await?;
            let (old, new) = (view.root(first).await?, view.root(second).await?);
            verify_consistency(first, second, &proof, &old, &new).map_err(Refused::internal)?;
            proof
        }
    };
    let consistency = path(&proof);
    Ok(axum::Json(Consistency { consistency }).into_response())
}

pub(crate) async fn proof_by_hash(
    State(service): State<Service>,
    RawQuery(query): Query,
) -> Result<Response, Refused> {
    let query = Parameters::new(query.as_deref().unwrap_or_default());
    let hash = Hash::new(query.hash()?);
    let size = query.number("tree_size")?;
    check_not_empty(size)?;
    let view = service.inner.log.view();
    check_size(&view, size, StatusCode::NOT_FOUND)?;
    let leaves = &service.inner.leaves;
    let found = leaves.find(hash, &view).await?;
    leaves.check(service.inner.log.checkpoint().size)?;
    let Some(leaf_index) = found.filter(|index| *index < size) else {
        let reason = format!("the first {size} entries have no leaf with that hash");
        return Err(Refused::not_found(reason));
    };
    let proof = inclusion(&view, leaf_index, size, &hash).await?;
    let audit_path = path(&proof);
    Ok(axum::Json(ProofByHash {
        leaf_index,
        audit_path,
    })
    .into_response())
}

pub(crate) async fn entries(
    State(service): State<Service>,
    RawQuery(query): Query,
) -> Result<Response, Refused> {
    let query = Parameters::new(query.as_deref().unwrap_or_default());
    let (start, end) = (query.number("start")?, query.number("end")?);
    if start > end {
        let reason = format!("start ({start}) is behind end ({end})");
        return Err(Refused::bad_request(reason));
    }
    let view = service.inner.log.view();
    if start >= view.size() {
        let reason = format!(
            "start ({start}) is outside of the newest tree, which has {} entries",
            view.size()
        );
        return Err(Refused::bad_request(reason));
    }
    let end = cut(start, end, service.inner.get_entries);
    let found = stored(&view, start, end.min(view.size() - 1)).await?;
    // What is asked for once and has no end yet is soon another answer.
    let cache = match found.len() as u64 == end - start + 1 {
        true => "public, max-age=86400",
        false => "public, max-age=60",
    };
    let entries = log_entries(&service, &found).await?;
    Ok(([(CACHE_CONTROL, cache)], axum::Json(Entries { entries })).into_response())
}

pub(crate) async fn entry_and_proof(
    State(service): State<Service>,
    RawQuery(query): Query,
) -> Result<Response, Refused> {
    let query = Parameters::new(query.as_deref().unwrap_or_default());
    let (index, size) = (query.number("leaf_index")?, query.number("tree_size")?);
    check_not_empty(size)?;
    if index >= size {
        let reason = format!("leaf_index ({index}) is outside of a tree of {size} entries");
        return Err(Refused::bad_request(reason));
    }
    let view = service.inner.log.view();
    check_size(&view, size, StatusCode::BAD_REQUEST)?;
    let found = stored(&view, index, index).await?;
    let missing = || Refused::internal(format!("entry {index} is missing from the storage"));
    let leaf = found.first().ok_or_else(missing)?;
    let leaf = TileLeaf::read(&leaf.stored).map_err(Refused::internal)?;
    let hash = leaf_hash(&leaf.leaf_input());
    let proof = inclusion(&view, index, size, &hash).await?;
    let entry = log_entries(&service, &found).await?.pop();
    Ok(axum::Json(EntryAndProof {
        entry: entry.ok_or_else(missing)?,
        audit_path: path(&proof),
    })
    .into_response())
}

/// The last entry of an answer, as CTFE cuts ranges.
fn cut(start: u64, end: u64, GetEntries { most, align }: GetEntries) -> u64 {
    let most = most.max(1);
    let wanted = end - start + 1;
    let end = match wanted > most {
        true => start + most - 1,
        false => end,
    };
    match align && wanted >= most {
        true => end - (end + 1) % most,
        false => end,
    }
}

/// The entries from `start` to `end`, which the view has, each compared with its leaf in the tree; fewer
/// if they are large, but at least one.
async fn stored(view: &View, start: u64, end: u64) -> Result<Vec<Entry>, Refused> {
    let mut found = Vec::new();
    let mut bytes = 0;
    for page in start / PAGE..=end / PAGE {
        let (entries, leaves) = (view.page(page).await?, view.leaf_hashes(page).await?);
        for (index, (entry, leaf)) in (page * PAGE..).zip(entries.into_iter().zip(leaves)) {
            if index < start || index > end {
                continue;
            }
            let input = TileLeaf::read(&entry.stored).map_err(Refused::internal)?;
            if leaf_hash(&input.leaf_input()) != leaf {
                let reason = format!("entry {index} does not match its leaf in the tree");
                return Err(Refused::internal(reason));
            }
            bytes += entry.stored.len();
            if bytes > ANSWER_BYTES && !found.is_empty() {
                return Ok(found);
            }
            found.push(entry);
        }
    }
    Ok(found)
}

/// The entries with their chains, out of the store of issuers.
async fn log_entries(service: &Service, entries: &[Entry]) -> Result<Vec<LogEntry>, Refused> {
    let leaves = entries.iter().map(|entry| TileLeaf::read(&entry.stored));
    let leaves: Result<Vec<_>, _> = leaves.collect();
    let leaves = leaves.map_err(Refused::internal)?;
    let wanted: BTreeSet<Fingerprint> = leaves.iter().flat_map(TileLeaf::fingerprints).collect();
    let issuers = issuers(service, wanted).await?;
    let entry = |leaf: &TileLeaf<'_>| {
        let chain = leaf
            .fingerprints()
            .filter_map(|fingerprint| issuers.get(&fingerprint).map(|der| &der[..]));
        let extra_data = leaf.extra_data(chain).map_err(Refused::internal)?;
        Ok(LogEntry {
            leaf_input: base64::encode(&leaf.leaf_input()),
            extra_data: base64::encode(&extra_data),
        })
    };
    leaves.iter().map(entry).collect()
}

/// All of these issuers, or a refusal.
async fn issuers(
    service: &Service,
    wanted: BTreeSet<Fingerprint>,
) -> Result<BTreeMap<Fingerprint, Bytes>, Refused> {
    let issuers = Arc::clone(&service.inner.issuers);
    let fetching = tokio::task::spawn_blocking(move || {
        let fetch = |fingerprint: Fingerprint| {
            let missing = || {
                let name = hex::encode(&fingerprint);
                Refused::internal(format!("the issuer {name} is missing from the storage"))
            };
            let found = issuers.get(&fingerprint).map_err(Refused::internal)?;
            Ok((fingerprint, found.ok_or_else(missing)?))
        };
        wanted.into_iter().map(fetch).collect()
    });
    fetching.await.map_err(Refused::internal)?
}

/// The proof that the leaf is there, checked.
async fn inclusion(view: &View, index: u64, size: u64, leaf: &Hash) -> Result<Vec<Hash>, Refused> {
    let proof = view.inclusion_proof(index, size).await?;
    let root = view.root(size).await?;
    verify_inclusion(index, size, leaf, &proof, &root).map_err(Refused::internal)?;
    Ok(proof)
}

fn check_not_empty(size: u64) -> Result<(), Refused> {
    match size {
        0 => Err(Refused::bad_request(
            "tree_size is 0; an empty tree has no leaves",
        )),
        _ => Ok(()),
    }
}

fn check_size(view: &View, size: u64, status: StatusCode) -> Result<(), Refused> {
    if size <= view.size() {
        return Ok(());
    }
    let reason = format!(
        "size {size} is beyond the newest head, which has {} entries",
        view.size()
    );
    Err(Refused::new(status, &reason))
}

fn path(hashes: &[Hash]) -> Vec<String> {
    let hashes = hashes.iter();
    hashes.map(|hash| base64::encode(hash.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_as_ctfe_cuts_them() {
        let aligned = GetEntries::default();
        let plain = GetEntries {
            align: false,
            ..aligned
        };
        for (start, end, with, without) in [
            (0, 0, 0, 0),
            (0, 998, 998, 998),
            (0, 999, 999, 999),
            (0, 5000, 999, 999),
            (500, 1498, 1498, 1498),
            (500, 1499, 999, 1499),
            (500, 1600, 999, 1499),
            (999, 9999, 999, 1998),
            (1000, 9999, 1999, 1999),
            (7, u64::MAX >> 1, 999, 1006),
        ] {
            assert_eq!(cut(start, end, aligned), with, "{start} {end}");
            assert_eq!(cut(start, end, plain), without, "{start} {end}");
        }
    }
}
