//! Whom to trust, by the files of a TUF repository that gives out no trusted root: one for each key or
//! certificate, as it was before there were trusted roots. What a file is for stands beside it, in the
//! member `custom` of the targets metadata:
//!
//! ```json
//! "rekor.pub":{"custom":{"sigstore":{"status":"Active","uri":"https://rekor.example.com","usage":"Rekor"}},
//!   "hashes":{"sha256":"dce5ef71…"},"length":178}
//! ```
//!
//! Where no file says that it is for a usage, those count that are called as the files of that usage once
//! were, and say nothing of themselves: `fulcio.crt.pem`, `rekor.pub`, `ctfe.pub`, `tsa_leaf.crt.pem`, …
//!
//! Nothing says from when to when such a key counts, nor under which name a log signs its checkpoints. So
//! only what is `Active` counts: of what is not, nobody knows when it ended, and whoever has the key by now
//! could date back what he signs. What is active counts for as long as its certificates are valid, and keys
//! of logs without bounds. A log of Rekor v2 is called by the host of its `uri`.
//!
//! Refused: an active file for a known usage that cannot be read, one key file with several keys, and a
//! repository in which no file is for anything. What does not count is named in
//! [`TrustedRoot::passed_over`]: what is not active, and certificates that lead to no root which is. Files
//! for other usages mean nothing here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use waxwing_crypto::{PublicKey, PublicKeyError, SignatureAlgorithm};
use waxwing_encoding::pem::{self, Block, PemError};
use waxwing_pki::{Certificate, CertificateError, DistinguishedName};

use super::{CertificateAuthority, PassedOver, Reason, TransparencyLog, TrustedRoot, Version};
use crate::Window;

/// Most files of a repository that count.
pub const MOST_FILES: usize = 64;

/// Most certificates in one file.
const MOST_CERTIFICATES: usize = 32;

/// Most certificates of one usage: which leads where is looked for among all of them.
pub const MOST_CERTIFICATES_OF_A_USAGE: usize = 128;

/// The files of a repository by which whom to trust is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleFiles {
    files: Vec<SingleFile>,
    passed_over: Vec<PassedOver>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SingleFile {
    path: String,
    usage: Usage,
    uri: String,
}

/// Why the files of a repository do not say whom to trust.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SingleFilesError {
    /// No file is for anything.
    #[error(
        "no file of the repository is a trusted root, and none says that it is active and for Fulcio, Rekor, CTFE or TSA"
    )]
    Nothing,
    /// More files than are read.
    #[error("{found} files say that they are for something; at most {MOST_FILES} are read")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// A file whose content is not there.
    #[error("there is no content of {path}")]
    Missing {
        /// Its path.
        path: String,
    },
    /// Not text.
    #[error("{path} is not text; expected PEM")]
    NotText {
        /// Its path.
        path: String,
    },
    /// Not PEM.
    #[error("{path}: {source}")]
    Pem {
        /// Its path.
        path: String,
        /// What is wrong with it.
        source: PemError,
    },
    /// Another PEM block than the usage asks for.
    #[error("{path} has a PEM block {found}; expected {expected}")]
    Label {
        /// Its path.
        path: String,
        /// The label of the block.
        found: String,
        /// The label expected.
        expected: &'static str,
    },
    /// A key that cannot be read.
    #[error("{path}: {source}")]
    PublicKey {
        /// Its path.
        path: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// A key by which no log signs.
    #[error("{path} has a key by which no log signs")]
    Algorithm {
        /// Its path.
        path: String,
    },
    /// More certificates than are read.
    #[error(
        "{path}: with it there are more than {MOST_CERTIFICATES_OF_A_USAGE} certificates for one usage"
    )]
    TooManyCertificates {
        /// Its path.
        path: String,
    },
    /// A certificate that cannot be read.
    #[error("{path}: {source}")]
    Certificate {
        /// Its path.
        path: String,
        /// What is wrong with it.
        source: CertificateError,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Usage {
    Fulcio,
    Rekor,
    CtLog,
    Timestamps,
}

/// What a repository says of a file.
struct Said<'a> {
    usage: &'a str,
    status: &'a str,
    uri: &'a str,
}

