//! The promises of a log and of the services of an instance, each with the name under which its breach is reported.

use waxwing_encoding::base64::Base64Error;
use waxwing_encoding::time::UnixTime;
use waxwing_model::BundleError;
use waxwing_pki::CertificateError;
use waxwing_pki::chain::ChainError;
use waxwing_pki::fulcio::IdentityError;
use waxwing_pki::sct::SctError;
use waxwing_pki::timestamp::TimestampError;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::CheckpointError;
use waxwing_tlog::merkle::ProofError;
use waxwing_tlog::note::NoteError;
use waxwing_tlog::proof_file::TlogProofError;

/// A promise that the log has broken. One of these ends a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Violation {
    /// An answer of 200 that is no proof file.
    #[error("an answer is no proof: {reason}")]
    AnswerForm {
        /// What is wrong with it.
        reason: AnswerFault,
    },
    /// The log names another leaf than that of the entry.
    #[error("entry {number} was sent with the leaf {expected:x}; the log says {found:x}")]
    LeafHash {
        /// The entry.
        number: u64,
        /// The leaf that the answer names.
        found: Hash,
        /// The leaf of what was sent.
        expected: Hash,
    },
    /// The proof does not lead from the entry at its index to the root in the checkpoint.
    #[error("the inclusion proof of index {index} does not hold: {reason}")]
    InclusionProof {
        /// The index in the answer.
        index: u64,
        /// Why not.
        reason: ProofError,
    },
    /// The checkpoint is no signed note, or is not signed by the log's key.
    #[error("a checkpoint is not signed by the log: {0}")]
    CheckpointSignature(#[from] NoteError),
    /// The note is signed and states no head.
    #[error("a signed checkpoint states no head: {0}")]
    CheckpointForm(#[from] CheckpointError),
    /// A checkpoint of another log.
    #[error("a checkpoint is of the log {found:?}; expected {expected:?}")]
    CheckpointOrigin {
        /// The origin found.
        found: String,
        /// The name of the log's key.
        expected: String,
    },
    /// The log has signed two heads of one size.
    #[error("two signed checkpoints of size {size}: one with the root {first}, one with {second}")]
    TwoRoots {
        /// The size.
        size: u64,
        /// The root that came first.
        first: Hash,
        /// The other one.
        second: Hash,
    },
    /// An entry that was sent again came back with another index.
    #[error("entry {number} had the index {first}, and was then given {second}")]
    IndexChanged {
        /// The entry.
        number: u64,
        /// The index that it had first.
        first: u64,
        /// The other one.
        second: u64,
    },
    /// Two entries with one index.
    #[error("index {index} was given to entry {first} and to entry {second}")]
    IndexTwice {
        /// The index.
        index: u64,
        /// One entry.
        first: u64,
        /// Another one.
        second: u64,
    },
    /// An entry that was acknowledged before is said to be new.
    #[error("entry {number} is at index {index}, and when it came again the log called it new")]
    CalledNew {
        /// The entry.
        number: u64,
        /// Its index.
        index: u64,
    },
    /// An entry that was never sent before is said to have existed.
    #[error(
        "entry {number} was sent for the first time, and the log says that it had it at index \
         {index}; if it was added by an earlier run, take another --seed"
    )]
    CalledOld {
        /// The entry.
        number: u64,
        /// Its index.
        index: u64,
    },
    /// The entries in the order of their indexes lead to another root than a head that was signed.
    #[error("the first {size} entries have the root {derived}; the signed head says {signed}")]
    RebuiltRoot {
        /// The size.
        size: u64,
        /// The root that follows from the entries.
        derived: Hash,
        /// The root in the head.
        signed: Hash,
    },
    /// A log that nobody else writes to has other entries than those that it was given.
    #[error("the log has {found} entries after the run; it acknowledged {expected}")]
    Size {
        /// The size of the log.
        found: u64,
        /// Distinct entries acknowledged.
        expected: u64,
    },
    /// The log answers with another entry than the one that was proposed, or says two things of it.
    #[error(
        "the log answered with another entry than was proposed, or stated its place (index {index}) in \
         two ways"
    )]
    OtherEntry {
        /// The index in the answer.
        index: u64,
    },
    /// A certificate that is not what was asked for.
    #[error("a certificate: {0}")]
    Certificate(#[from] CertificateFault),
    /// A promise of the CT log that does not hold.
    #[error("a promise of the CT log: {0}")]
    Sct(#[from] SctError),
    /// A promise of a log that the trusted root does not have.
    #[error("a promise of another CT log than that of the trusted root")]
    OtherLog,
    /// A promise that does not say where.
    #[error("a promise of the CT log without the index of its leaf")]
    NoIndex,
    /// A timestamp that does not hold, or answers another request.
    #[error("a timestamp: {0}")]
    Timestamp(#[from] TimestampError),
    /// A timestamp of another time than that of its request.
    #[error("a timestamp says {found}; it was asked for at {earliest} and read at {latest}")]
    Time {
        /// The time in it.
        found: UnixTime,
        /// When it was asked for.
        earliest: UnixTime,
        /// When it was judged.
        latest: UnixTime,
    },
    /// Two leaves are recorded at one index.
    #[error("index {index} is recorded with the leaf {first:x} and with {second:x}")]
    TwoLeaves {
        /// The index.
        index: u64,
        /// One leaf.
        first: Hash,
        /// The other one.
        second: Hash,
    },
    /// One leaf is recorded at two indexes.
    #[error("the leaf {leaf:x} is recorded at index {first} and at index {second}")]
    LeafTwice {
        /// The leaf.
        leaf: Hash,
        /// One index.
        first: u64,
        /// The other one.
        second: u64,
    },
    /// A recorded entry is not in the present log.
    #[error("the entry recorded at index {index} is not there any more: {reason}")]
    EntryLost {
        /// Its index.
        index: u64,
        /// Why not.
        reason: ProofError,
    },
    /// A recorded head is not a beginning of the present log.
    #[error("the recorded head of size {size} is not part of the present log: {reason}")]
    HeadLost {
        /// Its size.
        size: u64,
        /// Why not.
        reason: ProofError,
    },
    /// The log is smaller than a head that was recorded.
    #[error("a head of size {recorded} is recorded; the present checkpoint has size {present}")]
    WentBack {
        /// The largest size recorded.
        recorded: u64,
        /// The present size.
        present: u64,
    },
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerFault {
    /// Not a C2SP tlog-proof.
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    /// Not text.
    #[error("it is not UTF-8 after byte {valid_up_to}")]
    NotUtf8 {
        /// How many bytes are.
        valid_up_to: usize,
    },
    /// Not the JSON that the service answers with.
    #[error("it is not the JSON expected: {0}")]
    Json(#[from] serde_json::Error),
    /// Not a promise of a CT log.
    #[error("the promise: {0}")]
    Promise(#[from] waxwing_pki::sct::ResponseError),
    /// Not an entry of a log.
    #[error(transparent)]
    Entry(#[from] BundleError),
    /// An entry without a proof.
    #[error("the entry has no inclusion proof")]
    NoProof,
    /// A field that is not base64.
    #[error(transparent)]
    Base64(#[from] Base64Error),
    /// No word on whether the log had the entry before.
    #[error("the header Waxwing-Existed is missing, or is neither true nor false")]
    Existed,
}

/// What is wrong with a certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateFault {
    /// One that cannot be read.
    #[error(transparent)]
    Form(#[from] CertificateError),
    /// Other certificates above it than the trusted root has.
    #[error("the certificates above it are not those of the trusted root")]
    Chain,
    /// No path to the trusted root.
    #[error("it is not under the trusted root: {0}")]
    Path(#[from] ChainError),
    /// For another key than that of the request.
    #[error("it is for another key than that of the request")]
    OtherKey,
    /// Without an identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// In the name of somebody else.
    #[error("it is in another name than that of the token")]
    OtherIdentity,
    /// Without its one promise of a CT log.
    #[error("it has {count} promises of CT logs; expected 1")]
    Promises {
        /// How many there are.
        count: usize,
    },
}

impl Violation {
    /// The stable name: in the error, in JSON, in docs/hammer.md.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::AnswerForm { .. } => "answer-form",
            Self::LeafHash { .. } => "leaf-hash",
            Self::InclusionProof { .. } => "inclusion-proof",
            Self::CheckpointSignature(_) => "checkpoint-signature",
            Self::CheckpointForm(_) => "checkpoint-form",
            Self::CheckpointOrigin { .. } => "checkpoint-origin",
            Self::TwoRoots { .. } => "two-roots",
            Self::IndexChanged { .. } => "index-changed",
            Self::IndexTwice { .. } | Self::TwoLeaves { .. } => "index-twice",
            Self::CalledNew { .. } => "called-new",
            Self::CalledOld { .. } => "called-old",
            Self::RebuiltRoot { .. } => "rebuilt-root",
            Self::Size { .. } => "size",
            Self::LeafTwice { .. } => "leaf-twice",
            Self::OtherEntry { .. } => "other-entry",
            Self::Certificate(_) => "certificate",
            Self::Sct(_) | Self::OtherLog | Self::NoIndex => "sct",
            Self::Timestamp(_) | Self::Time { .. } => "timestamp",
            Self::EntryLost { .. } => "entry-lost",
            Self::HeadLost { .. } => "head-lost",
            Self::WentBack { .. } => "went-back",
        }
    }
}
