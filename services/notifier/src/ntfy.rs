//! The ntfy channel: one HTTP POST for each message, to the topic's URL.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, StatusCode, Url};

use crate::header_text::header_text;
use crate::message::Message;
use crate::settings;

/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why the channel cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NtfyFault {
    /// The configured URL is none.
    #[error("the ntfy URL must be like https://ntfy.sh/my-topic: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The token has characters that a header cannot carry.
    #[error("the ntfy token must be plain text")]
    Token,
    /// No HTTPS here, for want of root certificates, say.
    #[error("ntfy messages cannot be sent from this machine: {0}")]
    Client(reqwest::Error),
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub(crate) struct Undelivered {
    pub(crate) sentence: String,
    /// Trying again would not help.
    pub(crate) for_good: bool,
}

/// One topic on one server.
#[derive(Debug, Clone)]
pub(crate) struct Ntfy {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    click: Option<String>,
}

impl Ntfy {
    pub(crate) fn new(settings: &settings::Ntfy) -> Result<Self, NtfyFault> {
        let wrong = |reason: &str| NtfyFault::Url {
            reason: reason.to_owned(),
        };
        let url = Url::parse(settings.url.trim()).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it must begin with https:// or http://"));
        }
        if url.path().trim_matches('/').is_empty() {
            return Err(wrong("it names no topic"));
        }
        let authorization = settings.token.as_deref().map(bearer).transpose()?;
        // An error means that the program has chosen its provider already.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(TIMEOUT)
            .user_agent(concat!("Domovoi/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(NtfyFault::Client)?;
        Ok(Self {
            client,
            url,
            authorization,
            click: settings.click.clone(),
        })
    }

    /// Sends one message, once.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), Undelivered> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header("Title", header_text(&message.title))
            .header("Priority", i16::from(message.priority))
            .header("Tags", message.tag)
            .body(message.text.clone());
        if let Some(click) = &self.click {
            request = request.header("Click", header_text(click));
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|error| Undelivered {
            // The URL holds the topic, which is a secret.
            sentence: format!("the ntfy server cannot be reached: {}", causes(&error.without_url())),
            for_good: false,
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Undelivered {
            sentence: match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    format!("the ntfy server refuses the access token ({status})")
                }
                StatusCode::TOO_MANY_REQUESTS => format!("the ntfy server takes no more messages for now ({status})"),
                _ => format!("the ntfy server answered {status}"),
            },
            for_good: status.is_client_error()
                && !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT),
        })
    }
}

fn bearer(token: &str) -> Result<HeaderValue, NtfyFault> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| NtfyFault::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error with its causes: reqwest's own text alone is "error sending request".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_configuration_is_named() {
        let of = |url: &str, token: Option<&str>| {
            Ntfy::new(&settings::Ntfy {
                url: url.into(),
                token: token.map(str::to_owned),
                click: None,
            })
            .map(drop)
            .map_err(|fault| fault.to_string())
        };
        assert!(of("https://ntfy.sh/topic", Some("tk_1")).is_ok());
        for wrong in ["ntfy.sh/topic", "ftp://ntfy.sh/topic", "https://ntfy.sh/", "not a url"] {
            assert!(
                of(wrong, None).unwrap_err().starts_with("the ntfy URL must be"),
                "{wrong}"
            );
        }
        assert!(of("https://ntfy.sh/topic", Some("a\nb")).unwrap_err().contains("token"));
    }
}
