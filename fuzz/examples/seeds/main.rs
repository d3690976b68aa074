//! Writes the seeds below `corpus/`: one good input for each target, and some that only just fail.
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --example seeds
//! ```
//!
//! The keys are made afresh and thrown away, so a second run writes other bytes. Run it when a
//! format changes; otherwise leave the seeds alone, because every run of the fuzzer starts there.

mod grpc;
mod rekor_v1;
mod tuf;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use rekor_v1::RekorV1;
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm, SystemRandom};
use waxwing_encoding::{base64, pem};
use waxwing_entries::dsse;
use waxwing_entries::hashedrekord::{self, Proposal, Verifier};
use waxwing_fuzz::{ARTIFACT, ISSUER, at, identity, years};
use waxwing_model::bundle::{
    Content, InclusionProof, KeyMaterial, LogEntry, MessageSignature, Version,
};
use waxwing_model::signing_config::{Selector, Service};
use waxwing_model::trusted_root::{self, CertificateAuthority, TransparencyLog};
use waxwing_model::{Bundle, SigningConfig, TrustedRoot};
use waxwing_model::{Window, legacy_bundle};
use waxwing_pki::issue::{Authority, CodeSigningLeaf, Purpose, SerialNumber, Validity};
use waxwing_pki::sct::{self, SignedCertificateTimestamp};
use waxwing_pki::timestamp::{TimestampAuthority, TimestampDetails, TimestampRequest};
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{self, Node};
use waxwing_tlog::note::{Note, NoteSigner, NoteVerifier};
use waxwing_tlog::proof_file::TlogProof;
use waxwing_tlog::{bundle, tile::Tile, tile::Width};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LOG: &str = "log.example.com";

