//! The simulated house as a member of the real one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use house::uri::{self, error, procedure, topic};
use house::{Arguments, Bridge, BridgeCommand, Device, DeviceStateReport, Registry, SensorEvent, Threshold, Timestamp};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use wamp_client::{
    CallError, ConnectionState, Error, Invocation, Reply, Session, StateStream, Subscription, error_uri,
};

use crate::request::{Environment, Silence};
use crate::scene::{self, PROPS, Prop, World};
use crate::{DEVICE_SILENCE, ENVIRONMENT_SET, Running, Settings, StartError, state_file};

/// How often the world is kept when nothing is switched.
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// What a caller asks; the answer goes back through the channel.
enum Ask {
    Command(BridgeCommand, Answer),
    Silence(Silence, Answer),
    Environment(Environment, Answer),
}

type Answer = oneshot::Sender<Result<(), CallError>>;

struct Loop {
    session: Session,
    settings: Settings,
    world: World,
    registry: Registry,
    silent: BTreeSet<String>,
    states: StateStream,
    changed: Subscription,
    started: Subscription,
    searched: Subscription,
    asks: mpsc::Receiver<Ask>,
    last_pass: Instant,
    last_kept: Instant,
}

pub(crate) async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    let world = match &settings.state_file {
        Some(path) => state_file::load(path)?,
        None => World::new(),
    };
    let changed = session.subscribe(topic::DEVICE_CHANGED).open().await?;
    let started = session.subscribe(topic::DISCOVERY_STARTED).open().await?;
    let searched = session.subscribe(topic::DISCOVERY_SEARCH).open().await?;
    let (sender, asks) = mpsc::channel(64);
    register(
        &session,
        uri::bridge_command(Bridge::Simulated),
        &sender,
        |invocation| Ok(|answer| Ask::Command(invocation, answer)),
    )
    .await?;
    register(&session, DEVICE_SILENCE, &sender, |arguments: Arguments| {
        let silence = Silence::read(&arguments).map_err(CallError::invalid_argument)?;
        Ok(|answer| Ask::Silence(silence, answer))
    })
    .await?;
    register(&session, ENVIRONMENT_SET, &sender, |arguments: Arguments| {
        let environment = Environment::read(&arguments).map_err(CallError::invalid_argument)?;
        Ok(|answer| Ask::Environment(environment, answer))
    })
    .await?;
    let state = Loop {
        states: session.watch(),
        session,
        settings,
        world,
        registry: Registry::default(),
        silent: BTreeSet::new(),
        changed,
        started,
        searched,
        asks,
        last_pass: Instant::now(),
        last_kept: Instant::now(),
    };
    Ok(Running::spawn(|stopped| state.run(stopped)))
}

/// Registers a procedure that reads its kwargs with `read` and asks the loop.
async fn register<K, R, W>(session: &Session, uri: &str, asks: &mpsc::Sender<Ask>, read: R) -> Result<(), Error>
where
    K: serde::de::DeserializeOwned,
    R: Fn(K) -> Result<W, CallError> + Clone + Send + Sync + 'static,
    W: FnOnce(Answer) -> Ask + Send,
{
    let asks = asks.clone();
    session
        .register(uri)
        .handler(move |invocation: Invocation| {
            let (asks, read) = (asks.clone(), read.clone());
            async move {
                let stopping = || CallError::new(error_uri::UNAVAILABLE, "the simulated house is stopping");
                let wrap = read(invocation.kwargs::<K>()?)?;
                let (answer, answered) = oneshot::channel();
                asks.send(wrap(answer)).await.map_err(|_| stopping())?;
                answered.await.map_err(|_| stopping())??;
                Ok(Reply::empty())
            }
        })
        .await?;
    Ok(())
}

