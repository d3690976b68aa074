//! Issuers under a private root: trusted through their own `ca-cert`, and by nobody else's.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use waxwing_crypto::KeyType;
use waxwing_encoding::time::UnixTime;
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::{FetchError, TokenRefused, TokenVerifier};
use waxwing_net::{Client, Error, Retry, Settings};

use crate::issuer::TokenKey;
use crate::world::{NOW, claims};

/// For the address 127.0.0.1, made for the tests of the client.
const ROOT: &str = include_str!("../../../net/tests/data/root.pem");
const SERVER: &str = include_str!("../../../net/tests/data/server_127.0.0.1.pem");
const SERVER_KEY: &str = include_str!("../../../net/tests/data/server_127.0.0.1.key.pem");

/// An issuer behind TLS whose one key is `key`; gives its URL.
async fn serve(key: Value) -> String {
    let chain = vec![CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap()];
    let private = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(chain, private).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let discovery = json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"),
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let keys = json!({"keys": [key]});
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 1024];
            let length = stream.read(&mut head).await.unwrap_or_default();
            let is_keys = head[..length].starts_with(b"GET /keys ");
            let body = if is_keys { &keys } else { &discovery }.to_string();
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

#[tokio::test]
async fn an_issuers_own_root_is_trusted_for_it_alone() {
    let key = TokenKey::new("first", KeyType::EcdsaP256);
    let (own, other) = (serve(key.jwk()).await, serve(key.jwk()).await);
    let port = |url: &str| url.rsplit_once(':').unwrap().1.to_owned();
    let mut configured = json!({"OIDCIssuers": {}, "MetaIssuers": {}});
    let issuer = |ca: &str| json!({"ClientID": "sigstore", "Type": "email", "CACert": ca});
    configured["OIDCIssuers"][&own] = issuer(ROOT);
    configured["OIDCIssuers"][&other] = issuer("");
    let by_pattern = serve(key.jwk()).await;
    let pattern = by_pattern.replace(&port(&by_pattern), "*");
    configured["MetaIssuers"][&pattern] = issuer(ROOT);
    let configuration = Configuration::read(configured.to_string().as_bytes()).unwrap();
    let settings = Settings {
        retry: Retry::never(),
        ..Settings::default()
    };
    let client = Client::network(settings).unwrap();
    let verifier = TokenVerifier::new(client, configuration).unwrap();
    let now = UnixTime::from_seconds(NOW).unwrap();
    let token = |issuer: &str| {
        let mut claims = claims();
        claims["iss"] = json!(issuer);
        key.token(&claims)
    };
    for trusted in [&own, &by_pattern] {
        let principal = verifier.verify(&token(trusted), now).await.unwrap();
        assert_eq!(&principal.identity().issuer, trusted);
    }
    match verifier.verify(&token(&other), now).await.unwrap_err() {
        TokenRefused::Discovery(error) => {
            let connect = matches!(&*error, FetchError::Answer(Error::Connect { .. }));
            assert!(connect, "{error}");
        }
        refused => panic!("{refused}"),
    }
}
