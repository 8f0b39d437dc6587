//! A command on its way to device control.

use std::time::Duration;

use house::Cause;
use house::uri::device_control;
use serde::Serialize;
use tokio::sync::mpsc;
use wamp_client::Session;

use crate::Switch;
use crate::ears::Message;

/// How long a command may take.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct ControlOptions {
    device: String,
    entity: String,
    cause: Cause,
}

/// Has an actuator switched; the outcome comes as [`Message::Commanded`].
pub(crate) fn command(session: &Session, inbox: &mpsc::UnboundedSender<Message>, switch: Switch) {
    let Switch {
        actuator,
        kind,
        on,
        cause,
    } = switch;
    tracing::info!(device = actuator.0, on, cause = cause.text, "switching");
    let options = ControlOptions {
        device: actuator.0.clone(),
        entity: actuator.1.clone(),
        cause,
    };
    let call = session
        .call(device_control(kind))
        .args(&(on,))
        .kwargs(&options)
        .timeout(TIMEOUT);
    let inbox = inbox.clone();
    tokio::spawn(async move {
        let outcome = call.send().await.and_then(|result| Ok(result.kwargs()?));
        // The controller may have ended meanwhile.
        let _ = inbox.send(Message::Commanded(actuator, outcome.map_err(|error| error.to_string())));
    });
}
