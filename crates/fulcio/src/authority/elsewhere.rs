//! An authority whose key is with a service that signs by it: two signatures for a certificate with a promise.

use std::sync::Arc;

use waxwing_encoding::time::UnixTime;
use waxwing_keys::Signer;
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{AuthorityRefused, check_authority};
use waxwing_pki::issue::{CodeSigningLeaf, Ending, assemble, code_signing_tbs};

use crate::authority::{IssueRefused, Issuer, Signing};

/// A key elsewhere, with the chain over it.
#[derive(Debug)]
pub struct RemoteIssuer {
    signer: Arc<dyn Signer>,
    issuing: Certificate,
    chain: Vec<Certificate>,
}

impl RemoteIssuer {
    /// Issues with `signer` under `chain`, the issuing certificate first, after every check that
    /// [`check_authority`] makes at `now`.
    pub fn checked(
        signer: Arc<dyn Signer>,
        chain: Vec<Certificate>,
        now: UnixTime,
    ) -> Result<Self, AuthorityRefused> {
        check_authority(&chain, signer.public_key(), now)?;
        let issuing = chain.first().cloned().ok_or(AuthorityRefused::Empty)?;
        Ok(Self {
            signer,
            issuing,
            chain,
        })
    }

    async fn signed(
        &self,
        leaf: &CodeSigningLeaf<'_>,
        ending: Ending<'_>,
    ) -> Result<Certificate, IssueRefused> {
        let algorithm = self.signer.algorithm();
        let tbs = code_signing_tbs(&self.issuing, algorithm, leaf, ending)?;
        let signature = self.signer.sign(&tbs).await;
        let signature = signature.map_err(|error| IssueRefused::Backend {
            problem: error.to_string(),
        })?;
        Ok(assemble(&tbs, algorithm, &signature)?)
    }
}

impl Issuer for RemoteIssuer {
    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn precertificate<'a>(&'a self, leaf: &'a CodeSigningLeaf<'a>) -> Signing<'a> {
        Box::pin(self.signed(leaf, Ending::Poison))
    }

    fn certificate<'a>(
        &'a self,
        leaf: &'a CodeSigningLeaf<'a>,
        sct_list: Option<&'a [u8]>,
    ) -> Signing<'a> {
        let ending = sct_list.map_or(Ending::Nothing, Ending::SctList);
        Box::pin(self.signed(leaf, ending))
    }
}
