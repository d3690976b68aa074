//! What everything of a log is done with.

use std::sync::Arc;

use waxwing_encoding::time::Clock;

use crate::{Driver, HeadSigner, Settings};

/// What a log is opened with.
pub(crate) struct Context {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) signer: HeadSigner,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
}
