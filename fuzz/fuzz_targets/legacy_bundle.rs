//! A bundle of the old format that was read is written so that it reads the same, whatever it signs; one
//! that cannot be written has what the old format has no place for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_model::legacy_bundle::{self, LegacyBundleError, Signs};

fuzz_target!(|json: &[u8]| {
    for signs in [Signs::Artifact, Signs::Envelope] {
        let Ok(bundle) = legacy_bundle::from_json(json, signs) else {
            continue;
        };
        let written = match legacy_bundle::to_json(&bundle) {
            Ok(written) => written,
            Err(LegacyBundleError::Unsaid { .. }) => continue,
            Err(error) => panic!("what was read can be written: {error}"),
        };
        let again = legacy_bundle::from_json(&written, signs);
        assert_eq!(again.expect("what was written can be read"), bundle);
    }
});
