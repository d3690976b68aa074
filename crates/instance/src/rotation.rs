//! A new key in the place of one that has served long, or is no longer only ours.
//!
//! ```text
//!            now            start            end
//!  old   ────────────────────────────────────┤
//!  new        │···············├──────────────────▶
//!             published       signs          the old log takes nothing more
//! ```
//!
//! The new key is published at once and signs from `start` on: whoever asks the TUF repository at least
//! that often knows it by then. The word of the old one counts a minute longer, for what was under way.
//! A log's key is the log, so with a new key a new log begins: beside the old one, which then is frozen
//! and goes on being read.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use waxwing_encoding::time::UnixTime;

use crate::keyring::{Held, Keyring, PrivateKeys, Role};
use crate::keyring_file::is_log_url;
use crate::{Address, StartError, Surroundings};

/// How long the old key counts beyond the first moment of the new one, in seconds.
const UNDER_WAY: i64 = 60;

/// Whose key is exchanged for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotated {
    /// Fulcio's, with a new root above it.
    CertificateAuthority,
    /// The timestamp authority's, with a new root above it.
    TimestampAuthority,
    /// The CT log's, which begins a new one.
    CtLog,
    /// The Rekor log's, which begins a new one.
    RekorLog,
    /// The issuer's.
    Issuer,
}

impl Rotated {
    fn role(self) -> Role {
        match self {
            Self::CertificateAuthority => Role::CertificateAuthority,
            Self::TimestampAuthority => Role::TimestampAuthority,
            Self::CtLog => Role::CtLog,
            Self::RekorLog => Role::RekorLog,
            Self::Issuer => Role::Issuer,
        }
    }
}

/// What is rotated, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    /// Whose key.
    pub service: Rotated,
    /// When the new key begins to sign, from now.
    pub after: Duration,
    /// Where clients find a new Rekor log: a host name that no other log of the instance has.
    pub url: Option<String>,
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    /// Its name, such as `rekor-log-2`.
    pub name: String,
    /// When it begins to sign, as RFC 3339.
    pub start: String,
    /// Where clients find the log, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether clients cannot be told of it before keys that lie elsewhere have signed; until then the old
    /// key signs, whatever the time.
    pub waits: bool,
}

/// Why nothing was rotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRotated {
    /// The last rotation has not come to its moment.
    #[error(
        "{name} signs from {start} on, and has not begun; rotate once more after that, or choose a later \
         moment than that"
    )]
    Pending {
        /// The key that waits.
        name: String,
        /// When it begins.
        start: UnixTime,
    },
    /// A Rekor log needs a host name of its own.
    #[error(
        "a new Rekor log needs a URL with a host name of its own, such as https://log2.example.com: clients \
         take the host for the name of the log"
    )]
    UrlNeeded,
    /// A URL that no log can have.
    #[error(
        "{found:?} is no URL of a log; expected http or https and a host, and nothing behind it"
    )]
    Url {
        /// The URL.
        found: String,
    },
    /// Only Rekor logs have URLs of their own.
    #[error("only a new Rekor log is given a URL; leave it out")]
    UrlNotTaken,
    /// The host is that of another log.
    #[error("the host {host:?} is the name of {name}; a new log needs another one")]
    HostTaken {
        /// The host.
        host: String,
        /// The log.
        name: String,
    },
}

impl Keyring {
    /// Gives a role a new key, and says until when the old ones count.
    pub(crate) fn rotate(
        &mut self,
        rotation: &Rotation,
        address: &Address,
        surroundings: &Surroundings,
    ) -> Result<(NewKey, PrivateKeys), StartError> {
        let role = rotation.service.role();
        let now = surroundings.clock.now().whole_second();
        let after = i64::try_from(rotation.after.as_secs()).unwrap_or(i64::MAX);
        let start = now.plus_seconds(after);
        if let Some(last) = self
            .of(role)
            .last()
            .filter(|last| last.valid_for.start > start)
        {
            return Err(NotRotated::Pending {
                name: last.name.clone(),
                start: last.valid_for.start,
            }
            .into());
        }
        let url = self.url(role, rotation.url.as_deref(), address)?;
        let (mut new, keys) = self.another(role, address, surroundings)?;
        new.valid_for.start = start;
        new.url = url;
        new.fresh = matches!(role, Role::CtLog | Role::RekorLog);
        let end = start.plus_seconds(UNDER_WAY);
        for old in self.held.iter_mut().filter(|held| held.role == role) {
            old.valid_for.end = Some(old.valid_for.end.unwrap_or(end).min(end));
        }
        let told = NewKey {
            name: new.name.clone(),
            start: start.to_string(),
            url: new.fresh.then(|| new.log_url(address)),
            waits: false,
        };
        self.held.push(new);
        Ok((told, keys))
    }

    /// Another public URL. Logs stay where they were, and end: what they are called is in every proof, and
    /// follows from the URL. In their place new ones begin, but for a Rekor log whose host stays the same.
    pub(crate) fn relocate(
        &mut self,
        from: &Address,
        to: &Address,
        surroundings: &Surroundings,
    ) -> Result<(Vec<NewKey>, PrivateKeys), StartError> {
        let mut services = vec![Rotated::CtLog];
        if from.host() != to.host() {
            services.push(Rotated::RekorLog);
        }
        for held in &mut self.held {
            let stays = services.iter().all(|service| service.role() != held.role);
            if matches!(held.role, Role::CtLog | Role::RekorLog) && !stays {
                held.url = Some(held.log_url(from));
            }
        }
        let (mut told, mut keys) = (Vec::new(), PrivateKeys::default());
        for service in services {
            let rotation = Rotation {
                service,
                after: Duration::ZERO,
                url: (service == Rotated::RekorLog).then(|| to.base().to_owned()),
            };
            let (new, made) = self.rotate(&rotation, to, surroundings)?;
            told.push(new);
            keys.0.extend(made.0);
        }
        Ok((told, keys))
    }

    /// Where a new log of that role is found.
    fn url(
        &self,
        role: Role,
        given: Option<&str>,
        address: &Address,
    ) -> Result<Option<String>, NotRotated> {
        match (role, given) {
            (Role::RekorLog, None) => Err(NotRotated::UrlNeeded),
            (Role::RekorLog, Some(given)) => {
                let found = given.trim_end_matches('/');
                if !is_log_url(role, found) {
                    let found = found.to_owned();
                    return Err(NotRotated::Url { found });
                }
                let host = Address::new(found).map(|url| url.host().to_owned());
                let host = host.unwrap_or_default();
                let taken = |held: &&Held| held.origin(address) == host;
                match self.of(role).find(taken) {
                    Some(held) => Err(NotRotated::HostTaken {
                        host,
                        name: held.name.clone(),
                    }),
                    None => Ok(Some(found.to_owned())),
                }
            }
            (_, Some(_)) => Err(NotRotated::UrlNotTaken),
            // A prefix of its own on the same address, since its origin is its URL.
            (Role::CtLog, None) => {
                let number = self.of(role).count().saturating_add(1);
                Ok(Some(format!("{}-{number}", address.ct_log())))
            }
            (_, None) => Ok(None),
        }
    }
}
