//! `dev.sigstore.rekor.v2.Rekor`.
//!
//! ```text
//! CreateEntry                           as POST /api/v2/log/entries
//! GetTile {L: 0, N: "x001/234"}         as GET /tile/0/x001/234
//! GetEntryBundle {N: "000.p/8"}         as GET /tile/entries/000.p/8
//! GetCheckpoint                         as GET /checkpoint
//! ```
//!
//! The original leaves the three below to whoever serves its files, and answers `Unimplemented`.
//! Unknown fields of a message are passed over, as protobuf has it; over HTTP they are refused.
#![expect(
    deprecated,
    reason = "older clients propose envelopes, and are answered"
)]

use std::borrow::Cow;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use waxwing_entries::fields;
use waxwing_entries::hashedrekord::ProposalError;
use waxwing_entries::proposal::{Kind, Request, RequestError};
use waxwing_log::public::{CHECKPOINT_TYPE, TILE_TYPE, TileRefused, tile_at};
use waxwing_protos::api::HttpBody;
use waxwing_protos::common::v1::PublicKeyDetails;
use waxwing_protos::occurrences;
use waxwing_protos::rekor::v2::create_entry_request::Spec;
use waxwing_protos::rekor::v2::{
    CreateEntryRequest, DsseRequestV002, EntryBundleRequest, HashedRekordRequestV002, TileRequest,
    Verifier, verifier,
};
use waxwing_serve::{Answer, Call, GrpcRejection, Rejection};

use crate::{Dsse, Refusal, Service, answer, refuse_hashedrekord};

/// The path of the method.
pub const CREATE_ENTRY: &str = "/dev.sigstore.rekor.v2.Rekor/CreateEntry";
/// The path of the method.
pub const GET_TILE: &str = "/dev.sigstore.rekor.v2.Rekor/GetTile";
/// The path of the method.
pub const GET_ENTRY_BUNDLE: &str = "/dev.sigstore.rekor.v2.Rekor/GetEntryBundle";
/// The path of the method.
pub const GET_CHECKPOINT: &str = "/dev.sigstore.rekor.v2.Rekor/GetCheckpoint";

/// The lists of a request, by their names and where they are in the message.
const LISTS: [(&str, &[u32]); 2] = [("verifiers", &[2, 2]), ("signatures", &[2, 1, 3])];

pub(crate) fn routes(router: Router<Service>) -> Router<Service> {
    router
        .route(CREATE_ENTRY, post(create_entry))
        .route(GET_TILE, post(get_tile))
        .route(GET_ENTRY_BUNDLE, post(get_entry_bundle))
        .route(GET_CHECKPOINT, post(get_checkpoint))
}

async fn create_entry(State(service): State<Service>, call: Call) -> Result<Answer, GrpcRejection> {
    if service.inner.settings.read_only {
        return Err(Refusal::ReadOnly.into());
    }
    let (request, length) = (decode(&call)?, call.message().len());
    if let (Dsse::Refuse, Some(Spec::DsseRequestV002(_))) =
        (service.inner.settings.dsse, &request.spec)
    {
        return Err(refuse_hashedrekord(ProposalError::Dsse).into());
    }
    let entry = service.check_read(length, move |_| Ok(read(request, length)?));
    let entry = entry.await?;
    let kind = entry.kind();
    let added = service.add(entry).await?;
    let entry = answer::message(service.inner.log_id, kind, &added);
    Ok(Answer::new(&entry))
}

async fn get_tile(State(service): State<Service>, call: Call) -> Result<Answer, GrpcRejection> {
    let TileRequest { l: level, n: index } = call.decode()?;
    tile(&service, format!("tile/{level}/{index}")).await
}

async fn get_entry_bundle(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let EntryBundleRequest { n: index } = call.decode()?;
    tile(&service, format!("tile/entries/{index}")).await
}

