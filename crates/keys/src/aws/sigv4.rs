//! Signature Version 4, by which AWS knows who asks ("Signing AWS API requests" in the IAM user guide).
//!
//! ```text
//! AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/kms/aws4_request, \
//!     SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=5fa00f…
//! ```
//!
//! Only what services of the kinds `json` and `query` need: the path `/`, no query, a body at hand.

use waxwing_crypto::{hmac_sha256, sha256};
use waxwing_encoding::hex;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

/// Who signs, for which service and when.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    /// The public half of the access key.
    pub access_key_id: &'a str,
    /// Its secret half.
    pub secret_access_key: &'a str,
    /// `us-east-1`.
    pub region: &'a str,
    /// `kms`.
    pub service: &'a str,
    /// The present time.
    pub time: UnixTime,
}

impl std::fmt::Debug for Signing<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (region, service) = (self.region, self.service);
        write!(formatter, "Signing({region}, {service}, secret)")
    }
}

impl Signing<'_> {
    /// The value of the header `x-amz-date`: `20150830T123600Z`.
    pub fn date(&self) -> String {
        let time = self.time.whole_second().to_string();
        time.replace(['-', ':'], "")
    }

    /// The value of the header `Authorization` for a request with these headers, `host` and `x-amz-date` among them, in
    /// lower case and in any order.
    pub fn authorization(&self, method: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        let mut headers: Vec<_> = headers.to_vec();
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", without_blanks(value)))
            .collect();
        let body = hex::encode(&sha256(body));
        let canonical = Zeroizing::new(format!("{method}\n/\n\n{lines}\n{names}\n{body}"));

        let date = self.date();
        let day = date.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = hex::encode(&sha256(canonical.as_bytes()));
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");

        let secret = Zeroizing::new(format!("AWS4{}", self.secret_access_key));
        let mut key = Zeroizing::new(hmac_sha256(secret.as_bytes(), day.as_bytes()));
        for part in [self.region, self.service, "aws4_request"] {
            key = Zeroizing::new(hmac_sha256(&*key, part.as_bytes()));
        }
        let signature = hex::encode(&hmac_sha256(&*key, to_sign.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key_id
        )
    }
}

/// Blanks at the ends go, and several become one.
fn without_blanks(value: &str) -> String {
    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature of AWS' published test suite for Signature Version 4, by the names of its cases.
    #[test]
    fn the_published_examples() {
        let signing = Signing {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
            time: UnixTime::parse("2015-08-30T12:36:00Z").unwrap(),
        };
        assert_eq!(signing.date(), "20150830T123600Z");
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo\
                     IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5\
                     VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9\
                     Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        let form = ("content-type", "application/x-www-form-urlencoded");
        for (case, method, more, body, signature) in [
            (
                "get-vanilla",
                "GET",
                &[][..],
                "",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                "POST",
                &[],
                "",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-header-key-sort",
                "POST",
                &[("my-header1", "value1")],
                "",
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-header-value-case",
                "POST",
                &[("my-header1", "VALUE1")],
                "",
                "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            ),
            (
                "get-header-value-trim",
                "GET",
                &[("my-header2", " \"a   b   c\""), ("my-header1", " value1")],
                "",
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
            (
                "post-x-www-form-urlencoded",
                "POST",
                &[form],
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "post-sts-header-before",
                "POST",
                &[("x-amz-security-token", token)],
                "",
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            let mut headers = vec![
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ];
            headers.extend_from_slice(more);
            let found = signing.authorization(method, &headers, body.as_bytes());
            let (rest, found) = found.rsplit_once("Signature=").unwrap();
            assert_eq!(found, signature, "{case}");
            let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
            assert!(rest.starts_with(scope), "{case}: {rest}");
        }
    }
}