impl SingleFiles {
    /// Which files count, by their paths and what the repository says of them.
    pub fn choose<'a>(
        targets: impl IntoIterator<Item = (&'a str, Option<&'a Value>)>,
    ) -> Result<Self, SingleFilesError> {
        let (mut files, mut passed_over) = (Vec::new(), Vec::new());
        let mut spoken = BTreeSet::new();
        let mut silent = Vec::new();
        for (path, custom) in targets {
            let pass_over = |role, reason| PassedOver {
                role,
                name: path.to_owned(),
                reason,
            };
            let said = match custom.map(Said::read) {
                None | Some(Ok(None)) => {
                    silent.push(path);
                    continue;
                }
                Some(Ok(Some(said))) => said,
                Some(Err(reason)) => {
                    passed_over.push(pass_over("file", reason));
                    continue;
                }
            };
            let Some(usage) = Usage::of(said.usage) else {
                continue;
            };
            spoken.insert(usage);
            match said.status.eq_ignore_ascii_case("active") {
                true => files.push(SingleFile {
                    path: path.to_owned(),
                    usage,
                    uri: said.uri.to_owned(),
                }),
                false => {
                    let found = said.status.to_owned();
                    passed_over.push(pass_over(usage.role(), Reason::Status { found }));
                }
            }
        }
        for usage in Usage::ALL
            .into_iter()
            .filter(|usage| !spoken.contains(usage))
        {
            let named = silent.iter().filter(|path| usage.once_had(path));
            files.extend(named.map(|path| SingleFile {
                path: (*path).to_owned(),
                usage,
                uri: String::new(),
            }));
        }
        match files.len() {
            0 => Err(SingleFilesError::Nothing),
            found if found > MOST_FILES => Err(SingleFilesError::TooMany { found }),
            _ => Ok(Self { files, passed_over }),
        }
    }

    /// The paths of the files whose content is needed.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    /// The trusted root that the contents make, by their paths.
    pub fn trusted_root(
        &self,
        contents: &BTreeMap<String, Vec<u8>>,
    ) -> Result<TrustedRoot, SingleFilesError> {
        let mut root = TrustedRoot {
            version: Version::V0_1,
            transparency_logs: Vec::new(),
            certificate_authorities: Vec::new(),
            ct_logs: Vec::new(),
            timestamp_authorities: Vec::new(),
            passed_over: self.passed_over.clone(),
        };
        let (mut fulcio, mut timestamps) = (Vec::new(), Vec::new());
        for file in &self.files {
            let blocks = file.blocks(contents)?;
            match file.usage {
                Usage::Rekor => root.transparency_logs.push(file.log(&blocks)?),
                Usage::CtLog => root.ct_logs.push(file.log(&blocks)?),
                Usage::Fulcio => file.certificates(&blocks, &mut fulcio)?,
                Usage::Timestamps => file.certificates(&blocks, &mut timestamps)?,
            }
        }
        let lost = &mut root.passed_over;
        root.certificate_authorities = certificate_authorities(&fulcio, lost);
        root.timestamp_authorities = timestamp_authorities(&timestamps, lost);
        let is_empty = root.transparency_logs.is_empty() && root.ct_logs.is_empty();
        match is_empty
            && root.certificate_authorities.is_empty()
            && root.timestamp_authorities.is_empty()
        {
            true => Err(SingleFilesError::Nothing),
            false => Ok(root),
        }
    }
}

impl<'a> Said<'a> {
    /// `None` if nothing of Sigstore's is said.
    fn read(custom: &'a Value) -> Result<Option<Self>, Reason> {
        let members = custom.as_object().ok_or(Reason::Custom)?;
        let Some(said) = members.get("sigstore") else {
            return Ok(None);
        };
        let members = said.as_object().ok_or(Reason::Custom)?;
        let text = |name| match members.get(name) {
            None => Ok(""),
            Some(value) => value.as_str().ok_or(Reason::Custom),
        };
        Ok(Some(Self {
            usage: text("usage")?,
            status: text("status")?,
            uri: text("uri")?,
        }))
    }
}

impl Usage {
    const ALL: [Self; 4] = [Self::Fulcio, Self::Rekor, Self::CtLog, Self::Timestamps];

