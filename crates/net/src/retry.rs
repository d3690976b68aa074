//! When a request is sent again, and after how long.
//!
//! Sent again: requests that are idempotent or marked as repeatable, after a connection that failed
//! or broke, and after 429, 5xx, and what the request itself calls passing. Not sent again: 501 and 505, which say that asking is in vain,
//! and what took too long, because the time allowed is over.
//!
//! The wait doubles from attempt to attempt and a random part of up to one half is left off, so that
//! many clients do not come back at once. `Retry-After` (RFC 9110 section 10.2.3) goes before that,
//! up to a cap:
//!
//! ```text
//! Retry-After: 2
//! Retry-After: Fri, 31 Dec 1999 23:59:59 GMT
//! ```

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{DATE, RETRY_AFTER};
use waxwing_crypto::{Random, SystemRandom};

use crate::{Error, Response};

/// Says of an answer whether another one may come in a while.
pub(crate) type Passes = fn(&Response) -> bool;

/// How often and how patiently a request is sent again.
#[derive(Clone)]
pub struct Retry {
    /// How often a request is sent at most; 1 means never again.
    pub attempts: u32,
    /// The wait before the second attempt; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait of our own choice.
    pub longest_wait: Duration,
    /// The longest wait that a server may ask for.
    pub longest_retry_after: Duration,
    /// Where the random part of the wait comes from.
    pub random: Arc<dyn Random>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
            longest_retry_after: Duration::from_secs(30),
            random: Arc::new(SystemRandom),
        }
    }
}

impl std::fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("first_wait", &self.first_wait)
            .field("longest_wait", &self.longest_wait)
            .field("longest_retry_after", &self.longest_retry_after)
            .finish_non_exhaustive()
    }
}

impl Retry {
    /// Each request is sent once.
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// How long to wait before the next attempt; `None` if the outcome stands. Some answers pass that only the
    /// request knows of.
    pub(crate) fn wait(
        &self,
        attempt: u32,
        outcome: &Result<Response, Error>,
        passes: Option<Passes>,
    ) -> Option<Duration> {
        let told = || passes.is_some_and(|passes| outcome.as_ref().is_ok_and(passes));
        if attempt >= self.attempts || !(is_passing(outcome) || told()) {
            return None;
        }
        let asked = outcome.as_ref().ok().and_then(retry_after);
        Some(match asked {
            Some(asked) => asked.min(self.longest_retry_after),
            None => self.backoff(attempt),
        })
    }

    /// Between one half and the whole of `first_wait` · 2^(attempt - 1), at most `longest_wait`.
    fn backoff(&self, attempt: u32) -> Duration {
        let doubled = 2u32.saturating_pow(attempt - 1);
        let whole = self
            .first_wait
            .saturating_mul(doubled)
            .min(self.longest_wait);
        let mut random = [0; 4];
        self.random.fill(&mut random);
        let part = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
        whole.mul_f64(1.0 - part / 2.0)
    }
}

/// Whether the same request may well have another outcome in a while.
fn is_passing(outcome: &Result<Response, Error>) -> bool {
    match outcome {
        Err(Error::Connect { .. } | Error::Transfer { .. }) => true,
        Err(_) => false,
        Ok(response) => match response.status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => false,
            other => other.is_server_error(),
        },
    }
}

/// Reads `Retry-After`. A date is taken relative to the server's own `Date`, so no clock is needed
/// and the two clocks need not agree.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.header(RETRY_AFTER)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(response.header(DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn answer(status: u16, headers: &[(HeaderName, &'static str)]) -> Result<Response, Error> {
        let headers = headers.iter().cloned();
        Ok(Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .map(|(name, value)| (name, HeaderValue::from_static(value)))
                .collect::<HeaderMap>(),
            body: Bytes::new(),
            url: "http://host.example".parse().unwrap(),
        })
    }

    fn retry(random: u8) -> Retry {
        Retry {
            random: Arc::new(Fixed(random)),
            ..Retry::default()
        }
    }

    #[test]
    fn waits_double_up_to_a_cap_and_lose_at_most_one_half() {
        let busy = answer(503, &[]);
        let waits = |random| {
            let retry = Retry {
                attempts: 9,
                ..retry(random)
            };
            let waits = (1..=9).map_while(|attempt| retry.wait(attempt, &busy, None));
            waits.map(|wait| wait.as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(waits(0), [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(waits(255), [125, 250, 500, 1000, 2000, 4000, 4000, 4000]);
    }

    #[test]
    fn retry_after_is_honoured_up_to_the_cap() {
        let seconds = |headers: &[_]| {
            let wait = retry(0).wait(1, &answer(429, headers), None).unwrap();
            wait.as_secs_f64()
        };
        assert_eq!(seconds(&[(RETRY_AFTER, "2")]), 2.0);
        assert_eq!(seconds(&[(RETRY_AFTER, "0")]), 0.0);
        assert_eq!(seconds(&[(RETRY_AFTER, "99999999999999999999")]), 30.0);
        assert_eq!(seconds(&[(RETRY_AFTER, "-1")]), 0.25);
        let date = (DATE, "Fri, 31 Dec 1999 23:59:54 GMT");
        let until = (RETRY_AFTER, "Fri, 31 Dec 1999 23:59:59 GMT");
        assert_eq!(seconds(&[date, until.clone()]), 5.0);
        assert_eq!(seconds(&[until]), 0.25);
    }

    #[test]
    fn only_passing_failures_are_tried_again() {
        let again = |outcome| retry(0).wait(1, &outcome, None).is_some();
        for status in [429, 500, 502, 503, 504] {
            assert!(again(answer(status, &[])), "{status}");
        }
        for status in [200, 301, 400, 404, 409, 501, 505] {
            assert!(!again(answer(status, &[])), "{status}");
        }
        assert!(again(Err(Error::Connect {
            host: String::new(),
            reason: String::new()
        })));
        assert!(!again(Err(Error::BodyTooLarge {
            url: String::new(),
            limit: 1
        })));
        assert!(Retry::never().wait(1, &answer(503, &[]), None).is_none());
    }

    #[test]
    fn a_request_may_know_of_more_that_passes() {
        let busy: Passes = |response| response.header("x-busy").is_some();
        let again = |outcome, passes| retry(0).wait(1, &outcome, passes).is_some();
        let name = HeaderName::from_static("x-busy");
        assert!(again(answer(400, &[(name.clone(), "1")]), Some(busy)));
        assert!(!again(answer(400, &[(name, "1")]), None));
        assert!(!again(answer(400, &[]), Some(busy)));
        assert!(again(answer(503, &[]), Some(busy)));
    }
}
