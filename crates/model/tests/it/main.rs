//! The documents as their users meet them: each rule of ProtoJSON and of each version has a good
//! document, and the same one with that rule alone broken.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bundle_parts;
mod bundle_versions;
mod documents;
mod proto_json;
mod round_trips;
mod single_files;
mod trusted_root;
