//! Who signs: a key of a file or of a service with its chain, or a key and a chain that are made for a test.
//!
//! ```text
//! Test TSA Root ── Test TSA Intermediate ── Test TSA Timestamping      O=local, P-256
//! ```
//!
//! Refused: Tink keysets, whose names are read and understood.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use waxwing_cli::{Surroundings, files};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, Random};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_tsa::Key;
use zeroize::Zeroizing;

use super::flags::{Hash, Signer, SignerKind};
use super::serve::warn;
use crate::kms::{self, Patience};

/// The largest key file that is read, in bytes.
const LARGEST_KEY: usize = 64 << 10;

const MINUTE: i64 = 60;
const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// Where keys of `--tink-key-resource` can be.
const TINK: [&str; 3] = ["aws-kms://", "gcp-kms://", "hcvault://"];

impl From<Hash> for HashAlgorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256,
            Hash::Sha384 => Self::Sha384,
            Hash::Sha512 => Self::Sha512,
        }
    }
}

/// The authority that the flags name.
pub(super) async fn authority(
    signer: &Signer,
    now: UnixTime,
    surroundings: &Surroundings<'_>,
) -> anyhow::Result<TimestampAuthority<Key>> {
    let hash = signer.timestamp_signer_hash.into();
    let here = match signer.timestamp_signer {
        SignerKind::Memory => in_memory(now, &*surroundings.random),
        SignerKind::File => {
            let authority = of_files(signer)?;
            let key = authority.public_key().key_type();
            // Why not, the error says in the words of code.
            authority.with_hash(hash).ok().with_context(|| {
                format!(
                    "--timestamp-signer-hash {hash:?} does not go with a key of the kind {key:?}"
                )
            })
        }
        SignerKind::Kms => return of_service(signer, hash, surroundings).await,
        SignerKind::Tink => bail!(tink(signer)),
    };
    Ok(here?.map_key(Key::from))
}

async fn of_service(
    signer: &Signer,
    hash: HashAlgorithm,
    surroundings: &Surroundings<'_>,
) -> anyhow::Result<TimestampAuthority<Key>> {
    let key = signer.kms_key_resource.as_deref();
    let key = key.context("--timestamp-signer kms needs --kms-key-resource")?;
    let (leaf, above) = chain(signer, "kms")?;
    let opened = kms::open(key, hash, Patience::default(), surroundings, warn).await;
    let signer = opened.context("--kms-key-resource")?;
    let (public_key, algorithm) = (signer.public_key().clone(), signer.algorithm());
    // As with a key in a file: openssl, for one, reads no timestamps by Ed25519.
    ensure!(
        algorithm.hash().is_some(),
        "--kms-key-resource {key}: timestamps are signed over a hash, and {algorithm:?} has none; expected a key of \
         ECDSA or RSA"
    );
    let key = Key::Elsewhere(signer);
    Ok(TimestampAuthority::with_key(
        key, public_key, algorithm, leaf, above,
    ))
}

fn of_files(signer: &Signer) -> anyhow::Result<TimestampAuthority> {
    let path = signer.file_signer_key_path.as_ref();
    let path = path.context("--timestamp-signer file needs --file-signer-key-path")?;
    let password = signer.file_signer_passwd.as_ref();
    let key = private_key(path, password.map_or("", |password| &password.0))
        .with_context(|| path.display().to_string())?;
    let (certificate, above) = chain(signer, "file")?;
    let leaf = Authority { certificate, key };
    Ok(TimestampAuthority::new(leaf, above))
}

/// The certificate of `--certificate-chain-path` whose key signs, and those above it.
fn chain(signer: &Signer, kind: &str) -> anyhow::Result<(Certificate, Vec<Certificate>)> {
    let path = signer.certificate_chain_path.as_ref();
    let path =
        path.with_context(|| format!("--timestamp-signer {kind} needs --certificate-chain-path"))?;
    let mut certificates = files::certificates(path)?.into_iter();
    let first = certificates.next();
    let first = first.with_context(|| format!("{} is empty", path.display()))?;
    Ok((first, certificates.collect()))
}

/// A private key in PEM; an empty password is none, as in the original.
fn private_key(path: &Path, password: &str) -> anyhow::Result<PrivateKey> {
    let bytes = Zeroizing::new(files::read(path, LARGEST_KEY)?);
    let text = std::str::from_utf8(&bytes).context("not text; expected PEM")?;
    if PrivateKey::is_encrypted_pem(text) && password.is_empty() {
        bail!("the key is encrypted; --file-signer-passwd says its password");
    }
    Ok(PrivateKey::from_key_file(text, Some(password.as_bytes()))?)
}

/// A fresh key under fresh authorities, all of them gone with the process.
fn in_memory(now: UnixTime, random: &dyn Random) -> anyhow::Result<TimestampAuthority> {
    let key = || PrivateKey::generate(KeyType::EcdsaP256);
    let name = |common_name: &str| DistinguishedName {
        organization: "local".to_owned(),
        common_name: common_name.to_owned(),
    };
    let serial = || {
        let mut serial = [0; 20];
        random.fill(&mut serial);
        SerialNumber::new(serial)
    };
    let validity = |minutes: i64, years: i64| Validity {
        not_before: now.plus_seconds(-minutes * MINUTE),
        not_after: now.plus_seconds(years * YEAR),
    };
    let root = Authority::root(key()?, &name("Test TSA Root"), serial(), validity(5, 10))?;
    let intermediate = root.intermediate(
        key()?,
        &name("Test TSA Intermediate"),
        serial(),
        validity(5, 10),
        Purpose::TimeStamping,
    )?;
    let leaf = intermediate.timestamp_leaf(
        key()?,
        &name("Test TSA Timestamping"),
        serial(),
        validity(3, 9),
    )?;
    let above = vec![intermediate.certificate, root.certificate];
    Ok(TimestampAuthority::new(leaf, above))
}

/// Why a Tink keyset does not sign.
fn tink(signer: &Signer) -> String {
    let (key, keyset) = (&signer.tink_key_resource, &signer.tink_keyset_path);
    match (key, keyset) {
        (None, _) => "--timestamp-signer tink needs --tink-key-resource".to_owned(),
        (_, None) => "--timestamp-signer tink needs --tink-keyset-path".to_owned(),
        (Some(key), Some(_)) if TINK.iter().any(|scheme| key.starts_with(scheme)) => format!(
            "--tink-key-resource {key}: Tink keysets are not supported yet; use --timestamp-signer file"
        ),
        (Some(key), Some(_)) => format!(
            "--tink-key-resource {key}: expected a key at one of {}",
            TINK.join(", ")
        ),
    }
}
