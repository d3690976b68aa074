//! The sentences with which Fulcio refuses. Where the original has one that clients know, it stays;
//! the reason is in `details`, as a name for programs and a sentence for people.

use waxwing_crypto::PublicKeyError;
use waxwing_pki::csr::SigningRequestError;
use waxwing_pki::issue::IssueError;
use waxwing_serve::{Code, Rejection};

use crate::authority::IssueRefused;
use crate::possession::KeyRefused;
use crate::token::TokenRefused;

pub(crate) fn token(error: &TokenRefused) -> Rejection {
    let reason = match error {
        TokenRefused::Missing => "TOKEN_MISSING",
        TokenRefused::Shape | TokenRefused::Json(_) | TokenRefused::Header { .. } => {
            "TOKEN_MALFORMED"
        }
        TokenRefused::UnknownIssuer { .. } => "ISSUER_UNKNOWN",
        TokenRefused::Discovery(_) => "ISSUER_UNREACHABLE",
        TokenRefused::Algorithm { .. } => "ALGORITHM_NOT_ALLOWED",
        TokenRefused::Signature { .. } => "SIGNATURE_INVALID",
        TokenRefused::Audience { .. } => "AUDIENCE_MISMATCH",
        TokenRefused::Expired { .. } => "TOKEN_EXPIRED",
        TokenRefused::NotYetValid { .. } => "TOKEN_NOT_YET_VALID",
        TokenRefused::Claim { .. } => "CLAIM_INVALID",
        TokenRefused::Identity { source, .. } if source.is_about_the_certificate() => {
            return Rejection::invalid_argument(source.to_string())
                .because("CLAIM_INVALID", error.to_string());
        }
        TokenRefused::Identity { .. } => "CLAIM_INVALID",
        TokenRefused::Rule(refused) => {
            return Rejection::new(Code::PermissionDenied, refused.to_string())
                .because("RULE_REFUSED", refused.to_string());
        }
    };
    Rejection::invalid_argument("There was an error processing the identity token")
        .because(reason, error.to_string())
}

pub(crate) fn key(error: &KeyRefused) -> Rejection {
    let (message, reason) = match error {
        // Readable, but of an algorithm or a size that nobody should rely on.
        KeyRefused::PublicKey(PublicKeyError::Algorithm { .. })
        | KeyRefused::SigningRequest(SigningRequestError::PublicKey(PublicKeyError::Algorithm {
            ..
        }))
        | KeyRefused::Exponent => (
            "The public key supplied in the request is insecure",
            "KEY_INSECURE",
        ),
        KeyRefused::Missing | KeyRefused::PublicKey(_) => (
            "The public key supplied in the request could not be parsed",
            "KEY_INVALID",
        ),
        KeyRefused::Proof(_) | KeyRefused::SigningRequest(SigningRequestError::Signature(_)) => (
            "The signature supplied in the request could not be verified",
            "PROOF_INVALID",
        ),
        KeyRefused::Pem(_) | KeyRefused::Label { .. } | KeyRefused::SigningRequest(_) => (
            "The certificate signing request could not be parsed",
            "REQUEST_INVALID",
        ),
        KeyRefused::NotPermitted(refused) => {
            return Rejection::invalid_argument(refused.to_string())
                .because("KEY_NOT_PERMITTED", refused.to_string());
        }
    };
    Rejection::invalid_argument(message).because(reason, error.to_string())
}

pub(crate) fn issue(error: IssueRefused) -> Rejection {
    match error {
        IssueRefused::Issue(IssueError::Identity(error)) => {
            Rejection::invalid_argument(error.to_string())
        }
        // What failed inside is the operator's to know.
        IssueRefused::Issue(_) | IssueRefused::Backend { .. } => {
            Rejection::internal("error communicating with CA backend")
        }
        _ => Rejection::internal("Error entering certificate in CTL"),
    }
}
