//! The whole hub.
//!
//! **Start-up**, in this order: the data directory is locked, the ports are bound, the database is
//! opened and brought up to date, so that what cannot work is told before anything runs. Then
//! comes the router with the realm; from here on the port answers, `/healthz` with 503. Then the
//! services start, all at once but for those that ask others at their start ([`crate::services`]
//! has the order), and with them the account procedures. When each has joined, or has failed for the first time, the hub is ready and says so; a service that failed
//! is started again and again, and `/healthz` tells.
//!
//! **Shut-down**, in this order: the services stop, the logger last, because until then there is
//! something to log; each commits what is pending. Then the listeners close and every session
//! left gets GOODBYE `wamp.close.system_shutdown`. At last the database is closed. Each step has
//! its limit, and the whole takes less than five seconds whatever hangs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use component::now;
use database::Database;
use house::Timestamp;
use house::uri::topic;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wamp_client::error_uri;
use wamp_router::Router;

use crate::accounts::{self, Accounts, Setup, SignIn};
use crate::announce::{self, Ready};
use crate::components::{Components, Status};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::event_history::{self, EventHistory, Writer};
use crate::failure::Failure;
use crate::log::Format;
use crate::services::{self, Demo};
use crate::signals::Signals;
use crate::{damage, hearing, http, listener, realm, router_key, supervisor, tls};

/// The limit for telling every session that the hub goes.
const GOODBYE_TIME: Duration = Duration::from_millis(700);
/// The limit for closing the database.
const CLOSE_TIME: Duration = Duration::from_millis(500);

/// What the hub is to be.
#[derive(Debug)]
pub struct Options {
    /// The configuration, with what the command line says already in it.
    pub config: Config,
    /// Where the house is kept.
    pub data_dir: DataDir,
    /// The simulated house, when it is wanted.
    pub demo: Option<Demo>,
    /// How announcements are written.
    pub format: Format,
}

/// Runs the hub until a signal ends it.
pub async fn run(options: Options) -> Result<(), Failure> {
    let started = Instant::now();
    let mut signals = Signals::listen()?;
    let Options {
        config,
        data_dir,
        demo,
        format,
    } = options;
    let config = Arc::new(config);
    data_dir.create()?;
    let _lock = data_dir.lock()?;
    let certificate = config.tls.as_ref().map(tls::load).transpose()?;
    let (tcp, http_address) = listener::tcp(config.listen).await?;
    let unix = unix_socket(&config, &data_dir);
    let database = open(&data_dir).await?;

    let accounts = Accounts::new(database.clone());
    let setup = Arc::new(set_up(&accounts, &data_dir).await?);
    let sign_in = SignIn::new(accounts.clone(), setup.clone(), data_dir.secret()?);
    let signed_in = sign_in.signed_in();
    let (history, history_writer) = past_events(&database).await?;
    let history_stop = CancellationToken::new();
    let writing_history = tokio::spawn(history_writer.run(history_stop.clone()));
    // A house goes on without it; who insists on the proof is told that there is none.
    let router_key = router_key::of_hub(&data_dir.router_key())
        .inspect_err(|failure| tracing::error!("the hub cannot prove who it is: {failure}"))
        .ok();
    let public_key = router_key.as_ref().map(|key| hex::encode(key.public_key()));
    let router = realm::router(&config, sign_in, history, router_key);
    let mqtt = services::MqttView::default();
    let selected = services::selected(&config, demo.is_some());
    let components = Components::new(selected.chain([accounts::NAME]));
    let has_logger = services::selected(&config, demo.is_some()).any(|name| name == services::LOGGER);
    let context = services::Context {
        config: config.clone(),
        database: Some(database.clone()),
        demo,
        data_dir: data_dir.clone(),
        components: Some(components.clone()),
        mqtt: mqtt.clone(),
    };
    let mut plans = services::plans(&context, &router);
    plans.push(accounts::plan(
        accounts,
        setup.clone(),
        signed_in,
        realm::joiner(&router, accounts::NAME),
    ));

    let closing = CancellationToken::new();
    let site = http::Site {
        components: components.clone(),
        router: router.clone(),
        started,
        mqtt: mqtt.clone(),
        pages: true,
    };
    let mut serving = JoinSet::new();
    let close = closing.clone().cancelled_owned();
    let serve = router.clone();
    let is_tls = certificate.is_some();
    let acceptor = certificate.as_ref().map(tls::acceptor).transpose()?;
    if let (Some(files), Some(certificate)) = (config.tls.clone(), certificate) {
        serving.spawn(tls::renew(files, certificate, tls::LOOK_EVERY));
    }
    serving.spawn(async move { serve.serve(tcp, acceptor, http::fallback(site), close).await });
    let unix_path = unix.as_ref().map(|_| data_dir.socket());
    if let Some(unix) = unix {
        let (serve, close) = (router.clone(), closing.clone().cancelled_owned());
        serving.spawn(async move { serve.serve_unix(unix, close).await });
    }

    tokio::spawn(publish_changes(router.clone(), components.clone()));
    tokio::spawn(hearing::hear(router.clone(), components.clone(), closing.clone()));

    let stop = services::Stop::default();
    let mut supervised = JoinSet::new();
    for plan in plans {
        let stop = stop.of(plan.name).child_token();
        supervised.spawn(supervisor::supervise(plan, components.clone(), stop));
    }

    let signal = tokio::select! {
        () = components.all_tried() => {
            for warning in config.warnings() {
                tracing::warn!("{warning}");
            }
            let (mqtt, mqtt_fault) = mqtt_at_start(&config, &mqtt, &components);
            let unix = unix_path.clone();
            let ready = Ready { http: http_address, mqtt, mqtt_fault, tls: is_tls, unix, router_key: public_key };
            publish_hub(&router, Status::Running).await;
            say_ready(format, &ready, &setup, started);
            signals.next().await
        }
        signal = signals.next() => signal,
    };

    let stopping = Instant::now();
    tracing::info!(signal, "the hub stops");
    publish_hub(&router, Status::Stopped).await;
    stop.all_but_the_logger();
    let in_time = supervised_end(&mut supervised, usize::from(has_logger)).await;
    stop.the_logger();
    let in_time = supervised_end(&mut supervised, 0).await && in_time;
    closing.cancel();
    router.shutdown(error_uri::CLOSE_SYSTEM_SHUTDOWN, GOODBYE_TIME).await;
    serving.shutdown().await;
    if let Some(path) = unix_path {
        listener::remove_unix(&path);
    }
    history_stop.cancel();
    if tokio::time::timeout(CLOSE_TIME, writing_history).await.is_err() {
        tracing::warn!("the newest events are not in the history");
    }
    let closed = tokio::time::timeout(CLOSE_TIME, database.checkpoint_and_close()).await;
    if let Ok(Err(error)) = &closed {
        tracing::warn!(%error, "the write-ahead log stays until the next start");
    }
    tracing::info!(
        took_ms = stopping.elapsed().as_millis() as u64,
        graceful = in_time && closed.is_ok(),
        "the hub has stopped"
    );
    Ok(())
}