    fn of(text: &str) -> Option<Self> {
        { Self::ALL.into_iter() }.find(|usage| text.eq_ignore_ascii_case(usage.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fulcio => "Fulcio",
            Self::Rekor => "Rekor",
            Self::CtLog => "CTFE",
            Self::Timestamps => "TSA",
        }
    }

    fn role(self) -> &'static str {
        match self {
            Self::Fulcio => "certificate authority",
            Self::Rekor => "transparency log",
            Self::CtLog => "CT log",
            Self::Timestamps => "timestamp authority",
        }
    }

    /// Whether a file of this usage was once called so.
    fn once_had(self, path: &str) -> bool {
        match self {
            Self::Fulcio => matches!(
                path,
                "fulcio.crt.pem" | "fulcio_v1.crt.pem" | "fulcio_intermediate_v1.crt.pem"
            ),
            Self::Rekor => path == "rekor.pub",
            Self::CtLog => matches!(path, "ctfe.pub" | "ctfe_2022.pub"),
            Self::Timestamps => {
                let number = path.strip_prefix("tsa_intermediate_");
                let number = number.and_then(|rest| rest.strip_suffix(".crt.pem"));
                matches!(path, "tsa_leaf.crt.pem" | "tsa_root.crt.pem")
                    || number.is_some_and(is_number)
            }
        }
    }
}

/// `0`, `1`, … as a program writes them.
fn is_number(text: &str) -> bool {
    text.parse::<u8>()
        .is_ok_and(|number| number.to_string() == text)
}

/// A certificate, and the file that it is from.
struct Found<'a> {
    certificate: Certificate,
    file: &'a SingleFile,
}

impl Found<'_> {
    fn is_root(&self) -> bool {
        self.certificate.is_authority()
            && self.certificate.subject_der() == self.certificate.issuer_der()
    }

    fn issued(&self, other: &Self) -> bool {
        self.certificate.subject_der() == other.certificate.issuer_der()
    }

    fn passed_over(&self, reason: Reason) -> PassedOver {
        PassedOver {
            role: self.file.usage.role(),
            name: self.file.path.clone(),
            reason,
        }
    }
}

impl SingleFile {
    fn blocks(&self, contents: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Block>, SingleFilesError> {
        let path = || self.path.clone();
        let bytes = contents.get(&self.path);
        let bytes = bytes.ok_or_else(|| SingleFilesError::Missing { path: path() })?;
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|_| SingleFilesError::NotText { path: path() })?;
        let most = match self.usage {
            Usage::Rekor | Usage::CtLog => 1,
            Usage::Fulcio | Usage::Timestamps => MOST_CERTIFICATES,
        };
        let blocks = pem::decode_all(text, most);
        blocks.map_err(|source| SingleFilesError::Pem {
            path: path(),
            source,
        })
    }

    fn label(&self, block: &Block, expected: &'static str) -> SingleFilesError {
        SingleFilesError::Label {
            path: self.path.clone(),
            found: block.label.clone(),
            expected,
        }
    }

    fn log(&self, blocks: &[Block]) -> Result<TransparencyLog, SingleFilesError> {
        let path = || self.path.clone();
        let [block] = blocks else {
            return Err(SingleFilesError::Missing { path: path() });
        };
        let key = match block.label.as_str() {
            "PUBLIC KEY" => PublicKey::from_spki_der(&block.der),
            "RSA PUBLIC KEY" => PublicKey::from_pkcs1_der(&block.der),
            _ => return Err(self.label(block, "PUBLIC KEY")),
        };
        let public_key = key.map_err(|source| SingleFilesError::PublicKey {
            path: path(),
            source,
        })?;
        let algorithm = SignatureAlgorithm::default_for(public_key.key_type());
        Ok(TransparencyLog {
            // Without its address a log is called by its file, which is the host of nothing.
            base_url: match self.uri.as_str() {
                "" => path(),
                uri => uri.to_owned(),
            },
            algorithm: algorithm.ok_or_else(|| SingleFilesError::Algorithm { path: path() })?,
            valid_for: Window::ALWAYS,
            log_id: public_key.sha256_of_spki().to_vec(),
            public_key,
            checkpoint_key_id: None,
            operator: String::new(),
        })
    }

