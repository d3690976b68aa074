//! The OIDC issuer: discovery (OpenID Connect Discovery 1.0), keys (RFC 7517) and identity tokens.
//!
//! An [`Issuer`] signs who somebody is, in the form that Fulcio reads:
//!
//! ```text
//! {"iss":"http://waxwing.localhost/oidc","sub":"CgVhbGljZQ","aud":"sigstore","exp":1764000060,
//!  "iat":1764000000,"email":"alice@example.com","email_verified":true}
//! ```
//!
//! It signs with ES256 alone. The flows in which people log in are not here yet, so the discovery
//! document names no endpoint for them.

mod es256;
mod issuer;
mod jwk;
mod token;

pub use issuer::{Issuer, IssuerError, ROUTES};
pub use token::{Identity, IdentityError, IdentityToken, LONGEST_LIFETIME};
