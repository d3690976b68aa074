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

use waxwing_crypto::{KeyType, PrivateKey, PublicKey, Random};
use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::{Address, StartError, Surroundings};

const YEAR: i64 = 365 * 24 * 60 * 60;

/// The private keys of the TUF repository: who signs roots, targets, and the two others. Their public
/// sides are in the repository itself.
pub(crate) const TUF_KEYS: [&str; 3] = ["tuf-root", "tuf-targets", "tuf-online"];

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

    /// Gives a role a new key, which signs from now on; the word of the old ones counts for what they
    /// have signed until now. Logs are not rotated: a new key is a new log.
    pub(crate) fn rotate(
        &mut self,
        role: Role,
        address: &Address,
        surroundings: &Surroundings,
    ) -> Result<(String, PrivateKeys), StartError> {
        let mut making = Making::new(address, surroundings);
        let number = u32::try_from(self.of(role).count()).unwrap_or(u32::MAX);
        let number = number.saturating_add(1);
        let new = match role {
            Role::CertificateAuthority => making.certificate_authority(number)?,
            Role::TimestampAuthority => making.timestamp_authority(number)?,
            Role::Issuer => {
                let kind = self.of(role).last().map(|held| held.public_key.key_type());
                making.bare(role, number, kind.unwrap_or(KeyType::Rsa(2048)))?
            }
            Role::CtLog | Role::RekorLog => {
                return Err(StartError::NotRotated { role: role.name() });
            }
        };
        for old in self.held.iter_mut().filter(|held| held.role == role) {
            let end = old.valid_for.end.unwrap_or(making.now).min(making.now);
            old.valid_for.end = Some(end);
        }
        let name = new.name.clone();
        self.held.push(new);
        Ok((name, making.keys))
    }

    /// The keys of an instance that begins now. Whole seconds: timestamps have no fraction, and one
    /// made in this very second must lie in the window.
    pub(crate) fn generate(
        address: &Address,
        issuer: KeyType,
        surroundings: &Surroundings,
    ) -> Result<(Self, PrivateKeys), StartError> {
        let mut making = Making::new(address, surroundings);
        let held = vec![
            making.certificate_authority(1)?,
            making.timestamp_authority(1)?,
            making.bare(Role::CtLog, 1, KeyType::EcdsaP256)?,
            making.bare(Role::RekorLog, 1, KeyType::Ed25519)?,
            making.bare(Role::Issuer, 1, issuer)?,
        ];
        Ok((Self { held }, making.keys))
    }
}

/// What new keys are made with, and where they go.
struct Making<'a> {
    address: &'a Address,
    random: &'a dyn Random,
    now: UnixTime,
    keys: PrivateKeys,
}

impl<'a> Making<'a> {
    fn new(address: &'a Address, surroundings: &'a Surroundings) -> Self {
        Self {
            address,
            random: surroundings.random.as_ref(),
            now: surroundings.clock.now().whole_second(),
            keys: PrivateKeys::default(),
        }
    }

    fn certificate_authority(&mut self, number: u32) -> Result<Held, StartError> {
        let root = self.root("sigstore", number)?;
        let issuing = root.intermediate(
            PrivateKey::generate(KeyType::EcdsaP256)?,
            &self.name("sigstore-intermediate", number),
            self.serial(),
            self.years(3),
            Purpose::CodeSigning,
        )?;
        Ok(self.keep_authority(Role::CertificateAuthority, number, root, issuing))
    }

    fn timestamp_authority(&mut self, number: u32) -> Result<Held, StartError> {
        let root = self.root("sigstore-tsa-root", number)?;
        let stamping = root.timestamp_leaf(
            PrivateKey::generate(KeyType::EcdsaP256)?,
            &self.name("sigstore-tsa", number),
            self.serial(),
            self.years(9),
        )?;
        Ok(self.keep_authority(Role::TimestampAuthority, number, root, stamping))
    }

    /// A key without a certificate.
    fn bare(&mut self, role: Role, number: u32, kind: KeyType) -> Result<Held, StartError> {
        let key = PrivateKey::generate(kind)?;
        let name = format!("{}-{number}", role.name());
        let held = self.held(role, &name, key.public_key().clone(), Vec::new());
        self.keys.0.insert(name, key);
        Ok(held)
    }

    fn root(&self, common_name: &str, number: u32) -> Result<Authority, StartError> {
        Ok(Authority::root(
            PrivateKey::generate(KeyType::EcdsaP384)?,
            &self.name(common_name, number),
            self.serial(),
            self.years(10),
        )?)
    }

    fn keep_authority(
        &mut self,
        role: Role,
        number: u32,
        root: Authority,
        leaf: Authority,
    ) -> Held {
        let name = format!("{}-{number}", role.name());
        let public_key = leaf.key.public_key().clone();
        let certificates = vec![leaf.certificate, root.certificate];
        self.keys.0.insert(format!("{name}-root"), root.key);
        self.keys.0.insert(name.clone(), leaf.key);
        self.held(role, &name, public_key, certificates)
    }

    fn held(
        &self,
        role: Role,
        name: &str,
        public_key: PublicKey,
        certificates: Vec<Certificate>,
    ) -> Held {
        Held {
            role,
            name: name.to_owned(),
            valid_for: Window {
                start: self.now,
                end: None,
            },
            public_key,
            certificates,
        }
    }

    /// Two authorities of one name would be told apart by their keys alone.
    fn name(&self, common_name: &str, number: u32) -> DistinguishedName {
        let common_name = match number {
            1 => common_name.to_owned(),
            number => format!("{common_name}-{number}"),
        };
        DistinguishedName {
            organization: self.address.host().to_owned(),
            common_name,
        }
    }

    fn serial(&self) -> SerialNumber {
        let mut bytes = [0; 20];
        self.random.fill(&mut bytes);
        SerialNumber::new(bytes)
    }

    fn years(&self, years: i64) -> Validity {
        Validity {
            not_before: self.now,
            not_after: self.now.plus_seconds(years * YEAR),
        }
    }
}
