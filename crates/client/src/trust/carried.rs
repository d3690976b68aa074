//! The instances that the program knows without being told: their addresses, where to begin, and whom
//! they had their clients trust when the program was made. `crates/client/trust/README.md` says where
//! the files come from.

/// An instance that the program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// The URL of its TUF repository.
    pub mirror: &'static str,
    /// A root of it.
    pub root: &'static [u8],
    /// Its trusted root.
    pub trusted_root: &'static [u8],
}

/// The public instance.
pub const PUBLIC_GOOD: Carried = Carried {
    mirror: "https://tuf-repo-cdn.sigstore.dev",
    root: include_bytes!("../../trust/public_good.root.json"),
    trusted_root: include_bytes!("../../trust/public_good.trusted_root.json"),
};

/// Its staging instance.
pub const STAGING: Carried = Carried {
    mirror: "https://tuf-repo-cdn.sigstage.dev",
    root: include_bytes!("../../trust/staging.root.json"),
    trusted_root: include_bytes!("../../trust/staging.trusted_root.json"),
};

/// Names that the public repository had.
const OLDER_NAMES: [&str; 3] = [
    "sigstore-tuf-root",
    "https://sigstore-tuf-root.storage.googleapis.com",
    "https://storage.googleapis.com/sigstore-tuf-root",
];

/// A repository by the name that it has now, and without a slash at its end.
pub(super) fn canonical(mirror: &str) -> &str {
    let mirror = mirror.trim_end_matches('/');
    match OLDER_NAMES.contains(&mirror) {
        true => PUBLIC_GOOD.mirror,
        false => mirror,
    }
}

impl Carried {
    /// The instance of a repository, if the program knows it.
    pub(super) fn of(mirror: &str) -> Option<Self> {
        let known = [PUBLIC_GOOD, STAGING];
        known.into_iter().find(|one| one.mirror == mirror)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_crypto::HashAlgorithm;
    use waxwing_encoding::hex;
    use waxwing_encoding::time::UnixTime;
    use waxwing_model::TrustedRoot;
    use waxwing_tuf::client::{LocalCopy, Refresh, Start};

    #[test]
    fn what_the_program_carries_is_what_was_published() {
        let readme = include_str!("../../trust/README.md");
        for (carried, logs) in [(PUBLIC_GOOD, 2), (STAGING, 4)] {
            for file in [carried.root, carried.trusted_root] {
                let digest = hex::encode(HashAlgorithm::Sha256.digest(file).as_bytes());
                assert!(readme.contains(&digest), "{digest}");
            }
            let root = TrustedRoot::from_json(carried.trusted_root).unwrap();
            assert_eq!(root.transparency_logs.len(), logs);
            assert_eq!(root.passed_over, []);
            let start = Start {
                root: carried.root.to_vec(),
                local: LocalCopy::new(),
                now: UnixTime::EARLIEST,
            };
            Refresh::start(start).expect("a root that vouches for itself");
        }
    }

    #[test]
    fn a_repository_has_one_name() {
        for name in OLDER_NAMES {
            assert_eq!(canonical(name), PUBLIC_GOOD.mirror);
        }
        assert_eq!(
            canonical("https://host.example/tuf/"),
            "https://host.example/tuf"
        );
        assert_eq!(Carried::of(STAGING.mirror), Some(STAGING));
        assert_eq!(Carried::of("https://host.example/tuf"), None);
    }
}
