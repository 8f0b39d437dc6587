//! The simulated house as a member of the real one: a bridge like any other.

mod request;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use component::{devices, now, read};
use house::uri::topic;
use house::{Availability, Device, DeviceStateReport, Lifecycle, Registry, SensorEvent};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use wamp_client::{ConnectionState, Session, StateStream, Subscription};

use self::request::{Asked, Request};
use crate::memory::Memory;
use crate::plan::{ACTUATOR, DEVICES, DevicePlan};
use crate::settle::settle;
use crate::{Running, Settings, StartError};

/// How often the world moves on.
const TICK: Duration = Duration::from_millis(100);
/// How often devices tell what they measure.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How often the world is saved when nothing is switched.
const SAVE_EVERY: Duration = Duration::from_secs(3);
/// During a search, one device after another is found.
const FIND_EVERY: Duration = Duration::from_millis(700);
/// A device that is silent for so long counts as offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(5);
/// The world moves on while the hub is down, but not for longer than this, in its own time.
const LONGEST_ABSENCE: f64 = 3600.0;

struct Loop {
    session: Session,
    states: StateStream,
    changed: Subscription,
    started: Subscription,
    search: Subscription,
    asked: mpsc::Receiver<Asked>,
    registry: Registry,
    memory: Memory,
    file: Option<PathBuf>,
    speed: f64,
    moved: Instant,
    /// When each device was last heard, by hardware id.
    heard: BTreeMap<&'static str, Instant>,
    shown: BTreeMap<&'static str, Availability>,
    to_find: VecDeque<&'static DevicePlan>,
    find_at: Option<Instant>,
    /// Faults of the file are told once.
    save_failed: bool,
}

pub(crate) async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    let changed = session.subscribe(topic::DEVICE_CHANGED).open().await?;
    let started = session.subscribe(topic::DISCOVERY_STARTED).open().await?;
    let search = session.subscribe(topic::DISCOVERY_SEARCH).open().await?;
    let speed = if settings.speed.is_finite() && settings.speed > 0.0 {
        settings.speed
    } else {
        1.0
    };
    let memory = wake(&settings, speed).await?;
    let asked = request::register(&session).await?;
    let now = Instant::now();
    let state = Loop {
        states: session.watch(),
        session,
        changed,
        started,
        search,
        asked,
        registry: Registry::default(),
        memory,
        file: settings.file,
        speed,
        moved: now,
        heard: DEVICES.iter().map(|device| (device.hardware_id, now)).collect(),
        shown: BTreeMap::new(),
        to_find: VecDeque::new(),
        find_at: None,
        save_failed: false,
    };
    Ok(Running::spawn(|stopped| state.run(stopped)))
}

/// The world as it was saved and has moved on since, or a new one.
async fn wake(settings: &Settings, speed: f64) -> Result<Memory, StartError> {
    let saved = match &settings.file {
        Some(file) => Memory::load(file).await?,
        None => None,
    };
    let Some(mut memory) = saved else {
        return Ok(Memory {
            world: crate::world::World::new(settings.seed),
            settled: false,
            at: now(),
        });
    };
    let absence = now().since(memory.at).as_secs_f64() * speed;
    memory.world.step(absence.min(LONGEST_ABSENCE));
    Ok(memory)
}

