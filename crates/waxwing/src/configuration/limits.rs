//! `trusted-proxies`, `forwarded-by` and `limits`.

use waxwing_instance::{PerService, ServiceLimits};
use waxwing_serve::document::{Setting, SettingError, Table};
use waxwing_serve::{AddressRange, ForwardedBy, Limits, TrustedProxies};

use super::values::{self, set};

pub(super) fn proxies(file: &mut Table<'_>) -> Result<TrustedProxies, SettingError> {
    let ranges = values::list(file, "trusted-proxies", range)?;
    let by = match file.setting("forwarded-by") {
        None => ForwardedBy::default(),
        Some(setting) => setting.one_of(
            "x-forwarded-for or forwarded",
            &[
                ("x-forwarded-for", ForwardedBy::XForwardedFor),
                ("forwarded", ForwardedBy::Forwarded),
            ],
        )?,
    };
    Ok(TrustedProxies::new(ranges.unwrap_or_default(), by))
}

pub(super) fn read(
    mut table: Table<'_>,
    limits: &mut ServiceLimits,
    listener: &mut Limits,
) -> Result<(), SettingError> {
    set(
        &mut listener.connections,
        values::count(&mut table, "connections")?,
    );
    if let Some(idle) = values::some_time(&mut table, "idle")? {
        listener.header_read = idle;
        listener.idle = idle;
    }
    set(
        &mut listener.grace,
        values::duration(&mut table, "shutdown")?,
    );
    let per_address = table.table("per-address")?;
    per_service(per_address, &mut limits.per_address, values::rate)?;
    set(&mut limits.reads, values::rate(&mut table, "reads")?);
    set(
        &mut limits.per_identity,
        values::rate(&mut table, "per-identity")?,
    );
    let in_flight = table.table("in-flight")?;
    per_service(in_flight, &mut limits.in_flight, values::count)?;
    set(
        &mut limits.exempt,
        values::list(&mut table, "exempt", range)?,
    );
    table.end()
}

fn per_service<T>(
    mut table: Table<'_>,
    all: &mut PerService<T>,
    read: impl Fn(&mut Table<'_>, &'static str) -> Result<Option<T>, SettingError>,
) -> Result<(), SettingError> {
    for (name, place) in [
        ("fulcio", &mut all.fulcio),
        ("rekor", &mut all.rekor),
        ("tsa", &mut all.timestamp),
        ("ct", &mut all.ct),
        ("issuer", &mut all.issuer),
    ] {
        set(place, read(&mut table, name)?);
    }
    table.end()
}

fn range(setting: &Setting<'_>) -> Result<AddressRange, SettingError> {
    setting.read("an address or a network such as 10.0.0.0/8", str::parse)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use waxwing_serve::Rate;
    use waxwing_serve::document::Document;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        let read = |text: &str| {
            let document = Document::read(format!("a: {text}").as_bytes()).unwrap();
            let rate = values::rate(&mut document.table().unwrap(), "a");
            rate.map_err(|error| error.to_string())
        };
        let minute = Duration::from_secs(60);
        for (text, expected) in [
            ("600 per 1m", Some(Some(Rate::of(600, minute).unwrap()))),
            ("1 per 1h0m", Some(Some(Rate::of(1, 60 * minute).unwrap()))),
            ("none", Some(None)),
            ("~", None),
        ] {
            assert_eq!(read(text), Ok(expected));
        }
        let expected = "a number of requests and a time, such as 600 per 1m, or none";
        for (text, reason) in [
            ("600", ""),
            ("0 per 1m", ""),
            ("600 per minute", ""),
            ("600 per 0s", ": the time is zero"),
            ("-1 per 1m", ""),
        ] {
            let refused = format!("line 1: a: expected {expected}, found {text:?}{reason}");
            assert_eq!(read(text), Err(refused));
        }
    }
}
