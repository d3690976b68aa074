//! Credentials that are given out are what a header can carry, in whichever form they came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_keys::fuzzing::{aws_exchanged, aws_given};

fuzz_target!(|answer: &str| {
    let found = [aws_exchanged(answer), aws_given(answer.as_bytes())];
    for [id, secret, token] in found.into_iter().flatten() {
        assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(!secret.is_empty());
        let visible = |text: &str| text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        assert!(visible(&secret) && visible(&token));
        let json =
            serde_json::json!({"AccessKeyId": id, "SecretAccessKey": secret, "Token": token});
        let again = aws_given(json.to_string().as_bytes());
        assert_eq!(again, Some([id, secret, token]));
    }
});
