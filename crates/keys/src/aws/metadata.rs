//! Credentials that the surroundings of a program give out: of a container by ECS or EKS, of a machine by EC2's
//! metadata service, version 2.
//!
//! ```text
//! GET http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
//! GET $AWS_CONTAINER_CREDENTIALS_FULL_URI                       authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN
//! PUT http://169.254.169.254/latest/api/token                   x-aws-ec2-metadata-token-ttl-seconds: 21600
//! GET http://169.254.169.254/latest/meta-data/iam/security-credentials/[ROLE]      x-aws-ec2-metadata-token: …
//! {"Code":"Success","AccessKeyId":"ASIA…","SecretAccessKey":"…","Token":"…","Expiration":"2026-11-29T12:00:00Z"}
//! ```
//!
//! They are asked without a proxy. A full address must be one of theirs, this machine's, or begin with `https`.

use std::path::PathBuf;
use std::time::Duration;

use waxwing_net::{HeaderName, Method, Request, Url, header, is_this_machine, private_url};
use zeroize::Zeroizing;

use super::SERVICE;
use super::credentials::{Credentials, Given, given};
use crate::ask::Question;
use crate::credentials::read;
use crate::error::ServiceError;
use crate::{CredentialsError, Surroundings};

const CONTAINER: &str = "the container's credentials";
const MACHINE: &str = "EC2's metadata service";

/// Where ECS gives them out.
const ECS: &str = "http://169.254.170.2";

/// Those to whom a token may be sent in the clear, because they are beside the machine: ECS, and EKS in both families.
const BESIDE: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

const MACHINE_ADDRESS: &str = "http://169.254.169.254";

/// The machine's service in both families.
const MACHINE_HOSTS: [&str; 2] = ["169.254.169.254", "[fd00:ec2::254]"];

/// How long it may take: it is beside the machine, or it is not there.
const PATIENCE: Duration = Duration::from_secs(3);

const EXPECTED: &str = "AccessKeyId, SecretAccessKey, Token and Expiration in JSON";

/// The credentials of the container, if it is told where they are.
pub(super) async fn of_container(
    surroundings: &Surroundings,
) -> Result<Option<Credentials>, CredentialsError> {
    let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let url = match (surroundings.set(relative), surroundings.set(full)) {
        (Some(path), _) => match path.starts_with('/') {
            true => place(relative, &format!("{ECS}{path}"), &BESIDE)?,
            false => return Err(refused(relative, "it is no path")),
        },
        (None, Some(url)) => place(full, &url, &BESIDE)?,
        (None, None) => return Ok(None),
    };
    let token = match surroundings.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        // It is exchanged on disk, and so read each time.
        Some(path) => Some(read(&PathBuf::from(path))?),
        None => surroundings.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    let mut request = Request::get(&url).timeout(PATIENCE);
    let token = token.as_ref().map_or("", |token| token.trim());
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, token);
    }
    let question = Question {
        service: CONTAINER,
        deed: "give credentials",
        advice: "check the AWS_CONTAINER_… variables and the role of the container",
        secrets: &[token],
    };
    let client = surroundings.beside(CONTAINER)?;
    let found: Given = question.json(&client, request, EXPECTED).await?;
    Ok(Some(given(found, CONTAINER)?))
}

/// The credentials of the machine's role.
pub(super) async fn of_machine(
    surroundings: &Surroundings,
) -> Result<Credentials, CredentialsError> {
    let off = surroundings.set("AWS_EC2_METADATA_DISABLED");
    if off.is_some_and(|off| off.eq_ignore_ascii_case("true")) {
        return Err(none());
    }
    let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    let address = surroundings.set(variable);
    let base = address
        .clone()
        .unwrap_or_else(|| MACHINE_ADDRESS.to_owned());
    let base = place(variable, &base, &MACHINE_HOSTS)?;
    let at = |path: &str| base.join(path).unwrap_or_else(|_| base.clone());
    let client = surroundings.beside(MACHINE)?;
    let mut question = Question {
        service: MACHINE,
        deed: "give a token of its own",
        advice: "check that the machine may ask it (IMDSv2, and its hop limit in containers)",
        secrets: &[],
    };
    let request = Request::new(Method::PUT, at("/latest/api/token"))
        .header(
            HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"),
            "21600",
        )
        .timeout(PATIENCE);
    let token = match question.ask(&client, request).await {
        Ok(answer) => Zeroizing::new(answer.text()),
        // Nobody is there, and nobody said that somebody is: this is no machine of Amazon's.
        Err(ServiceError::Request { .. }) if address.is_none() => return Err(none()),
        Err(error) => return Err(error.into()),
    };
    let secrets = [token.trim()];
    question.secrets = &secrets;
    question.deed = "give credentials";
    question.advice = "check that the machine has a role";
    let ask = |path: &str| {
        let name = HeaderName::from_static("x-aws-ec2-metadata-token");
        let request = Request::get(at(path)).header(name, token.trim());
        request.timeout(PATIENCE)
    };
    let folder = "/latest/meta-data/iam/security-credentials/";
    let roles = question.ask(&client, ask(folder)).await?.text();
    let role = roles.lines().next().unwrap_or_default().trim().to_owned();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if role.is_empty() || role.len() > 64 || !role.bytes().all(known) || role.starts_with('.') {
        let expected = "the name of the machine's role";
        return Err(question.answer("something else", expected).into());
    }
    let request = ask(&format!("{folder}{role}"));
    let found: Given = question.json(&client, request, EXPECTED).await?;
    Ok(given(found, MACHINE)?)
}

fn none() -> CredentialsError {
    CredentialsError::None {
        service: SERVICE,
        looked: "there are none in AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, the profile (AWS_PROFILE), \
                 AWS_CONTAINER_CREDENTIALS_…, nor at EC2's metadata service; set one of them",
    }
}

/// An address that is beside the machine, inside it, or asked by TLS.
fn place(variable: &str, text: &str, hosts: &[&str]) -> Result<Url, CredentialsError> {
    let refuse = |reason: &str| refused(variable, reason);
    let url = Url::parse(text).map_err(|_| refuse("it is no URL"))?;
    let is_known = url.host_str().is_some_and(|host| hosts.contains(&host));
    match url.scheme() {
        "http" if is_known || is_this_machine(&url) => Ok(url),
        _ => match private_url(text) {
            Ok(url) => Ok(url),
            Err(_) => Err(refuse(
                "what is sent there would go to another machine in the clear",
            )),
        },
    }
}

fn refused(variable: &str, reason: &str) -> CredentialsError {
    CredentialsError::Variable {
        variable: variable.to_owned(),
        reason: reason.to_owned(),
        expected: "an address of Amazon's beside the machine, one of this machine, or https://HOST/…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_known_places_alone() {
        for text in [
            "http://169.254.170.2/v2",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://127.0.0.1:51678/x",
            "http://localhost/x",
            "https://anywhere.example/x",
        ] {
            assert!(place("V", text, &BESIDE).is_ok(), "{text}");
        }
        for text in [
            "http://169.254.169.254/latest",
            "http://169.254.170.2.example/",
            "http://169.254.170.2@evil.example/",
            "http://10.0.0.1/",
            "file:///etc/passwd",
            "x",
        ] {
            let error = place("V", text, &BESIDE).unwrap_err();
            assert!(error.to_string().starts_with("V cannot be used"), "{text}");
        }
    }
}
