//! `awskms://[HOST]/ID`, the ID in any of the forms that AWS KMS has for one.
//!
//! ```text
//! awskms:///1234abcd-12ab-34cd-56ef-1234567890ab
//! awskms:///mrk-1234abcd12ab34cd56ef1234567890ab
//! awskms://localhost:4566/alias/signing
//! awskms:///arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
//! awskms:///arn:aws-cn:kms:cn-north-1:111122223333:alias/signing
//! ```

use std::fmt;

use super::{is_host, is_name};

pub(super) const FORM: &str = "awskms://[HOST]/ID, with the ID 1234abcd-12ab-34cd-56ef-1234567890ab, mrk-…, \
    alias/NAME, arn:aws:kms:REGION:ACCOUNT:key/… or arn:aws:kms:REGION:ACCOUNT:alias/NAME";

/// The partitions of AWS.
const PARTITIONS: [&str; 3] = ["aws", "aws-us-gov", "aws-cn"];

/// A key in AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsKey {
    host: String,
    id: String,
    region: Option<String>,
}

impl AwsKey {
    pub(super) fn read(rest: &str) -> Result<Self, &'static str> {
        let (host, id) = rest.split_once('/').ok_or("it has no ID after the host")?;
        if !host.is_empty() && !is_host(host) {
            return Err("what stands before the ID is no host");
        }
        let region = match id.strip_prefix("arn:") {
            Some(arn) => Some(region_of(arn)?.to_owned()),
            None => {
                named(id)?;
                None
            }
        };
        Ok(Self {
            host: host.to_owned(),
            id: id.to_owned(),
            region,
        })
    }

    /// Where the service is if it is not the region's own: `localhost:4566`.
    pub fn host(&self) -> Option<&str> {
        (!self.host.is_empty()).then_some(self.host.as_str())
    }

    /// The ID, alias or ARN, as AWS KMS takes it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The region that an ARN names.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl fmt::Display for AwsKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "awskms://{}/{}", self.host, self.id)
    }
}

/// The region of an ARN, of which the first word is off.
fn region_of(arn: &str) -> Result<&str, &'static str> {
    let mut words = arn.splitn(5, ':');
    let mut word = || words.next().unwrap_or_default();
    let [partition, service, region, account, key] = [word(), word(), word(), word(), word()];
    if !PARTITIONS.contains(&partition) {
        return Err("its ARN is of no partition of AWS (aws, aws-us-gov, aws-cn)");
    }
    if service != "kms" {
        return Err("its ARN is not of the service kms");
    }
    if !is_region(region) {
        return Err("its ARN names no region");
    }
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its ARN names no account of twelve digits");
    }
    match key.strip_prefix("key/") {
        Some(id) => uuid(id)?,
        None if key.starts_with("alias/") => named(key)?,
        None => return Err("its ARN names neither a key nor an alias"),
    }
    Ok(region)
}

/// A region's name goes into the name of a host.
pub(crate) fn is_region(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(known)
}

fn named(id: &str) -> Result<(), &'static str> {
    match id.strip_prefix("alias/") {
        Some(name) if is_name(name, b"/_-", 250) => Ok(()),
        Some(_) => Err("the alias has other characters than letters, digits, /, _ and -"),
        None => uuid(id),
    }
}

/// Eight, four, four, four and twelve hexadecimal digits; the hyphens may be left out, and are by keys of many
/// regions, which have `mrk-` in front.
fn uuid(id: &str) -> Result<(), &'static str> {
    let mut rest = id.strip_prefix("mrk-").unwrap_or(id);
    for digits in [8, 4, 4, 4, 12] {
        let (part, next) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("the ID is neither a UUID nor an alias nor an ARN");
        }
        rest = match digits {
            12 => next,
            _ => next.strip_prefix('-').unwrap_or(next),
        };
    }
    match rest {
        "" => Ok(()),
        _ => Err("the ID is longer than a UUID"),
    }
}

#[cfg(test)]
mod tests {
    use crate::{KeyReference, ReferenceError};

    const UUID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn every_form_of_an_id_is_read() {
        let arn = "arn:aws:kms:us-east-2:111122223333";
        for (host, id, region) in [
            (None, UUID.to_owned(), None),
            (None, UUID.to_uppercase(), None),
            (None, format!("mrk-{}", UUID.replace('-', "")), None),
            (None, "alias/a/b_c-D1".to_owned(), None),
            (Some("localhost:4566"), "alias/x".to_owned(), None),
            (Some("[::1]:4566"), UUID.to_owned(), None),
            (None, format!("{arn}:key/{UUID}"), Some("us-east-2")),
            (None, format!("{arn}:alias/x"), Some("us-east-2")),
            (
                Some("kms.example"),
                format!("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/{UUID}"),
                Some("us-gov-west-1"),
            ),
            (
                None,
                "arn:aws-cn:kms:cn-north-1:111122223333:alias/x".to_owned(),
                Some("cn-north-1"),
            ),
        ] {
            let text = format!("awskms://{}/{id}", host.unwrap_or_default());
            let KeyReference::Aws(key) = KeyReference::parse(&text).unwrap() else {
                panic!("{text}");
            };
            assert_eq!(
                (key.host(), key.id(), key.region()),
                (host, id.as_str(), region)
            );
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn other_forms_are_refused_by_their_fault() {
        let arn = "arn:aws:kms:us-east-2:111122223333";
        for (rest, fault) in [
            (String::new(), "no ID after the host"),
            (UUID.to_owned(), "no ID after the host"),
            (format!("user@host/{UUID}"), "is no host"),
            (format!("host?x/{UUID}"), "is no host"),
            (format!("host:port/{UUID}"), "is no host"),
            (format!("./{UUID}"), "is no host"),
            (format!("a..b/{UUID}"), "is no host"),
            (format!("-a/{UUID}"), "is no host"),
            (format!(":443/{UUID}"), "is no host"),
            ("/".to_owned(), "neither a UUID nor an alias"),
            (format!("/{UUID}0"), "longer than a UUID"),
            (format!("/{}", &UUID[1..]), "neither a UUID nor an alias"),
            (format!("/{}g", &UUID[..35]), "neither a UUID nor an alias"),
            (format!("/mr-{UUID}"), "neither a UUID nor an alias"),
            ("/alias/".to_owned(), "the alias has other characters"),
            ("/alias/a b".to_owned(), "the alias has other characters"),
            (
                format!("/arn:aws-eu:kms:us-east-2:111122223333:key/{UUID}"),
                "no partition",
            ),
            (
                format!("/arn:aws:s3:us-east-2:111122223333:key/{UUID}"),
                "not of the service kms",
            ),
            (
                format!("/arn:aws:kms:evil.example/:111122223333:key/{UUID}"),
                "names no region",
            ),
            (
                format!("/arn:aws:kms:us-east-2:11112222333:key/{UUID}"),
                "no account",
            ),
            (format!("/{arn}:grant/{UUID}"), "neither a key nor an alias"),
            (format!("/{arn}:key/x"), "neither a UUID nor an alias"),
            (format!("/{arn}"), "neither a key nor an alias"),
        ] {
            match KeyReference::parse(&format!("awskms://{rest}")) {
                Err(ReferenceError::Form { fault: found, .. }) => {
                    assert!(found.contains(fault), "{rest}: {found}");
                }
                other => panic!("{rest}: {other:?}"),
            }
        }
    }
}
