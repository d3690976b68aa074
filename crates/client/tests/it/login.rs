//! Logging in: what is asked, word for word, and who is let go on.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use waxwing_client::login::{
    AnswerRefused, ListenerError, Login, LoginError, News, Person, ProviderError, challenge,
};
use waxwing_net::Url;

use crate::openid::{Provider, Somebody, browse, login};

const CODE: &[(&str, &str)] = &[("code", "a code")];

#[tokio::test]
async fn a_browser_comes_back_with_a_code_for_a_token() {
    let provider = Provider::new();
    let client = provider.client();
    let mut somebody = Somebody::at(&provider, Some(CODE));
    let login = Login {
        connector: Some("https://github.com/login/oauth"),
        ..login(&client)
    };
    let token = login.browser(&mut somebody).await.unwrap();
    assert_eq!(token.name(), "alice@example.com");

    let opened = somebody.opened.lock().unwrap().clone().unwrap();
    let names: Vec<String> = opened
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    let expected = "tenant access_type client_id code_challenge code_challenge_method connector_id nonce \
                    redirect_uri response_type scope state";
    assert_eq!(names.join(" "), expected);
    for (name, value) in [
        ("client_id", "sigstore"),
        ("code_challenge_method", "S256"),
        ("connector_id", "https://github.com/login/oauth"),
        ("scope", "openid email"),
    ] {
        assert_eq!(somebody.parameter(name), value);
    }
    let redirect = somebody.parameter("redirect_uri");
    assert!(redirect.starts_with("http://localhost:") && redirect.ends_with("/auth/callback"));
    let [form] = &provider.forms_at("/token")[..] else {
        panic!("one request for tokens")
    };
    assert_eq!(
        challenge(&form["code_verifier"]),
        somebody.parameter("code_challenge")
    );
    assert_eq!(form["code"], "a code");
    assert_eq!(form["redirect_uri"], redirect);
    assert_eq!(form["client_id"], "sigstore");
    assert_eq!(form["nonce"], somebody.parameter("nonce"));
    assert!(
        somebody.told[0].starts_with("Opened"),
        "{:?}",
        somebody.told
    );
    // Nobody listens any more.
    let address = Url::parse(&redirect).unwrap().port().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", address)).await.is_err());
    // Nothing is the same for the next one.
    let mut other = Somebody::at(&provider, Some(CODE));
    login.browser(&mut other).await.unwrap();
    for secret in ["state", "nonce", "code_challenge"] {
        assert_ne!(somebody.parameter(secret), other.parameter(secret));
        assert_eq!(other.parameter(secret).len(), 43);
    }
}

