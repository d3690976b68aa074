//! An authority in two files: the chain in PEM, the issuing certificate first, and the key.
//!
//! ```text
//! -----BEGIN CERTIFICATE-----  …  -----BEGIN CERTIFICATE-----  …
//! -----BEGIN ENCRYPTED PRIVATE KEY-----            PKCS#8, as `openssl genpkey -aes256` writes it
//! -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----   as cosign writes it, and COSIGN in the older form
//! -----BEGIN PRIVATE KEY-----                      also EC PRIVATE KEY and RSA PRIVATE KEY, plain or in
//!                                                  OpenSSL's older encryption, with DEK-Info
//! ```
//!
//! Whoever watches the files calls [`FileAuthority::reload`]: it reads both anew and takes them only
//! if every check of the start holds for them together, so that a half-written file changes nothing.
//! How to watch is left to them, because Kubernetes exchanges a link and no event comes for the files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use waxwing_crypto::{KeyError, PrivateKey};
use waxwing_encoding::pem::{self, PemError};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::fulcio::AuthorityRefused;
use waxwing_pki::issue::Authority;
use waxwing_pki::{Certificate, CertificateError};
use zeroize::Zeroizing;

use crate::authority::{Backend, Issuer, LocalIssuer};

/// Largest file that is read, in bytes.
const LARGEST_FILE: u64 = 256 * 1024;

/// Most certificates in the chain.
const MOST_CERTIFICATES: usize = 8;

/// Where the files are.
#[derive(Clone)]
pub struct FileSettings {
    /// The chain: the issuing certificate first, the root last.
    pub chain: PathBuf,
    /// The key of the issuing certificate.
    pub key: PathBuf,
    /// The password of an encrypted key.
    pub password: Option<Zeroizing<String>>,
}

/// An authority in files.
#[derive(Debug)]
pub struct FileAuthority {
    settings: FileSettings,
    issuer: RwLock<Arc<LocalIssuer>>,
}

/// Why files make no authority.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that is none of these.
    #[error("{}: more than {LARGEST_FILE} bytes, or not text; expected PEM", path.display())]
    NotText {
        /// Which file.
        path: PathBuf,
    },
    /// Not PEM.
    #[error("{}: {source}", path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: PemError,
    },
    /// Another kind of PEM block in the chain.
    #[error("{}: found a PEM block {found}, expected CERTIFICATE", path.display())]
    Label {
        /// Which file.
        path: PathBuf,
        /// The label.
        found: String,
    },
    /// A certificate of the chain.
    #[error("{}: certificate {position}: {source}", path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Which one, counted from 0.
        position: usize,
        /// What is wrong.
        source: CertificateError,
    },
    /// The key.
    #[error("{}: {source}", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// An encrypted key without a password.
    #[error("{}: the key is encrypted; fileca-key-passwd must be set to encryption password for private key file when using fileca", path.display())]
    NoPassword {
        /// Which file.
        path: PathBuf,
    },
    /// The files do not belong together, or cannot issue.
    #[error("{}: {source}", path.display())]
    Authority {
        /// The chain's file.
        path: PathBuf,
        /// What is wrong.
        source: AuthorityRefused,
    },
}

impl std::fmt::Debug for FileSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (chain, key) = (self.chain.display(), self.key.display());
        write!(formatter, "FileSettings({chain}, {key})")
    }
}

impl FileAuthority {
    /// Reads the files and checks them at `now`. Blocks on the disk.
    pub fn open(settings: FileSettings, now: UnixTime) -> Result<Self, FileError> {
        let issuer = RwLock::new(Arc::new(load(&settings, now)?));
        Ok(Self { settings, issuer })
    }

    /// Reads the files anew, and issues with them from the next certificate on if every check holds;
    /// otherwise all stays as it was. Says whether anything changed. Blocks on the disk.
    pub fn reload(&self, now: UnixTime) -> Result<bool, FileError> {
        let fresh = Arc::new(load(&self.settings, now)?);
        let mut current = self.issuer.write().unwrap_or_else(PoisonError::into_inner);
        // The key belongs to the first certificate, so the chain says it all.
        let changed = current.chain() != fresh.chain();
        *current = fresh;
        Ok(changed)
    }
}

impl Backend for FileAuthority {
    fn issuer(&self) -> Arc<dyn Issuer> {
        let issuer = self.issuer.read().unwrap_or_else(PoisonError::into_inner);
        Arc::<LocalIssuer>::clone(&issuer)
    }
}

fn load(settings: &FileSettings, now: UnixTime) -> Result<LocalIssuer, FileError> {
    let mut chain = chain(&settings.chain)?;
    let key = key(&settings.key, settings.password.as_ref())?;
    let refused = |source| FileError::Authority {
        path: settings.chain.clone(),
        source,
    };
    if chain.is_empty() {
        return Err(refused(AuthorityRefused::Empty));
    }
    let above = chain.split_off(1);
    let Some(certificate) = chain.pop() else {
        return Err(refused(AuthorityRefused::Empty));
    };
    LocalIssuer::checked(Authority { certificate, key }, above, now).map_err(refused)
}

fn chain(path: &Path) -> Result<Vec<Certificate>, FileError> {
    let text = read(path)?;
    let blocks = pem::decode_all(&text, MOST_CERTIFICATES);
    let blocks = blocks.map_err(|source| FileError::Pem {
        path: path.to_owned(),
        source,
    })?;
    let read = |(position, block): (usize, pem::Block)| {
        let path = path.to_owned();
        if block.label != "CERTIFICATE" {
            let found = block.label;
            return Err(FileError::Label { path, found });
        }
        Certificate::from_der(&block.der).map_err(|source| FileError::Certificate {
            path,
            position,
            source,
        })
    };
    blocks.into_iter().enumerate().map(read).collect()
}

fn key(path: &Path, password: Option<&Zeroizing<String>>) -> Result<PrivateKey, FileError> {
    let text = read(path)?;
    let key = PrivateKey::from_key_file(&text, password.map(|password| password.as_bytes()));
    let path = path.to_owned();
    key.map_err(|source| match source {
        KeyError::NoPassword => FileError::NoPassword { path },
        source => FileError::Key { path, source },
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>, FileError> {
    use std::io::Read;
    let failed = |source| FileError::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let too_long = bytes.len() as u64 > LARGEST_FILE;
    match std::str::from_utf8(&bytes) {
        Ok(text) if !too_long => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(FileError::NotText {
            path: path.to_owned(),
        }),
    }
}
