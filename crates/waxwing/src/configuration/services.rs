//! `fulcio`, `rekor`, `ct`, `tsa` and `issuer`.

use serde_json::{Value, json};
use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::time::UnixTime;
use waxwing_instance::{
    Choices, ClientAlgorithms, ConnectorChoice, CtChoices, Dsse, Duplicates, FulcioConfiguration,
    IssuerChoices, RekorSettings, Rules, TimeServers, TimestampChoices, WhenOff,
};
use waxwing_issuer::{OAuthClient, RedirectUri};
use waxwing_pki::ObjectIdentifier;
use waxwing_serve::document::{Setting, SettingError, Table};

use super::FulcioSource;
use super::values::{self, set};

/// id-kp-codeSigning (RFC 5280 section 4.2.1.12).
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

pub(super) fn fulcio(
    mut table: Table<'_>,
    choices: &mut Choices,
) -> Result<Option<FulcioSource>, SettingError> {
    let source = match table.setting("configuration") {
        None => None,
        Some(setting) => Some(match setting.value() {
            Value::Object(_) => {
                let read = FulcioConfiguration::of(setting.value());
                let read = read.map_err(|error| setting.refused("Fulcio's own settings", error))?;
                FulcioSource::Inline(Box::new(read))
            }
            _ => FulcioSource::File(setting.path()?),
        }),
    };
    if let Some(setting) = table.setting("rules") {
        let rules = Rules::of(&json!({ "rules": setting.value() }));
        let expected = "a list of rules, each with issuer and require";
        choices.rules = rules.map_err(|error| setting.refused(expected, error))?;
    }
    if let Some(setting) = table.setting("client-signing-algorithms") {
        let names = setting.list()?;
        let names: Vec<&str> = names.iter().map(Setting::text).collect::<Result<_, _>>()?;
        let read = ClientAlgorithms::parse(&names.join(","));
        let expected = "a list of names such as ecdsa-sha2-256-nistp256";
        choices.algorithms = read.map_err(|error| setting.refused(expected, error))?;
    }
    let mut cluster = table.table("kubernetes")?;
    set(&mut choices.cluster.ca, values::path(&mut cluster, "ca")?);
    set(
        &mut choices.cluster.token,
        values::path(&mut cluster, "token")?,
    );
    cluster.end()?;
    table.end()?;
    Ok(source)
}

pub(super) fn rekor(
    mut table: Table<'_>,
    settings: &mut RekorSettings,
) -> Result<(), SettingError> {
    if let Some(setting) = table.setting("duplicates") {
        let words = [
            ("return", Duplicates::Return),
            ("refuse", Duplicates::Refuse),
        ];
        settings.duplicates = setting.one_of("return or refuse", &words)?;
    }
    if let Some(setting) = table.setting("dsse") {
        let words = [
            ("as-hashedrekord", Dsse::AsHashedRekord),
            ("accept", Dsse::Accept),
            ("refuse", Dsse::Refuse),
        ];
        settings.dsse = setting.one_of("as-hashedrekord, accept or refuse", &words)?;
    }
    set(
        &mut settings.read_only,
        values::truth(&mut table, "read-only")?,
    );
    settings.key_details = values::list(&mut table, "key-details", |setting| {
        setting.read("a name such as PKIX_ECDSA_P256_SHA_256", |name| {
            match SignatureAlgorithm::is_key_details(name) {
                true => Ok(name.to_owned()),
                false => Err(""),
            }
        })
    })?;
    set(
        &mut settings.deadline,
        values::some_time(&mut table, "deadline")?,
    );
    table.end()
}

pub(super) fn ct(mut table: Table<'_>, choices: &mut CtChoices) -> Result<(), SettingError> {
    let CtChoices {
        admission,
        get_entries,
    } = choices;
    let roots = values::list(&mut table, "roots", values::certificates)?;
    admission.roots = roots.unwrap_or_default().into_iter().flatten().collect();
    if let Some(setting) = table.setting("extended-key-usages") {
        let usages = setting.list()?;
        let usages: Vec<_> = usages
            .iter()
            .map(values::one_identifier)
            .collect::<Result<_, _>>()?;
        if !usages.is_empty() && !usages.contains(&CODE_SIGNING) {
            return Err(setting.refused(
                "identifiers with 1.3.6.1.5.5.7.3.3 among them",
                "that is code signing, which this instance's own certificates are for",
            ));
        }
        admission.extended_key_usages = usages;
    }
    set(
        &mut admission.reject_expired,
        values::truth(&mut table, "reject-expired")?,
    );
    let time =
        |setting: Setting<'_>| setting.read("a time such as 2026-01-01T00:00:00Z", UnixTime::parse);
    admission.not_after_start = table.setting("not-after-start").map(time).transpose()?;
    admission.not_after_limit = table.setting("not-after-limit").map(time).transpose()?;
    set(
        &mut get_entries.most,
        values::number(&mut table, "max-get-entries", 1, 100_000)?,
    );
    set(
        &mut get_entries.align,
        values::truth(&mut table, "align-get-entries")?,
    );
    table.end()
}

