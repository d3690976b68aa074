//! The services as their clients call them, and the signing flow that goes from one to the next.
//!
//! [`sign::Signer::sign`] is the road from an artifact's digest to a bundle; every request on it
//! travels through [`waxwing_net::Client`], which may lead across a network or to a router in the
//! same process. Whom a client trusts, and with which services it signs, is found by [`trust::TrustStore`].

pub mod ambient;
pub mod fulcio;
pub mod google;
pub mod logging;
pub mod login;
pub mod rekor;
pub mod rekor_v1;
pub mod services;
pub mod sign;
mod step;
pub mod timestamp;
pub mod token;
pub mod trust;

pub use sign::{By, SignError, Signed, Signer, What};
pub use step::Step;
pub use token::{IdentityToken, TokenError};
