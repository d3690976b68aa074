//! What `main` gives a tool: it reads neither the process's variables nor its clock by itself.

use std::fmt;
use std::sync::Arc;

use waxwing_crypto::Random;
use waxwing_encoding::time::Clock;

use crate::Environment;

/// What a tool is given.
pub struct Surroundings<'a> {
    /// Its variables.
    pub environment: &'a Environment,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Nonces and salts.
    pub random: Arc<dyn Random>,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .finish_non_exhaustive()
    }
}
