//! What a path asks of each of its certificates.

use crate::certificate::Certificate;
use crate::chain::ChainError;
use crate::issue::Purpose;
use crate::name_constraints::NameConstraints;
use crate::oid;
use crate::read::MalformedDer;
use crate::rules::{DIGITAL_SIGNATURE, KEY_CERT_SIGN, Rules};

/// The rules of a certificate that could be read.
pub(super) fn rules<'a>(
    role: &'static str,
    certificate: &'a Certificate,
) -> Result<&'a Rules, ChainError> {
    let rules = certificate.rules().as_ref();
    rules.map_err(|source| ChainError::Der {
        role,
        source: source.clone(),
    })
}

/// A leaf must say what it is for: the purpose itself, and digital signatures.
pub(super) fn require_leaf(leaf: &Certificate, purpose: Purpose) -> Result<(), ChainError> {
    let role = "leaf";
    let rules = rules(role, leaf)?;
    if rules.authority {
        return Err(ChainError::LeafIsAuthority);
    }
    if rules.key_usage.unwrap_or(0) & DIGITAL_SIGNATURE == 0 {
        return Err(ChainError::KeyUsage {
            role,
            expected: "digitalSignature",
        });
    }
    if !rules.is_for(purpose.oid()) {
        return Err(ChainError::ExtendedKeyUsage { role, purpose });
    }
    require_known(role, rules)
}

/// An issuer may be silent: without key usage it may sign certificates, without extended key usage
/// it may issue for any purpose, as Go's verifier has it.
pub(super) fn require_issuer(
    role: &'static str,
    issuer: &Certificate,
    purpose: Purpose,
) -> Result<(), ChainError> {
    let rules = rules(role, issuer)?;
    if !rules.authority {
        return Err(ChainError::NotAnAuthority { role });
    }
    if rules.key_usage.unwrap_or(KEY_CERT_SIGN) & KEY_CERT_SIGN == 0 {
        return Err(ChainError::KeyUsage {
            role,
            expected: "keyCertSign",
        });
    }
    let any = oid::ANY_EXTENDED_KEY_USAGE;
    if rules.purposes.is_some() && !rules.is_for(purpose.oid()) && !rules.is_for(any) {
        return Err(ChainError::ExtendedKeyUsage { role, purpose });
    }
    require_known(role, rules)
}

fn require_known(role: &'static str, rules: &Rules) -> Result<(), ChainError> {
    match rules.unknown_critical {
        None => Ok(()),
        Some(oid) => Err(ChainError::UnknownCriticalExtension { role, oid }),
    }
}

/// Whether the leaf's extended key usage is critical and names `purpose` alone, as RFC 3161
/// section 2.3 demands of timestamp authorities.
pub(crate) fn is_for_this_purpose_alone(
    leaf: &Certificate,
    purpose: Purpose,
) -> Result<bool, MalformedDer> {
    let rules = leaf.rules().as_ref().map_err(Clone::clone)?;
    Ok(rules.purposes_are_critical && rules.purposes.as_deref() == Some(&[purpose.oid()]))
}

/// Checks every name of a certificate below an authority with these constraints.
pub(super) fn check_names(
    constraints: &NameConstraints,
    role: &'static str,
    certificate: &Certificate,
) -> Result<(), ChainError> {
    let names = certificate.extension(oid::SUBJECT_ALTERNATIVE_NAME);
    match constraints.refused(certificate.subject_der(), names) {
        Ok(None) => Ok(()),
        Ok(Some(name)) => Err(ChainError::NameConstraint { role, name }),
        Err(source) => Err(ChainError::Der { role, source }),
    }
}
