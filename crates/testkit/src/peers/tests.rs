use super::{
    fault::{Fault, Faulty},
    *,
};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Words with which a check is left out, in pieces, so that this file does not hold them.
const WEAKENING: [&str; 4] = [
    concat!("inse", "cure"),
    concat!("ign", "ore"),
    concat!("private-infra", "structure"),
    concat!("requireCT", "log=false"),
];

/// A bundle of the conformance suite, if its folder is given.
struct Vector {
    folder: PathBuf,
    artifact: PathBuf,
}

impl Vector {
    fn named(name: &str, artifact: &str) -> Option<Self> {
        let Some(root) = env::var_os("WAXWING_CONFORMANCE") else {
            let _unheard = writeln!(io::stderr(), "skipped: {name}: no WAXWING_CONFORMANCE");
            return None;
        };
        let vectors = Path::new(&root).join("test/assets/bundle-verify");
        Some(Self {
            folder: vectors.join(name),
            artifact: vectors.join(artifact),
        })
    }

    /// Asks `peer` about this bundle with `fault` in it, or as it is.
    fn ask(&self, peer: &Installed, fault: Option<Fault>) -> Verdict {
        let bundle = self.folder.join("bundle.sigstore.json");
        let trusted_root = self.folder.join("trusted_root.json");
        let good = Case {
            artifact: &self.artifact,
            bundle: &bundle,
            trusted_root: &trusted_root,
            identity: IDENTITY,
            issuer: ISSUER,
        };
        let Some(fault) = fault else {
            return peer.verify(&good);
        };
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let faulty: Faulty = fault.put_into(&good, directory.path());
        peer.verify(&faulty.case())
    }
}

/// `peer` accepts a good bundle with an entry of Rekor v2, and refuses it with each fault for that fault's reason.
fn knows_every_fault(peer: Peer) {
    let Some(vector) = Vector::named("rekor2-happy-path", "a.txt") else {
        return;
    };
    let Some(peer) = require(peer) else { return };
    vector.ask(&peer, None).assert_accepted();
    for fault in Fault::ALL {
        let verdict = vector.ask(&peer, Some(fault));
        verdict.assert_refused(fault.words(peer.peer()));
    }
}

#[test]
fn cosign_knows_every_fault() {
    knows_every_fault(Peer::Cosign);
}

#[test]
fn sigstore_go_knows_every_fault() {
    knows_every_fault(Peer::SigstoreGo);
}

#[test]
fn sigstore_python_knows_every_fault() {
    knows_every_fault(Peer::SigstorePython);
}

#[test]
fn sigstore_js_knows_every_fault() {
    knows_every_fault(Peer::SigstoreJs);
}

#[test]
fn trixies_cosign_knows_rekor_v1_alone() {
    let Some(v2) = Vector::named("rekor2-happy-path", "a.txt") else {
        return;
    };
    let Some(peer) = require(Peer::CosignTrixie) else {
        return;
    };
    v2.ask(&peer, None)
        .assert_refused("nil value in transaction log entry");

    let name = "intoto-with-custom-trust-root";
    let v1 = Vector::named(name, &format!("{name}/artifact")).expect("the folder was given above");
    v1.ask(&peer, None).assert_accepted();
    // The entry is alone in its tree, so its proof has no hash; and what is signed is a statement, not the artifact.
    for fault in Fault::ALL {
        if !matches!(fault, Fault::InclusionProof | Fault::Artifact) {
            let verdict = v1.ask(&peer, Some(fault));
            verdict.assert_refused(fault.words(peer.peer()));
        }
    }
    v1.ask(&peer, Some(Fault::Artifact))
        .assert_refused("provided artifact digests do not match digests in statement");
}

#[test]
fn no_command_leaves_a_check_out() {
    let case = Case {
        artifact: Path::new("/artifact"),
        bundle: Path::new("/bundle"),
        trusted_root: Path::new("/root"),
        identity: "somebody@example.org",
        issuer: "https://issuer.example.org",
    };
    for peer in Peer::ALL {
        let line = command::arguments(
            peer,
            Path::new("/peer"),
            Path::new("/home"),
            &Question::from(&case),
        );
        assert_strict(peer.name(), &line.join(" "));
    }
}

#[test]
fn no_script_leaves_a_check_out() {
    let root = repository();
    let mut files = vec![root.join(".ci/peers"), root.join(".ci/run")];
    for folder in ["crates/testkit/src/peers", "tests/peers"] {
        let entries = fs::read_dir(root.join(folder)).expect("the folder is in the repository");
        files.extend(entries.map(|entry| entry.expect("the folder can be listed").path()));
    }
    for file in files {
        let text = fs::read_to_string(&file).expect("the harness is text");
        // What grpcio calls a channel in the clear, which is right for a Unix socket of this machine.
        let text = text.replace(concat!("grpc.inse", "cure_channel("), "");
        assert_strict(&file.display().to_string(), &text);
    }
}

fn assert_strict(name: &str, text: &str) {
    for word in WEAKENING {
        assert!(
            !text.to_lowercase().contains(&word.to_lowercase()),
            "{name} has `{word}`"
        );
    }
}

#[test]
fn an_answer_is_refused_only_with_its_reason() {
    let verdict = Verdict {
        accepted: false,
        code: Some(1),
        output: "the trusted root cannot be read".to_owned(),
    };
    verdict.assert_refused("cannot be read");
    let other = std::panic::catch_unwind(|| verdict.assert_refused("calculated root:"));
    assert!(other.is_err());
}

#[test]
fn a_program_has_an_environment_of_its_own() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let line = ["env".to_owned()];
    let finished = process::run(&line, home.path(), b"");
    let text = String::from_utf8_lossy(&finished.stdout);
    assert_eq!(finished.code, Some(0));
    assert!(text.contains(&format!("HOME={}\n", home.path().display())));
    assert!(!text.contains("CARGO"), "{text}");
}

#[test]
fn openssl_reads_its_standard_input() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let output = openssl.run(&["dgst", "-sha256", "-r"], b"waxwing");
    assert!(output.succeeded(), "{}", output.text());
    assert!(
        output.text().starts_with("3390bc93"),
        "{}: {}",
        openssl.version(),
        output.text()
    );
}
