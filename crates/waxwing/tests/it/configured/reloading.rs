//! Files that change while an instance runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use waxwing_crypto::KeyType;

use super::server::{Server, key, until};
use crate::program::{printed, run, waxwing};

fn issuers(names: &[&str]) -> String {
    let one = |name: &&str| {
        format!("  https://{name}.example.com: {{type: email, client-id: sigstore}}\n")
    };
    let all: String = names.iter().map(one).collect();
    format!("oidc-issuers:\n{all}")
}

fn believes(server: &Server, name: &str) -> bool {
    let configuration = server.get("/api/v2/configuration").is(200).text();
    configuration.contains(&format!("https://{name}.example.com"))
}

/// Files as Kubernetes mounts them: links to a link, which is exchanged.
struct Mount<'a>(&'a Path);

impl Mount<'_> {
    fn show(&self, version: &str, files: &[(&str, &[u8])]) {
        let folder = self.0.join(format!("..{version}"));
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in files {
            fs::write(folder.join(name), content).unwrap();
            let link = self.0.join(name);
            if !link.exists() {
                symlink(format!("..data/{name}"), link).unwrap();
            }
        }
        symlink(format!("..{version}"), self.0.join("..data_tmp")).unwrap();
        fs::rename(self.0.join("..data_tmp"), self.0.join("..data")).unwrap();
    }
}

#[test]
fn fulcio_believes_what_its_file_says_when_a_link_is_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = folder.path().join("mounted");
    fs::create_dir(&mounted).unwrap();
    let mount = Mount(&mounted);
    mount.show("1", &[("fulcio.yaml", issuers(&["one"]).as_bytes())]);
    let settings = "watch-files: 100ms\nfulcio: {configuration: mounted/fulcio.yaml}\n";
    let server = Server::within(folder, settings, &[]);
    assert!(believes(&server, "one") && !believes(&server, "two"));
    let mounted = server.path().join("mounted");
    let mount = Mount(&mounted);
    mount.show("2", &[("fulcio.yaml", issuers(&["one", "two"]).as_bytes())]);
    until("the second issuer", || believes(&server, "two"));
    // What cannot be read changes nothing, and is said; what can be read then is taken again.
    mount.show(
        "3",
        &[(
            "fulcio.yaml",
            b"oidc-issuers: {'https://three.example.com': {type: nonsense}}",
        )],
    );
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(believes(&server, "two"));
    // The instance's own issuer is believed all the time.
    server.certificate(&key(KeyType::EcdsaP256)).is(200);
    mount.show("4", &[("fulcio.yaml", issuers(&["four"]).as_bytes())]);
    until("the fourth issuer", || believes(&server, "four"));
    assert!(!believes(&server, "one"));
    let said = server.running.stop();
    let expected = "the client-id is empty";
    assert!(
        said.contains(expected) && said.contains("Fulcio believes whom it believed before"),
        "{said}"
    );
}

fn hang_up(server: &Server) {
    let id = server.running.id().to_string();
    let sent = Command::new("kill").args(["-s", "HUP", &id]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn files_are_read_again_when_it_is_asked_to_and_only_then() {
    let key = key(KeyType::EcdsaP256);
    let server = Server::start("watch-files: 0\n");
    let rules = |email: &str| {
        let issuer = format!("{}/oidc", server.url());
        format!(
            "watch-files: 0\nfulcio:\n  rules:\n    - issuer: {issuer}\n      require: {{email: ['{email}']}}\n"
        )
    };
    server.certificate(&key).is(200);
    let file = server.path().join("up.yaml");
    fs::write(&file, rules("nobody@example.com")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    server.certificate(&key).is(200);
    hang_up(&server);
    until("the rule", || server.certificate(&key).status == 403);
    fs::write(&file, rules("me@example.com")).unwrap();
    hang_up(&server);
    until("the other rule", || server.certificate(&key).status == 200);
    fs::write(&file, "listne: 127.0.0.1:1").unwrap();
    // Whoever asks twice is told twice.
    for _ in 0..2 {
        hang_up(&server);
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    server.certificate(&key).is(200);
    let said = server.running.stop();
    assert_eq!(said.matches("did you mean listen?").count(), 2, "{said}");
}

/// What is read well but cannot be built is not what a later change is built from.
#[test]
fn beliefs_that_come_to_nothing_are_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fulcio.yaml"), issuers(&["one"])).unwrap();
    let settings =
        "watch-files: 100ms\nfulcio: {configuration: fulcio.yaml, kubernetes: {ca: nowhere.crt}}\n";
    let server = Server::within(folder, settings, &[]);
    let cluster =
        "oidc-issuers: {'https://kubernetes.default.svc': {type: kubernetes, client-id: sigstore}}";
    fs::write(server.path().join("fulcio.yaml"), cluster).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(800));
    assert!(believes(&server, "one"));
    let rotated = ["rotate", "issuer", "--data", "data", "--after", "0s"];
    let rotated = run(&waxwing(), server.path(), rotated);
    assert!(rotated.status.success(), "{}", printed(&rotated));
    assert!(believes(&server, "one"));
    server.certificate(&key(KeyType::EcdsaP256)).is(200);
    let said = server.running.stop();
    assert!(said.contains("nowhere.crt"), "{said}");
}

/// A certificate for 127.0.0.1, with its key: its name tells it from others.
fn certificate(folder: &Path, name: &str) -> [Vec<u8>; 2] {
    crate::up::certify(folder, name, &["subjectAltName=IP:127.0.0.1"]);
    ["chain.pem", "key.pem"].map(|name| fs::read(folder.join(name)).unwrap())
}

#[test]
fn new_connections_get_a_certificate_that_was_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = folder.path().join("mounted");
    fs::create_dir(&mounted).unwrap();
    let [chain, private] = certificate(folder.path(), "first");
    Mount(&mounted).show("1", &[("tls.crt", &chain), ("tls.key", &private)]);
    let settings =
        "watch-files: 100ms\ntls: {certificate: mounted/tls.crt, key: mounted/tls.key}\n";
    let server = Server::within(folder, settings, &[]);
    let address = server.url().strip_prefix("https://").unwrap().to_owned();
    let shown = || {
        let asked = Command::new("openssl")
            .args(["s_client", "-connect", &address])
            .stdin(Stdio::null())
            .output();
        printed(&asked.unwrap())
    };
    assert!(shown().contains("CN = first"), "{}", shown());
    let [chain, private] = certificate(server.path(), "second");
    let mounted = server.path().join("mounted");
    // Half of it is no pair: the first stays.
    Mount(&mounted).show("2", &[("tls.crt", &chain)]);
    fs::copy(mounted.join("..1/tls.key"), mounted.join("..2/tls.key")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(shown().contains("CN = first"), "{}", shown());
    Mount(&mounted).show("3", &[("tls.crt", &chain), ("tls.key", &private)]);
    until("the second certificate", || shown().contains("CN = second"));
    let said = server.running.stop();
    assert!(said.contains("the old certificate stays"), "{said}");
}