async fn get_checkpoint(
    State(service): State<Service>,
    call: Call,
) -> Result<Answer, GrpcRejection> {
    let () = call.decode()?;
    let checkpoint = service.inner.log.checkpoint().checkpoint;
    Ok(body(CHECKPOINT_TYPE, checkpoint.as_bytes().to_vec()))
}

async fn tile(service: &Service, path: String) -> Result<Answer, GrpcRejection> {
    match tile_at(&service.inner.log, &path).await {
        Ok((_, bytes)) => Ok(body(TILE_TYPE, bytes.to_vec())),
        Err(TileRefused::Absent) => {
            Err(Rejection::not_found(TileRefused::Absent.to_string()).into())
        }
        Err(error @ TileRefused::Path(_)) => {
            Err(Rejection::invalid_argument(error.to_string()).into())
        }
        // The reasons speak of the storage, which is not the caller's affair.
        Err(_) => Err(Rejection::internal("the tile cannot be read").into()),
    }
}

fn body(content_type: &str, data: Vec<u8>) -> Answer {
    Answer::new(&HttpBody {
        content_type: content_type.to_owned(),
        data,
        extensions: Vec::new(),
    })
}

/// The message, if its lists are short.
pub fn decode(call: &Call) -> Result<CreateEntryRequest, GrpcRejection> {
    few(call.message()).map_err(Refusal::from)?;
    Ok(call.decode()?)
}

/// Reads the proposal in a message of so many bytes; its signatures are not checked yet.
pub fn read(request: CreateEntryRequest, length: usize) -> Result<Request, RequestError> {
    match request.spec {
        None => Err(Request::nothing()),
        Some(Spec::HashedRekordRequestV002(proposal)) => {
            Request::from_hashedrekord(hashed_rekord(proposal), length)
        }
        Some(Spec::DsseRequestV002(proposal)) => Request::from_dsse(dsse(proposal)),
    }
}

/// Refuses lists that are too long before they are decoded: an element takes two bytes at least, and a
/// multiple of that in memory.
fn few(message: &[u8]) -> Result<(), RequestError> {
    for (field, path) in LISTS {
        let (found, most) = (occurrences(message, path), fields::MOST_SIGNATURES);
        if found > most {
            let reason = ProposalError::TooMany { field, found, most };
            return Err(RequestError {
                kind: Kind::Dsse,
                reason,
            });
        }
    }
    Ok(())
}

fn hashed_rekord(proposal: HashedRekordRequestV002) -> fields::HashedRekord<'static> {
    let signature = proposal.signature.unwrap_or_default();
    fields::HashedRekord {
        digest: proposal.digest.into(),
        signature: signature.content.into(),
        verifier: verifier(signature.verifier.unwrap_or_default()),
    }
}

fn dsse(proposal: DsseRequestV002) -> fields::Dsse<'static> {
    let envelope = proposal.envelope.unwrap_or_default();
    let signatures = envelope.signatures.into_iter();
    fields::Dsse {
        payload_type: envelope.payload_type.into(),
        payload: envelope.payload.into(),
        signatures: signatures.map(|signature| signature.sig.into()).collect(),
        verifiers: proposal.verifiers.into_iter().map(verifier).collect(),
    }
}

fn verifier(message: Verifier) -> fields::Verifier<'static> {
    let key_details = match PublicKeyDetails::try_from(message.key_details) {
        Ok(known) => Cow::Borrowed(known.as_str_name()),
        Err(_) => Cow::Owned(message.key_details.to_string()),
    };
    let (mut x509_certificate, mut public_key) = (None, None);
    match message.verifier {
        Some(verifier::Verifier::X509Certificate(certificate)) => {
            x509_certificate = Some(certificate.raw_bytes.into());
        }
        Some(verifier::Verifier::PublicKey(key)) => public_key = Some(key.raw_bytes.into()),
        None => {}
    }
    fields::Verifier {
        x509_certificate,
        public_key,
        key_details,
    }
}
