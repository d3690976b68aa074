//! A redirect URI of this machine leads to this machine, also with parameters added, and by a reader that
//! knows nothing of URLs but where the host ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_issuer::RedirectUri;

fuzz_target!(|text: &str| {
    let Ok(redirect) = RedirectUri::loopback(text) else {
        return;
    };
    assert_eq!(redirect.as_str(), text);
    for location in [
        text.to_owned(),
        redirect.with(&[("code", "c"), ("state", "@evil.example/#")]),
    ] {
        let rest = location
            .strip_prefix("http://")
            .expect("the scheme is http");
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        assert!(!authority.contains('@'), "{location}");
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        let local = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        assert!(local, "{location}");
        assert!(
            location.bytes().all(|byte| byte.is_ascii_graphic()),
            "{location}"
        );
    }
});
