//! The bare WAMP router: `domovoi router`. The same port and paths as the hub's, without a house.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wamp_client::error_uri;
use wamp_router::authentication::{AuthMethod, StaticUser, StaticUsers};
use wamp_router::authorization::{Rule, Rules};
use wamp_router::{Authentication, Authorization, RealmConfig, Router};

use crate::announce::{self, Ready};
use crate::components::Components;
use crate::config::{RouterConfig, RouterRealm};
use crate::failure::Failure;
use crate::log::Format;
use crate::services::MqttView;
use crate::signals::Signals;
use crate::{http, listener, realm};

/// The limit for telling every session that the router goes.
const GOODBYE_TIME: Duration = Duration::from_secs(2);

/// What the router is to be.
#[derive(Debug)]
pub struct Options {
    /// The configuration, with what the command line says already in it.
    pub config: RouterConfig,
    /// Where the one port is.
    pub listen: SocketAddr,
    /// How announcements are written.
    pub format: Format,
}

/// Runs the router until a signal ends it.
pub async fn run(options: Options) -> Result<(), Failure> {
    let started = Instant::now();
    let mut signals = Signals::listen()?;
    let Options { config, listen, format } = options;
    let (tcp, address) = listener::tcp(listen).await?;
    let unix = config.unix.as_deref().map(listener::unix).transpose()?;
    let router = Router::new(wamp_router::RouterConfig {
        realms: config
            .realms
            .iter()
            .map(|realm| of_realm(realm, config.history))
            .collect(),
        limits: realm::limits(&config.limits),
        ..wamp_router::RouterConfig::default()
    });

    let closing = CancellationToken::new();
    let mut serving = JoinSet::new();
    let site = http::Site {
        components: Components::new([]),
        router: router.clone(),
        started,
        mqtt: MqttView::default(),
        pages: false,
    };
    let (serve, close) = (router.clone(), closing.clone().cancelled_owned());
    serving.spawn(async move { serve.serve(tcp, None, http::fallback(site), close).await });
    if let Some(unix) = unix {
        let (serve, close) = (router.clone(), closing.clone().cancelled_owned());
        serving.spawn(async move { serve.serve_unix(unix, close).await });
    }
    let ready = Ready {
        http: address,
        mqtt: None,
        unix: config.unix.clone(),
    };
    announce::ready(format, &ready);

    let signal = signals.next().await;
    tracing::info!(signal, "the router stops");
    closing.cancel();
    router.shutdown(error_uri::CLOSE_SYSTEM_SHUTDOWN, GOODBYE_TIME).await;
    serving.shutdown().await;
    if let Some(path) = &config.unix {
        listener::remove_unix(path);
    }
    Ok(())
}

/// A realm whose roles may all do everything.
fn of_realm(realm: &RouterRealm, history: usize) -> RealmConfig {
    let users = realm.users.iter().map(|user| StaticUser {
        authid: user.name.clone(),
        secret: user.secret.clone(),
        authrole: user.role.clone(),
    });
    let roles = realm.users.iter().map(|user| &user.role).chain(&realm.anonymous);
    let mut methods = AuthMethod::SIGN_INS.to_vec();
    if realm.anonymous.is_some() {
        methods.push(AuthMethod::Anonymous);
    }
    RealmConfig {
        authentication: Authentication {
            anonymous: realm.anonymous.clone(),
            authenticator: Some(Arc::new(StaticUsers::new(users))),
            methods,
        },
        authorization: Authorization::by(Rules::new(roles.map(Rule::everything))),
        history,
        ..RealmConfig::new(&realm.name)
    }
}
