//! The bridge as a member of the house.

use std::time::Duration;

use component::{Procedures, devices, now, read, tell, tell_status};
use database::Database;
use house::Device;
use house::uri::{error, topic};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{CallError, ConnectionState, Session, StateStream, Subscription};

use crate::inbound::{Inbound, Output};
use crate::keys::{self, KeyRequest};
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
    requests: mpsc::Receiver<KeyRequest>,
    procedures: Procedures,
    database: Option<Database>,
    inbound: Inbound,
}

pub(crate) async fn start(
    session: Session,
    mut settings: Settings,
    database: Option<Database>,
) -> Result<Running, StartError> {
    if let Some(database) = &database {
        // A key that a person entered is newer than the configuration's.
        settings.keys.extend(keys::load(database).await?);
    }
    let changed = session.subscribe(topic::DEVICE_CHANGED).open().await?;
    let started = session.subscribe(topic::DISCOVERY_STARTED).open().await?;
    let (ask, requests) = mpsc::channel(1);
    let procedures = keys::offer(&session, ask).await?;
    let (out, heard) = mpsc::channel(QUEUE);
    let scanner = tokio::spawn(scanner::run(settings.clone(), out));
    let state = Loop {
        states: session.watch(),
        session,
        changed,
        started,
        heard,
        requests,
        procedures,
        database,
        inbound: Inbound::new(settings),
    };
    Ok(Running::spawn(|stopped| async move {
        state.run_and_let_go(stopped).await;
        // Its channel is closed now, so it stops the scan and ends.
        if let Err(error) = scanner.await {
            tracing::error!(%error, "the Bluetooth scanner broke");
        }
    }))
}

impl Loop {
    async fn run_and_let_go(mut self, stopped: oneshot::Receiver<()>) {
        self.run(stopped).await;
        self.procedures.let_go().await;
    }

    async fn run(&mut self, mut stopped: oneshot::Receiver<()>) {
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
                    Some(event) => if let Some(device) = read::<Device>(&event) {
                        self.inbound.apply(device);
                    },
                    None => return,
                },
                event = self.started.next() => {
                    if event.is_none() {
                        return;
                    }
                    let all = self.inbound.devices().cloned().map(|device| Output::Seen(Box::new(device))).collect();
                    self.tell(all).await;
                }
                Some(request) = self.requests.recv() => {
                    let outcome = self.set_key(&request).await;
                    // Whoever asked may have gone.
                    let _ = request.outcome.send(outcome);
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

    /// A key counts once it is stored.
    async fn set_key(&mut self, request: &KeyRequest) -> Result<(), CallError> {
        let KeyRequest { device, key, .. } = request;
        self.inbound.try_key(device, key.as_ref(), now())?;
        let database = self.database.as_ref().ok_or_else(|| {
            let sentence = "this Bluetooth bridge has no database: put the key into its configuration";
            CallError::new(error::NOT_SUPPORTED, sentence)
        })?;
        keys::save(database, device, key.as_ref()).await?;
        let outputs = self.inbound.take_key(device, key.as_ref(), now());
        self.tell(outputs).await;
        Ok(())
    }

    async fn load_registry(&mut self) {
        if let Some(devices) = devices(&self.session).await {
            self.inbound.forget_registry();
            devices.into_iter().for_each(|device| self.inbound.apply(device));
        }
    }

    async fn tell(&self, outputs: Vec<Output>) {
        for output in outputs {
            match &output {
                Output::Seen(device) => tell(&self.session, topic::DEVICE_SEEN, &**device).await,
                Output::Reading(event) => tell(&self.session, topic::SENSOR_EVENTS, event).await,
                Output::Fault { device, error } => {
                    tracing::warn!(device.id = device, %error, "a Bluetooth device is not understood");
                }
            }
        }
    }

    async fn tell_status(&self, listening: bool, detail: &str) {
        tracing::info!(listening, "{detail}");
        let status = if listening { "running" } else { "waiting" };
        tell_status(&self.session, "ble", status, detail).await;
    }
}
