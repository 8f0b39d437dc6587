//! The bare WAMP router: `domovoi router`. The same port and paths as the hub's, without a house.

mod realm;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wamp_client::error_uri;
use wamp_router::Router;

use crate::announce::{self, Ready};
use crate::components::Components;
use crate::config::RouterConfig;
use crate::failure::Failure;
use crate::log::Format;
use crate::services::MqttView;
use crate::signals::Signals;
use crate::{http, listener, router_key, tls};

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
    let certificate = config.tls.as_ref().map(tls::load).transpose()?;
    let router_key = config.router_key.as_deref().map(router_key::load).transpose()?;
    let public_key = router_key.as_ref().map(|key| hex::encode(key.public_key()));
    if let Some(network) = config.trusted_proxies.iter().find(|network| network.is_everything()) {
        tracing::warn!("everybody is believed to be where they say, because trusted_proxies has {network}");
    }
    let (tcp, address) = listener::tcp(listen).await?;
    let unix = config.unix.as_deref().map(listener::unix).transpose()?;
    let router = Router::new(wamp_router::RouterConfig {
        realms: config
            .realms
            .iter()
            .map(|realm| realm::config(realm, config.history))
            .collect(),
        limits: (&config.limits).into(),
        keep_alive: (&config.keep_alive).into(),
        router_key,
        allowed_origins: config.allowed_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
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
    let is_tls = certificate.is_some();
    let acceptor = certificate.as_ref().map(tls::acceptor).transpose()?;
    if let (Some(files), Some(certificate)) = (config.tls.clone(), certificate) {
        serving.spawn(tls::renew(files, certificate, tls::LOOK_EVERY));
    }
    serving.spawn(async move { serve.serve(tcp, acceptor, http::fallback(site), close).await });
    if let Some(unix) = unix {
        let (serve, close) = (router.clone(), closing.clone().cancelled_owned());
        serving.spawn(async move { serve.serve_unix(unix, close).await });
    }
    let ready = Ready {
        http: address,
        mqtt: None,
        mqtt_fault: None,
        tls: is_tls,
        unix: config.unix.clone(),
        router_key: public_key,
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
