//! Redirects: followed on the same host; a credential never reaches another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::{any, get};
use waxwing_net::{Error, Request, StatusCode, header};

use crate::{in_process, network, serve};

#[tokio::test]
async fn a_credential_never_reaches_the_host_that_a_redirect_names() {
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = visits.clone();
    let thief = Router::new().fallback(any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        "thanks"
    }));
    let thief = serve(thief).await;
    let target = format!("http://{thief}/steal?token=secret");
    let location = target.clone();
    let honest = serve(Router::new().route(
        "/{status}",
        any(async move |status: axum::extract::Path<u16>| {
            let status = StatusCode::from_u16(status.0).unwrap();
            (status, [(header::LOCATION, location)])
        }),
    ))
    .await;
    for status in [301, 302, 303, 307, 308] {
        let url = format!("http://{honest}/{status}");
        let post = Request::post(&url, "text/plain", "body");
        for request in [Request::get(&url), post] {
            let error = network().send(request.bearer("secret")).await.unwrap_err();
            let expected = Error::Redirect {
                url: url.clone(),
                location: format!("http://{thief}/steal?…"),
                reason: "it is another host",
            };
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("secret"));
        }
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
    // The thief is awake: had the redirect been followed, it would have been counted.
    assert_eq!(network().get(&target).await.unwrap().text(), "thanks");
    assert_eq!(visits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_chain_of_three_is_followed_and_one_of_four_is_not() {
    let router = Router::new().route(
        "/{left}",
        get(async |left: axum::extract::Path<u8>| match left.0 {
            0 => Err("arrived"),
            left => {
                let location = format!("/{}", left - 1);
                Ok((StatusCode::FOUND, [(header::LOCATION, location)]))
            }
        }),
    );
    let client = in_process("http://h.localhost", router);
    let arrived = client.get("http://h.localhost/3").await.unwrap();
    assert_eq!(arrived.text(), "arrived");
    assert_eq!(arrived.url().path(), "/0");
    let error = client.get("http://h.localhost/4").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "http://h.localhost/4 redirects to http://h.localhost/0, which is not followed: \
         there were too many redirects before it"
    );
}