fn main() -> Result<()> {
    let authorities = Authorities::new()?;
    let log = Log::new()?;
    let (ct_log, promise, certificate, key) = certificate(&authorities)?;
    let signature = key.sign(ARTIFACT)?;
    let digest = HashAlgorithm::Sha256.digest(ARTIFACT);

    let request = TimestampRequest {
        digest: HashAlgorithm::Sha256.digest(&signature),
        policy: None,
        nonce: Some(vec![0x7f, 1]),
        certificate: true,
    };
    let details = TimestampDetails {
        time: at("2026-06-01T12:00:05Z"),
        serial: SerialNumber::new([7; 20]),
    };
    let timestamp = authorities.timestamps.respond(&request, details)?;
    seed("timestamp_request", "good.der", request.to_der())?;
    seed("timestamp_response", "good.der", &timestamp)?;

    let proposal = Proposal {
        digest,
        signature: signature.clone(),
        verifier: Verifier::Certificate(Box::new(certificate.clone())),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
    };
    seed("proposal", "certificate.json", proposal.to_json()?)?;
    let verifier = Verifier::PublicKey(key.public_key().clone());
    let with_key = Proposal {
        verifier,
        ..proposal.clone()
    };
    seed("proposal", "public_key.json", with_key.to_json()?)?;

    let body = proposal.check()?.into_body();
    let (entry, checkpoint) = log.entry(body)?;
    let root = checkpoint.root();
    seed("checkpoint", "good.txt", checkpoint.to_string())?;
    seed(
        "checkpoint",
        "extension.txt",
        checkpoint.with_extension("Timestamp: 1")?.to_string(),
    )?;
    let proof = entry.inclusion_proof.as_ref().ok_or("a proof")?;
    seed("note", "good.txt", &proof.checkpoint)?;
    let file = TlogProof::new(1, vec![root; 2], &proof.checkpoint)?;
    seed("proof_file", "good.txt", file.to_string())?;
    let file = file.with_extra(b"extra".to_vec());
    seed("proof_file", "extra.txt", file.to_string())?;

    let envelope = rekor_v1::envelope(&key)?;
    let verifier = Verifier::Certificate(Box::new(certificate.clone()));
    let of_envelope = dsse::Proposal {
        payload_type: envelope.payload_type.clone(),
        payload: envelope.payload.clone(),
        signatures: vec![envelope.signature.clone()],
        verifiers: vec![dsse::SignatureVerifier {
            verifier,
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        }],
    };
    seed("proposal", "dsse.json", of_envelope.to_json()?)?;
    for (name, request) in grpc::requests(&proposal, &of_envelope)? {
        seed("grpc_request", name, request)?;
    }
    let bodies = rekor_v1::bodies(&proposal, &envelope, &certificate)?;
    for (number, (name, body)) in bodies.iter().enumerate() {
        let choice = u8::try_from(number)?;
        seed("entry_body", name, [&[choice], body.as_slice()].concat())?;
    }
    let length = u8::try_from(envelope.payload_type.len())?;
    let payload_type = envelope.payload_type.as_bytes();
    let statement = [&[length], payload_type, &envelope.payload].concat();
    seed("statement", "good.bin", statement)?;
    let rekor_v1 = RekorV1::new()?;
    let dsse = bodies.into_iter().find(|(name, _)| *name == "dsse_v1.bin");
    let (_, dsse) = dsse.ok_or("a body of dsse 0.0.1")?;
    let of_envelope = rekor_v1.bundle(envelope, certificate.clone(), dsse)?;
    seed("bundle", "envelope.json", of_envelope.to_json()?)?;
    seed("verify", "envelope.json", of_envelope.to_json()?)?;
    let older = legacy_bundle::to_json(&of_envelope)?;
    seed("legacy_bundle", "envelope.json", older)?;

    let good = Bundle {
        version: Version::V0_3,
        key_material: KeyMaterial::Certificate {
            leaf: certificate.clone(),
            chain: Vec::new(),
        },
        content: Content::Message(MessageSignature {
            digest: Some(digest),
            signature,
        }),
        entries: vec![entry],
        timestamps: vec![timestamp],
    };
    seed("bundle", "good.json", good.to_json()?)?;
    seed("verify", "good.json", good.to_json()?)?;
    seed("verify", "signature.edit", [6, 0, 9, 1])?;
    seed(
        "trusted_root",
        "good.json",
        trusted_root(&authorities, &log, &rekor_v1, &ct_log)?.to_json()?,
    )?;
    seed("signing_config", "good.json", signing_config()?.to_json()?)?;

    let roots = [&authorities.code_signing[1], &authorities.code_signing[0]];
    for (name, certificate) in [
        ("root.der", roots[0]),
        ("issuing.der", roots[1]),
        ("leaf.der", &certificate),
    ] {
        seed("certificate", name, certificate.der())?;
    }
    seed(
        "certificate",
        "precertificate.der",
        promise.precertificate.der(),
    )?;
    submissions(&roots, &promise.precertificate, &certificate)?;
    timestamps()?;
    seed("sct_list", "one.bin", promise.sct.to_bytes()?)?;
    seed(
        "sct_list",
        "list.bin",
        sct::list(&[promise.sct.clone(), promise.sct])?,
    )?;
    let key = PrivateKey::generate(KeyType::EcdsaP256)?;
    seed("private_key", "plain.pem", key.to_pem()?.as_bytes())?;
    let encrypted = key.to_sigstore_pem(b"", &SystemRandom)?;
    seed("private_key", "encrypted.pem", encrypted.as_bytes())?;
    for kind in [KeyType::EcdsaP256, KeyType::Ed25519] {
        let name = format!("{kind:?}.der").to_lowercase();
        seed(
            "signing_request",
            &name,
            signing_request(&PrivateKey::generate(kind)?)?,
        )?;
    }
    for kind in [
        KeyType::EcdsaP256,
        KeyType::EcdsaP384,
        KeyType::EcdsaP521,
        KeyType::Ed25519,
        KeyType::Rsa(2048),
        KeyType::MlDsa44,
    ] {
        let name = format!("{kind:?}").to_lowercase().replace(['(', ')'], "");
        let key = PrivateKey::generate(kind)?;
        let key = key.public_key();
        seed("public_key", &format!("{name}.der"), key.spki_der())?;
        if let KeyType::Rsa(_) = kind {
            seed("public_key", "pkcs1.der", key.bits())?;
        }
    }
    seed(
        "pem",
        "chain.pem",
        format!(
            "before\n{}between\n{}",
            roots[1].to_pem(),
            roots[0].to_pem()
        ),
    )?;
    seed(
        "pem",
        "headers.pem",
        "-----BEGIN A-----\nProc-Type: 4\n\nAQI=\n-----END A-----\n",
    )?;
    seed("pem", "short.pem", pem::encode("PUBLIC KEY", &[1, 2]))?;

    for (name, tile) in [
        ("hashes.txt", Tile::hashes(2, 1_234_067, Width::Full)),
        ("entries.txt", Tile::entries(u64::MAX, Width::Full)),
        (
            "partial.txt",
            Tile::data(1000, Width::new(255).ok_or("a width")?),
        ),
    ] {
        seed("tile_path", name, tile.to_string())?;
    }
    let repository = tuf::repository()?;
    for (target, path, name) in [
        ("tuf_root", "1.root.json", "first.json"),
        ("tuf_root", "2.root.json", "second.json"),
        ("tuf_timestamp", "timestamp.json", "good.json"),
        ("tuf_snapshot", "1.snapshot.json", "good.json"),
        ("tuf_targets", "1.targets.json", "good.json"),
        ("tuf_targets", "1.a.json", "delegated.json"),
        ("tuf_canonical_json", "timestamp.json", "timestamp.json"),
    ] {
        let text = repository.get(path).ok_or("a file of the repository")?;
        seed(target, name, text)?;
    }
    seed("tuf_targets", "succinct.json", tuf::SUCCINCT)?;
    seed(
        "tuf_canonical_json",
        "strings.json",
        r#"{"\":"\"\u0000\n\ud83d\ude00","":[-1,18446744073709551615,null,true]}"#,
    )?;
    seed("tuf_client", "good.json", serde_json::to_vec(&repository)?)?;
    seed("tuf_client", "signature.edit", [4, 0, 90, 1])?;

    for (width, name) in [(3_u8, "three.bin"), (0, "full.bin")] {
        let count = if width == 0 { 256 } else { usize::from(width) };
        let entries: Vec<&[u8]> = (0..count).map(|entry| &b"waxwing"[..entry % 3]).collect();
        seed(
            "entry_bundle",
            name,
            [vec![width], bundle::encode(&entries)?].concat(),
        )?;
    }
    for (name, text) in [
        ("utc.txt", "2026-11-22T15:40:09Z"),
        ("offset.txt", "2026-11-22T17:40:09.000000001+02:00"),
        ("before_1970.txt", "1969-12-31T23:59:59.5Z"),
        ("last.txt", "9999-12-30T00:00:00Z"),
    ] {
        seed("time", name, text)?;
    }
    for (name, text) in [
        ("mirror", r#"{"mirror":"https://sigstore.example/tuf"}"#),
        (
            "asked",
            r#"{"lastTimestamp":"2026-11-28T19:34:20.604559844Z"}"#,
        ),
        ("url", "http://127.0.0.1:4961/tuf"),
    ] {
        seed("trust_cache", name, text)?;
    }
    witnesses(&log)?;
    for (name, pattern) in [
        (
            "workflow.txt",
            r"^https://github\.com/example/[^/]+/\.github/workflows/release\.ya?ml@refs/tags/v\d+$",
        ),
        ("classes.txt", r"(?i)[[:alpha:]\d&&--]{2,3}\p{Greek}|\bx\b"),
        ("escapes.txt", r"\Qa.b\E\101\x41\x{42}(?P<name>a)(?<b>c*?)"),
        ("unknown.txt", r"(?x) \Z"),
    ] {
        seed("pattern", name, pattern)?;
    }
    Ok(())
}

/// Chains for a CT log, queries, and entries of its data tiles.
fn submissions(
    roots: &[&Certificate; 2],
    precertificate: &Certificate,
    certificate: &Certificate,
) -> Result<()> {
    for (name, leaf) in [
        ("pre_chain.json", precertificate),
        ("chain.json", certificate),
    ] {
        let chain = [leaf, roots[1], roots[0]].map(|link| base64::encode(link.der()));
        let json = serde_json::json!({ "chain": chain });
        seed("ct_submission", name, json.to_string())?;
    }
    let zeros = "A".repeat(42);
    for (name, query) in [
        ("proof.txt", format!("hash={zeros}E%3D&tree_size=8")),
        (
            "plus.txt",
            format!("tree_size={}&hash={}8=", i64::MAX, "+/".repeat(21)),
        ),
        ("consistency.txt", "first=3&second=8".into()),
        ("beyond.txt", format!("start=0&end={}", 1_u64 << 63)),
    ] {
        seed("ct_parameters", name, query)?;
    }
    let time = 1_764_000_000_123_u64.to_be_bytes();
    let extensions = [0, 8, 0, 0, 5, 0, 0, 0, 0, 0x70];
    let fingerprints = [&[0, 64][..], &[0; 32], &[1; 32]].concat();
    let entry = [&[0, 0, 0, 0, 4][..], b"cert"].concat();
    let entry = [&time[..], &entry, &extensions, &fingerprints].concat();
    seed("ct_tile_leaf", "certificate.bin", entry)?;
    let entry = [&[0, 1][..], &[7; 32], &[0, 0, 3], b"tbs"].concat();
    let submitted = [&[0, 0, 3][..], b"pre"].concat();
    let entry = [&time[..], &entry, &extensions, &submitted, &fingerprints].concat();
    seed("ct_tile_leaf", "precertificate.bin", entry)
}

/// Requests in JSON, and answers of time servers behind the two times of the clock.
fn timestamps() -> Result<()> {
    for (name, hash, rest) in [
        (
            "good.json",
            HashAlgorithm::Sha512,
            r#""certificates":true,"nonce":9223372036854775808,"tsaPolicyOID":"1.2.3.4","#,
        ),
        ("least.json", HashAlgorithm::Sha256, ""),
    ] {
        let digest = base64::encode(hash.digest(b"signature").as_bytes());
        let hash = format!("{hash:?}").to_lowercase();
        let json = format!(r#"{{{rest}"artifactHash":"{digest}","hashAlgorithm":"{hash}"}}"#);
        seed("timestamp_request_json", name, json)?;
    }
    let now = 1_764_000_000_u64;
    let clock = [now * 1000, now * 1000 + 100]
        .map(u64::to_le_bytes)
        .concat();
    let time = [(now + 2_208_988_800) as u32, 1 << 31].map(u32::to_be_bytes);
    let times = [time.concat(), time.concat()].concat();
    let cookie = [0, 1, 2, 3, 4, 5, 6, 7];
    for (name, stratum, code) in [("good.bin", 2, [0; 4]), ("rate.bin", 0, *b"RATE")] {
        let head = [&[0x24, stratum, 6, 0xe9][..], &[0; 8], &code, &[0; 8]].concat();
        let answer = [&clock[..], &head, &cookie, &times].concat();
        seed("ntp_answer", name, answer)?;
    }
    Ok(())
}

/// Keys of a log and of two witnesses, and a policy over them.
fn witnesses(log: &Log) -> Result<()> {
    let key = PrivateKey::generate(KeyType::EcdsaP256)?;
    let ecdsa = NoteVerifier::ecdsa(LOG, key.public_key())?;
    seed("note_verifier", "ecdsa.txt", ecdsa.to_string())?;
    seed(
        "note_verifier",
        "log.txt",
        log.signer.verifier().to_string(),
    )?;
    let mut policy = format!("# one of two\nlog {}\n", log.signer.verifier());
    for name in ["first", "second"] {
        let key = PrivateKey::generate(KeyType::Ed25519)?;
        let key = NoteVerifier::cosignature_v1(name, key.public_key())?;
        seed("note_verifier", &format!("{name}.txt"), key.to_string())?;
        policy += &format!("witness {name} {key} https://{name}.example.com\n");
    }
    policy += "group either any first second\n";
    seed(
        "witness_policy",
        "good.txt",
        policy.clone() + "quorum either\n",
    )?;
    seed("witness_policy", "none.txt", policy + "quorum none\n")
}

fn seed(target: &str, name: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(name), bytes)?)
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: "example.com".into(),
        common_name: common_name.into(),
    }
}

