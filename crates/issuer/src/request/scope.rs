//! Scopes (RFC 6749 section 3.3, OpenID Connect Core 1.0 section 5.4): `openid email`.
//!
//! Unknown ones are passed over, as section 3.3 allows; `openid` must be there.

/// What a client asks to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scopes {
    pub(crate) openid: bool,
    pub(crate) email: bool,
    pub(crate) profile: bool,
    pub(crate) offline_access: bool,
}

impl Scopes {
    /// All that there are, as discovery names them.
    pub(crate) const SUPPORTED: [&'static str; 4] =
        ["openid", "email", "profile", "offline_access"];

    pub(crate) fn read(text: &str) -> Self {
        let mut scopes = Self::default();
        for scope in text.split(' ') {
            match scope {
                "openid" => scopes.openid = true,
                "email" => scopes.email = true,
                "profile" => scopes.profile = true,
                "offline_access" => scopes.offline_access = true,
                _ => {}
            }
        }
        scopes
    }

    /// Those of these that `other` has too: a refreshed token may be for less, never for more.
    pub(crate) fn within(self, other: Self) -> Self {
        Self {
            openid: self.openid && other.openid,
            email: self.email && other.email,
            profile: self.profile && other.profile,
            offline_access: self.offline_access && other.offline_access,
        }
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let asked = [self.openid, self.email, self.profile, self.offline_access];
        let names = Self::SUPPORTED.iter().zip(asked);
        let names: Vec<&str> = names
            .filter_map(|(name, asked)| asked.then_some(*name))
            .collect();
        formatter.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_scopes_are_passed_over() {
        let scopes = Scopes::read("openid email federated:id  groups");
        assert_eq!(scopes.to_string(), "openid email");
        assert_eq!(Scopes::read("").to_string(), "");
        let more = Scopes::read("openid offline_access");
        assert_eq!(more.within(scopes).to_string(), "openid");
    }
}
