//! Verification vectors: bundles with one fault each, and the same without it.
//!
//! `cargo run -p waxwing-testkit --example vectors` writes them all anew, with fresh keys, into
//! `tests/vectors/`. Each stands there in a folder of its name; `index.json` says of each what the
//! fault is, where the case comes from, the words with which our verifier must refuse it, and what
//! cosign, sigstore-go and sigstore-python say to the faulty and to the repaired bundle. What they
//! say was found by asking them (`-- --ask`) and then read by people: where a peer disagrees, or
//! agrees for another reason, `because` says why. Those answers survive when the files are written
//! anew.
//!
//! A case is a draft without a fault, and a function that puts the fault in:
//!
//! ```text
//! cases.refused("sct-missing", "…", "the certificate has no SCT", "0 of 1 signed",
//!     Draft::message(kit), |bad| bad.certified(|issuance| issuance.promises = None));
//! ```

pub mod ask;
mod cases;
mod draft;
pub mod index;
mod judge;
mod kit;
mod profile;
mod record;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use index::{BUNDLE, Index, REPAIRED, Terms, Vector, folder};

use draft::Draft;
pub use judge::judge;
pub use kit::Kit;

/// One vector before it is written.
#[derive(Debug)]
struct Case<'a> {
    name: &'static str,
    about: &'static str,
    source: &'static str,
    refusal: Option<&'static str>,
    bundle: Draft<'a>,
    repaired: Option<Draft<'a>>,
    terms: Terms,
    /// The key that is trusted, where it is not the signer's.
    key: Option<String>,
}

impl Case<'_> {
    /// Under other terms.
    fn under(&mut self, terms: Terms) -> &mut Self {
        self.terms = terms;
        self
    }

    /// Verified with this key, in PEM, and not with an identity.
    fn with_key(&mut self, pem: String) -> &mut Self {
        self.key = Some(pem);
        self
    }

    /// Verified with the signer's key and not with an identity.
    fn with_own_key(&mut self) -> &mut Self {
        let draft = self.repaired.as_ref().unwrap_or(&self.bundle);
        let pem = draft.key.public_key().to_pem();
        self.with_key(pem)
    }

    fn write(&self, shared_root: &[u8]) -> Vector {
        let home = folder().join(self.name);
        fs::create_dir_all(&home).expect("a folder can be made");
        let write = |path: &Path, content: &[u8]| {
            fs::write(home.join(path), content).expect("a file can be written");
        };
        let within = |file: &str| format!("{}/{file}", self.name);
        let root = |file: &str, content: &[u8]| match content == shared_root {
            true => TRUSTED_ROOT.to_owned(),
            false => {
                write(Path::new(file), content);
                within(file)
            }
        };
        let (bundle, faulty_root) = self.bundle.write();
        write(Path::new(BUNDLE), &bundle);
        let trusted_root = root(TRUSTED_ROOT, &faulty_root);
        let mut repaired_trusted_root = None;
        if let Some(repaired) = &self.repaired {
            let (bundle, repaired_root) = repaired.write();
            write(Path::new(REPAIRED), &bundle);
            if repaired_root != faulty_root {
                repaired_trusted_root = Some(root("trusted_root.repaired.json", &repaired_root));
            }
        }
        let mut terms = self.terms.clone();
        if let Some(key) = &self.key {
            write(Path::new("key.pem"), key.as_bytes());
            terms.key = Some(within("key.pem"));
        }
        Vector {
            name: self.name.into(),
            about: self.about.into(),
            source: self.source.into(),
            refusal: self.refusal.map(Into::into),
            artifact: ARTIFACT.into(),
            trusted_root,
            repaired_trusted_root,
            terms,
            peers: BTreeMap::new(),
        }
    }
}

const ARTIFACT: &str = "artifact";
const TRUSTED_ROOT: &str = "trusted_root.json";

/// All cases.
#[derive(Debug)]
pub struct Cases<'a> {
    kit: &'a Kit,
    cases: Vec<Case<'a>>,
}

impl<'a> Cases<'a> {
    /// Makes them all, with the keys of this kit.
    pub fn new(kit: &'a Kit) -> Self {
        let mut cases = Self {
            kit,
            cases: Vec::new(),
        };
        cases::add(&mut cases);
        cases
    }

    /// A vector without a fault.
    fn accepted(
        &mut self,
        name: &'static str,
        source: &'static str,
        about: &'static str,
        bundle: Draft<'a>,
    ) -> &mut Case<'a> {
        self.push(Case {
            name,
            about,
            source,
            refusal: None,
            bundle,
            repaired: None,
            terms: Terms::default(),
            key: None,
        })
    }

    /// A vector with the fault that `put` puts into `good`.
    fn refused(
        &mut self,
        name: &'static str,
        source: &'static str,
        about: &'static str,
        words: &'static str,
        good: Draft<'a>,
        put: impl FnOnce(Draft<'a>) -> Draft<'a>,
    ) -> &mut Case<'a> {
        self.push(Case {
            name,
            about,
            source,
            refusal: Some(words),
            bundle: put(good.clone()),
            repaired: Some(good),
            terms: Terms::default(),
            key: None,
        })
    }

    fn push(&mut self, case: Case<'a>) -> &mut Case<'a> {
        let last = self.cases.len();
        self.cases.push(case);
        &mut self.cases[last]
    }

    /// Writes every file in the place of those that were there; the peers' answers are kept.
    ///
    /// # Panics
    ///
    /// When the folder cannot be written.
    pub fn write(&self) {
        let known = Index::read();
        let mut opinions: BTreeMap<String, _> = known
            .vectors
            .into_iter()
            .map(|vector| (vector.name, vector.peers))
            .collect();
        // What is not written again must not stay.
        if folder().exists() {
            fs::remove_dir_all(folder()).expect("the folder can be emptied");
        }
        fs::create_dir_all(folder()).expect("a folder can be made");
        let root = self.kit.trusted_root().to_json();
        let root = root.expect("a trusted root can be written");
        fs::write(folder().join(TRUSTED_ROOT), &root).expect("a file can be written");
        fs::write(folder().join(ARTIFACT), kit::ARTIFACT).expect("a file can be written");
        let mut vectors: Vec<Vector> = self.cases.iter().map(|case| case.write(&root)).collect();
        for vector in &mut vectors {
            vector.peers = opinions.remove(&vector.name).unwrap_or_default();
        }
        Index {
            identity: kit::IDENTITY.into(),
            issuer: kit::ISSUER.into(),
            vectors,
        }
        .write();
    }
}
