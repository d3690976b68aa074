//! `kubernetes`: a service account of a cluster.
//!
//! ```text
//! {"sub":"system:serviceaccount:default:builder",
//!  "kubernetes.io":{"namespace":"default","serviceaccount":{"name":"builder"}}}
//! -> https://kubernetes.io/namespaces/default/serviceaccounts/builder
//! ```
//!
//! Refused, unlike in the original: a token without these names, whose certificate would be for
//! `/namespaces//serviceaccounts/`, and names that no object of Kubernetes can have.

use serde_json::Value;
use waxwing_pki::fulcio::{Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims};

/// Longest name of an object: a DNS subdomain (RFC 1123).
const LONGEST_NAME: usize = 253;

pub(super) fn principal(issuer: &str, claims: &TokenClaims) -> Result<Principal, IdentityRefused> {
    let cluster = claims.get("kubernetes.io");
    let account = cluster.and_then(|cluster| cluster.get("serviceaccount"));
    let namespace = name("namespace", cluster.and_then(|c| c.get("namespace")))?;
    let account = name("serviceaccount.name", account.and_then(|a| a.get("name")))?;
    let uri = format!("https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{account}");
    let name = SubjectAlternativeName::Uri(uri);
    let subject = claims.text("sub")?;
    Ok(Principal::of_subject(
        name,
        issuer,
        subject,
        Claims::default(),
    ))
}

fn name<'a>(name: &'static str, value: Option<&'a Value>) -> Result<&'a str, IdentityRefused> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let dots = text.split('.').any(str::is_empty);
    if dots || text.len() > LONGEST_NAME || !text.bytes().all(allowed) {
        let found = value.map_or_else(String::new, |value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        });
        return Err(IdentityRefused::Kubernetes { name, found });
    }
    Ok(text)
}