pub(super) fn timestamp(
    mut table: Table<'_>,
    choices: &mut TimestampChoices,
) -> Result<(), SettingError> {
    choices.policy = values::identifier(&mut table, "policy")?;
    let settings = &mut choices.settings;
    let accepted = values::list(&mut table, "accepted-policies", values::one_identifier)?;
    set(&mut settings.accepted_policies, accepted);
    set(
        &mut choices.include_chain,
        values::truth(&mut table, "include-chain")?,
    );
    set(
        &mut settings.created,
        values::truth(&mut table, "use-http-201")?,
    );
    set(
        &mut settings.largest_body,
        values::count(&mut table, "max-request-body-size")?,
    );
    choices.time_servers = time_servers(&mut table)?;
    table.end()
}

fn time_servers(table: &mut Table<'_>) -> Result<Option<TimeServers>, SettingError> {
    let Some(setting) = table.setting("time-servers") else {
        return Ok(None);
    };
    let mut table = setting.table()?;
    let mut servers = TimeServers::default();
    let names = values::list(&mut table, "names", |name| name.text().map(str::to_owned))?;
    set(&mut servers.names, names);
    set(
        &mut servers.timeout,
        values::some_time(&mut table, "timeout")?,
    );
    let watch = &mut servers.settings;
    let attempts = values::number(&mut table, "attempts", 1, 100)?;
    set(
        &mut watch.attempts,
        attempts.and_then(|number| u32::try_from(number).ok()),
    );
    set(&mut watch.servers, values::count(&mut table, "asked")?);
    set(
        &mut watch.threshold,
        values::count(&mut table, "threshold")?,
    );
    set(
        &mut watch.tolerance,
        values::some_time(&mut table, "tolerance")?,
    );
    set(&mut watch.period, values::some_time(&mut table, "period")?);
    if let Some(setting) = table.setting("when-off") {
        let words = [
            ("stamp", WhenOff::Stamp),
            ("refuse", WhenOff::Refuse),
            ("refuse-unless-good", WhenOff::RefuseUnlessGood),
        ];
        watch.when_off = setting.one_of("stamp, refuse or refuse-unless-good", &words)?;
    }
    table.end()?;
    if servers.names.is_empty() {
        return Ok(None);
    }
    let expected = "a threshold of at most the servers that are asked";
    let checked = servers.check();
    checked.map_err(|error| setting.refused(expected, error))?;
    Ok(Some(servers))
}

pub(super) fn issuer(
    mut table: Table<'_>,
    choices: &mut IssuerChoices,
) -> Result<(), SettingError> {
    choices.token_lifetime = values::some_time(&mut table, "token-lifetime")?;
    let connectors = values::list(&mut table, "connectors", connector)?;
    set(&mut choices.connectors, connectors);
    let clients = values::list(&mut table, "clients", client)?;
    set(&mut choices.clients, clients);
    table.end()
}

fn connector(setting: &Setting<'_>) -> Result<ConnectorChoice, SettingError> {
    let mut table = setting.table()?;
    let id = values::text(&mut table, "id")?;
    let name = values::text(&mut table, "name")?;
    let issuer = values::text(&mut table, "issuer")?;
    let client_id = values::text(&mut table, "client-id")?;
    let client_secret = values::secret(&mut table, "client-secret-file")?;
    let scopes = values::list(&mut table, "scopes", |scope| {
        scope.text().map(str::to_owned)
    })?;
    let roots = table
        .setting("ca-cert")
        .map(|setting| values::certificates(&setting))
        .transpose()?;
    table.end()?;
    let id = id.ok_or_else(|| setting.lacks("id"))?;
    let issuer = issuer.ok_or_else(|| setting.lacks("issuer"))?;
    let client_id = client_id.ok_or_else(|| setting.lacks("client-id"))?;
    let der = |root: waxwing_pki::Certificate| root.der().to_vec();
    Ok(ConnectorChoice {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        issuer,
        client_id,
        client_secret,
        scopes: scopes.map(|scopes| scopes.join(" ")),
        roots: roots.unwrap_or_default().into_iter().map(der).collect(),
    })
}

fn client(setting: &Setting<'_>) -> Result<OAuthClient, SettingError> {
    let mut table = setting.table()?;
    let id = values::text(&mut table, "id")?;
    let secret = values::secret(&mut table, "secret-file")?;
    let redirects = values::list(&mut table, "redirect-uris", |setting| {
        setting.read(
            "a URL such as https://ci.example.com/callback",
            RedirectUri::registered,
        )
    })?;
    let email = values::text(&mut table, "machine-email")?;
    table.end()?;
    let id = id.ok_or_else(|| setting.lacks("id"))?;
    let redirects = redirects.unwrap_or_default();
    let client = match &secret {
        Some(secret) => OAuthClient::confidential(id, secret, redirects),
        None => OAuthClient::public(id).with_redirect_uris(redirects),
    };
    match email {
        None => Ok(client),
        Some(_) if secret.is_none() => Err(setting.lacks("secret-file")),
        Some(email) => client
            .with_machine_email(&email)
            .map_err(|error| setting.refused("a machine-email that is an address", error)),
    }
}
