//! Whether a subject's domain and its issuer belong to one owner.
//!
//! ```text
//! accounts.example.co.uk and users.example.co.uk: both below example.co.uk
//! ```
//!
//! The original compares the last two labels, and says itself that this is wrong for `co.uk`. Here
//! the public suffix list says where names are sold. Below a suffix of its private part, such as
//! `github.io`, the original's rule holds, so that no configuration breaks that worked.

use psl::Psl as _;

/// What is wrong with two hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// One label alone.
    #[error("URI hostname too short: {host}")]
    TooShort {
        /// The host.
        host: String,
    },
    /// Two owners.
    #[error("hostname top-level and second-level domains do not match: {subject}, {issuer}")]
    Different {
        /// The subject's host.
        subject: String,
        /// The issuer's.
        issuer: String,
    },
}

/// Checks that both hosts are the same or lie below one registered domain.
pub(crate) fn check(subject: &str, issuer: &str) -> Result<(), DomainError> {
    if subject == issuer {
        return Ok(());
    }
    let too_short = |host: &str| DomainError::TooShort {
        host: host.to_owned(),
    };
    let [of_subject, of_issuer] = [subject, issuer].map(|host| registered(host).ok_or(host));
    let of_subject = of_subject.map_err(too_short)?;
    let of_issuer = of_issuer.map_err(too_short)?;
    match of_subject == of_issuer {
        true => Ok(()),
        false => Err(DomainError::Different {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
        }),
    }
}

/// The part of a host that its owner registered.
fn registered(host: &str) -> Option<&str> {
    let last_two = || {
        let (rest, _) = host.rsplit_once('.')?;
        let start = rest.rfind('.').map_or(0, |dot| dot + 1);
        host.get(start..)
    };
    let domain = psl::List.domain(host.as_bytes());
    let public = domain.filter(|domain| domain.suffix().typ() == Some(psl::Type::Icann));
    match public {
        Some(domain) => std::str::from_utf8(domain.as_bytes()).ok(),
        // A suffix itself has no owner to compare; an unknown one is taken as the original does.
        None if psl::List.suffix(host.as_bytes()).is_some_and(|suffix| {
            suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes() == host.as_bytes()
        }) =>
        {
            None
        }
        None => last_two(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_together_below_one_registered_domain() {
        for (subject, issuer) in [
            ("example.com", "accounts.example.com"),
            ("users.example.com", "accounts.example.com"),
            ("localhost", "localhost"),
            ("a.example.co.uk", "example.co.uk"),
            ("a.svc.cluster.local", "b.cluster.local"),
            ("a.github.io", "b.github.io"),
        ] {
            assert_eq!(check(subject, issuer), Ok(()), "{subject} {issuer}");
        }
        for (subject, issuer) in [
            ("example.com", "example.org"),
            ("good.co.uk", "evil.co.uk"),
            ("users.good.co.jp", "accounts.evil.co.jp"),
        ] {
            let expected = DomainError::Different {
                subject: subject.into(),
                issuer: issuer.into(),
            };
            assert_eq!(check(subject, issuer), Err(expected));
        }
        for (subject, issuer, host) in [
            ("localhost", "example.com", "localhost"),
            ("example.com", "localhost", "localhost"),
            ("co.uk", "example.co.uk", "co.uk"),
        ] {
            let expected = DomainError::TooShort { host: host.into() };
            assert_eq!(check(subject, issuer), Err(expected));
        }
    }
}
