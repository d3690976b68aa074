//! A time that is read has the shape of RFC 3339 and is written so that it reads the same; seconds
//! and milliseconds agree with it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_encoding::time::UnixTime;

fuzz_target!(|text: &str| {
    let Ok(time) = UnixTime::parse(text) else {
        return;
    };
    assert!(is_rfc_3339(text), "{text} has another shape than RFC 3339");
    let written = time.to_string();
    assert_eq!(UnixTime::parse(&written), Ok(time));
    assert_eq!(
        UnixTime::from_seconds(time.seconds()),
        Ok(time.whole_second())
    );
    if time.seconds() >= 0 {
        assert_eq!(time.milliseconds() / 1000, time.seconds() as u64);
        assert!(UnixTime::from_milliseconds(time.milliseconds()).is_ok_and(|again| again <= time));
    }
});

fn is_rfc_3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let zone = match rest.strip_prefix(".0") {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    ["Z", "+00:00", "-00:00"].contains(&zone)
}
