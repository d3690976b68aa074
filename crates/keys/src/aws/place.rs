//! Where a service of AWS is: the region, and the address in it.

use waxwing_net::{Url, private_url};

use super::SERVICE;
use super::profile::Profile;
use crate::{AwsKey, CredentialsError, Surroundings};

/// The region: that of an ARN, because the key is nowhere else; that of a variable; that of the profile.
pub(super) fn region(
    key: &AwsKey,
    surroundings: &Surroundings,
) -> Result<String, CredentialsError> {
    if let Some(region) = key.region() {
        return Ok(region.to_owned());
    }
    let mut found = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| Some((name, surroundings.set(name)?)));
    if found.is_none() {
        let profile = Profile::read(surroundings)?;
        let region = profile.setting("region").map(|region| region.to_string());
        found = region.map(|region| ("region of the profile", region));
    }
    let expected = "a region, like us-east-1";
    match found {
        Some((_, region)) if crate::reference::is_region(&region) => Ok(region),
        Some((variable, region)) => Err(CredentialsError::Variable {
            variable: variable.to_owned(),
            reason: format!("{region:?} has other characters than a region"),
            expected,
        }),
        None => Err(CredentialsError::Unset {
            service: SERVICE,
            variable: "AWS_REGION",
            expected,
        }),
    }
}

/// Where the service is: as the reference says, as a variable says, or where the region has it.
pub(super) fn endpoint(
    key: &AwsKey,
    region: &str,
    surroundings: &Surroundings,
) -> Result<Url, CredentialsError> {
    let (variable, text) = match key.host() {
        Some(host) => (
            "the host of the reference".to_owned(),
            format!("https://{host}"),
        ),
        None => service_url("kms", "KMS", region, surroundings),
    };
    bare_url(variable, &text)
}

/// A URL that a secret may be sent to, and that has no path: the path is what is signed.
pub(super) fn bare_url(variable: String, text: &str) -> Result<Url, CredentialsError> {
    let refused = |reason: String| CredentialsError::Variable {
        variable,
        reason,
        expected: "https://HOST without a path, or http:// for this machine itself",
    };
    match private_url(text) {
        Ok(url) if url.path() == "/" && url.query().is_none() && url.username().is_empty() => {
            Ok(url)
        }
        Ok(url) => Err(refused(format!(
            "{} has more than a host",
            url.host_str().unwrap_or_default()
        ))),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// Where a service of AWS is, and which variable says so.
pub(super) fn service_url(
    name: &str,
    in_variables: &str,
    region: &str,
    surroundings: &Surroundings,
) -> (String, String) {
    for variable in [
        format!("AWS_ENDPOINT_URL_{in_variables}"),
        "AWS_ENDPOINT_URL".to_owned(),
    ] {
        if let Some(url) = surroundings.set(&variable) {
            return (variable, url);
        }
    }
    let fips = match surroundings.set("AWS_USE_FIPS_ENDPOINT") {
        Some(value) if value.eq_ignore_ascii_case("true") => "-fips",
        _ => "",
    };
    let domain = match region.starts_with("cn-") {
        true => "amazonaws.com.cn",
        false => "amazonaws.com",
    };
    let url = format!("https://{name}{fips}.{region}.{domain}");
    ("the region".to_owned(), url)
}

/// The header `Host`, as it is sent.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