struct Authorities {
    issuing: Authority,
    /// The issuing certificate and its root.
    code_signing: Vec<Certificate>,
    timestamps: TimestampAuthority,
}

impl Authorities {
    fn new() -> Result<Self> {
        let key = || PrivateKey::generate(KeyType::EcdsaP256);
        let root = |common_name, number| {
            Authority::root(
                key()?,
                &name(common_name),
                SerialNumber::new([number; 20]),
                years(),
            )
            .map_err(Box::<dyn Error>::from)
        };
        let code_root = root("root", 1)?;
        let issuing = code_root.intermediate(
            key()?,
            &name("issuing"),
            SerialNumber::new([2; 20]),
            years(),
            Purpose::CodeSigning,
        )?;
        let time_root = root("timestamp root", 3)?;
        let stamping = time_root.timestamp_leaf(
            key()?,
            &name("timestamps"),
            SerialNumber::new([4; 20]),
            years(),
        )?;
        Ok(Self {
            code_signing: vec![issuing.certificate.clone(), code_root.certificate],
            issuing,
            timestamps: TimestampAuthority::new(stamping, vec![time_root.certificate]),
        })
    }
}

struct Promise {
    precertificate: Certificate,
    sct: SignedCertificateTimestamp,
}

/// A leaf with the promise of a CT log, whose key comes first.
fn certificate(
    authorities: &Authorities,
) -> Result<(PrivateKey, Promise, Certificate, PrivateKey)> {
    let (log, key) = (
        PrivateKey::generate(KeyType::EcdsaP256)?,
        PrivateKey::generate(KeyType::EcdsaP256)?,
    );
    let identity = identity();
    let leaf = CodeSigningLeaf {
        public_key: key.public_key(),
        identity: &identity,
        claims: waxwing_pki::fulcio::Claims::NONE,
        serial: SerialNumber::new([5; 20]),
        validity: Validity {
            not_before: at("2026-06-01T12:00:00Z"),
            not_after: at("2026-06-01T12:10:00Z"),
        },
    };
    let precertificate = authorities.issuing.precertificate(&leaf)?;
    let entry = sct::precertificate_entry(
        &precertificate,
        authorities.issuing.certificate.public_key(),
    )?;
    let timestamp = at("2026-06-01T12:00:00.5Z").milliseconds();
    let extensions = vec![0, 0, 5, 0, 0, 0, 0, 0x70];
    let signature = log.sign(&sct::signed_bytes(timestamp, &entry, &extensions)?)?;
    let log_id = log.public_key().sha256_of_spki();
    let sct = SignedCertificateTimestamp {
        log_id,
        timestamp,
        extensions,
        algorithm: [4, 3],
        signature,
    };
    let certificate = authorities
        .issuing
        .code_signing_leaf(&leaf, &sct::list(std::slice::from_ref(&sct))?)?;
    Ok((
        log,
        Promise {
            precertificate,
            sct,
        },
        certificate,
        key,
    ))
}

