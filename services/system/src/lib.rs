//! The hub's own status, time and network, as procedures.

mod clock;
mod fault;
mod network;
mod program;
mod running;
mod status;
mod time;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use house::uri::{procedure, topic};
use tokio::sync::oneshot;
use wamp_client::{CallError, Invocation, Registration, Reply, Session, Subscription};

pub use running::Running;
pub use status::{Component, Components};

use network::NetworkRequest;
use status::Heard;
use time::TimeRequest;

/// When this program first started the service: a restart of the service is none of the hub.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A changed network is switched over so long after the caller was answered.
const ANSWER_FIRST: Duration = Duration::from_millis(500);

/// How the service works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How the parts of the hub fare, where whoever starts this knows.
    pub components: Option<Components>,
    /// systemd's program that sets the clock.
    pub timedatectl: PathBuf,
    /// NetworkManager's program.
    pub nmcli: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            components: None,
            timedatectl: "timedatectl".into(),
            nmcli: "nmcli".into(),
        }
    }
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it register or subscribe.
    #[error("the system service cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
}

struct Service {
    session: Session,
    settings: Settings,
    heard: Mutex<Heard>,
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    LazyLock::force(&STARTED);
    let changes = session.subscribe(topic::STATUS_CHANGE).open().await?;
    let service = Arc::new(Service {
        session: session.clone(),
        settings,
        heard: Mutex::default(),
    });
    let registrations = register(&session, &service).await?;
    Ok(Running::spawn(|stop| async move {
        listen(service, changes, stop).await;
        running::let_go(registrations).await;
    }))
}

async fn register(session: &Session, service: &Arc<Service>) -> Result<Vec<Registration>, wamp_client::Error> {
    let mut registrations = Vec::new();
    macro_rules! offer {
        ($uri:expr, $method:path) => {{
            let service = service.clone();
            let registration = session
                .register($uri)
                .handler(move |invocation| {
                    let service = service.clone();
                    async move { $method(&service, invocation).await }
                })
                .await?;
            registrations.push(registration);
        }};
    }
    offer!(procedure::GET_STATUS, Service::get_status);
    offer!(procedure::GET_TIME, Service::get_time);
    offer!(procedure::SET_TIME, Service::set_time);
    offer!(procedure::GET_NETWORK, Service::get_network);
    offer!(procedure::SET_NETWORK, Service::set_network);
    Ok(registrations)
}

async fn listen(service: Arc<Service>, mut changes: Subscription, mut stop: oneshot::Receiver<()>) {
    loop {
        let event = tokio::select! {
            _ = &mut stop => return,
            event = changes.next() => event,
        };
        let Some(event) = event else { return };
        match event.kwargs::<Component>() {
            Ok(component) => service
                .heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(component),
            Err(fault) => tracing::warn!(%fault, "this is no change of status"),
        }
    }
}

impl Service {
    async fn get_status(&self, _: Invocation) -> Result<Reply, CallError> {
        let known = self.settings.components.as_ref();
        let status = status::gather(&self.session, &self.heard, known, *STARTED).await;
        Ok(Reply::kwargs(&status)?)
    }

    async fn get_time(&self, _: Invocation) -> Result<Reply, CallError> {
        Ok(Reply::kwargs(&time::look())?)
    }

    async fn set_time(&self, invocation: Invocation) -> Result<Reply, CallError> {
        let request: TimeRequest = invocation.kwargs()?;
        let time = request.set(&self.settings.timedatectl).await?;
        tracing::info!(by = invocation.caller_authid(), "the clock was set");
        Ok(Reply::kwargs(&time)?)
    }

    async fn get_network(&self, _: Invocation) -> Result<Reply, CallError> {
        Ok(Reply::kwargs(&network::look())?)
    }

    async fn set_network(&self, invocation: Invocation) -> Result<Reply, CallError> {
        let request: NetworkRequest = invocation.kwargs()?;
        let before = network::look();
        let names: Vec<String> = before
            .interfaces
            .iter()
            .map(|interface| interface.name.clone())
            .collect();
        let change = request.change(&names)?;
        let nmcli = self.settings.nmcli.clone();
        let connection = network::prepare(&nmcli, &change).await?;
        tracing::info!(by = invocation.caller_authid(), connection, "the network is changed");
        tokio::spawn(async move {
            // The caller may sit behind the very interface that changes.
            tokio::time::sleep(ANSWER_FIRST).await;
            if let Err(fault) = network::activate(&nmcli, &connection).await {
                tracing::error!(%fault, connection, "the changed network could not be switched over to");
            }
        });
        Ok(Reply::kwargs(&before)?)
    }
}
