//! The messages and services that are spoken over gRPC.
//!
//! `proto/` has our own `.proto` files with the packages, names and numbers of the public ones, so that
//! a client generated from those is understood. `src/generated/` is made from them by
//! `cargo run -p waxwing-protos --example generate`; a test makes it again and compares. The generator
//! is no dependency of the product, and `protoc` is not needed.
//!
//! ```text
//! proto/fulcio.proto ─▶ fulcio::v2             proto/rekor/v2/*.proto ─▶ rekor::v2
//! proto/fulcio_legacy.proto ─▶ fulcio::v1beta  proto/sigstore_rekor.proto ─▶ rekor::v1
//! ```
//!
//! A message that was decoded is not checked yet: any field may be missing. The services read it into
//! types of their own at once.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable
    )
)]

use std::fmt;

use prost::encoding::{self, DecodeContext, WireType};

/// The compiled `.proto` files with all that they import: a `google.protobuf.FileDescriptorSet`, which
/// is what reflection answers with.
pub const FILE_DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

/// Every service by its full name, and its methods. The path of a call is `/` service `/` method.
pub const SERVICES: &[(&str, &[&str])] = include!("generated/methods.rs");

pub use dev::sigstore::{common, fulcio, rekor};
pub use google::{api, rpc};
pub use grpc::health;
pub use io::intoto;

impl fmt::Debug for fulcio::v2::Credentials {
    /// Without the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(secret)")
    }
}

impl fmt::Debug for fulcio::v2::credentials::Credentials {
    /// Without the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OidcIdentityToken(secret)")
    }
}

// The modules nest as the packages do, since generated code finds its neighbours by `super`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
mod dev {
    pub mod sigstore {
        pub mod common {
            pub mod v1 {
                include!("generated/dev.sigstore.common.v1.rs");
            }
        }
        pub mod fulcio {
            //! The certificate authority.
            pub mod v1beta {
                include!("generated/dev.sigstore.fulcio.v1beta.rs");
            }
            pub mod v2 {
                include!("generated/dev.sigstore.fulcio.v2.rs");
            }
        }
        pub mod rekor {
            //! The transparency log.
            pub mod v1 {
                include!("generated/dev.sigstore.rekor.v1.rs");
            }
            pub mod v2 {
                include!("generated/dev.sigstore.rekor.v2.rs");
            }
        }
    }
}

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
mod google {
    pub mod api {
        include!("generated/google.api.rs");
    }
    pub mod rpc {
        include!("generated/google.rpc.rs");
    }
}

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
mod grpc {
    pub mod health {
        pub mod v1 {
            include!("generated/grpc.health.v1.rs");
        }
    }
}

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
mod io {
    pub mod intoto {
        include!("generated/io.intoto.rs");
    }
}

/// How often a field stands in a message, without a value being made of it: a list of empty messages
/// takes two bytes an element on the wire and twenty times that once it is decoded, so that whoever
/// limits a list counts it before. `path` has the numbers of the fields from the message down.
///
/// What is no message is counted as far as it can be read; decoding refuses it.
pub fn occurrences(mut message: &[u8], path: &[u32]) -> usize {
    let Some((field, below)) = path.split_first() else {
        return 0;
    };
    let mut found = 0;
    while let Ok((number, kind)) = encoding::decode_key(&mut message) {
        if number == *field && kind == WireType::LengthDelimited {
            let length = encoding::decode_varint(&mut message).ok();
            let length = length.and_then(|length| usize::try_from(length).ok());
            let Some((inner, rest)) = length.and_then(|length| message.split_at_checked(length))
            else {
                break;
            };
            found += match below.is_empty() {
                true => 1,
                false => occurrences(inner, below),
            };
            message = rest;
        } else if encoding::skip_field(kind, number, &mut message, DecodeContext::default())
            .is_err()
        {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::rekor::v2::{CreateEntryRequest, DsseRequestV002, Verifier, create_entry_request};
    use super::*;

    #[test]
    #[expect(deprecated, reason = "still proposed")]
    fn elements_are_counted_wherever_their_list_is_continued() {
        let request = |verifiers: usize, signatures: usize| {
            let signatures = vec![intoto::Signature::default(); signatures];
            let request = DsseRequestV002 {
                envelope: Some(intoto::Envelope {
                    payload: vec![0x12; 300],
                    signatures,
                    ..Default::default()
                }),
                verifiers: vec![Verifier::default(); verifiers],
            };
            let spec = Some(create_entry_request::Spec::DsseRequestV002(request));
            CreateEntryRequest { spec }.encode_to_vec()
        };
        let one = request(3, 2);
        assert_eq!(occurrences(&one, &[2, 2]), 3);
        assert_eq!(occurrences(&one, &[2, 1, 3]), 2);
        assert_eq!(occurrences(&one, &[1]), 0);
        assert_eq!(occurrences(&one, &[]), 0);
        // Protobuf joins what stands twice.
        let joined = [one, request(4, 0)].concat();
        let decoded = CreateEntryRequest::decode(joined.as_slice()).unwrap();
        let Some(create_entry_request::Spec::DsseRequestV002(decoded)) = decoded.spec else {
            panic!("another kind");
        };
        assert_eq!(decoded.verifiers.len(), 7);
        assert_eq!(occurrences(&joined, &[2, 2]), 7);
        // Cut off, in the middle of an element or of a length.
        assert_eq!(occurrences(&joined[..joined.len() - 1], &[2, 2]), 3);
        assert_eq!(occurrences(&[0x12], &[2]), 0);
        assert_eq!(occurrences(&[0x12, 0xff, 0xff], &[2]), 0);
    }
}
