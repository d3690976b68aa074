//! Values as several settings have them. Each is absent, or of one kind.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use waxwing_cli::{files, parse_duration};
use waxwing_log::GuardPlace;
use waxwing_pki::{Certificate, ObjectIdentifier};
use waxwing_serve::Rate;
use waxwing_serve::document::{Setting, SettingError, Table};
use zeroize::Zeroizing;

use crate::guard;

/// The largest file of a secret, in bytes.
const LARGEST_FILE: usize = 1 << 20;

const DURATION: &str = "a duration such as 90s or 1h30m";
const IDENTIFIER: &str = "an object identifier such as 1.3.6.1.4.1.57264.2";

/// Puts a value that is there in the place of the default.
pub(super) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) fn text(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<String>, SettingError> {
    let setting = table.setting(name);
    setting
        .map(|setting| setting.text().map(str::to_owned))
        .transpose()
}

pub(super) fn path(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<PathBuf>, SettingError> {
    table
        .setting(name)
        .map(|setting| setting.path())
        .transpose()
}

pub(super) fn guard(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<GuardPlace>, SettingError> {
    let expected = "a directory, or a URL with https";
    let setting = table.setting(name);
    setting
        .map(|setting| setting.read_unseen(expected, guard::place))
        .transpose()
}

pub(super) fn truth(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<bool>, SettingError> {
    table
        .setting(name)
        .map(|setting| setting.truth())
        .transpose()
}

pub(super) fn number(
    table: &mut Table<'_>,
    name: &'static str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, SettingError> {
    let setting = table.setting(name);
    setting
        .map(|setting| setting.number(least, most))
        .transpose()
}

/// A number of things that are counted in memory.
pub(super) fn count(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<usize>, SettingError> {
    let most = u64::from(u32::MAX);
    let number = number(table, name, 1, most)?;
    Ok(number.and_then(|number| usize::try_from(number).ok()))
}

pub(super) fn address(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<SocketAddr>, SettingError> {
    let expected = "an address and a port such as 127.0.0.1:4747";
    let setting = table.setting(name);
    setting
        .map(|setting| setting.read(expected, str::parse))
        .transpose()
}

pub(super) fn duration(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<Duration>, SettingError> {
    let setting = table.setting(name);
    setting
        .map(|setting| setting.read(DURATION, parse_duration))
        .transpose()
}

/// A duration during which something can happen.
pub(super) fn some_time(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<Duration>, SettingError> {
    let Some(setting) = table.setting(name) else {
        return Ok(None);
    };
    match setting.read(DURATION, parse_duration)? {
        Duration::ZERO => Err(setting.refused(DURATION, "it is zero")),
        time => Ok(Some(time)),
    }
}

/// `600 per 1m`, or `none`: the outer option says whether there is anything.
pub(super) fn rate(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<Option<Rate>>, SettingError> {
    let Some(setting) = table.setting(name) else {
        return Ok(None);
    };
    let expected = "a number of requests and a time, such as 600 per 1m, or none";
    let read = |text: &str| {
        if text == "none" {
            return Ok(None);
        }
        let (requests, time) = text.split_once(" per ").ok_or("")?;
        let requests: NonZeroU32 = requests.trim().parse().map_err(|_| "")?;
        let time = parse_duration(time.trim()).map_err(|_| "")?;
        let rate = Rate::of(requests.get(), time);
        rate.map(Some).map_err(|_| "the time is zero")
    };
    setting.read(expected, read).map(Some)
}

pub(super) fn identifier(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<ObjectIdentifier>, SettingError> {
    let setting = table.setting(name);
    setting.map(|setting| one_identifier(&setting)).transpose()
}

pub(super) fn one_identifier(setting: &Setting<'_>) -> Result<ObjectIdentifier, SettingError> {
    setting.read(IDENTIFIER, ObjectIdentifier::new)
}

/// The items of a list, each as `read` has it.
pub(super) fn list<T>(
    table: &mut Table<'_>,
    name: &'static str,
    read: impl Fn(&Setting<'_>) -> Result<T, SettingError>,
) -> Result<Option<Vec<T>>, SettingError> {
    let Some(setting) = table.setting(name) else {
        return Ok(None);
    };
    let items = setting.list()?;
    items.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// The certificates of a PEM file.
pub(super) fn certificates(setting: &Setting<'_>) -> Result<Vec<Certificate>, SettingError> {
    let expected = "a PEM file of certificates";
    let path = setting.path()?;
    let read = files::certificates(&path);
    read.map_err(|error| setting.refused(expected, format!("{error:#}")))
}

/// A secret in a file of its own, without the line's end.
pub(super) fn secret(
    table: &mut Table<'_>,
    name: &'static str,
) -> Result<Option<Zeroizing<String>>, SettingError> {
    let Some(setting) = table.setting(name) else {
        return Ok(None);
    };
    let path = setting.path()?;
    let read = || {
        let bytes = Zeroizing::new(files::read(&path, LARGEST_FILE)?);
        let text = std::str::from_utf8(&bytes)?.trim_end_matches(['\r', '\n']);
        anyhow::ensure!(!text.is_empty(), "it is empty");
        Ok(Zeroizing::new(text.to_owned()))
    };
    let read = read().map_err(|error: anyhow::Error| {
        setting.refused("a file with a secret", format!("{error:#}"))
    })?;
    Ok(Some(read))
}