    fn certificates<'a>(
        &'a self,
        blocks: &[Block],
        all: &mut Vec<Found<'a>>,
    ) -> Result<(), SingleFilesError> {
        for block in blocks {
            if block.label != "CERTIFICATE" {
                return Err(self.label(block, "CERTIFICATE"));
            }
            let certificate = Certificate::from_der(&block.der);
            let certificate = certificate.map_err(|source| SingleFilesError::Certificate {
                path: self.path.clone(),
                source,
            })?;
            // A chain that two files share stands in both.
            if all.iter().all(|known| known.certificate != certificate) {
                if all.len() == MOST_CERTIFICATES_OF_A_USAGE {
                    let path = self.path.clone();
                    return Err(SingleFilesError::TooManyCertificates { path });
                }
                all.push(Found {
                    certificate,
                    file: self,
                });
            }
        }
        Ok(())
    }
}

/// Each root with all that may lie below it: which of them leads where is found out by whoever verifies.
fn certificate_authorities(
    all: &[Found<'_>],
    lost: &mut Vec<PassedOver>,
) -> Vec<CertificateAuthority> {
    let mut authorities = Vec::new();
    let mut led = Vec::new();
    for root in all.iter().filter(|found| found.is_root()) {
        let issuers =
            |chain: &[&Found<'_>], one: &Found<'_>| chain.iter().any(|issuer| issuer.issued(one));
        let mut chain = reached(root, all, |chain, one| {
            !one.is_root() && issuers(chain, one)
        });
        led.extend_from_slice(&chain);
        chain.reverse();
        authorities.push(authority(&chain, root));
    }
    let without = all.iter().filter(|one| !has(&led, one));
    lost.extend(without.map(|one| one.passed_over(Reason::NoRoot)));
    authorities
}

/// Each authority with what leads from it to a root.
fn timestamp_authorities(
    all: &[Found<'_>],
    lost: &mut Vec<PassedOver>,
) -> Vec<CertificateAuthority> {
    let mut authorities = Vec::new();
    let mut leaves = all
        .iter()
        .filter(|one| !one.certificate.is_authority())
        .peekable();
    if leaves.peek().is_none() {
        lost.extend(all.iter().map(|one| one.passed_over(Reason::NoLeaf)));
    }
    for leaf in leaves {
        let issued =
            |chain: &[&Found<'_>], one: &Found<'_>| chain.iter().any(|issued| one.issued(issued));
        let above = reached(leaf, all, |chain, one| {
            one.certificate.is_authority() && issued(chain, one)
        });
        let (roots, between): (Vec<_>, Vec<_>) = above.into_iter().partition(|one| one.is_root());
        if roots.is_empty() {
            lost.push(leaf.passed_over(Reason::NoRoot));
        }
        for root in roots {
            let chain: Vec<&Found<'_>> = between.iter().copied().chain([root]).collect();
            authorities.push(authority(&chain, leaf));
        }
    }
    authorities
}

/// What is reached from one certificate, step by step, that one first.
fn reached<'a>(
    first: &'a Found<'a>,
    all: &'a [Found<'a>],
    is_next: impl Fn(&[&Found<'_>], &Found<'_>) -> bool,
) -> Vec<&'a Found<'a>> {
    let mut chain = vec![first];
    while let Some(next) = all
        .iter()
        .find(|one| !has(&chain, one) && is_next(&chain, one))
    {
        chain.push(next);
    }
    chain
}

fn has(chain: &[&Found<'_>], one: &Found<'_>) -> bool {
    chain.iter().any(|known| std::ptr::eq(*known, one))
}

/// The authority of a chain, called as one of its files says.
fn authority(chain: &[&Found<'_>], named: &Found<'_>) -> CertificateAuthority {
    let anchor = chain.last().map(|found| found.certificate.subject_der());
    let subject = DistinguishedName::from_der(anchor.unwrap_or_default());
    CertificateAuthority {
        subject: subject.unwrap_or_default(),
        uri: named.file.uri.clone(),
        certificates: chain.iter().map(|one| one.certificate.clone()).collect(),
        valid_for: Window::ALWAYS,
        operator: String::new(),
    }
}
