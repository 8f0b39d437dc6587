//! `domovoi router`: the bare WAMP router, without a house.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::Logging;
use crate::bare_router::{self, Options};
use crate::config::{RouterConfig, RouterRealm, RouterUser};
use crate::failure::Failure;

/// What realm there is when none is named.
const DEFAULT_REALM: &str = "realm1";

/// The command line of `domovoi router`. It adds to what the configuration says.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Arguments {
    /// Where the one port is: WAMP, /healthz, /metrics. Port 0 takes one that is free.
    #[arg(long, value_name = "ADDR:PORT", value_parser = crate::listener::address)]
    listen: Option<SocketAddr>,
    /// Speak RawSocket on this Unix socket as well.
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// A realm; may be said several times. realm1 when none is named.
    #[arg(long = "realm", value_name = "NAME")]
    realms: Vec<String>,
    /// Let in who does not sign in, with this role, which may do everything.
    #[arg(long, value_name = "ROLE")]
    anonymous: Option<String>,
    /// Who may sign in, in every realm, for trying things out: other users of this machine can see
    /// the secret. May be said several times.
    #[arg(long = "user", value_name = "NAME:SECRET:ROLE", value_parser = user)]
    users: Vec<RouterUser>,
    /// Keep the last N events of every topic, where a realm does not say otherwise.
    #[arg(long, value_name = "N")]
    history: Option<usize>,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn user(text: &str) -> Result<RouterUser, String> {
    let parts = text.split_once(':').and_then(|(name, rest)| {
        let (secret, role) = rest.rsplit_once(':')?;
        (!name.is_empty() && !secret.is_empty() && !role.is_empty()).then_some((name, secret, role))
    });
    let (name, secret, role) = parts.ok_or("say NAME:SECRET:ROLE")?;
    Ok(RouterUser {
        secret: Some(secret.into()),
        ..RouterUser::new(name, role)
    })
}

pub(super) async fn run(arguments: Arguments, logging: Logging) -> Result<(), Failure> {
    let mut config = match &arguments.config {
        Some(path) => RouterConfig::read(path)?,
        None => RouterConfig::default(),
    };
    let format = logging.start(&config.log)?;
    arguments.check()?;
    arguments.add_to(&mut config);
    config.check().map_err(Failure::Usage)?;
    let listen = config.listen.ok_or_else(|| {
        Failure::Usage("say where to listen: --listen ADDR:PORT, or listen in the configuration".into())
    })?;
    bare_router::run(Options { config, listen, format }).await
}

impl Arguments {
    /// A realm of the file may be named here too; naming one twice here is a typing error.
    fn check(&self) -> Result<(), Failure> {
        let mut names = BTreeSet::new();
        match self.realms.iter().find(|name| !names.insert(name.as_str())) {
            Some(twice) => Err(Failure::Usage(format!("--realm {twice} is there twice"))),
            None => Ok(()),
        }
    }

    fn add_to(self, config: &mut RouterConfig) {
        config.listen = self.listen.or(config.listen);
        config.unix = self.unix.or(config.unix.take());
        config.history = self.history.unwrap_or(config.history);
        for name in self.realms {
            if !config.realms.iter().any(|realm| realm.name == name) {
                config.realms.push(for_trying_out(name));
            }
        }
        if config.realms.is_empty() {
            config.realms.push(for_trying_out(DEFAULT_REALM));
        }
        for realm in &mut config.realms {
            if self.anonymous.is_some() {
                realm.anonymous.clone_from(&self.anonymous);
            }
            realm.users.extend(self.users.iter().cloned());
            for role in self.users.iter().map(|user| &user.role).chain(&self.anonymous) {
                realm.allow_everything(role);
            }
        }
    }
}

/// A realm that stands in no file. Its secrets are on the command line for everybody to see: that
/// guessing them is slow would only hold up whoever tries out what a wrong one does.
fn for_trying_out(name: impl Into<String>) -> RouterRealm {
    RouterRealm {
        limit_attempts: false,
        ..RouterRealm::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_down_in_realms_of_the_file_alone() {
        let mut config = RouterConfig {
            realms: vec![RouterRealm::new("kept")],
            ..RouterConfig::default()
        };
        let arguments = Arguments {
            realms: vec!["kept".to_owned(), "tried".to_owned()],
            ..Arguments::default()
        };
        arguments.add_to(&mut config);
        let limited: Vec<_> = config
            .realms
            .iter()
            .map(|realm| (realm.name.as_str(), realm.limit_attempts))
            .collect();
        assert_eq!(limited, [("kept", true), ("tried", false)]);
    }

    #[test]
    fn a_secret_may_hold_colons() {
        let joe = user("joe:a:b:backend").unwrap();
        assert_eq!(
            (joe.name.as_str(), joe.secret.as_deref(), joe.role.as_str()),
            ("joe", Some("a:b"), "backend")
        );
        for wrong in ["joe", "joe:secret", "joe::role", ":s:r", "joe:s:"] {
            assert!(user(wrong).is_err(), "{wrong}");
        }
    }
}
