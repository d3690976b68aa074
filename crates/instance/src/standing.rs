//! What outlives an exchange of keys: the limits with what they have counted, the numbers that are
//! watched, and the watch over the clock.

use std::sync::Arc;

use waxwing_tsa::ClockWatch;

use crate::background::Background;
use crate::fence::Fence;
use crate::measures::Measures;
use crate::{Choices, StartError, Surroundings};

pub(crate) struct Standing {
    pub(crate) fence: Fence,
    pub(crate) measures: Measures,
    /// Who watches over the clock of the timestamp authority.
    pub(crate) clock: Option<Arc<ClockWatch>>,
    _watching: Option<Background>,
}

impl Standing {
    /// Begins with what an operator chose.
    pub(crate) fn new(choices: &Choices, surroundings: &Surroundings) -> Result<Self, StartError> {
        let measures = Measures::new()?;
        let servers = choices.timestamp.time_servers.as_ref();
        let Surroundings { clock, random } = surroundings;
        let clock = servers.map(|servers| servers.watch(clock, random, &measures.clock));
        let watching = clock.clone().map(|clock| {
            Background::run(async move {
                clock.run().await;
            })
        });
        Ok(Self {
            fence: Fence::new(&choices.limits),
            measures,
            clock,
            _watching: watching,
        })
    }
}