struct Log {
    key: Arc<PrivateKey>,
    signer: NoteSigner,
}

impl Log {
    fn new() -> Result<Self> {
        let key = Arc::new(PrivateKey::generate(KeyType::Ed25519)?);
        let signer = NoteSigner::ed25519(LOG, Arc::clone(&key))?;
        Ok(Self { key, signer })
    }

    fn id(&self) -> Vec<u8> {
        self.key.public_key().sha256_of_spki().to_vec()
    }

    /// The entry at index 1 of 3, so that its proof has two hashes.
    fn entry(&self, body: Vec<u8>) -> Result<(LogEntry, Checkpoint)> {
        let leaves = [b"first".as_slice(), &body, b"third"].map(merkle::leaf_hash);
        let node = |node: Node| match node {
            Node { level: 0, index } => leaves.get(usize::try_from(index).ok()?).copied(),
            Node { level: 1, index: 0 } => Some(merkle::node_hash(&leaves[0], &leaves[1])),
            _ => None,
        };
        let root = merkle::root(3, node)?;
        let checkpoint = Checkpoint::new(LOG, 3, root)?;
        let note = Note::new(&checkpoint.to_string())?;
        let signature = self.signer.sign(&note, at("2026-06-01T12:00:06Z"))?;
        let inclusion_proof = InclusionProof {
            log_index: 1,
            root_hash: root,
            tree_size: 3,
            hashes: merkle::inclusion_proof(1, 3, node)?,
            checkpoint: note.with_signature(signature).to_string(),
        };
        let entry = LogEntry {
            log_index: 1,
            log_id: self.id(),
            kind: hashedrekord::KIND.into(),
            version: hashedrekord::VERSION.into(),
            integrated_time: None,
            inclusion_promise: None,
            inclusion_proof: Some(inclusion_proof),
            canonicalized_body: body,
        };
        Ok((entry, checkpoint))
    }
}

