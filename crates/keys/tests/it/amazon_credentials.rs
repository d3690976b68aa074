//! Where credentials for AWS are found, in which order, and that those that end are exchanged before they do.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use waxwing_crypto::KeyType;
use waxwing_encoding::time::UnixTime;
use waxwing_keys::{OpenError, Surroundings};
use waxwing_net::StatusCode;

use crate::amazon::{Amazon, HOST, REFERENCE};
use crate::world::{NOON, Noon, World, open, signs, surroundings};

const STS: &str = "https://sts.us-east-1.amazonaws.com";
const ECS: &str = "http://169.254.170.2:80";
const EC2: &str = "http://169.254.169.254:80";

/// Those who give credentials out: how often they did, and what they were asked.
#[derive(Clone, Default)]
struct Givers {
    given: Arc<Mutex<u32>>,
    asked: Arc<Mutex<Vec<String>>>,
    silent: Arc<Mutex<bool>>,
}

impl Givers {
    fn router(&self) -> Router {
        let givers = self.clone();
        Router::new().fallback(move |request: Request| givers.clone().answer(request))
    }

    async fn answer(self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
        let header = |name: &str| {
            let value = head.headers.get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let path = head.uri.path_and_query().unwrap().to_string();
        let line = format!(
            "{} {}{path} {}{} {}",
            head.method,
            header("host"),
            header("authorization"),
            header("x-aws-ec2-metadata-token"),
            String::from_utf8_lossy(&body)
        );
        self.asked.lock().unwrap().push(line.trim_end().to_owned());
        if *self.silent.lock().unwrap() {
            return (StatusCode::FORBIDDEN, "not now").into_response();
        }
        match path.as_str() {
            "/latest/api/token" => "machine-token".into_response(),
            "/latest/meta-data/iam/security-credentials/" => "the-role\n".into_response(),
            _ => {
                let mut given = self.given.lock().unwrap();
                *given += 1;
                let end = UnixTime::from_seconds(NOON + 3600 * i64::from(*given)).unwrap();
                let id = format!("ASIA{given}");
                let (secret, token) = (format!("secret{given}"), format!("token{given}"));
                if header("host").starts_with("sts.") {
                    return format!(
                        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
                         <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
                         <SessionToken>{token}</SessionToken><Expiration>{end}</Expiration></Credentials>\
                         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
                    )
                    .into_response();
                }
                axum::Json(serde_json::json!({
                    "Code": "Success", "AccessKeyId": id, "SecretAccessKey": secret, "Token": token,
                    "Expiration": end.to_string(),
                }))
                .into_response()
            }
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

struct Place {
    world: Arc<World>,
    givers: Givers,
    clock: Noon,
    surroundings: Surroundings,
}

impl Place {
    fn new(variables: &[(&str, &str)]) -> Self {
        let (world, givers, clock) = (
            World::new(KeyType::EcdsaP256),
            Givers::default(),
            Noon::new(),
        );
        let mut hosts = vec![(HOST, world.router(Amazon))];
        hosts.extend([STS, ECS, EC2].map(|host| (host, givers.router())));
        let variables = [&[("AWS_REGION", "us-east-1")], variables].concat();
        Self {
            surroundings: surroundings(&variables, &hosts, &clock),
            world,
            givers,
            clock,
        }
    }

    /// Who signed the requests, and with which token.
    async fn callers(&self) -> Vec<(String, String)> {
        let signer = open(REFERENCE, &self.surroundings).await;
        let signer = signer.unwrap_or_else(|error| panic!("{error}"));
        signs(&*signer, &self.world.key).await.unwrap();
        self.signers()
    }

    fn signers(&self) -> Vec<(String, String)> {
        let id = |authorization: &str| {
            let (_, rest) = authorization.split_once("Credential=").unwrap();
            rest.split('/').next().unwrap().to_owned()
        };
        let asked = self.world.asked().into_iter();
        asked
            .map(|asked| {
                (
                    id(asked.header("authorization")),
                    asked.header("x-amz-security-token").to_owned(),
                )
            })
            .collect()
    }

    async fn refused(&self) -> String {
        let refused: OpenError = open(REFERENCE, &self.surroundings).await.unwrap_err();
        refused.to_string()
    }
}

fn twice(id: &str, token: &str) -> Vec<(String, String)> {
    vec![(id.to_owned(), token.to_owned()); 2]
}

#[tokio::test]
async fn a_profile_has_keys() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".aws")).unwrap();
    let file = folder.path().join(".aws/credentials");
    let text = "[default]\naws_access_key_id = FIRST\naws_secret_access_key = s1\n[ci]\naws_access_key_id = SECOND\n\
                aws_secret_access_key = s2\naws_session_token = t2\n";
    std::fs::write(&file, text).unwrap();
    let home = folder.path().to_str().unwrap();
    let place = Place::new(&[("HOME", home)]);
    assert_eq!(place.callers().await, twice("FIRST", ""));
    let place = Place::new(&[("HOME", home), ("AWS_PROFILE", "ci")]);
    assert_eq!(place.callers().await, twice("SECOND", "t2"));
    let file = file.to_str().unwrap();
    let place = Place::new(&[("AWS_SHARED_CREDENTIALS_FILE", file)]);
    assert_eq!(place.callers().await, twice("FIRST", ""));
    // Variables go first, half a key in a file is none, and other ways are named.
    let place = Place::new(&[
        ("HOME", home),
        ("AWS_ACCESS_KEY_ID", "OWN"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ]);
    assert_eq!(place.callers().await, twice("OWN", ""));
    for (text, words) in [
        ("aws_access_key_id = HALF\n", "one half of an access key"),
        (
            "credential_process = /bin/id\n",
            "it gets credentials by credential_process, which is not known here",
        ),
        ("sso_session = x\n", "it gets credentials by sso_session"),
        (
            "role_arn = a\nsource_profile = b\n",
            "it gets credentials by source_profile",
        ),
        ("x\n", "line 2 is neither"),
    ] {
        std::fs::write(file, format!("[default]\n{text}")).unwrap();
        let place = Place::new(&[("HOME", home)]);
        let told = place.refused().await;
        assert!(told.contains(words), "{told}");
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_is_exchanged_again_before_the_end() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "header.claims.one\n").unwrap();
    let place = Place::new(&[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.path().to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/signer"),
    ]);
    let signer = open(REFERENCE, &place.surroundings).await.unwrap();
    signs(&*signer, &place.world.key).await.unwrap();
    assert_eq!(place.signers(), twice("ASIA1", "token1"));
    let question = |token: &str| {
        format!(
            "POST sts.us-east-1.amazonaws.com/  Action=AssumeRoleWithWebIdentity&Version=2011-06-15&\
             RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fsigner&RoleSessionName=waxwing&\
             WebIdentityToken=header.claims.{token}"
        )
    };
    assert_eq!(place.givers.asked(), [question("one")]);

    // Five minutes before the end the next ones are asked for, with the token that lies there then.
    std::fs::write(file.path(), "header.claims.two").unwrap();
    place.clock.put(3299);
    signs(&*signer, &place.world.key).await.unwrap();
    assert!(place.givers.asked().is_empty());
    place.clock.put(3300);
    signs(&*signer, &place.world.key).await.unwrap();
    assert_eq!(place.givers.asked(), [question("two")]);
    let signers: Vec<_> = place.signers().into_iter().map(|one| one.0).collect();
    assert_eq!(signers, ["ASIA1", "ASIA2"]);

    // Whoever does not answer is done without until the end.
    *place.givers.silent.lock().unwrap() = true;
    // Not for each signature: it may take its time to say nothing.
    for (second, times) in [(7000, 1), (7029, 0), (7030, 1)] {
        place.clock.put(second);
        signs(&*signer, &place.world.key).await.unwrap();
        assert_eq!(place.givers.asked().len(), times, "{second}");
    }
    place.clock.put(7199);
    signs(&*signer, &place.world.key).await.unwrap();
    place.clock.put(7200);
    let told = signer.sign(b"x").await.unwrap_err().to_string();
    assert!(
        told.contains("AWS STS refused to exchange the token (403): not now"),
        "{told}"
    );
    assert!(!told.contains("header.claims"), "{told}");
}

#[tokio::test]
async fn a_container_is_given_credentials() {
    let place = Place::new(&[(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "/v2/credentials/x",
    )]);
    assert_eq!(place.callers().await, twice("ASIA1", "token1"));
    assert_eq!(place.givers.asked(), ["GET 169.254.170.2/v2/credentials/x"]);

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "of the pod\n").unwrap();
    let place = Place::new(&[
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://169.254.170.2/v1",
        ),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "unread"),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            file.path().to_str().unwrap(),
        ),
    ]);
    assert_eq!(place.callers().await, twice("ASIA1", "token1"));
    assert_eq!(place.givers.asked(), ["GET 169.254.170.2/v1 of the pod"]);

    let place = Place::new(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/v1"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a secret"),
    ]);
    let told = place.refused().await;
    let words = "AWS_CONTAINER_CREDENTIALS_FULL_URI cannot be used: what is sent there would go to another machine in the \
                 clear";
    assert!(told.contains(words), "{told}");
    assert!(place.givers.asked().is_empty());
}

#[tokio::test]
async fn a_machine_has_a_role() {
    let place = Place::new(&[]);
    assert_eq!(place.callers().await, twice("ASIA1", "token1"));
    let folder = "169.254.169.254/latest/meta-data/iam/security-credentials/";
    assert_eq!(
        place.givers.asked(),
        [
            "PUT 169.254.169.254/latest/api/token".to_owned(),
            format!("GET {folder} machine-token"),
            format!("GET {folder}the-role machine-token"),
        ]
    );
    let place = Place::new(&[("AWS_EC2_METADATA_DISABLED", "true")]);
    let told = place.refused().await;
    assert!(
        told.contains("no credentials for AWS KMS: there are none in"),
        "{told}"
    );
    assert!(place.givers.asked().is_empty());
}
