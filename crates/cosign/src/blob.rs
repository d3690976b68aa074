//! What was signed or is to be: a file, the standard input, a page, or a digest that somebody else made.
//!
//! ```text
//! app.tar.gz    -    https://example.com/app.tar.gz    sha256:a0cf…
//! ```
//!
//! A file of any size is hashed while it is read, with a bar on a terminal.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use waxwing_cli::{Output, Progress, files};
use waxwing_crypto::{Digest, HashAlgorithm, Hasher};
use waxwing_encoding::hex;
use waxwing_verify::Artifact;
use waxwing_verify::artifact::LARGEST_WHOLE_ARTIFACT;

use crate::Means;

/// How much is in memory while it is hashed.
const CHUNK: usize = 256 * 1024;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Blob {
    /// A file.
    File(PathBuf),
    /// The standard input, which can be read once.
    StandardInput,
    /// A page.
    Url(String),
    /// A digest in the place of what it is of.
    Digest(Digest),
}

/// What was read of a blob.
pub(crate) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// Its digests.
    Digests(Vec<Digest>),
}

impl Content {
    /// As the verifier takes it.
    pub(crate) fn as_artifact(&self) -> Artifact<'_> {
        match self {
            Self::Whole(bytes) => Artifact::Bytes(bytes),
            Self::Digests(digests) => Artifact::Digests(digests),
        }
    }
}

impl Blob {
    /// What a name means. A file that is there is that file, whatever its name looks like.
    pub(crate) fn named(name: &str) -> anyhow::Result<Self> {
        if name == "-" {
            return Ok(Self::StandardInput);
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Ok(Self::Url(name.to_owned()));
        }
        let path = Path::new(name);
        if path.exists() {
            return Ok(Self::File(path.to_owned()));
        }
        match name.split_once(':') {
            Some((algorithm, digits)) if hash(algorithm).is_some() => {
                digest(algorithm, digits).map(Self::Digest)
            }
            // Reading it says that it is not there.
            _ => Ok(Self::File(path.to_owned())),
        }
    }

    /// Its digests by several functions, in their order; or all of it, where `whole` asks for that and
    /// it is small enough.
    pub(crate) async fn read(
        &self,
        hashes: &[HashAlgorithm],
        whole: bool,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Content> {
        match self {
            Self::File(path) => {
                let size = files::size(path)?;
                if whole && size <= LARGEST_WHOLE_ARTIFACT as u64 {
                    return Ok(Content::Whole(files::read(path, LARGEST_WHOLE_ARTIFACT)?));
                }
                let file = std::fs::File::open(path);
                let file = file.with_context(|| format!("opening {}", path.display()))?;
                let mut progress = Progress::bytes(output, size);
                let digests = digests(file, hashes, |done| progress.show(output, done));
                progress.end(output);
                let digests = digests.with_context(|| format!("reading {}", path.display()))?;
                Ok(Content::Digests(digests))
            }
            Self::StandardInput if whole => {
                let mut bytes = Vec::new();
                let limit = LARGEST_WHOLE_ARTIFACT as u64 + 1;
                let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
                read.context("reading the standard input")?;
                ensure!(
                    bytes.len() <= LARGEST_WHOLE_ARTIFACT,
                    "the standard input has more than {LARGEST_WHOLE_ARTIFACT} bytes, the most that a key of \
                     this kind signs"
                );
                Ok(Content::Whole(bytes))
            }
            Self::StandardInput => {
                let read = digests(io::stdin().lock(), hashes, |_| {});
                Ok(Content::Digests(
                    read.context("reading the standard input")?,
                ))
            }
            Self::Url(url) => {
                let answer = means.client.get(url).await?.expect_success()?;
                Ok(Content::Whole(answer.body.to_vec()))
            }
            Self::Digest(digest) => {
                ensure!(
                    !whole || hashes.contains(&digest.algorithm()),
                    "a key of this kind signs the artifact itself and not its digest: name the file"
                );
                Ok(Content::Digests(vec![*digest]))
            }
        }
    }
}

fn digests(
    mut reader: impl Read,
    hashes: &[HashAlgorithm],
    mut progress: impl FnMut(u64),
) -> io::Result<Vec<Digest>> {
    let mut hashers: Vec<Hasher> = hashes.iter().copied().map(Hasher::new).collect();
    let mut chunk = vec![0; CHUNK];
    let mut done = 0;
    loop {
        let read = match reader.read(&mut chunk) {
            Ok(0) => return Ok(hashers.into_iter().map(Hasher::finish).collect()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let part = chunk.get(..read).unwrap_or_default();
        for hasher in &mut hashers {
            hasher.update(part);
        }
        done += read as u64;
        progress(done);
    }
}

/// The names that flags and statements have for hashes.
const HASHES: [(&str, HashAlgorithm); 3] = [
    ("sha256", HashAlgorithm::Sha256),
    ("sha384", HashAlgorithm::Sha384),
    ("sha512", HashAlgorithm::Sha512),
];

/// A hash by its name.
pub(crate) fn hash(name: &str) -> Option<HashAlgorithm> {
    let mut hashes = HASHES.into_iter();
    hashes
        .find(|(known, _)| *known == name)
        .map(|(_, hash)| hash)
}

/// A digest as people write it: `sha256:a0cf…`.
pub(crate) fn spelled(digest: &Digest) -> String {
    let mut hashes = HASHES.into_iter();
    let name = hashes.find(|(_, hash)| *hash == digest.algorithm());
    let name = name.map_or("", |(name, _)| name);
    format!("{name}:{}", hex::encode(digest.as_bytes()))
}

/// A digest by the name of its hash and its digits.
pub(crate) fn digest(algorithm: &str, digits: &str) -> anyhow::Result<Digest> {
    let Some(hash) = hash(algorithm) else {
        bail!("{algorithm:?} is no hash; expected sha256, sha384 or sha512");
    };
    let bytes = hex::decode(&digits.to_ascii_lowercase()).ok();
    let digest = bytes.and_then(|bytes| Digest::new(hash, &bytes));
    digest.with_context(|| format!("{digits:?} is no {algorithm} digest in hexadecimal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_a_page_the_standard_input_or_a_digest() {
        let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let empty = HashAlgorithm::Sha256.digest(b"");
        for (name, expected) in [
            ("-", Blob::StandardInput),
            ("app", Blob::File("app".into())),
            ("https://h/app", Blob::Url("https://h/app".into())),
            (&format!("sha256:{digits}"), Blob::Digest(empty)),
            ("md5:00", Blob::File("md5:00".into())),
        ] {
            assert_eq!(Blob::named(name).unwrap(), expected, "{name}");
        }
        let short = Blob::named("sha256:e3b0").unwrap_err().to_string();
        assert!(short.contains("is no sha256 digest"), "{short}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("sha256:{digits}"));
        std::fs::write(&path, b"a file").unwrap();
        let name = path.to_str().unwrap();
        assert_eq!(Blob::named(name).unwrap(), Blob::File(path.clone()));
    }
}
