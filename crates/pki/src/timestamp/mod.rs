//! RFC 3161 timestamps: the request, the response that an authority makes, and its verification.
//!
//! A response is `SEQUENCE { status, ContentInfo }`; the content is CMS `SignedData` (RFC 5652) over
//! a `TSTInfo`, which holds the digest of what was stamped and the time.

mod authority;
mod info;
mod request;
mod response;
mod token;

pub use authority::TimestampAuthorityError;
pub use info::{Accuracy, TimestampInfo};
pub use request::{MOST_POLICY_COMPONENTS, TimestampRequest, TimestampRequestError};
pub use response::{TimestampAuthority, TimestampDetails, UnsignedTimestamp};
pub use token::{Timestamp, TimestampError, VerifiedTimestamp};
