//! What many worlds have in common.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_log::{Driver, Flaw, HeadSigner};
use waxwing_tlog::note::NoteVerifier;

use crate::disk::{Image, Process};
use crate::reader::Acknowledged;
use crate::recording::Heads;

/// Makes the driver that is tried out, on the file system of a process. The number is the world's own:
/// what of the driver can be chosen is to follow from it, and is the same at each start.
pub(crate) type MakeDriver = dyn Fn(Arc<Process>, u64) -> Arc<dyn Driver> + Send + Sync;

/// What does not change from one world to the next.
pub(crate) struct Ground {
    pub(crate) signer: HeadSigner,
    pub(crate) verifiers: Vec<NoteVerifier>,
    pub(crate) make_driver: Box<MakeDriver>,
    /// A defect of the engine to be found.
    pub(crate) flaw: Option<Flaw>,
    /// The log that each world begins with.
    pub(crate) start: Option<Start>,
}

/// A log that has grown in peace, and all that was told of it.
pub(crate) struct Start {
    pub(crate) image: Image,
    pub(crate) heads: Heads,
    pub(crate) latest: Option<UnixTime>,
    pub(crate) acknowledged: Acknowledged,
    pub(crate) offered: Vec<Bytes>,
}

impl Ground {
    pub(crate) fn new(
        signer: HeadSigner,
        make_driver: impl Fn(Arc<Process>, u64) -> Arc<dyn Driver> + Send + Sync + 'static,
    ) -> Self {
        Self {
            verifiers: signer.verifiers(),
            signer,
            make_driver: Box::new(make_driver),
            flaw: None,
            start: None,
        }
    }
}
