//! How a command at the shell reaches the router.

use std::io::BufRead;
use std::path::PathBuf;

use wamp_client::{Backoff, Connector, Credentials, Error, Serializer, Session, error_uri};

use super::address;
use crate::accounts::PublicKey;
use crate::failure::Failure;
use crate::router_key;

/// Where the password is when neither `--password-stdin` nor `--secret-file` says.
const PASSWORD: &str = "DOMOVOI_PASSWORD";

/// Which router, and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Connection {
    /// The router: ws://HOST:PORT/ws, rs://HOST:PORT or unix:///PATH; wss:// and rss:// in TLS.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:8080/ws", value_parser = address::router)]
    url: String,
    /// The realm to join.
    #[arg(long, value_name = "REALM", default_value = house::uri::REALM, value_parser = address::realm)]
    realm: String,
    /// A file with certificates (PEM) to trust instead of those that this machine trusts.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The account to sign in with; its password comes from the environment variable
    /// DOMOVOI_PASSWORD, unless one of the next two options says otherwise.
    #[arg(long, value_name = "NAME")]
    authid: Option<String>,
    /// Read the password from the first line of the standard input.
    #[arg(long, requires = "authid")]
    password_stdin: bool,
    /// Read the password from the first line of a file.
    #[arg(long, value_name = "FILE", requires = "authid", conflicts_with = "password_stdin")]
    secret_file: Option<PathBuf>,
    /// Sign in by the private key in this file, which `domovoi key` makes, instead of a password;
    /// `domovoi user key add` tells the hub its public half. The key is enough without --authid.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_stdin", "secret_file"])]
    key: Option<PathBuf>,
    /// The router must prove that it has this public key, 64 hexadecimal digits; `domovoi check` at the hub
    /// says it. Over TLS the proof is bound to the connection.
    #[arg(long, value_name = "KEY", requires = "key")]
    router_key: Option<PublicKey>,
}

impl Connection {
    /// Joins once, for a command that is done soon.
    pub(super) async fn join(&self) -> Result<Session, Failure> {
        let connector = self.connector()?.no_reconnect();
        connector.connect().await.map_err(|error| self.failure(&error))
    }

    /// Joins for good: waits for a router that is not there yet, and comes back to one that was.
    /// A router that is there and refuses is the end.
    pub(super) async fn join_for_good(&self) -> Result<Session, Failure> {
        let connector = self.connector()?.reconnect(Backoff::default()).keep_trying();
        connector.connect().await.map_err(|error| self.failure(&error))
    }

    fn connector(&self) -> Result<Connector, Failure> {
        let mut connector = Connector::new(&self.url, self.realm.as_str()).serializer(Serializer::Json);
        if let Some(path) = &self.ca {
            let pem = std::fs::read(path)
                .map_err(|error| Failure::Usage(format!("--ca: cannot read {}: {error}", path.display())))?;
            connector = connector.authorities(pem);
        }
        if let Some(PublicKey(router_key)) = self.router_key {
            connector = connector.router_key(router_key);
            if self.url.starts_with("wss://") || self.url.starts_with("rss://") {
                connector = connector.channel_binding();
            }
        }
        Ok(connector.credentials(self.credentials()?))
    }

    fn credentials(&self) -> Result<Credentials, Failure> {
        if let Some(path) = &self.key {
            return Ok(Credentials::Cryptosign {
                authid: self.authid.clone(),
                private_key: router_key::private_key("--key", path)?,
            });
        }
        let Some(authid) = self.authid.clone() else {
            return Ok(Credentials::default());
        };
        let secret = if self.password_stdin {
            password_from_stdin()?
        } else if let Some(path) = &self.secret_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
            text.lines().next().unwrap_or_default().to_owned()
        } else {
            std::env::var(PASSWORD).map_err(|_| {
                Failure::Usage(format!(
                    "there is no password for {authid}: set {PASSWORD}, or say --password-stdin or --secret-file FILE"
                ))
            })?
        };
        Ok(Credentials::Wampcra { authid, secret })
    }

    /// Where it goes, for sentences.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn failure(&self, error: &Error) -> Failure {
        match error {
            Error::Refused { reason, .. } if self.authid.is_none() && self.key.is_none() && wants_sign_in(reason) => {
                Failure::Failed(format!(
                    "{}: this realm is for who signs in: sign in with --authid NAME and the password in {PASSWORD}",
                    self.url
                ))
            }
            Error::Refused { reason, .. } => Failure::Failed(format!("{}: {error} ({reason})", self.url)),
            _ => Failure::of(&self.url, error),
        }
    }
}

/// Whether a router that gave this reason lets in nobody who does not sign in.
fn wants_sign_in(reason: &str) -> bool {
    matches!(
        reason,
        error_uri::NO_MATCHING_AUTH_METHOD | error_uri::AUTHENTICATION_REQUIRED
    )
}

/// The first line of the standard input.
pub(super) fn password_from_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::Failed(format!("cannot read the password from the standard input: {error}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What the router or a callee answered, with the error URI first.
pub(super) fn refused(error: &Error) -> Failure {
    match error {
        Error::Rejected(rejected) => Failure::Failed(match rejected.message() {
            Some(message) => format!("{}: {message}", rejected.uri()),
            None => rejected.uri().to_owned(),
        }),
        _ => match error.uri() {
            Some(uri) => Failure::Failed(format!("{uri}: {error}")),
            None => Failure::of("no answer", error),
        },
    }
}