async fn open(data_dir: &DataDir) -> Result<Database, Failure> {
    Database::open(data_dir.database())
        .await
        .map_err(|error| damage::of_house(&error))
}

async fn past_events(database: &Database) -> Result<(Arc<EventHistory>, Writer), Failure> {
    let opened = event_history::open(database.clone()).await;
    opened.map_err(|error| Failure::Failed(format!("the event history cannot be read: {error}")))
}

/// The Unix socket; without it (a path too long, say) everything else still works.
fn unix_socket(config: &Config, data_dir: &DataDir) -> Option<tokio::net::UnixListener> {
    if !config.unix_socket {
        return None;
    }
    listener::unix(&data_dir.socket())
        .inspect_err(|failure| tracing::error!("{failure}"))
        .ok()
}

async fn set_up(accounts: &Accounts, data_dir: &DataDir) -> Result<Setup, Failure> {
    let failed = |error: accounts::AccountError| damage::of_accounts(&error, &data_dir.database());
    if accounts.any_admin().await.map_err(failed)? {
        Ok(Setup::closed())
    } else {
        Setup::open().map_err(failed)
    }
}

fn say_ready(format: Format, ready: &Ready, setup: &Setup, started: Instant) {
    tracing::info!(
        http = %ready.http,
        took_ms = started.elapsed().as_millis() as u64,
        "the hub is ready"
    );
    announce::ready(format, ready);
    if let Some(token) = setup.token() {
        announce::setup(format, &accounts::link(ready.http, ready.scheme(), &token));
    }
}

/// Where the hub's own MQTT server listens, and why it does not; the first is `None` when there is
/// to be none.
fn mqtt_at_start(
    config: &Config,
    mqtt: &services::MqttView,
    components: &Components,
) -> (Option<Option<SocketAddr>>, Option<String>) {
    let wanted = services::selected(config, false).any(|name| name == services::MQTT) && config.mqtt.url.is_none();
    if !wanted {
        return (None, None);
    }
    let address = mqtt.address();
    let fault = address.is_none().then(|| components.fault(services::MQTT));
    (Some(address), fault)
}

/// The payload of `status.change`.
#[derive(Debug, Serialize)]
struct StatusChange<'a> {
    component: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    at: Timestamp,
}

impl StatusChange<'_> {
    /// Publishes it by a session of its own: changes are rare, and a session that lives from one
    /// to the next could have been ended.
    async fn publish(&self, router: &Router) {
        let session = match realm::join(router, "hub").await {
            Ok(session) => session,
            Err(error) => return tracing::debug!(%error, "a change of status cannot be published"),
        };
        let publication = session.publish(topic::STATUS_CHANGE).kwargs(self).acknowledge();
        if let Err(error) = publication.send().await {
            tracing::debug!(%error, "a change of status cannot be published");
        }
        session.leave().await;
    }
}

/// Tells the house that the hub as a whole has started or stops.
async fn publish_hub(router: &Router, status: Status) {
    let change = StatusChange {
        component: "hub",
        status,
        detail: "",
        at: now(),
    };
    change.publish(router).await;
}

/// Publishes which services fail, and which have recovered. That all start with the hub and stop
/// with it is told once, for the hub.
async fn publish_changes(router: Router, components: Components) {
    let mut changes = components.changes();
    let mut told = components.snapshot();
    while changes.changed().await.is_ok() {
        let now = changes.borrow_and_update().clone();
        for (name, component) in &now {
            let is_news = match component.status {
                Status::Failed => true,
                Status::Running => component.restarts > 0,
                Status::Starting | Status::Stopped => false,
            };
            if is_news && told.get(name) != Some(component) {
                let change = StatusChange {
                    component: name,
                    status: component.status,
                    detail: &component.detail,
                    at: component.at,
                };
                change.publish(&router).await;
            }
        }
        told = now;
    }
}

/// Waits until at most `left` services still run; false when they take too long.
async fn supervised_end(supervised: &mut JoinSet<()>, left: usize) -> bool {
    let limit = supervisor::STOP_TIME + Duration::from_millis(100);
    let all = async {
        while supervised.len() > left {
            if let Some(Err(error)) = supervised.join_next().await {
                tracing::error!(%error, "a service broke while it stopped");
            }
        }
    };
    tokio::time::timeout(limit, all).await.is_ok()
}
