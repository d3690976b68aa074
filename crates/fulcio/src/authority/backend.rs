//! Where the issuing key lives: the door for files, memory, key services, and later PKCS#11.
//!
//! A [`Backend`] gives the [`Issuer`] of the moment, and the issuer signs two things. What a
//! certificate says is decided before; a key that lives elsewhere takes the bytes to be signed from
//! [`code_signing_tbs`](waxwing_pki::issue::code_signing_tbs) and puts its signature under them with
//! [`assemble`](waxwing_pki::issue::assemble).

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use waxwing_encoding::time::UnixTime;
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{AuthorityRefused, check_authority};
use waxwing_pki::issue::{Authority, CodeSigningLeaf};

use crate::authority::IssueRefused;

/// A certificate to come.
pub type Signing<'a> = Pin<Box<dyn Future<Output = Result<Certificate, IssueRefused>> + Send + 'a>>;

/// Where the issuing key lives.
pub trait Backend: Debug + Send + Sync {
    /// The key and the chain of this moment. Who issues takes them once for each certificate.
    fn issuer(&self) -> Arc<dyn Issuer>;

    /// Chains that are to be trusted beside that of the issuer, each with its root last.
    fn other_chains(&self) -> Vec<Vec<Certificate>> {
        Vec::new()
    }
}

/// One key with the chain over it, neither of which ever changes.
pub trait Issuer: Debug + Send + Sync {
    /// The issuing certificate first, the root last; never empty.
    fn chain(&self) -> &[Certificate];

    /// Whether it can sign a precertificate first. Services that make certificates whole cannot;
    /// their leaves get promises that stand beside them.
    fn embeds(&self) -> bool {
        true
    }

    /// The precertificate of `leaf`, signed.
    fn precertificate<'a>(&'a self, leaf: &'a CodeSigningLeaf<'a>) -> Signing<'a>;

    /// The leaf with its list of SCTs, or without one, signed.
    fn certificate<'a>(
        &'a self,
        leaf: &'a CodeSigningLeaf<'a>,
        sct_list: Option<&'a [u8]>,
    ) -> Signing<'a>;
}

/// A key in memory.
#[derive(Debug)]
pub struct LocalIssuer {
    authority: Authority,
    chain: Vec<Certificate>,
}

/// A backend that never changes.
#[derive(Debug)]
pub struct Fixed(Arc<dyn Issuer>);

impl LocalIssuer {
    /// Issues with `issuing`; `above` are the certificates over it, the root last.
    pub fn new(issuing: Authority, above: Vec<Certificate>) -> Self {
        let mut chain = vec![issuing.certificate.clone()];
        chain.extend(above);
        Self {
            authority: issuing,
            chain,
        }
    }

    /// The same, after every check that [`check_authority`] makes at `now`.
    pub fn checked(
        issuing: Authority,
        above: Vec<Certificate>,
        now: UnixTime,
    ) -> Result<Self, AuthorityRefused> {
        let issuer = Self::new(issuing, above);
        check_authority(&issuer.chain, issuer.authority.key.public_key(), now)?;
        Ok(issuer)
    }
}

impl Fixed {
    /// Always this issuer.
    pub fn new(issuer: impl Issuer + 'static) -> Self {
        Self(Arc::new(issuer))
    }
}

impl Backend for Fixed {
    fn issuer(&self) -> Arc<dyn Issuer> {
        Arc::clone(&self.0)
    }
}

impl Issuer for LocalIssuer {
    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn precertificate<'a>(&'a self, leaf: &'a CodeSigningLeaf<'a>) -> Signing<'a> {
        Box::pin(async { Ok(self.authority.precertificate(leaf)?) })
    }

    fn certificate<'a>(
        &'a self,
        leaf: &'a CodeSigningLeaf<'a>,
        sct_list: Option<&'a [u8]>,
    ) -> Signing<'a> {
        Box::pin(async move {
            Ok(match sct_list {
                Some(list) => self.authority.code_signing_leaf(leaf, list)?,
                None => self.authority.code_signing_leaf_without_scts(leaf)?,
            })
        })
    }
}
