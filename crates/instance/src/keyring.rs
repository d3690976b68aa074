//! Every key that an instance signs with or has signed with, and when its word counts.
//!
//! | role | kind | why |
//! |---|---|---|
//! | certificate authority, root | P-384 | used once, trusted for ten years |
//! | certificate authority, issuing | P-256 | every verifier checks it: a third of the cost of P-384 |
//! | CT log, timestamp authority | P-256 | |
//! | timestamp authority, root | P-384 | |
//! | Rekor log | Ed25519 | what Rekor v2 logs have, and what witnesses accept |
//! | issuer | RSA with 2048 bits | cosign's `--identity-token` takes no other token; in memory P-256, which is made at once |
//!
//! The ring itself is public: it is what the trusted root is made of. The private keys are beside it.

use std::collections::BTreeMap;

use waxwing_crypto::{PrivateKey, PublicKey};
use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_pki::Certificate;

use crate::{Address, StartError};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    CertificateAuthority,
    TimestampAuthority,
    CtLog,
    RekorLog,
    Issuer,
}

impl Role {
    pub(crate) const ALL: [Self; 5] = [
        Self::CertificateAuthority,
        Self::TimestampAuthority,
        Self::CtLog,
        Self::RekorLog,
        Self::Issuer,
    ];

    /// The name in files, and the beginning of the names of its keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CertificateAuthority => "certificate-authority",
            Self::TimestampAuthority => "timestamp-authority",
            Self::CtLog => "ct-log",
            Self::RekorLog => "rekor-log",
            Self::Issuer => "issuer",
        }
    }
}

/// The public side of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) role: Role,
    /// Such as `ct-log-1`: the name of the private key's file, and of a log's directory.
    pub(crate) name: String,
    pub(crate) valid_for: Window,
    pub(crate) public_key: PublicKey,
    /// For authorities: that of the key first, the root last.
    pub(crate) certificates: Vec<Certificate>,
    /// Where clients find a log, if that does not follow from the public URL.
    pub(crate) url: Option<String>,
    /// Whether this is a log that has not begun yet: from its first entry on it must be there.
    pub(crate) fresh: bool,
}

/// All of them, oldest first in each role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keyring {
    pub(crate) held: Vec<Held>,
}

/// The private keys by name; wiped when they are dropped.
#[derive(Default)]
pub(crate) struct PrivateKeys(pub(crate) BTreeMap<String, PrivateKey>);

impl PrivateKeys {
    /// Takes a key out, for the service that signs with it.
    pub(crate) fn take(&mut self, name: &str) -> Result<PrivateKey, StartError> {
        let key = self.0.remove(name);
        key.ok_or_else(|| StartError::MissingKey {
            name: name.to_owned(),
        })
    }
}

impl Keyring {
    /// The keys of a role, oldest first.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| held.role == role)
    }

    /// The key that a role signs with at that time: the newest whose time has come.
    pub(crate) fn active(&self, role: Role, now: UnixTime) -> Result<&Held, StartError> {
        let counts = |held: &&Held| held.valid_for.contains(now);
        let active = self.of(role).filter(counts).last();
        active.ok_or(StartError::NoActiveKey { role: role.name() })
    }

    /// The end of what signs at that time of each role with certificates.
    pub(crate) fn ends(&self, now: UnixTime) -> Vec<(Role, String, UnixTime)> {
        let roles = [Role::CertificateAuthority, Role::TimestampAuthority].into_iter();
        let active = roles.filter_map(|role| self.active(role, now).ok());
        let end = |held: &Held| held.certificates.iter().map(Certificate::not_after).min();
        active
            .filter_map(|held| Some((held.role, held.name.clone(), end(held)?)))
            .collect()
    }

    /// The next moment after `now` at which a key begins or ends to count.
    pub(crate) fn next_change(&self, now: UnixTime) -> Option<UnixTime> {
        let windows = self.held.iter().map(|held| held.valid_for);
        let moments = windows.flat_map(|window| [Some(window.start), window.end]);
        moments.flatten().filter(|moment| *moment > now).min()
    }
}

impl Held {
    /// The URL below which clients find a log.
    pub(crate) fn log_url(&self, address: &Address) -> String {
        match (&self.url, self.role) {
            (Some(url), _) => url.clone(),
            (None, Role::CtLog) => address.ct_log(),
            (None, _) => address.base().to_owned(),
        }
    }

    /// The name of a log in its checkpoints: the bare host of a Rekor log, since cosign and sigstore-go
    /// accept nothing else; the URL of a CT log without its scheme (C2SP static-ct-api).
    pub(crate) fn origin(&self, address: &Address) -> String {
        let url = self.log_url(address);
        let origin = url.split_once("://").map_or(&*url, |(_, rest)| rest);
        match self.role {
            Role::CtLog => origin.to_owned(),
            // A URL that is an address of an instance; what else was refused when it was given.
            _ => Address::new(&url).map_or_else(|_| origin.to_owned(), |url| url.host().to_owned()),
        }
    }

    /// Whether a log takes no more entries.
    pub(crate) fn has_ended(&self, now: UnixTime) -> bool {
        self.valid_for.end.is_some_and(|end| end < now)
    }
}