#[tokio::test]
async fn the_page_says_how_it_ended() {
    for (back, status, title) in [
        (CODE, 200, "<h1>You are back</h1>"),
        (&[("error", "<b>")][..], 400, "<h1>That did not work</h1>"),
        (
            &[("code", "c"), ("state", "x")],
            400,
            "<h1>That did not work</h1>",
        ),
    ] {
        let provider = Provider::new();
        let client = provider.client();
        let mut somebody = Somebody::at(&provider, Some(back));
        let ended = login(&client).browser(&mut somebody).await;
        assert_eq!(ended.is_ok(), status == 200);
        let page = loop {
            if let Some(page) = somebody.page.lock().unwrap().take() {
                break page;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert_eq!(page.0, status);
        assert!(
            page.1.contains(title) && !page.1.contains("<b>"),
            "{}",
            page.1
        );
    }
}

#[tokio::test]
async fn strangers_at_the_port_keep_nobody_waiting() {
    let provider = Provider::new();
    let client = provider.client();
    // A port that is free, so that it is known beforehand.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let url = format!("http://localhost:{}/back", address.port());
    let login = Login {
        redirect_url: Some(&url),
        ..login(&client)
    };
    let mut somebody = Somebody::at(&provider, Some(&[]));
    let opened = somebody.opened.clone();
    let strangers = async {
        while opened.lock().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut idle = Vec::new();
        for _ in 0..20 {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
        for (request, status) in [
            ("GET /favicon.ico HTTP/1.1\r\n\r\n", "404"),
            ("POST /back HTTP/1.1\r\n\r\n", "400"),
            ("\x16\x03\x01\r\n\r\n", "400"),
        ] {
            assert!(ask(address, request).await.contains(status), "{request}");
        }
        // A head without an end.
        let mut endless = TcpStream::connect(address).await.unwrap();
        let ended = endless.write_all(&vec![b'a'; 1 << 20]).await;
        let mut said = String::new();
        let read = endless.read_to_string(&mut said).await;
        assert!(ended.is_err() || read.is_err() || said.is_empty());
        let state = crate::openid::parameter(opened.lock().unwrap().as_ref().unwrap(), "state");
        let back = format!("GET /back?code=c&state={state} HTTP/1.1\r\n\r\n");
        assert!(ask(address, &back).await.contains("200"));
        idle
    };
    let (token, _idle) = tokio::join!(login.browser(&mut somebody), strangers);
    assert_eq!(token.unwrap().name(), "alice@example.com");
    assert_eq!(somebody.parameter("redirect_uri"), url);
    assert_eq!(provider.forms_at("/token").len(), 1);
}

/// Somebody whose browser is back before the program that opened it has ended.
struct Hasty<'a>(Somebody, &'a Provider);

impl Person for Hasty<'_> {
    async fn open(&mut self, url: &str) -> Result<(), String> {
        let url = Url::parse(url).unwrap();
        *self.1.nonce.lock().unwrap() = crate::openid::parameter(&url, "nonce");
        let redirect = Url::parse(&crate::openid::parameter(&url, "redirect_uri")).unwrap();
        let address = ([127, 0, 0, 1], redirect.port().unwrap()).into();
        let state = crate::openid::parameter(&url, "state");
        let back = format!("GET /auth/callback?code=c&state={state} HTTP/1.1\r\n\r\n");
        assert!(ask(address, &back).await.contains("200"));
        std::future::pending().await
    }

    fn tell(&mut self, news: News<'_>) {
        self.0.tell(news);
    }

    async fn code(&mut self) -> std::io::Result<zeroize::Zeroizing<String>> {
        self.0.code().await
    }
}

#[tokio::test]
async fn a_browser_that_never_ends_keeps_nobody_waiting() {
    let provider = Provider::new();
    let client = provider.client();
    let mut hasty = Hasty(Somebody::at(&provider, None), &provider);
    let token = login(&client).browser(&mut hasty).await.unwrap();
    assert_eq!(token.name(), "alice@example.com");
    assert!(hasty.0.told[0].starts_with("Opened"));
}

#[tokio::test]
async fn a_browser_may_come_by_either_loopback_address() {
    let Ok(probe) = tokio::net::TcpListener::bind("[::1]:0").await else {
        // This machine has the one alone.
        return;
    };
    drop(probe);
    let provider = Provider::new();
    let client = provider.client();
    let mut somebody = Somebody::at(&provider, Some(&[]));
    let opened = somebody.opened.clone();
    let login = login(&client);
    let browser = async {
        while opened.lock().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let url = opened.lock().unwrap().clone().unwrap();
        let redirect = Url::parse(&crate::openid::parameter(&url, "redirect_uri")).unwrap();
        let state = crate::openid::parameter(&url, "state");
        let address = (std::net::Ipv6Addr::LOCALHOST, redirect.port().unwrap()).into();
        let back = format!("GET /auth/callback?code=c&state={state} HTTP/1.1\r\n\r\n");
        assert!(ask(address, &back).await.contains("200"));
    };
    let (token, ()) = tokio::join!(login.browser(&mut somebody), browser);
    assert_eq!(token.unwrap().name(), "alice@example.com");
}

async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said
}

#[tokio::test]
async fn a_redirect_is_of_this_machine_and_its_port_is_free() {
    let provider = Provider::new();
    let client = provider.client();
    let kept = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("http://localhost:{}/", kept.local_addr().unwrap().port());
    for url in ["http://example.com:1/", "https://localhost:1/"] {
        let login = Login {
            redirect_url: Some(url),
            ..login(&client)
        };
        let refused = login
            .browser(&mut Somebody::at(&provider, Some(CODE)))
            .await;
        assert!(
            matches!(
                refused,
                Err(LoginError::Listener(ListenerError::Url { .. }))
            ),
            "{url}"
        );
    }
    let login = Login {
        redirect_url: Some(&taken),
        ..login(&client)
    };
    let refused = login
        .browser(&mut Somebody::at(&provider, Some(CODE)))
        .await;
    assert!(matches!(
        refused,
        Err(LoginError::Listener(ListenerError::Bind { .. }))
    ));
    drop(kept);
    let token = login
        .browser(&mut Somebody::at(&provider, Some(CODE)))
        .await;
    assert_eq!(token.unwrap().name(), "alice@example.com");
}

