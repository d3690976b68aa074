//! AWS STS: a token of another issuer is exchanged for credentials that end.
//!
//! ```text
//! POST https://sts.us-east-1.amazonaws.com/
//! Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=…&RoleSessionName=waxwing&WebIdentityToken=…
//!
//! <AssumeRoleWithWebIdentityResponse xmlns="…"><AssumeRoleWithWebIdentityResult><Credentials>
//!   <AccessKeyId>ASIA…</AccessKeyId><SecretAccessKey>…</SecretAccessKey><SessionToken>…</SessionToken>
//!   <Expiration>2026-11-29T12:00:00Z</Expiration></Credentials>…
//! ```
//!
//! The answer is XML. Four elements of it are read; everything else in it is passed over.

use std::path::Path;

use waxwing_encoding::time::UnixTime;
use waxwing_net::{Request, Response, header};
use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::place::{bare_url, service_url};
use crate::ask::Question;
use crate::credentials::{read, with_roots};
use crate::xml::{element, unescaped};
use crate::{CredentialsError, Surroundings};

const SERVICE: &str = "AWS STS";

/// The name of the session in the account's records, if nobody chose one.
const SESSION: &str = "waxwing";

/// The credentials that the role gives to who has the token in this file.
pub(super) async fn exchange(
    file: &Path,
    role: &str,
    region: &str,
    surroundings: &Surroundings,
) -> Result<Credentials, CredentialsError> {
    let token = read(file)?;
    let (variable, url) = service_url("sts", "STS", region, surroundings);
    let url = bare_url(variable, &url)?;
    let session = surroundings.set("AWS_ROLE_SESSION_NAME");
    let form = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", session.as_deref().unwrap_or(SESSION)),
        ("WebIdentityToken", token.trim()),
    ];
    let request = Request::post_form(&url, &form)
        .header(header::ACCEPT, "application/xml")
        .repeatable()
        .passing(passes);
    let question = Question {
        service: SERVICE,
        deed: "exchange the token",
        advice: "check AWS_ROLE_ARN, the role's trust policy, and that the token has not ended",
        secrets: &[token.trim()],
    };
    let client = surroundings.client_for(SERVICE, &url)?;
    let client = with_roots(surroundings, "AWS_CA_BUNDLE", SERVICE, client)?;
    let answer = question.ask(&client, request).await?;
    let expected = "AccessKeyId, SecretAccessKey, SessionToken and Expiration in XML";
    let found = credentials(&Zeroizing::new(answer.text()));
    Ok(found.map_err(|found| question.answer(found, expected))?)
}

/// The credentials in an answer, or what it has instead.
pub(crate) fn credentials(xml: &str) -> Result<Credentials, &'static str> {
    let of = element(xml, "Credentials").ok_or("no Credentials")?;
    let text = |name| element(of, name).and_then(unescaped);
    let id = text("AccessKeyId").ok_or("no AccessKeyId")?;
    let secret = text("SecretAccessKey").ok_or("no SecretAccessKey")?;
    let token = text("SessionToken").ok_or("no SessionToken")?;
    let end = text("Expiration").ok_or("no Expiration")?;
    let end = UnixTime::parse(&end).map_err(|_| "an Expiration that is no time")?;
    Credentials::new(&id, secret, Some(token), Some(end))
}

/// Whether a refusal is one that passes.
fn passes(answer: &Response) -> bool {
    let codes = [
        "Throttling",
        "RequestLimitExceeded",
        "IDPCommunicationError",
    ];
    let text = answer.text();
    element(&text, "Code").is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> String {
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n\
         <AssumeRoleWithWebIdentityResult><CredentialsX/><Credentials>\n<AccessKeyId>ASIA1</AccessKeyId>\
         <SecretAccessKey>a&amp;b/+=</SecretAccessKey><SessionToken> t </SessionToken>\
         <Expiration>2026-11-29T12:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
         </AssumeRoleWithWebIdentityResponse>"
            .to_owned()
    }

    #[test]
    fn credentials_are_read() {
        let found = credentials(&answer()).unwrap();
        assert_eq!(found.access_key_id, "ASIA1");
        assert_eq!(*found.secret_access_key, "a&b/+=");
        assert_eq!(**found.session_token.as_ref().unwrap(), "t");
    }

    #[test]
    fn what_is_not_whole_is_refused_by_its_fault() {
        for (from, to, fault) in [
            ("<Credentials>", "<Other>", "no Credentials"),
            ("</Credentials>", "", "no Credentials"),
            ("AccessKeyId>", "Id>", "no AccessKeyId"),
            ("&amp;", "&#65;", "no SecretAccessKey"),
            ("&amp;", "<b>", "no SecretAccessKey"),
            ("<SessionToken>", "<SessionToken/>", "no SessionToken"),
            ("12:00:00Z", "noon", "an Expiration that is no time"),
            (
                "ASIA1",
                "A b",
                "the access key or its token has characters that none has",
            ),
        ] {
            let text = answer().replace(from, to);
            assert_eq!(credentials(&text).unwrap_err(), fault, "{to}");
        }
    }
}
