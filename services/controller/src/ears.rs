//! What a controller hears: events, and answers to what it asked.

use component::Listed;
use house::uri::topic;
use house::{ActuatorKey, ActuatorState, Alert, Device, Threshold};
use serde::Deserialize;
use tokio::sync::mpsc;
use wamp_client::{Error, Event, Session, Subscription};

/// Events that may wait, of topics on which a whole house speaks.
const QUEUE: usize = 8192;

/// What is sent to the controller's task.
#[derive(Debug)]
pub(crate) enum Message {
    /// A command has ended.
    Commanded(ActuatorKey, Result<ActuatorState, String>),
    /// Lists that others keep.
    Devices(Listed<Device>),
    Thresholds(Listed<Threshold>),
    Actuators(Listed<ActuatorState>),
    Alerts(Vec<Alert>),
}

/// Where it all comes in.
pub(crate) struct Ears {
    pub(crate) inbox: mpsc::UnboundedReceiver<Message>,
    pub(crate) readings: Subscription,
    pub(crate) actuators: Subscription,
    pub(crate) config: Subscription,
    pub(crate) devices: Subscription,
}

impl Ears {
    pub(crate) async fn open(session: &Session, inbox: mpsc::UnboundedReceiver<Message>) -> Result<Self, Error> {
        let hear = |topic| session.subscribe(topic).queue(QUEUE).open();
        Ok(Self {
            inbox,
            readings: hear(topic::SENSOR_EVENTS).await?,
            actuators: hear(topic::ACTUATOR_EVENTS).await?,
            config: session.subscribe(topic::CONFIG_CHANGED).open().await?,
            devices: hear(topic::DEVICE_CHANGED).await?,
        })
    }
}

/// A `config.changed` of a threshold.
#[derive(Deserialize)]
pub(crate) struct ThresholdChanged {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) new: Option<Threshold>,
}

impl ThresholdChanged {
    /// `None` when it is another setting that changed: those have values of other shapes.
    pub(crate) fn read(event: &Event) -> Option<Self> {
        #[derive(Deserialize)]
        struct Key {
            key: String,
        }
        let is_threshold = |changed: Key| changed.key.starts_with("thresholds.");
        if !event.kwargs().is_ok_and(is_threshold) {
            return None;
        }
        component::read(event)
    }
}
