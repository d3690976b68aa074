//! Tokens that lie ready: each provider's question, word for word, and who is refused.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread::{self, JoinHandle};

use data_encoding::BASE64URL_NOPAD;
use waxwing_client::ambient::{self, AmbientError, Provider, Surroundings};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_net::{Client, Retry, Settings};

/// A token of `name`, which nobody signed.
pub(crate) fn token_of(name: &str) -> String {
    let part = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
    let claims = format!(r#"{{"iss":"https://issuer.example","sub":"{name}"}}"#);
    format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#), part(&claims))
}

/// A server that answers once; and then what it was asked: the head in lines, and the body.
pub(crate) fn server(answer: String) -> (String, JoinHandle<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let length = head.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    (address, asked)
}

pub(crate) fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Where a program runs that has these variables and this file.
struct Place {
    variables: BTreeMap<&'static str, String>,
    file: std::path::PathBuf,
    /// What the firmware says.
    product_name_file: std::path::PathBuf,
    client: Client,
}

/// The time of assertions.
#[derive(Debug)]
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(1_764_000_000).unwrap()
    }
}

impl Place {
    fn new(variables: &[(&'static str, &str)], file: &Path) -> Self {
        let client = Client::network(Settings::default()).unwrap();
        let owned = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Self {
            variables: owned.collect(),
            file: file.to_owned(),
            product_name_file: "/none".into(),
            client: client.with_retry(Retry::never()),
        }
    }

    /// A job of GitHub Actions.
    fn workflow(url: &str, secret: &str) -> Self {
        let variables = [(GITHUB, url), (GITHUB_SECRET, secret)];
        Self::new(&variables, Path::new("/none"))
    }

    async fn ask(&self, provider: Option<Provider>) -> Option<Result<String, AmbientError>> {
        let variable = |name: &str| self.variables.get(name).cloned();
        let surroundings = Surroundings {
            variable: &variable,
            file: self.file.clone(),
            product_name_file: self.product_name_file.clone(),
            client: &self.client,
            clock: &Noon,
        };
        let token = match provider {
            Some(provider) => Some(provider.token(&surroundings).await),
            None => ambient::token(&surroundings).await,
        };
        token.map(|token| token.map(|token| token.name().to_owned()))
    }
}

const GITHUB: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_SECRET: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

#[tokio::test]
async fn github_is_asked_for_sigstore_with_its_secret() {
    let body = format!(r#"{{"count":1,"value":"{}"}}"#, token_of("workflow"));
    let (address, asked) = server(answer("200 OK", &body));
    let url = format!("{address}/token?api-version=2.0");
    let place = Place::workflow(&url, "secret");
    let name = place
        .ask(Some(Provider::GithubActions))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(name, "workflow");
    let (head, _) = asked.join().unwrap();
    assert_eq!(
        head[0],
        "GET /token?api-version=2.0&audience=sigstore HTTP/1.1"
    );
    assert!(
        head.contains(&"authorization: Bearer secret".to_owned()),
        "{head:?}"
    );
}

#[tokio::test]
async fn buildkite_is_asked_for_its_own_job() {
    let body = format!(r#"{{"token":"{}"}}"#, token_of("job"));
    let (address, asked) = server(answer("200 OK", &body));
    let place = Place::new(
        &[
            ("BUILDKITE_AGENT_ACCESS_TOKEN", "secret"),
            ("BUILDKITE_AGENT_ENDPOINT", &format!("{address}/v3/")),
            ("BUILDKITE_JOB_ID", "../7"),
        ],
        Path::new("/none"),
    );
    let name = place
        .ask(Some(Provider::BuildkiteAgent))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(name, "job");
    let (head, body) = asked.join().unwrap();
    assert_eq!(head[0], "POST /v3/jobs/..%2F7/oidc/tokens HTTP/1.1");
    assert!(
        head.contains(&"authorization: Token secret".to_owned()),
        "{head:?}"
    );
    assert_eq!(body, r#"{"audience":"sigstore"}"#);
}

#[tokio::test]
async fn variables_and_files_are_read_without_the_newline_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("oidc-token");
    std::fs::write(&file, format!("{}\n", token_of("pod"))).unwrap();
    let variable = format!("{}\n", token_of("variable"));
    let both = Place::new(&[("SIGSTORE_ID_TOKEN", &variable)], &file);
    assert_eq!(both.ask(None).await.unwrap().unwrap(), "pod");
    let one = Place::new(&[], &file);
    assert_eq!(one.ask(None).await.unwrap().unwrap(), "pod");
    let nobody = Place::new(&[], Path::new("/none"));
    assert!(nobody.ask(None).await.is_none());
}

#[tokio::test]
async fn whoever_fails_is_followed_by_the_next_and_the_last_is_told() {
    let body = format!(r#"{{"value":"{}"}}"#, token_of("workflow"));
    let (address, asked) = server(answer("200 OK", &body));
    let place = Place::new(
        &[
            (GITHUB, &address),
            (GITHUB_SECRET, "s"),
            ("SIGSTORE_ID_TOKEN", "no token"),
        ],
        Path::new("/none"),
    );
    assert_eq!(place.ask(None).await.unwrap().unwrap(), "workflow");
    asked.join().unwrap();
    let (address, asked) = server(answer("403 Forbidden", "no"));
    let place = Place::workflow(&address, "s");
    let told = place.ask(None).await.unwrap().unwrap_err().to_string();
    assert!(
        told.contains("github-actions: ") && told.contains("403"),
        "{told}"
    );
    asked.join().unwrap();
}

#[tokio::test]
async fn a_secret_goes_to_no_other_host_and_nowhere_in_the_clear() {
    let (address, asked) = server(
        "HTTP/1.1 302 Found\r\nlocation: http://localhost:9/\r\ncontent-length: 0\r\n\r\n"
            .to_owned(),
    );
    let place = Place::workflow(&address, "s");
    let refused = place
        .ask(Some(Provider::GithubActions))
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(
            &refused,
            AmbientError::Request {
                source: waxwing_net::Error::Redirect { .. },
                ..
            }
        ),
        "{refused}"
    );
    asked.join().unwrap();
    for url in ["http://example.com/", "ftp://127.0.0.1/", "nothing"] {
        let place = Place::workflow(url, "s");
        let refused = place
            .ask(Some(Provider::GithubActions))
            .await
            .unwrap()
            .unwrap_err();
        assert!(
            matches!(refused, AmbientError::Url { .. }),
            "{url}: {refused}"
        );
    }
}

#[tokio::test]
async fn answers_without_a_token_are_told_from_tokens_that_are_none() {
    for (body, words) in [
        ("<html>", "answered without a token"),
        (r#"{"token":"x"}"#, "answered without a token"),
        (r#"{"value":"x"}"#, "expected header.claims.signature"),
    ] {
        let (address, asked) = server(answer("200 OK", body));
        let place = Place::workflow(&address, "s");
        let told = place
            .ask(Some(Provider::GithubActions))
            .await
            .unwrap()
            .unwrap_err();
        assert!(told.to_string().contains(words), "{body}: {told}");
        asked.join().unwrap();
    }
    let place = Place::new(&[], Path::new("/none"));
    for (provider, words) in [
        (Provider::GithubActions, "permissions: id-token: write"),
        (
            Provider::BuildkiteAgent,
            "BUILDKITE_AGENT_ACCESS_TOKEN is not set",
        ),
        (Provider::Variable, "SIGSTORE_ID_TOKEN is not set"),
        (Provider::Filesystem, "there is no file /none"),
    ] {
        let told = place
            .ask(Some(provider))
            .await
            .unwrap()
            .unwrap_err()
            .to_string();
        assert!(told.contains(words), "{told}");
    }
    let unknown = "google".parse::<Provider>().unwrap_err().to_string();
    assert!(
        unknown.starts_with("google is not a valid provider"),
        "{unknown}"
    );
}