impl Loop {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        self.refresh().await;
        let mut report = tokio::time::interval(self.settings.report_every);
        report.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut search_until: Option<Instant> = None;
        let mut find = tokio::time::interval(self.settings.find_every);
        find.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                _ = report.tick() => {
                    self.pass();
                    if !self.world.is_furnished {
                        self.furnish().await;
                    }
                    self.report().await;
                    if self.last_kept.elapsed() >= KEEP_EVERY {
                        self.keep().await;
                    }
                }
                _ = find.tick(), if search_until.is_some() => {
                    search_until = search_until.filter(|until| Instant::now() < *until);
                    if search_until.is_some() {
                        self.find_one().await;
                    }
                }
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => break,
                },
                event = self.changed.next() => match event {
                    Some(event) => match event.kwargs::<Device>() {
                        Ok(device) => self.take(device),
                        Err(error) => tracing::warn!(%error, "device.changed does not hold a device"),
                    },
                    None => break,
                },
                event = self.started.next() => {
                    if event.is_none() {
                        break;
                    }
                    self.refresh().await;
                }
                event = self.searched.next() => match event {
                    Some(event) => {
                        let arguments = event.kwargs::<Arguments>().unwrap_or_default();
                        let seconds = arguments.number("seconds").ok().flatten().unwrap_or(30.0).clamp(0.0, 3600.0);
                        search_until = Some(Instant::now() + Duration::from_secs_f64(seconds));
                        find.reset();
                    }
                    None => break,
                },
                state = self.states.next() => match state {
                    Some(ConnectionState::Joined(_)) => self.refresh().await,
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => break,
                },
            }
        }
        self.pass();
        self.keep().await;
    }

    /// Lets the time pass that has passed.
    fn pass(&mut self) {
        let now = Instant::now();
        let seconds = (now - self.last_pass).as_secs_f64() * self.settings.speed;
        self.last_pass = now;
        self.world.pass(seconds);
    }

    fn take(&mut self, device: Device) {
        if device.bridge == Bridge::Simulated {
            self.registry.apply(device);
        }
    }

    /// Tells discovery of every device, learns what it thinks of them, and tells device control
    /// what is on.
    async fn refresh(&mut self) {
        for prop in PROPS.iter().filter(|prop| self.world.is_visible(prop)) {
            self.tell(topic::DEVICE_SEEN, &prop.device(now())).await;
            self.report_state(prop).await;
        }
        match self.session.call(procedure::DEVICE_LIST).send().await {
            Ok(result) => match result.value::<Vec<Device>>() {
                Ok(devices) => {
                    self.registry.clear();
                    devices.into_iter().for_each(|device| self.take(device));
                }
                Err(error) => tracing::warn!(%error, "device.list does not hold devices"),
            },
            Err(error) => tracing::debug!(%error, "the devices of the house are not known yet"),
        }
    }

    /// Makes the known devices part of a new house and sets its first thresholds; what cannot be
    /// done yet is tried again with the next report.
    async fn furnish(&mut self) {
        let known: Vec<&Prop> = PROPS.iter().filter(|prop| prop.is_known).collect();
        if known.iter().any(|prop| self.registry.device(&prop.id()).is_none()) {
            return self.refresh().await;
        }
        for prop in known {
            let arguments = json!({"device": prop.id(), "area": prop.area, "name": prop.name});
            match self
                .session
                .call(procedure::DEVICE_ADOPT)
                .kwargs(&arguments)
                .send()
                .await
            {
                Ok(result) => match result.kwargs::<Device>() {
                    Ok(device) => self.take(device),
                    Err(error) => return tracing::warn!(%error, "device.adopt does not give a device"),
                },
                Err(error) => return tracing::debug!(%error, "the demo's devices are not adopted yet"),
            }
        }
        let set = match self.session.call(procedure::THRESHOLDS_LIST).send().await {
            Ok(result) => result.value::<Vec<Threshold>>().unwrap_or_default(),
            Err(error) => return tracing::debug!(%error, "the demo's thresholds are not set yet"),
        };
        for threshold in scene::thresholds() {
            let is_set = set
                .iter()
                .any(|s| s.area == threshold.area && s.quantity == threshold.quantity);
            if is_set {
                continue;
            }
            if let Err(error) = self
                .session
                .call(procedure::THRESHOLDS_SET)
                .kwargs(&threshold)
                .send()
                .await
            {
                return tracing::debug!(%error, "the demo's thresholds are not set yet");
            }
        }
        self.world.is_furnished = true;
        self.keep().await;
    }

    /// What the adopted devices measure.
    async fn report(&self) {
        for prop in PROPS.iter().filter(|prop| !prop.sensors.is_empty()) {
            let id = prop.id();
            let Some(device) = self.registry.adopted().find(|device| device.id == id) else {
                continue;
            };
            if self.silent.contains(&id) {
                continue;
            }
            let event = SensorEvent {
                sensor_id: id,
                area: device.area.clone(),
                at: Some(now()),
                values: self.world.measure(prop),
                rejected: Vec::new(),
            };
            self.tell(topic::SENSOR_EVENTS, &event).await;
        }
    }

    /// A search finds the next hidden device.
    async fn find_one(&mut self) {
        let Some(prop) = PROPS.iter().find(|prop| !self.world.is_visible(prop)) else {
            return;
        };
        self.world.found.push(prop.id());
        self.tell(topic::DEVICE_SEEN, &prop.device(now())).await;
        self.report_state(prop).await;
        self.keep().await;
    }

    async fn answer(&mut self, ask: Ask) {
        let (result, answer) = match ask {
            Ask::Command(command, answer) => (self.command(&command).await, answer),
            Ask::Silence(silence, answer) => (self.silence(silence), answer),
            Ask::Environment(environment, answer) => (self.environment(&environment), answer),
        };
        // A caller that has gone wants no answer.
        let _ = answer.send(result);
    }

    async fn command(&mut self, command: &BridgeCommand) -> Result<(), CallError> {
        let prop = find_prop(&command.device)?;
        if prop.actuator != Some(command.kind) || command.entity != scene::SWITCHES {
            let sentence = format!(
                "{} has no {} called {}",
                command.device,
                command.kind.label(),
                command.entity
            );
            return Err(CallError::new(error::DEVICE_UNAVAILABLE, sentence));
        }
        // A silent device hears nothing either; only the missing echo tells.
        if self.silent.contains(&command.device) {
            return Ok(());
        }
        self.pass();
        self.world.on.insert(command.device.clone(), command.on);
        self.report_state(prop).await;
        self.keep().await;
        Ok(())
    }

    fn silence(&mut self, silence: Silence) -> Result<(), CallError> {
        find_prop(&silence.device)?;
        if silence.silent {
            self.silent.insert(silence.device);
        } else {
            self.silent.remove(&silence.device);
        }
        Ok(())
    }

    fn environment(&mut self, environment: &Environment) -> Result<(), CallError> {
        self.pass();
        if self
            .world
            .set_air(&environment.area, environment.temperature, environment.humidity)
        {
            Ok(())
        } else {
            Err(CallError::invalid_argument(format!(
                "area {} is not in the simulated house",
                environment.area
            )))
        }
    }

    async fn report_state(&self, prop: &Prop) {
        let id = prop.id();
        let Some(on) = self.world.on.get(&id).copied().filter(|_| !self.silent.contains(&id)) else {
            return;
        };
        let report = DeviceStateReport {
            device: id,
            entity: scene::SWITCHES.into(),
            on,
            at: now(),
        };
        self.tell(topic::DEVICE_STATE, &report).await;
    }

    async fn tell<T: serde::Serialize>(&self, topic: &str, payload: &T) {
        if let Err(error) = self.session.publish(topic).kwargs(payload).send().await {
            tracing::debug!(%error, topic, "the house could not be told");
        }
    }

    async fn keep(&mut self) {
        self.last_kept = Instant::now();
        let Some(path) = self.settings.state_file.clone() else {
            return;
        };
        if let Err(error) = state_file::save(path, self.world.clone()).await {
            tracing::error!(%error, "the simulated house's state could not be kept");
        }
    }
}

fn find_prop(id: &str) -> Result<&'static Prop, CallError> {
    PROPS
        .iter()
        .find(|prop| prop.id() == id)
        .ok_or_else(|| CallError::new(error::NO_SUCH_DEVICE, format!("there is no simulated device {id}")))
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
