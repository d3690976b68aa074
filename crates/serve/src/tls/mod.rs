//! HTTPS with the operator's own certificate chain and key, as PEM files.
//!
//! ```text
//! -----BEGIN CERTIFICATE-----      the server's own certificate first, then the intermediates
//! -----BEGIN PRIVATE KEY-----      PKCS#8; also EC PRIVATE KEY (SEC 1) and RSA PRIVATE KEY (PKCS#1)
//! ```
//!
//! TLS 1.2 and 1.3 (RFC 5246, RFC 8446), HTTP/2 and HTTP/1.1 by ALPN (RFC 7301), `rustls` on
//! `aws-lc-rs`. Refused: files that cannot be read or are longer than a mebibyte, none or too many
//! certificates, none or several keys, an encrypted key, and a key that is not the certificate's. A
//! certificate out of its validity is served and named in a [`TlsWarning`]: a server that does not
//! start helps nobody more than one that some clients refuse.

mod error;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    Error, InconsistentKeys, RootCertStore, ServerConfig, SupportedProtocolVersion,
};
use waxwing_encoding::pem::{self, Block, PemError};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::Certificate;
use zeroize::{Zeroize, Zeroizing};

pub use error::{TlsError, TlsWarning};

/// The longest file that is read, in bytes.
pub const LONGEST_TLS_FILE: u64 = 1 << 20;

/// The longest chain. Clients give up earlier.
const MOST_CERTIFICATES: usize = 16;

/// A key file has one key and, from some tools, the curve's parameters before it.
const MOST_KEY_BLOCKS: usize = 4;

/// Where the operator keeps chain and key. Both may be the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain: the server's own certificate first.
    pub chain: PathBuf,
    /// The private key of the first certificate.
    pub key: PathBuf,
}

/// What a listener needs for HTTPS. Clones share it, so that one [`reload`](Self::reload) is for all.
#[derive(Clone)]
pub struct Tls {
    files: Arc<TlsFiles>,
    present: Arc<Present>,
    acceptor: TlsAcceptor,
}

/// The chain and key that new connections get.
#[derive(Debug)]
struct Present(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Present {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Tls");
        shown.field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files. With what comes back goes all that the operator should know at `now`. Blocks
    /// for as long as the file system does.
    pub fn read(files: TlsFiles, now: UnixTime) -> Result<(Self, Vec<TlsWarning>), TlsError> {
        Self::with(files, &[&TLS13, &TLS12], None, now)
    }

    /// [`read`](Self::read) for clients of TLS 1.3 alone; all others are turned away in the handshake.
    pub fn read_for_tls13(
        files: TlsFiles,
        now: UnixTime,
    ) -> Result<(Self, Vec<TlsWarning>), TlsError> {
        Self::with(files, &[&TLS13], None, now)
    }

    /// [`read`](Self::read) for clients that show a certificate under one of the roots in the PEM file
    /// `authorities`; all others are turned away in the handshake (mutual TLS).
    pub fn read_for_clients_of(
        files: TlsFiles,
        authorities: &Path,
        now: UnixTime,
    ) -> Result<(Self, Vec<TlsWarning>), TlsError> {
        Self::with(files, &[&TLS13, &TLS12], Some(authorities), now)
    }

    fn with(
        files: TlsFiles,
        versions: &[&'static SupportedProtocolVersion],
        authorities: Option<&Path>,
        now: UnixTime,
    ) -> Result<(Self, Vec<TlsWarning>), TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (certified, warnings) = certified(&files, &provider, now)?;
        let present = Arc::new(Present(RwLock::new(Arc::new(certified))));
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map_err(|error| TlsError::Key {
                path: files.key.clone(),
                reason: error.to_string(),
            })?;
        let config = match authorities {
            None => config.with_no_client_auth(),
            Some(path) => config.with_client_cert_verifier(client_verifier(path, provider)?),
        };
        let mut config = config.with_cert_resolver(present.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let tls = Self {
            files: Arc::new(files),
            present,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        };
        Ok((tls, warnings))
    }

    /// Reads the files again. If they are good, new connections get what is in them now; if not, all
    /// stays as it is. Connections that stand keep theirs either way.
    pub fn reload(&self, now: UnixTime) -> Result<Vec<TlsWarning>, TlsError> {
        let provider = self.acceptor.config().crypto_provider();
        let (certified, warnings) = certified(&self.files, provider, now)?;
        let present = self.present.0.write();
        *present.unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
        Ok(warnings)
    }

    /// The files.
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    pub(crate) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }
}

fn certified(
    files: &TlsFiles,
    provider: &CryptoProvider,
    now: UnixTime,
) -> Result<(CertifiedKey, Vec<TlsWarning>), TlsError> {
    let chain = read_chain(&files.chain)?;
    let key = read_key(&files.key)?;
    let signing = provider.key_provider.load_private_key(key);
    let signing = signing.map_err(|error| TlsError::Key {
        path: files.key.clone(),
        reason: error.to_string(),
    })?;
    let warnings = warnings(&chain, now);
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) => Ok((certified, warnings)),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(TlsError::KeyOfAnother {
                chain: files.chain.clone(),
                key: files.key.clone(),
            })
        }
        Err(error) => Err(TlsError::Certificate {
            path: files.chain.clone(),
            reason: error.to_string(),
        }),
    }
}