fn window() -> Window {
    Window {
        start: years().not_before,
        end: None,
    }
}

fn trusted_root(
    authorities: &Authorities,
    log: &Log,
    rekor_v1: &RekorV1,
    ct_log: &PrivateKey,
) -> Result<TrustedRoot> {
    let transparency_log = |key: &PrivateKey, host: &str| TransparencyLog {
        base_url: format!("https://{host}"),
        public_key: key.public_key().clone(),
        algorithm: key.algorithm(),
        valid_for: window(),
        log_id: key.public_key().sha256_of_spki().to_vec(),
        checkpoint_key_id: None,
        operator: String::new(),
    };
    let authority =
        |host: &str, common_name: &str, certificates: Vec<Certificate>| CertificateAuthority {
            subject: name(common_name),
            uri: format!("https://{host}"),
            certificates,
            valid_for: window(),
            operator: String::new(),
        };
    let stamping = authorities.timestamps.certificates().cloned().collect();
    Ok(TrustedRoot {
        version: trusted_root::Version::V0_1,
        passed_over: Vec::new(),
        transparency_logs: vec![
            transparency_log(&log.key, LOG),
            transparency_log(&rekor_v1.key, rekor_v1::HOST),
        ],
        certificate_authorities: vec![authority(
            "ca.example.com",
            "root",
            authorities.code_signing.clone(),
        )],
        ct_logs: vec![transparency_log(ct_log, "ct.example.com")],
        timestamp_authorities: vec![authority("time.example.com", "timestamp root", stamping)],
    })
}

