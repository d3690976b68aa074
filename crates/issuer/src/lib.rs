//! The OIDC issuer: who somebody is, signed, in the form that Fulcio and Sigstore's clients read.
//!
//! ```text
//! {"iss":"http://waxwing.localhost/oidc","sub":"CgExEgVsb2NhbA","aud":"sigstore","exp":1764000060,
//!  "iat":1764000000,"email":"alice@example.com","email_verified":true,"nonce":"…","at_hash":"…",
//!  "federated_claims":{"connector_id":"local","user_id":"1"}}
//! ```
//!
//! It answers at the paths of Dex. [`Issuer::issue`] signs what its caller knows; everything else is a
//! login, and goes down one road:
//!
//! | Step | What happens | Where |
//! |---|---|---|
//! | 1 | the request is taken apart | `request/incoming.rs`, `waxwing_net::form` |
//! | 2 | client, redirect URI, scopes and challenge are checked | `request/authorization.rs` |
//! | 3 | a page: which connector, which password | `flow/authorize.rs`, `page/pages.rs` |
//! | 4a | a password, counted and checked | `login/local.rs`, `login/password.rs` |
//! | 4b | or another issuer's word | `login/upstream/`, `flow/callback.rs`, `waxwing_client::login` |
//! | 5 | a code for the program, or for the person to copy | `flow/finish.rs`, `state/code.rs` |
//! | 6 | the code for tokens | `flow/token.rs`, `flow/code_grant.rs`, `token.rs` |
//!
//! A device begins at `flow/device.rs`, comes to step 2 with the code that was typed, and asks for itself
//! in `flow/device_grant.rs`. What is remembered in between is in `state/`: in memory, bounded in number,
//! size and time. `docs/compat/issuer.md` says what agrees with Dex and what differs.

mod discovery;
mod es256;
mod flow;
#[doc(hidden)]
pub mod fuzzing;
mod issuer;
mod jwk;
mod login;
mod page;
mod person;
mod request;
mod routes;
mod signing_key;
mod state;
mod token;

pub use flow::answer::overloaded;
pub use issuer::{Issuer, IssuerError};
pub use login::password::{Cost, LONGEST_PASSWORD, PasswordError, PasswordHash, SHORTEST_PASSWORD};
pub use login::upstream::{IdTokenRefused, OidcConnector, UpstreamError};
pub use login::users::{MOST_USERS, MemoryUsers, User, Users, UsersError, read_users, write_users};
pub use login::users_file::FileUsers;
pub use person::LOCAL_CONNECTOR;
pub use request::client::OAuthClient;
pub use request::redirect_uri::{RedirectUri, RedirectUriError};
pub use routes::ROUTES;
pub use signing_key::SigningError;
pub use token::{Identity, IdentityError, IdentityToken, LONGEST_LIFETIME};
pub use waxwing_net::form::{Form, FormError, LONGEST_FORM, MOST_PARAMETERS};
