//! Whatever a time server answers, and whenever, is a number or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_encoding::time::UnixTime;
use waxwing_tsa::ntp::read_answer;

fuzz_target!(|input: (u64, u64, &[u8])| {
    let (sent, received, packet) = input;
    let (Ok(sent), Ok(received)) = (
        UnixTime::from_milliseconds(sent),
        UnixTime::from_milliseconds(received),
    ) else {
        return;
    };
    // The server that is asked knows what it has to repeat.
    let cookie = packet.get(24..32).and_then(|cookie| cookie.try_into().ok());
    let cookie = cookie.unwrap_or_default();
    let half_an_era = (1_i64 << 31) * 1000 + 1000;
    if let Ok(sample) = read_answer(packet, cookie, sent, received) {
        assert!(sample.ahead.abs() <= half_an_era);
    }
});
