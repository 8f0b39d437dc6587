//! Who learns who is at the other end.

use serde::Deserialize;

/// `disclose_callers`, `disclose_publishers`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disclose {
    /// Nobody, even if its owner asks for it.
    Never,
    /// Those at the other end, if its owner asks for it.
    #[default]
    OnRequest,
    /// Those at the other end.
    Always,
}

impl From<Disclose> for wamp_router::Disclose {
    fn from(disclose: Disclose) -> Self {
        match disclose {
            Disclose::Never => Self::Never,
            Disclose::OnRequest => Self::OnRequest,
            Disclose::Always => Self::Always,
        }
    }
}