fn signing_config() -> Result<SigningConfig> {
    let service = |url: &str, major_api_version| Service {
        url: url.into(),
        major_api_version,
        valid_for: window(),
        operator: "example.com".into(),
    };
    Ok(SigningConfig {
        certificate_authorities: vec![service("https://ca.example.com", 1)],
        oidc_issuers: vec![service(ISSUER, 1)],
        transparency_logs: vec![service("https://log.example.com", 2)],
        timestamp_authorities: vec![service("https://time.example.com/api/v1/timestamp", 1)],
        transparency_log_selector: Selector::Any,
        timestamp_authority_selector: Selector::Any,
    })
}

/// PKCS#10 by hand: nothing of ours writes one.
fn signing_request(key: &PrivateKey) -> Result<Vec<u8>> {
    let spki = key.public_key().spki_der();
    let info = element(0x30, &[&[2, 1, 0], &[0x30, 0], spki, &[0xa0, 0]]);
    let algorithm: &[u8] = match key.algorithm() {
        SignatureAlgorithm::Ed25519 => &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70],
        _ => &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
    };
    let signature = element(3, &[&[0], &key.sign(&info)?]);
    Ok(element(0x30, &[&info, algorithm, &signature]))
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = match value.len() {
        short @ 0..0x80 => vec![short as u8],
        middle @ 0x80..0x100 => vec![0x81, middle as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [vec![tag], length, value].concat()
}
