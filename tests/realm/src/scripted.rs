//! Device control and the thresholds, played by scripts around one actuator.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use house::uri::{self, procedure, topic};
use house::{ActuatorKind, ActuatorState, AreaId, Cause, Quantity, SensorEvent, Threshold, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use wamp_client::{Invocation, Reply, Session};

use crate::{Cable, PATIENCE, Realm};

/// An actuator as it is found: off.
pub fn actuator(kind: ActuatorKind, area: &str) -> ActuatorState {
    ActuatorState {
        device: "mqtt-1".into(),
        entity: kind.name().into(),
        area: AreaId::new(area),
        kind,
        on: false,
        confirmed: true,
        at: Timestamp(0),
        cause: Cause {
            by: "device".into(),
            manual: false,
            text: "found".into(),
        },
        override_until: None,
    }
}

/// What a controller under test is told and asked; its commands are obeyed at once.
#[derive(Debug)]
pub struct ScriptedHouse {
    /// The session of those who are played. It publishes what the tests want heard.
    pub others: Session,
    /// The connection of the session under test.
    pub cable: Cable,
    /// The one actuator.
    pub actuator: Arc<Mutex<ActuatorState>>,
    /// What `config.thresholds.list` answers.
    pub thresholds: Arc<Mutex<Vec<Threshold>>>,
    quantity: Quantity,
    area: AreaId,
    realm: Realm,
    commands: mpsc::UnboundedReceiver<(bool, Cause)>,
}

impl ScriptedHouse {
    /// A house with one actuator that changes a quantity in its area.
    pub async fn new(quantity: Quantity, threshold: Option<Threshold>, actuator: ActuatorState) -> Self {
        let realm = Realm::new();
        let others = realm.join("others", "service").await;
        let (heard, commands) = mpsc::unbounded_channel();
        let house = Self {
            cable: Cable::default(),
            area: actuator.area.clone().expect("it stands somewhere"),
            actuator: Arc::new(Mutex::new(actuator)),
            thresholds: Arc::new(Mutex::new(threshold.into_iter().collect())),
            quantity,
            others,
            realm,
            commands,
        };
        house.list_thresholds().await;
        house.list_actuators().await;
        house.take_commands(heard).await;
        house
    }

    /// A session for the controller under test.
    pub async fn join(&self, authid: &str) -> Session {
        self.realm.join_by(&self.cable, authid, "service").await
    }

    /// Tells the house something.
    pub async fn publish<T: Serialize>(&self, topic: &'static str, kwargs: &T) {
        self.others.publish(topic).kwargs(kwargs).send().await.unwrap();
    }

    /// A sensor reads `value` in the actuator's area.
    pub async fn reads(&self, value: f64) {
        let event = SensorEvent {
            sensor_id: "a".into(),
            area: Some(self.area.clone()),
            values: vec![(self.quantity, value)],
            ..SensorEvent::default()
        };
        self.publish(topic::SENSOR_EVENTS, &event).await;
    }

    /// The next command: on or off, and why.
    pub async fn command(&mut self) -> (bool, Cause) {
        let command = tokio::time::timeout(PATIENCE, self.commands.recv()).await;
        command.expect("a command in time").unwrap()
    }

    async fn list_thresholds(&self) {
        let listed = self.thresholds.clone();
        let list = move |_| {
            let thresholds = listed.lock().unwrap().clone();
            async move { Ok(Reply::value(&thresholds)?) }
        };
        let request = self.others.register(procedure::THRESHOLDS_LIST);
        request.handler(list).await.unwrap();
    }

    async fn list_actuators(&self) {
        let actuator = self.actuator.clone();
        let list = move |_| {
            let state = actuator.lock().unwrap().clone();
            async move { Ok(Reply::value(&[state])?) }
        };
        let request = self.others.register(procedure::ACTUATOR_LIST);
        request.handler(list).await.unwrap();
    }

    async fn take_commands(&self, heard: mpsc::UnboundedSender<(bool, Cause)>) {
        let actuator = self.actuator.clone();
        let kind = actuator.lock().unwrap().kind;
        let control = move |invocation: Invocation| {
            let (actuator, heard) = (actuator.clone(), heard.clone());
            async move {
                let (on,): (bool,) = invocation.args()?;
                let Options { device, entity, cause } = invocation.kwargs()?;
                let state = {
                    let mut state = actuator.lock().unwrap();
                    assert_eq!((&device, &entity), (&state.device, &state.entity));
                    state.on = on;
                    state.at = now();
                    state.cause = cause.clone();
                    state.clone()
                };
                heard.send((on, cause)).ok();
                Ok(Reply::kwargs(&state)?)
            }
        };
        let request = self.others.register(uri::device_control(kind));
        request.handler(control).await.unwrap();
    }
}

#[derive(Debug, Deserialize)]
struct Options {
    device: String,
    entity: String,
    cause: Cause,
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap())
}
