//! What a caller writes into a header about who asks: the trusted proxy's own word comes last, and
//! counts; from anybody else nothing does.
#![no_main]

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use waxwing_serve::{ForwardedBy, TrustedProxies};

fuzz_target!(|text: &[u8]| {
    let Ok(written) = HeaderValue::from_bytes(text) else {
        return;
    };
    let proxy: SocketAddr = ([10, 0, 0, 1], 1).into();
    let stranger: SocketAddr = ([192, 0, 2, 1], 1).into();
    let caller: SocketAddr = ([203, 0, 113, 9], 0).into();
    for (name, by, last) in [
        ("x-forwarded-for", ForwardedBy::XForwardedFor, "203.0.113.9"),
        ("forwarded", ForwardedBy::Forwarded, "for=203.0.113.9"),
    ] {
        let ranges = vec!["10.0.0.0/8".parse().expect("a network")];
        let proxies = TrustedProxies::new(ranges, by);
        let mut headers = HeaderMap::new();
        headers.append(name, written.clone());
        assert_eq!(proxies.caller(stranger, &headers), stranger);
        // Whatever this is, it does not panic.
        let _ = proxies.caller(proxy, &headers);
        // A line of its own, as some proxies write it, or the end of the caller's.
        headers.append(name, HeaderValue::from_static(last));
        assert_eq!(proxies.caller(proxy, &headers), caller);
        let joined = [text, b", ", last.as_bytes()].concat();
        let joined = HeaderValue::from_bytes(&joined).expect("both are values");
        // Text that is not ASCII hides all that is in its line.
        if text.is_ascii() {
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), joined)]);
            assert_eq!(proxies.caller(proxy, &headers), caller);
        }
    }
});