#[tokio::test]
async fn without_a_browser_a_code_is_copied() {
    let provider = Provider::new();
    let client = provider.client();
    let mut somebody = Somebody::at(&provider, None);
    somebody.typed = " a-code more\n";
    login(&client).browser(&mut somebody).await.unwrap();
    assert_eq!(
        somebody.told[0],
        "NoBrowser { reason: \"there is no [31mbrowser\" }"
    );
    assert!(somebody.told[1].starts_with("Link"));
    assert_eq!(
        somebody.parameter("redirect_uri"),
        "urn:ietf:wg:oauth:2.0:oob"
    );
    let form = provider.forms_at("/token").remove(0);
    assert_eq!(form["code"], "a-code");
    assert_eq!(form["redirect_uri"], "urn:ietf:wg:oauth:2.0:oob");

    somebody.typed = " \n";
    let refused = login(&client).browser(&mut somebody).await;
    assert!(matches!(refused, Err(LoginError::NoCode)));
}

#[tokio::test]
async fn a_browser_that_does_not_come_back_leaves_the_code() {
    let provider = Provider::new();
    let client = provider.client();
    let mut somebody = Somebody::at(&provider, Some(&[]));
    somebody.typed = "c";
    let login = Login {
        patience: Duration::from_millis(50),
        ..login(&client)
    };
    login.browser(&mut somebody).await.unwrap();
    let told: Vec<&str> = somebody
        .told
        .iter()
        .filter_map(|told| told.split(' ').next())
        .collect();
    assert_eq!(told, ["Opened", "NotBack", "Link"]);
}

#[tokio::test]
async fn what_the_browser_comes_back_with_is_of_this_login() {
    let refused = async |back: &[(&'static str, &'static str)], names_itself: bool| {
        let provider = Provider::new().with(
            "authorization_response_iss_parameter_supported",
            json!(names_itself),
        );
        let client = provider.client();
        let ended = login(&client)
            .browser(&mut Somebody::at(&provider, Some(back)))
            .await;
        if ended.is_err() {
            assert_eq!(provider.forms_at("/token").len(), 0, "a code was used");
        }
        match ended {
            Ok(_) => None,
            Err(LoginError::Answer(refused)) => Some(refused),
            Err(other) => panic!("{other}"),
        }
    };
    let issuer = ("iss", "http://issuer.localhost");
    assert_eq!(refused(CODE, false).await, None);
    assert_eq!(refused(&[CODE[0], issuer], true).await, None);
    assert_eq!(
        refused(&[CODE[0], ("state", "another")], false).await,
        Some(AnswerRefused::State)
    );
    for back in [
        &[CODE[0]][..],
        &[CODE[0], ("iss", "http://other.localhost")],
    ] {
        assert!(matches!(
            refused(back, true).await,
            Some(AnswerRefused::OtherIssuer { .. })
        ));
    }
    let words = [
        ("error", "access_denied"),
        ("error_description", "not today"),
    ];
    let said = refused(&words, false).await.unwrap().to_string();
    assert_eq!(said, "the issuer refuses (access_denied): not today");
    assert_eq!(
        refused(&[("x", "y")], false).await,
        Some(AnswerRefused::NoCode)
    );
}

#[tokio::test]
async fn a_machine_shows_its_secret_as_the_issuer_takes_it() {
    let mut provider = Provider::new();
    provider.claims = json!({"aud": "robot", "nonce": null, "at_hash": null});
    for (methods, by_header) in [
        (json!(null), true),
        (json!(["client_secret_post", "client_secret_basic"]), true),
        (json!(["client_secret_post"]), false),
    ] {
        let provider = provider
            .clone()
            .with("token_endpoint_auth_methods_supported", methods);
        let client = provider.client();
        let login = Login {
            client_id: "robot",
            client_secret: Some("s3:cret &"),
            redirect_url: Some("http://localhost:1/x"),
            ..login(&client)
        };
        let mut somebody = Somebody::at(&provider, None);
        let token = login.machine(&mut somebody).await.unwrap();
        assert_eq!(token.name(), "alice@example.com");
        assert_eq!(somebody.told, ["Received"]);
        let form = provider.forms_at("/token").pop().unwrap();
        assert_eq!(form["grant_type"], "client_credentials");
        assert_eq!(form["scope"], "openid email");
        assert_eq!(form["redirect_uri"], "http://localhost:1/x");
        // RFC 6749 section 2.3.1: encoded as in a form first.
        let basic = form.get("Authorization").map(String::as_str);
        assert_eq!(
            basic,
            by_header.then_some("Basic cm9ib3Q6czMlM0FjcmV0KyUyNg==")
        );
        let secret = form.get("client_secret").map(String::as_str);
        assert_eq!(secret, (!by_header).then_some("s3:cret &"));
    }
    let client = provider.client();
    let asked = provider.forms_at("/token").len();
    let refused = login(&client)
        .machine(&mut Somebody::at(&provider, None))
        .await;
    assert!(matches!(refused, Err(LoginError::NoSecret)));
    assert_eq!(provider.forms_at("/token").len(), asked);
}

