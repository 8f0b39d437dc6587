//! The device control service: finds the actuator that a command means, has its bridge switch it, and sees that it happened.
//!
//! A command goes from `dcs.<kind>.control` through [`resolve`] to one [`actuator`], whose plain
//! state says what is to be done; one task ([`service`]) owns them all and does it. Nothing on the
//! way of a command waits for the database or for the device: a reply waits for the device's echo
//! a short time only, in the task of its caller.

pub mod actuator;
pub mod pending;
pub mod resolve;
pub mod state;

mod alert;
mod callers;
mod request;
mod service;
mod setting;
mod store;

use std::time::Duration;

use component::{List, Procedures};
use database::Database;
use house::ActuatorKind;
use house::uri::{device_control, procedure, topic};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{CallError, Invocation, Reply, Session, error_uri};

pub use component::{Running, Settings};

use request::Request;
use service::{Ears, Message, Service};
use store::Writer;

/// How long a reply waits for the device's echo, so that it usually says `confirmed`.
const ECHO_IN_REPLY: Duration = Duration::from_millis(300);

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it register or subscribe.
    #[error("device control cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
    /// The stored states cannot be read.
    #[error("device control cannot read its actuators: {0}")]
    Database(#[from] sqlx::Error),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings, database: Database) -> Result<Running, StartError> {
    let stored = store::load(&database).await?;
    let (inbox, received) = mpsc::unbounded_channel();
    let ears = Ears {
        inbox: received,
        reports: session.subscribe(topic::DEVICE_STATE).queue(8192).open().await?,
        devices: session.subscribe(topic::DEVICE_CHANGED).queue(8192).open().await?,
    };
    // Where the registry is there already, the first command finds its actuator.
    let devices = List::new(procedure::DEVICE_LIST);
    if let Ok(listed) = devices.ask(&session).await {
        let _ = inbox.send(Message::Devices(listed));
    }
    let writer = Writer::start(database);
    let service = Service::new(session.clone(), inbox.clone(), devices, writer, stored, settings.pace());
    let procedures = offer(&session, &inbox).await?;
    Ok(Running::spawn(|stop| async move {
        service.run(ears, stop).await;
        procedures.let_go().await;
    }))
}

async fn offer(session: &Session, inbox: &Inbox) -> Result<Procedures, wamp_client::Error> {
    let mut procedures = Procedures::new(session);
    for kind in ActuatorKind::ALL {
        let handler = move |inbox, invocation| control(inbox, kind, invocation);
        procedures
            .offer_positional(device_control(kind), inbox, handler)
            .await?;
    }
    procedures.offer(procedure::ACTUATOR_LIST, inbox, list).await?;
    let by_calls = session.clone();
    let set = move |inbox, invocation| setting::set(inbox, by_calls.clone(), invocation);
    procedures.offer(procedure::DEVICE_SET, inbox, set).await?;
    Ok(procedures)
}

type Inbox = mpsc::UnboundedSender<Message>;

async fn control(inbox: Inbox, kind: ActuatorKind, invocation: Invocation) -> Result<Reply, CallError> {
    let request = Request::read(&invocation)?;
    let (reply, answer) = oneshot::channel();
    ask(&inbox, Message::Control { kind, request, reply })?;
    let taken = answer.await.map_err(|_| stopping())??;
    let state = match tokio::time::timeout(ECHO_IN_REPLY, taken.confirmed).await {
        Ok(Ok(confirmed)) => confirmed,
        Ok(Err(_)) | Err(_) => taken.state,
    };
    Ok(Reply::kwargs(&state)?)
}

async fn list(inbox: Inbox, _: Invocation) -> Result<Reply, CallError> {
    let (reply, answer) = oneshot::channel();
    ask(&inbox, Message::List(reply))?;
    let states = answer.await.map_err(|_| stopping())?;
    Ok(Reply::value(&states)?)
}

fn ask(inbox: &Inbox, message: Message) -> Result<(), CallError> {
    inbox.send(message).map_err(|_| stopping())
}

fn stopping() -> CallError {
    CallError::new(error_uri::UNAVAILABLE, "device control is stopping")
}
