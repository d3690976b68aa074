//! The log engine: sequencer, durability, publication; one driver a file.
//!
//! ```text
//! add -> bounded queue -> one sequencer: deduplicate, assign, hash
//!                           -> driver.commit    the head is durable from here on
//!                           -> sign, publish    one value: readers see all of a head or nothing
//!                           -> wake the callers: each builds its proof from that value, checks
//!                              it, and returns
//!                           -> file full tiles and bundles, behind the next batch
//! ```
//!
//! What holds at every moment, and what the tests try to break:
//!
//! 1. A signature is made over a head only after the driver has committed that head, and heads are
//!    committed one on top of the other: there are never two signed heads of one size.
//! 2. A caller is told of an entry only after the head that covers it is durable, with a proof that
//!    was checked.
//! 3. Nothing beyond the published checkpoint can be read.
//! 4. When it is unknown whether a commit took place, nothing is assumed: the log is opened anew
//!    from what the driver has, and only then are the callers told.
//! 5. Equal keys give one entry, also when they arrive together or again after a lost answer.
//!
//! Start reading at [`Log`], then `sequencer`, then [`Driver`].

pub mod backup;
mod batch;
mod context;
mod directory;
mod driver;
mod entry;
mod error;
mod faults;
pub mod files;
mod filing;
#[cfg(feature = "flaws")]
mod flaws;
mod follow;
mod format;
pub mod fsck;
mod guard;
mod head;
mod keys;
mod ledger;
mod local;
mod log;
mod memory;
pub mod opaque;
pub mod public;
mod publication;
mod read;
mod recent;
mod recovery;
mod sequencer;
mod settings;
mod shelf;
mod snapshot;
mod state;
pub mod takeover;
mod tree;
mod view;
mod waiting;

pub use directory::{Directory, DirectoryError};
pub use driver::{
    Driver, DriverError, Guard, GuardMoved, GuardSwap, Object, Operation, Outcome, Record,
    RecordEntry, Recovered,
};
pub use entry::{Added, Entry, Leaf, LeafBytes, Published};
pub use error::{AddError, LogError, ReadError, Refusal};
pub use faults::{Fault, FaultyDriver};
#[cfg(feature = "flaws")]
pub use flaws::Flaw;
pub use follow::{Cursor, CursorError, FollowError};
pub use format::Format;
pub use head::{Head, HeadSigner};
pub use keys::{Key, KeyIndex, KeySettings, LocalKeys};
pub use local::{GuardPlace, GuardServer, GuardServerError, LocalDriver, LocalSettings};
pub use log::Log;
pub use memory::MemoryDriver;
pub use publication::{CosignError, Cosigner, Cosigning};
pub use settings::{PartialTiles, Settings};
pub use view::View;