fn refusal(error: &str) -> (u16, serde_json::Value) {
    (
        400,
        json!({"error": error, "error_description": "the issuer's words"}),
    )
}

#[tokio::test(start_paused = true)]
async fn a_device_asks_as_often_as_it_may() {
    let mut provider = Provider::new();
    provider.claims = json!({"nonce": null});
    provider.refusals = [
        "authorization_pending",
        "slow_down",
        "authorization_pending",
    ]
    .map(refusal)
    .to_vec();
    let client = provider.client();
    let login = Login {
        redirect_url: Some("http://localhost:1/x"),
        ..login(&client)
    };
    let mut somebody = Somebody::at(&provider, None);
    let begun = tokio::time::Instant::now();
    let token = login.device(&mut somebody).await.unwrap();
    assert_eq!(token.name(), "alice@example.com");
    // 5 s, then 5 s more for good.
    assert_eq!(begun.elapsed().as_secs(), 5 + 10 + 10);
    let told = "Device { user_code: \"AB-CD\", url: \"http://issuer.localhost/d\", seconds: 300 }";
    assert_eq!(somebody.told, [told, "Received"]);
    let [asked] = &provider.forms_at("/device")[..] else {
        panic!("one code")
    };
    assert_eq!(
        asked.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "redirect_uri",
            "scope"
        ]
    );
    let forms = provider.forms_at("/token");
    assert_eq!(forms.len(), 4);
    for form in forms {
        assert_eq!(challenge(&form["code_verifier"]), asked["code_challenge"]);
        assert_eq!(form["device_code"], "a device code");
        assert_eq!(form["client_id"], "sigstore");
        assert_eq!(form["scope"], "openid email");
        assert_eq!(
            form["grant_type"],
            "urn:ietf:params:oauth:grant-type:device_code"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_stops_when_it_is_told_to() {
    let ended = async |refusals: Vec<(u16, serde_json::Value)>| {
        let mut provider = Provider::new();
        provider.claims = json!({"nonce": null});
        provider.refusals = refusals;
        let client = provider.client();
        let begun = tokio::time::Instant::now();
        let ended = login(&client)
            .device(&mut Somebody::at(&provider, None))
            .await;
        (ended, begun.elapsed().as_secs())
    };
    assert!(
        ended(vec![refusal("authorization_pending")])
            .await
            .0
            .is_ok()
    );
    let (denied, _) = ended(vec![refusal("access_denied")]).await;
    assert_eq!(
        denied.unwrap_err().to_string(),
        "the identity provider refuses (access_denied): the issuer's words"
    );
    let (expired, _) = ended(vec![refusal("expired_token")]).await;
    assert!(matches!(expired, Err(LoginError::Expired { seconds: 300 })));
    let (expired, seconds) = ended(vec![refusal("authorization_pending"); 1000]).await;
    assert!(matches!(expired, Err(LoginError::Expired { seconds: 300 })));
    assert_eq!(seconds, 300);
    let (broken, _) = ended(vec![(502, json!("no JSON of OAuth"))]).await;
    assert!(matches!(
        broken,
        Err(LoginError::Provider(ProviderError::Asked(
            waxwing_net::Error::Status { .. }
        )))
    ));
}

#[tokio::test]
async fn a_whole_login_is_taken_before_any_fault() {
    // What `hostile_issuers` breaks, unbroken.
    assert_eq!(
        browse(&Provider::new()).await.unwrap().issuer(),
        "http://issuer.localhost"
    );
}