impl Loop {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        self.load_registry().await;
        self.show_all().await;
        self.save().await;
        let session = self.session.clone();
        let settling = settle(&session);
        tokio::pin!(settling);
        let mut tick = interval(TICK);
        let mut report = interval(REPORT_EVERY);
        let mut save = interval(SAVE_EVERY);
        for timer in [&mut tick, &mut report, &mut save] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            let find_at = self.find_at;
            tokio::select! {
                _ = &mut stopped => break,
                asked = self.asked.recv() => match asked {
                    Some(asked) => self.answer(asked).await,
                    None => break,
                },
                event = self.changed.next() => match event {
                    // So many at once that some were lost: the whole list it is.
                    Some(event) if event.missed > 0 => self.load_registry().await,
                    Some(event) => if let Some(device) = read::<Device>(&event) {
                        self.registry.apply(device);
                    },
                    None => break,
                },
                event = self.started.next() => match event {
                    Some(_) => self.show_all().await,
                    None => break,
                },
                event = self.search.next() => match event {
                    Some(_) => self.begin_search().await,
                    None => break,
                },
                state = self.states.next() => match state {
                    Some(ConnectionState::Joined(_)) => {
                        self.load_registry().await;
                        self.show_all().await;
                    }
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => break,
                },
                () = &mut settling, if !self.memory.settled => {
                    self.memory.settled = true;
                    self.save().await;
                }
                _ = tick.tick() => self.move_on(),
                _ = report.tick() => self.report().await,
                _ = save.tick() => self.save().await,
                () = sleep_until(find_at.unwrap_or_else(Instant::now)), if find_at.is_some() => self.find_next().await,
            }
        }
        self.move_on();
        self.save().await;
    }

    fn move_on(&mut self) {
        let now = Instant::now();
        let passed = now.duration_since(self.moved).as_secs_f64();
        self.moved = now;
        self.memory.world.step(passed * self.speed);
    }

    async fn answer(&mut self, Asked { request, answer }: Asked) {
        let result = match request {
            Request::Command { device, on } => self.memory.world.switch(device, on).map(|_| Some(device)),
            Request::Silence { device, silent } => {
                self.memory.world.silence(device, silent);
                Ok(None)
            }
            Request::Environment {
                area,
                temperature,
                humidity,
                outdoor,
            } => {
                let set_outside = outdoor.map_or(Ok(()), |outdoor| self.memory.world.set_outside(Some(outdoor)));
                let set_air = match area {
                    Some(area) => self.memory.world.set_air(area.as_str(), temperature, humidity),
                    None => Ok(()),
                };
                set_outside.and(set_air).map(|()| None)
            }
        };
        let switched = result.as_ref().ok().copied().flatten();
        // Someone who has stopped waiting gets no answer.
        let _ = answer.send(result.map(drop));
        if let Some(device) = switched {
            self.report_state(device).await;
        }
        self.save().await;
    }

    /// Every device that has something to say says it.
    async fn report(&mut self) {
        let now = Instant::now();
        for device in DEVICES {
            if !self.memory.world.is_known(device) {
                continue;
            }
            if !self.memory.world.is_silent(device) {
                self.heard.insert(device.hardware_id, now);
            }
            let adopted = self
                .registry
                .spoken_for_by(&device.id())
                .filter(|known| known.lifecycle == Lifecycle::Adopted);
            if let Some(adopted) = adopted {
                let event = SensorEvent {
                    sensor_id: adopted.id.clone(),
                    area: adopted.area.clone(),
                    at: Some(component::now()),
                    values: self.memory.world.measure(device),
                    rejected: Vec::new(),
                };
                if !event.values.is_empty() {
                    self.tell(topic::SENSOR_EVENTS, &event).await;
                }
            }
            if self.shown.get(device.hardware_id) != Some(&self.availability(device)) {
                self.show(device).await;
            }
        }
    }

    fn availability(&self, device: &DevicePlan) -> Availability {
        let quiet = self.heard.get(device.hardware_id).map(Instant::elapsed);
        if quiet.is_some_and(|quiet| quiet < OFFLINE_AFTER) {
            Availability::Online
        } else {
            Availability::Offline
        }
    }

    async fn show(&mut self, device: &'static DevicePlan) {
        let availability = self.availability(device);
        self.shown.insert(device.hardware_id, availability);
        let mut described = device.describe();
        described.availability = availability;
        described.last_seen = (availability == Availability::Online).then(now);
        self.tell(topic::DEVICE_SEEN, &described).await;
    }

    /// Shows what the hub can know of, and what their actuators do.
    async fn show_all(&mut self) {
        for device in DEVICES {
            if self.memory.world.is_known(device) {
                self.show(device).await;
                self.report_state(device).await;
            }
        }
    }

    async fn report_state(&self, device: &DevicePlan) {
        if device.actuator.is_none() || self.memory.world.is_silent(device) {
            return;
        }
        let report = DeviceStateReport {
            device: device.id(),
            entity: ACTUATOR.to_owned(),
            on: self.memory.world.is_on(device),
            at: now(),
        };
        self.tell(topic::DEVICE_STATE, &report).await;
    }

    /// Devices that were never found are found now, one after another.
    async fn begin_search(&mut self) {
        self.show_all().await;
        self.to_find = DEVICES
            .iter()
            .filter(|device| !self.memory.world.is_known(device))
            .collect();
        self.find_at = (!self.to_find.is_empty()).then(|| Instant::now() + FIND_EVERY);
    }

    async fn find_next(&mut self) {
        if let Some(device) = self.to_find.pop_front() {
            self.memory.world.find(device);
            self.heard.insert(device.hardware_id, Instant::now());
            self.show(device).await;
            self.report_state(device).await;
            self.save().await;
        }
        self.find_at = (!self.to_find.is_empty()).then(|| Instant::now() + FIND_EVERY);
    }

    async fn load_registry(&mut self) {
        if let Some(devices) = devices(&self.session).await {
            self.registry.clear();
            devices.into_iter().for_each(|device| self.registry.apply(device));
        }
    }

    async fn save(&mut self) {
        let Some(file) = &self.file else { return };
        self.memory.at = now();
        match self.memory.save(file).await {
            Ok(()) => self.save_failed = false,
            Err(error) if !self.save_failed => {
                self.save_failed = true;
                tracing::error!(%error, "the simulated house will not remember this moment");
            }
            Err(_) => {}
        }
    }

    async fn tell<T: Serialize>(&self, topic: &'static str, kwargs: &T) {
        component::tell(&self.session, topic, kwargs).await;
    }
}
