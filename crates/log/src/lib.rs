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

mod batch;
mod context;
mod driver;
mod entry;
mod error;
mod faults;
mod filing;
mod format;
mod guard;
mod head;
mod index;
mod ledger;
mod log;
mod memory;
pub mod public;
mod read;
mod recovery;
mod sequencer;
mod settings;
mod shelf;
mod snapshot;
mod state;
mod tree;

pub use driver::{
    Driver, DriverError, Guard, GuardSwap, Object, Operation, Outcome, Record, RecordEntry,
    Recovered,
};
pub use entry::{Added, Entry, Leaf, LeafBytes, Published};
pub use error::{AddError, LogError, ReadError, Refusal};
pub use faults::{Fault, FaultyDriver};
pub use format::Format;
pub use head::{Head, HeadSigner};
pub use index::Key;
pub use log::Log;
pub use memory::MemoryDriver;
pub use settings::Settings;
