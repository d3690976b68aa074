//! Rekor v1: a proposal in, an entry with the log's promise and its proof out.
//!
//! ```json
//! {"24296fb2…":{"body":"<base64>","integratedTime":1689177396,"logID":"c0d2…","logIndex":27246492,
//!   "verification":{"signedEntryTimestamp":"MEQC…","inclusionProof":{"checkpoint":"…","hashes":["…"],
//!     "logIndex":23083061,"rootHash":"…","treeSize":23083062}}}}
//! ```
//!
//! `POST <base>/api/v1/log/entries`. An entry that the log has already is answered 409 with its place: it is
//! fetched from there, since that is what a client was looking for whose first answer was lost.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, hex};
use waxwing_entries::v1_proposal::Proposal;
use waxwing_model::bundle::{InclusionProof, LogEntry};
use waxwing_net::{Client, Request, StatusCode, Url};
use waxwing_tlog::Hash;

const TIMEOUT: Duration = Duration::from_secs(90);

/// Most entries that are looked at of one answer.
const MOST_ENTRIES: usize = 32;

/// Why there is no entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekorV1Error {
    /// The request did not succeed.
    #[error("the transparency log: {0}")]
    Request(#[from] waxwing_net::Error),
    /// The log has the entry and does not say where.
    #[error("the transparency log has the entry already, and does not say where")]
    NoPlace,
    /// The answer is no entry, or several.
    #[error("the transparency log answered {found} entries; expected one")]
    Count {
        /// How many.
        found: usize,
    },
    /// A part of the entry cannot be read.
    #[error("the transparency log's entry: its {part} cannot be read")]
    Part {
        /// Which part.
        part: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    body: String,
    integrated_time: i64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
    verification: Verification,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    #[serde(default)]
    inclusion_proof: Option<Proof>,
    signed_entry_timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    checkpoint: String,
    hashes: Vec<String>,
    log_index: u64,
    root_hash: String,
    tree_size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kinded {
    kind: String,
    api_version: String,
}

/// Proposes an entry; gives it as the log holds it.
pub async fn add_entry(
    client: &Client,
    base: &str,
    proposal: &Proposal,
) -> Result<LogEntry, RekorV1Error> {
    let base = base.trim_end_matches('/');
    let url = format!("{base}/api/v1/log/entries");
    let request = Request::post_json(url, &proposal.to_value())
        .timeout(TIMEOUT)
        .repeatable();
    let response = client.send(request).await?;
    if response.status != StatusCode::CONFLICT {
        let response = response.expect_answer()?;
        return one(response.json()?);
    }
    let place = response.headers.get("location");
    let place = place.and_then(|place| place.to_str().ok());
    let place = place.ok_or(RekorV1Error::NoPlace)?;
    // Below the log that was asked, wherever the answer points: nobody else's entry counts.
    let path = Url::parse(place).map_or_else(|_| place.to_owned(), |url| url.path().to_owned());
    let uuid = path.rsplit('/').next().unwrap_or_default();
    if uuid.is_empty() || !uuid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(RekorV1Error::NoPlace);
    }
    let url = format!("{base}/api/v1/log/entries/{uuid}");
    let answers = client.get(url).await?.expect_answer()?;
    one(answers.json()?)
}

/// Looks for the entries that a proposal would make.
pub async fn find(
    client: &Client,
    base: &str,
    proposal: &Proposal,
) -> Result<Vec<LogEntry>, RekorV1Error> {
    let url = format!("{}/api/v1/log/entries/retrieve", base.trim_end_matches('/'));
    let body = serde_json::json!({"entries": [proposal.to_value()]});
    let request = Request::post_json(url, &body).timeout(TIMEOUT).repeatable();
    let answers: Vec<BTreeMap<String, Answer>> =
        client.send(request).await?.expect_answer()?.json()?;
    let answers = answers.into_iter().flat_map(BTreeMap::into_values);
    answers.take(MOST_ENTRIES).map(Answer::read).collect()
}

/// One entry by its global index, with its proof of today.
pub async fn entry_at(client: &Client, base: &str, index: u64) -> Result<LogEntry, RekorV1Error> {
    let base = base.trim_end_matches('/');
    let url = format!("{base}/api/v1/log/entries?logIndex={index}");
    let answers = client.get(url).await?.expect_answer()?;
    one(answers.json()?)
}

fn one(answers: BTreeMap<String, Answer>) -> Result<LogEntry, RekorV1Error> {
    let found = answers.len();
    let mut answers = answers.into_values();
    match (answers.next(), answers.next()) {
        (Some(answer), None) => answer.read(),
        _ => Err(RekorV1Error::Count { found }),
    }
}

impl Answer {
    fn read(self) -> Result<LogEntry, RekorV1Error> {
        let part = |part| RekorV1Error::Part { part };
        let body = base64::decode(&self.body).map_err(|_| part("body"))?;
        let kinded: Kinded = serde_json::from_slice(&body).map_err(|_| part("kind"))?;
        let time = UnixTime::from_seconds(self.integrated_time);
        let promise = base64::decode(&self.verification.signed_entry_timestamp);
        let proof = self.verification.inclusion_proof.map(Proof::read);
        Ok(LogEntry {
            log_index: self.log_index,
            log_id: hex::decode(&self.log_id).map_err(|_| part("logID"))?,
            kind: kinded.kind,
            version: kinded.api_version,
            integrated_time: Some(time.map_err(|_| part("integratedTime"))?),
            inclusion_promise: Some(promise.map_err(|_| part("signedEntryTimestamp"))?),
            inclusion_proof: proof.transpose()?,
            canonicalized_body: body,
        })
    }
}

impl Proof {
    fn read(self) -> Result<InclusionProof, RekorV1Error> {
        let hash = |text: &str| {
            let bytes = hex::decode(text).ok();
            let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
            bytes.map(Hash::from).ok_or(RekorV1Error::Part {
                part: "inclusionProof",
            })
        };
        Ok(InclusionProof {
            log_index: self.log_index,
            root_hash: hash(&self.root_hash)?,
            tree_size: self.tree_size,
            hashes: self
                .hashes
                .iter()
                .map(|text| hash(text))
                .collect::<Result<_, _>>()?,
            checkpoint: self.checkpoint,
        })
    }
}
