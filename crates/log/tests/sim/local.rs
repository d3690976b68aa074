//! The local driver on the simulated machine.

use std::sync::{Arc, Mutex};

use waxwing_crypto::Random;
use waxwing_log::{Driver, Flaw, Format, KeySettings, LocalDriver, LocalSettings};

use crate::dice::Dice;
use crate::disk::Process;
use crate::ground::Ground;
use crate::identity;

/// Random bytes that are the same each time.
#[derive(Debug)]
struct Fixed(Mutex<Dice>);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = self.0.lock().unwrap();
        bytes.fill_with(|| dice.roll() as u8);
    }
}

/// Worlds of the local driver, perhaps with a defect on purpose.
pub(crate) fn ground(flaw: Option<Flaw>) -> Ground {
    let mut ground = Ground::new(identity::signer(), move |process, variant| {
        driver(process, variant, flaw)
    });
    ground.flaw = flaw;
    ground
}

/// The local driver with measures so small that all their limits are met. They follow from the number.
fn driver(process: Arc<Process>, variant: u64, flaw: Option<Flaw>) -> Arc<dyn Driver> {
    let mut dice = Dice::new(variant);
    let mut settings = LocalSettings::new("/log", Format::TlogTiles);
    settings.guard = Some("/guard/guard".into());
    settings.slot_bytes = dice.pick(&[8 << 10, 16 << 10, 64 << 10]);
    settings.keys = KeySettings {
        run_entries: dice.pick(&[16, 256]),
        fan_out: dice.pick(&[2, 3]),
        filter_bytes: dice.pick(&[0, 400, 1 << 20]),
    };
    settings.flaw = flaw;
    let random = Fixed(Mutex::new(dice));
    Arc::new(LocalDriver::on(process, Arc::new(random), settings))
}
