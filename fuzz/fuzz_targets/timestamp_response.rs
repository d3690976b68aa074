//! No change to a response makes it attest another time, or its time for another message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fuzz::GOOD;
use waxwing_pki::timestamp::Timestamp;

fuzz_target!(|der: &[u8]| {
    let Ok(timestamp) = Timestamp::from_der(der) else {
        return;
    };
    let authority = &GOOD.timestamp_authority;
    if let Ok(verified) = timestamp.verify(GOOD.bundle.signature(), authority) {
        assert_eq!(verified.time(), timestamp.claimed_time());
        assert!(
            GOOD.verified
                .times()
                .iter()
                .any(|good| good.time == verified.time())
        );
    }
    assert!(timestamp.verify(b"another message", authority).is_err());
});
