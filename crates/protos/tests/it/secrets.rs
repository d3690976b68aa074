use waxwing_protos::fulcio::v2::{CreateSigningCertificateRequest, Credentials, credentials};

#[test]
fn a_token_is_not_shown() {
    let request = CreateSigningCertificateRequest {
        credentials: Some(Credentials {
            credentials: Some(credentials::Credentials::OidcIdentityToken(
                "eyJ0b2tlbg".to_owned(),
            )),
        }),
        ..Default::default()
    };
    let shown = format!("{request:?}");
    assert!(shown.contains("Credentials(secret)"), "{shown}");
    assert!(!shown.contains("eyJ0b2tlbg"), "{shown}");
}
