//! Whom another issuer's identity token is about (OpenID Connect Core 1.0 section 5.1).
//!
//! Refused, beside what every client refuses (`waxwing_client::login`): a subject that cannot be one of ours,
//! and an address that the issuer does not vouch for.

use serde_json::Value;
use waxwing_client::login::{Expected, IdTokenRefused, check_claims};

use crate::person::Person;
use crate::token::{LONGEST_SUBJECT, is_address};

/// The longest address or full name, in bytes.
const LONGEST_TEXT: usize = 254;

/// The person whom claims are about, as `connector` knows them.
pub(crate) fn person(
    claims: &Value,
    expected: &Expected<'_>,
    connector: &str,
) -> Result<Person, IdTokenRefused> {
    check_claims(claims, expected)?;
    let user_id = claims["sub"].as_str().unwrap_or_default();
    let printable = user_id.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if user_id.is_empty() || user_id.len() > LONGEST_SUBJECT || !printable {
        return Err(wrong("sub", "missing, too long or not printable ASCII"));
    }
    let person = Person {
        user_id: user_id.to_owned(),
        connector_id: connector.to_owned(),
        email: email(claims)?,
        name: name(claims),
    };
    match person.subject().len() <= LONGEST_SUBJECT {
        true => Ok(person),
        false => Err(wrong(
            "sub",
            "too long for a subject of ours, which names the connector as well",
        )),
    }
}

/// An address that the issuer says is theirs; none if it says nothing about any.
fn email(claims: &Value) -> Result<Option<String>, IdTokenRefused> {
    let email = match &claims["email"] {
        Value::Null => return Ok(None),
        email => email.as_str().unwrap_or_default(),
    };
    let verified = match &claims["email_verified"] {
        Value::Bool(verified) => *verified,
        // Some issuers write it as text.
        text => text == "true",
    };
    if !verified {
        return Err(wrong(
            "email_verified",
            "the issuer does not vouch for the address",
        ));
    }
    if email.len() > LONGEST_TEXT || !is_address(email) {
        return Err(wrong("email", "not an address in ASCII"));
    }
    Ok(Some(email.to_owned()))
}

fn name(claims: &Value) -> Option<String> {
    let name = claims["name"].as_str()?;
    let sound = name.len() <= LONGEST_TEXT && !name.chars().any(char::is_control);
    sound.then(|| name.to_owned())
}

fn wrong(claim: &'static str, problem: &'static str) -> IdTokenRefused {
    IdTokenRefused::Claim { claim, problem }
}
