//! The CT log that certificates are promised through, and the client that asks it.

use std::path::Path;

use anyhow::Context;
use waxwing_cli::{Environment, files, network};
use waxwing_crypto::PublicKey;
use waxwing_encoding::pem;
use waxwing_fulcio::authority::CtLog;
use waxwing_net::{Client, Settings};

use super::flags::{Serve, named};
use super::journal::Journal;

/// The largest file that is read, in bytes, and how many authorities it may have.
const LARGEST_FILE: usize = 1 << 20;
const MOST_AUTHORITIES: usize = 64;

/// The log, if there is one.
pub(super) fn log(flags: &Serve, journal: &Journal) -> anyhow::Result<Option<CtLog>> {
    let url = &flags.ct_log_url;
    if url.is_empty() {
        return Ok(None);
    }
    let log = match named(flags.ct_log_public_key_path.as_ref()) {
        Some(path) => {
            let key = key_in(path);
            let key =
                key.with_context(|| format!("--ct-log-public-key-path {}", path.display()))?;
            CtLog::new(url, key)
        }
        None => {
            journal.warn(
                "--ct-log-public-key-path is not set: whatever the CT log promises is put into \
                 certificates without being verified",
            );
            CtLog::dangerously_unverified(url)
        }
    };
    Ok(Some(match flags.ct_log_origin.as_str() {
        "" => log,
        host => log.with_host(host),
    }))
}

/// The client that asks the log, and nobody else.
pub(super) fn client(flags: &Serve, environment: &Environment) -> anyhow::Result<Client> {
    let settings = network::settings(environment);
    let Some(path) = named(flags.ct_log_tls_ca_cert.as_ref()) else {
        return Ok(Client::network(settings)?);
    };
    let named = || format!("--ct-log.tls-ca-cert {}", path.display());
    Ok(Client::network(Settings {
        additional_roots: authorities(path).with_context(named)?,
        system_roots: false,
        ..settings
    })?)
}

fn key_in(path: &Path) -> anyhow::Result<PublicKey> {
    Ok(PublicKey::from_pem(&text(path)?)?)
}

fn authorities(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let blocks = pem::decode_all(&text(path)?, MOST_AUTHORITIES)?.into_iter();
    let blocks = blocks.filter(|block| block.label == "CERTIFICATE");
    let certificates: Vec<Vec<u8>> = blocks.map(|block| block.der).collect();
    anyhow::ensure!(
        !certificates.is_empty(),
        "failed to append TLS CA certificate: the file has no PEM block CERTIFICATE"
    );
    Ok(certificates)
}

fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(files::read(path, LARGEST_FILE)?).context("not text; expected PEM")
}
