//! The bridge as a member of the house.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use house::uri::{procedure, topic};
use house::{Device, Timestamp};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use wamp_client::{ConnectionState, Session, StateStream, Subscription};

use crate::inbound::{Inbound, Output};
use crate::scanner::{self, Heard};
use crate::{Running, Settings, StartError};

/// How often quiet devices are looked for.
const CHECK_EVERY: Duration = Duration::from_secs(30);

/// Adverts waiting to be looked at; a busy street gives some hundred a second.
const QUEUE: usize = 1024;

struct Loop {
    session: Session,
    states: StateStream,
    changed: Subscription,
    started: Subscription,
    heard: mpsc::Receiver<Heard>,
    inbound: Inbound,
}

#[derive(Serialize)]
struct Status<'a> {
    component: &'static str,
    status: &'static str,
    detail: &'a str,
    at: Timestamp,
}

pub(crate) async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    let changed = session.subscribe(topic::DEVICE_CHANGED).open().await?;
    let started = session.subscribe(topic::DISCOVERY_STARTED).open().await?;
    let (out, heard) = mpsc::channel(QUEUE);
    let scanner = tokio::spawn(scanner::run(settings.clone(), out));
    let state = Loop {
        states: session.watch(),
        session,
        changed,
        started,
        heard,
        inbound: Inbound::new(settings),
    };
    Ok(Running::spawn(|stopped| async move {
        state.run(stopped).await;
        // Its channel is closed now, so it stops the scan and ends.
        if let Err(error) = scanner.await {
            tracing::error!(%error, "the Bluetooth scanner broke");
        }
    }))
}

impl Loop {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        self.load_registry().await;
        let mut check = tokio::time::interval(CHECK_EVERY);
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                heard = self.heard.recv() => match heard {
                    Some(Heard::Advert(advert, signal)) => {
                        let outputs = self.inbound.hear(&advert, signal, now());
                        self.tell(outputs).await;
                    }
                    Some(Heard::Status { listening, detail }) => self.tell_status(listening, &detail).await,
                    None => return,
                },
                event = self.changed.next() => match event {
                    Some(event) => match event.kwargs::<Device>() {
                        Ok(device) => self.inbound.apply(device),
                        Err(error) => tracing::warn!(%error, "device.changed does not hold a device"),
                    },
                    None => return,
                },
                event = self.started.next() => {
                    if event.is_none() {
                        return;
                    }
                    let all = self.inbound.devices().cloned().map(Output::Seen).collect();
                    self.tell(all).await;
                }
                state = self.states.next() => match state {
                    Some(ConnectionState::Joined(_)) => self.load_registry().await,
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => return,
                },
                _ = check.tick() => {
                    let outputs = self.inbound.check(now());
                    self.tell(outputs).await;
                }
            }
        }
    }

    /// Asks discovery for all devices; without an answer, `device.changed` and the next
    /// `discovery.started` bring them.
    async fn load_registry(&mut self) {
        match self.session.call(procedure::DEVICE_LIST).send().await {
            Ok(result) => match result.value::<Vec<Device>>() {
                Ok(devices) => {
                    self.inbound.forget_registry();
                    for device in devices {
                        self.inbound.apply(device);
                    }
                }
                Err(error) => tracing::warn!(%error, "device.list does not hold devices"),
            },
            Err(error) => tracing::debug!(%error, "the devices of the house are not known yet"),
        }
    }

    async fn tell(&self, outputs: Vec<Output>) {
        for output in outputs {
            let sent = match &output {
                Output::Seen(device) => self.session.publish(topic::DEVICE_SEEN).kwargs(device).send().await,
                Output::Reading(event) => self.session.publish(topic::SENSOR_EVENTS).kwargs(event).send().await,
                Output::Fault { device, error } => {
                    tracing::warn!(device.id = device, %error, "a Bluetooth device is not understood");
                    continue;
                }
            };
            if let Err(error) = sent {
                tracing::warn!(%error, "the house could not be told what was heard");
            }
        }
    }

    async fn tell_status(&self, listening: bool, detail: &str) {
        tracing::info!(listening, "{detail}");
        let status = if listening { "running" } else { "waiting" };
        let status = Status {
            component: "ble",
            status,
            detail,
            at: now(),
        };
        if let Err(error) = self.session.publish(topic::STATUS_CHANGE).kwargs(&status).send().await {
            tracing::warn!(%error, "the house could not be told of Bluetooth's state");
        }
    }
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
