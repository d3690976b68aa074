//! A way to log in, which clients can ask for by name (`connector_id`).

use std::sync::Arc;

use crate::login::local::LocalLogin;
use crate::login::upstream::OidcConnector;
use crate::person::LOCAL_CONNECTOR;

/// A way to log in.
#[derive(Debug, Clone)]
pub(crate) enum Connector {
    Local(Arc<LocalLogin>),
    Oidc(Arc<OidcConnector>),
}

impl Connector {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Local(_) => LOCAL_CONNECTOR,
            Self::Oidc(connector) => connector.id(),
        }
    }

    /// What people see on the button.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Local(_) => "name and password",
            Self::Oidc(connector) => connector.name(),
        }
    }
}