/// Who verifies the certificates of clients.
fn client_verifier(
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let refused = |reason: String| TlsError::Certificate {
        path: path.to_owned(),
        reason,
    };
    let mut roots = RootCertStore::empty();
    for root in read_chain(path)? {
        roots
            .add(root)
            .map_err(|error| refused(error.to_string()))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    verifier.build().map_err(|error| refused(error.to_string()))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    // The key may stand in the same file.
    let blocks = blocks(path, MOST_CERTIFICATES + MOST_KEY_BLOCKS)?;
    let mut chain = Vec::new();
    for mut block in blocks {
        match block.label.as_str() {
            "CERTIFICATE" => chain.push(CertificateDer::from(block.der)),
            _ => block.der.zeroize(),
        }
    }
    let path = path.to_owned();
    match chain.len() {
        0 => Err(TlsError::NoCertificate { path }),
        1..=MOST_CERTIFICATES => Ok(chain),
        _ => Err(TlsError::Pem {
            path,
            source: PemError::TooMany {
                limit: MOST_CERTIFICATES,
            },
        }),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let blocks = blocks(path, MOST_CERTIFICATES + MOST_KEY_BLOCKS)?;
    let mut keys = Vec::new();
    for mut block in blocks {
        match block.label.as_str() {
            "PRIVATE KEY" => keys.push(PrivateKeyDer::Pkcs8(block.der.into())),
            "EC PRIVATE KEY" => keys.push(PrivateKeyDer::Sec1(block.der.into())),
            "RSA PRIVATE KEY" => keys.push(PrivateKeyDer::Pkcs1(block.der.into())),
            "ENCRYPTED PRIVATE KEY" => {
                let path = path.to_owned();
                return Err(TlsError::EncryptedKey { path });
            }
            _ => block.der.zeroize(),
        }
    }
    let found = keys.len();
    let path = path.to_owned();
    match (keys.pop(), found) {
        (None, _) => Err(TlsError::NoKey { path }),
        (Some(key), 1) => Ok(key),
        (Some(_), found) => Err(TlsError::SeveralKeys { path, found }),
    }
}

/// All blocks of a file; no block is no error here, since each reader says better what it misses.
fn blocks(path: &Path, limit: usize) -> Result<Vec<Block>, TlsError> {
    let owned = || path.to_owned();
    let unreadable = |source| TlsError::Unreadable {
        path: owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::new());
    let mut file = file.take(LONGEST_TLS_FILE + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_TLS_FILE {
        return Err(TlsError::TooLong { path: owned() });
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(TlsError::NotText { path: owned() });
    };
    match pem::decode_all(text, limit) {
        Ok(blocks) => Ok(blocks),
        Err(PemError::NoBlock) => Ok(Vec::new()),
        Err(source) => Err(TlsError::Pem {
            path: owned(),
            source,
        }),
    }
}

fn warnings(chain: &[CertificateDer<'_>], now: UnixTime) -> Vec<TlsWarning> {
    let warnings = chain.iter().zip(1..).filter_map(|(der, place)| {
        let certificate = match Certificate::from_der(der) {
            Ok(certificate) => certificate,
            Err(error) => {
                let reason = error.to_string();
                return Some(TlsWarning::Unchecked { place, reason });
            }
        };
        let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
        // The last second belongs to the validity, with its fraction (RFC 5280 section 4.1.2.5).
        match now.whole_second() {
            now if now > not_after => Some(TlsWarning::Expired { place, not_after }),
            now if now < not_before => Some(TlsWarning::NotYetValid { place, not_before }),
            _ => None,
        }
    });
    warnings.collect()
}
