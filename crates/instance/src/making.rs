//! New keys: those of an instance that begins, and those that take the place of others.

use waxwing_crypto::{KeyType, PrivateKey, PublicKey, Random};
use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::keyring::{Held, Keyring, PrivateKeys, Role};
use crate::{Address, StartError, Surroundings};

const YEAR: i64 = 365 * 24 * 60 * 60;

impl Keyring {
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

    /// Another key for a role, which does not belong to the ring yet.
    pub(crate) fn another(
        &self,
        role: Role,
        address: &Address,
        surroundings: &Surroundings,
    ) -> Result<(Held, PrivateKeys), StartError> {
        let mut making = Making::new(address, surroundings);
        let number = u32::try_from(self.of(role).count()).unwrap_or(u32::MAX);
        let number = number.saturating_add(1);
        let held = match role {
            Role::CertificateAuthority => making.certificate_authority(number)?,
            Role::TimestampAuthority => making.timestamp_authority(number)?,
            Role::CtLog => making.bare(role, number, KeyType::EcdsaP256)?,
            Role::RekorLog => making.bare(role, number, KeyType::Ed25519)?,
            Role::Issuer => {
                let kind = self.of(role).last().map(|held| held.public_key.key_type());
                making.bare(role, number, kind.unwrap_or(KeyType::Rsa(2048)))?
            }
        };
        Ok((held, making.keys))
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
            url: None,
            fresh: false,
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
