//! The hub's own status, time and network, as procedures.

mod fault;
mod network;
mod program;
mod status;
mod time;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use component::Procedures;
use house::uri::{procedure, topic};
use tokio::sync::oneshot;
use wamp_client::{CallError, Invocation, Reply, Session, Subscription};

pub use component::Running;
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
    let procedures = offer(&session, &service).await?;
    Ok(Running::spawn(|stop| async move {
        listen(service, changes, stop).await;
        procedures.let_go().await;
    }))
}

async fn offer(session: &Session, service: &Arc<Service>) -> Result<Procedures, wamp_client::Error> {
    let mut procedures = Procedures::new(session);
    procedures
        .offer(procedure::GET_STATUS, service, Service::get_status)
        .await?;
    procedures
        .offer(procedure::GET_TIME, service, Service::get_time)
        .await?;
    procedures
        .offer(procedure::SET_TIME, service, Service::set_time)
        .await?;
    procedures
        .offer(procedure::GET_NETWORK, service, Service::get_network)
        .await?;
    procedures
        .offer(procedure::SET_NETWORK, service, Service::set_network)
        .await?;
    Ok(procedures)
}

async fn listen(service: Arc<Service>, mut changes: Subscription, mut stop: oneshot::Receiver<()>) {
    loop {
        let event = tokio::select! {
            _ = &mut stop => return,
            event = changes.next() => event,
        };
        let Some(event) = event else { return };
        if let Some(component) = component::read(&event) {
            let mut heard = service.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.take(component);
        }
    }
}

impl Service {
    async fn get_status(self: Arc<Self>, _: Invocation) -> Result<Reply, CallError> {
        let known = self.settings.components.as_ref();
        let status = status::gather(&self.session, &self.heard, known, *STARTED).await;
        Ok(Reply::kwargs(&status)?)
    }

    async fn get_time(self: Arc<Self>, _: Invocation) -> Result<Reply, CallError> {
        Ok(Reply::kwargs(&time::look())?)
    }

    async fn set_time(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: TimeRequest = invocation.kwargs()?;
        let time = request.set(&self.settings.timedatectl).await?;
        tracing::info!(by = invocation.caller_authid(), "the clock was set");
        Ok(Reply::kwargs(&time)?)
    }

    async fn get_network(self: Arc<Self>, _: Invocation) -> Result<Reply, CallError> {
        Ok(Reply::kwargs(&network::look())?)
    }

    async fn set_network(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
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
