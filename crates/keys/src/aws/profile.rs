//! The files that `aws configure` writes: `~/.aws/credentials` and `~/.aws/config`.
//!
//! ```text
//! [default]                                   # in config: [default] and [profile NAME]
//! aws_access_key_id = AKIDEXAMPLE
//! aws_secret_access_key = …
//! region = eu-central-1
//! ```
//!
//! What stands in the first goes before what stands in the second. Of a profile that gets its credentials in a way that
//! is not known here, the way is named.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::credentials::read_if_there;
use crate::{CredentialsError, Surroundings};

/// Where a profile may say to get credentials from, and nobody here does.
const OTHER_WAYS: [&str; 8] = [
    "source_profile",
    "credential_source",
    "credential_process",
    "sso_session",
    "sso_account_id",
    "sso_start_url",
    "login_session",
    "role_arn",
];

/// What both files say of one profile.
#[derive(Default)]
pub(crate) struct Profile {
    settings: BTreeMap<String, Zeroizing<String>>,
}

impl Profile {
    /// The profile of `AWS_PROFILE`, or the one called default; empty where there is none.
    pub(super) fn read(surroundings: &Surroundings) -> Result<Self, CredentialsError> {
        let named = surroundings.set("AWS_PROFILE");
        let name = named.clone().unwrap_or_else(|| "default".to_owned());
        let mut profile = Self::default();
        let mut found = false;
        for (variable, place, is_config) in [
            ("AWS_CONFIG_FILE", ".aws/config", true),
            ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", false),
        ] {
            let path = surroundings.set(variable).map(PathBuf::from);
            let Some(path) = path.or_else(|| surroundings.at_home(place)) else {
                continue;
            };
            let Some(text) = read_if_there(&path)? else {
                continue;
            };
            found |= profile.merge(&text, &name, is_config).map_err(|line| {
                CredentialsError::Content {
                    path,
                    reason: format!("line {line} is neither [NAME] nor NAME = VALUE"),
                }
            })?;
        }
        match named {
            Some(name) if !found => Err(CredentialsError::Variable {
                variable: "AWS_PROFILE".to_owned(),
                reason: format!("no file has a profile {name:?}"),
                expected: "a profile in ~/.aws/credentials or ~/.aws/config",
            }),
            _ => Ok(profile),
        }
    }

    /// Takes what one file says; the error is the line that cannot be read.
    pub(crate) fn merge(&mut self, text: &str, name: &str, is_config: bool) -> Result<bool, usize> {
        let mut inside = false;
        let mut found = false;
        for (number, line) in (1_usize..).zip(text.lines()) {
            let content = line.trim();
            if content.is_empty() || content.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = content.strip_prefix('[') {
                let (section, _) = section.split_once(']').ok_or(number)?;
                inside = is_section(section.trim(), name, is_config);
                found |= inside;
                continue;
            }
            // Settings of a setting, as those of s3 are.
            if line.starts_with([' ', '\t']) {
                continue;
            }
            let (setting, value) = content.split_once('=').ok_or(number)?;
            if setting.trim().is_empty() {
                return Err(number);
            }
            if inside {
                let value = [" #", " ;", "\t#", "\t;"]
                    .iter()
                    .fold(value, |value, sign| value.split(sign).next().unwrap_or(""));
                let setting = setting.trim().to_ascii_lowercase();
                self.settings
                    .insert(setting, Zeroizing::new(value.trim().to_owned()));
            }
        }
        Ok(found)
    }

    /// A setting that is set to something.
    pub(crate) fn setting(&self, name: &str) -> Option<&Zeroizing<String>> {
        self.settings.get(name).filter(|value| !value.is_empty())
    }

    /// All settings.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let settings = self.settings.iter();
        settings
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect()
    }

    /// The first other way to credentials that the profile names.
    pub(super) fn other_way(&self) -> Option<&'static str> {
        OTHER_WAYS
            .into_iter()
            .find(|name| self.setting(name).is_some())
    }
}

fn is_section(section: &str, name: &str, is_config: bool) -> bool {
    match section.split_once([' ', '\t']) {
        Some(("profile", other)) if is_config => other.trim() == name,
        None => section == name && (!is_config || name == "default"),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=s#1 # note\n\n[ci]\n\
                               AWS_ACCESS_KEY_ID = B\n";
    const CONFIG: &str = "[default]\nregion = r\naws_access_key_id = C\ns3 =\n  max = 1\n[profile ci]\nregion = q\n[ci]\n\
                          region = x\n";

    fn read(name: &str) -> Profile {
        let mut profile = Profile::default();
        assert_eq!(profile.merge(CONFIG, name, true), Ok(name != "none"));
        assert_eq!(profile.merge(CREDENTIALS, name, false), Ok(name != "none"));
        profile
    }

    #[test]
    fn credentials_go_before_the_configuration() {
        let text = |profile: &Profile, name| profile.setting(name).map(|value| value.to_string());
        let default = read("default");
        assert_eq!(text(&default, "aws_access_key_id").as_deref(), Some("A"));
        assert_eq!(
            text(&default, "aws_secret_access_key").as_deref(),
            Some("s#1")
        );
        assert_eq!(text(&default, "region").as_deref(), Some("r"));
        assert_eq!(text(&default, "s3"), None);
        let ci = read("ci");
        assert_eq!(text(&ci, "aws_access_key_id").as_deref(), Some("B"));
        assert_eq!(text(&ci, "region").as_deref(), Some("q"));
        assert!(read("none").settings.is_empty());
    }

    #[test]
    fn a_line_that_is_none_is_told() {
        let mut profile = Profile::default();
        assert_eq!(profile.merge("[a]\nx\n", "a", false), Err(2));
        assert_eq!(profile.merge("[a\n", "a", false), Err(1));
        assert_eq!(profile.merge("[a]\n=x\n", "a", false), Err(2));
        assert_eq!(profile.merge("[a]\nx=1\n", "a", false), Ok(true));
    }
}
