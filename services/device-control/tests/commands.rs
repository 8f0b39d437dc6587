//! Device control between a scripted registry, a scripted bridge and callers, in a real realm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

use std::time::Duration;

use database::Database;
use device_control::{Running, Settings};
use house::uri::{self, procedure, topic};
use house::{
    ActuatorKind, ActuatorState, Alert, AreaId, Bridge, BridgeCommand, Device, DeviceStateReport, Entity, EntityKind,
    Lifecycle, Part, Timestamp,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_realm::{PATIENCE, Realm, heard};
use tokio::sync::mpsc;
use wamp_client::{CallError, Error, Reply, Session, Subscription, error_uri};

/// How a scripted device behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Echoes,
    Silent,
    Refuses,
}

struct House {
    realm: Realm,
    folder: TempDir,
    service: Option<(Running, Session)>,
    _discovery: Session,
    bridge: Session,
    commands: mpsc::UnboundedReceiver<BridgeCommand>,
    events: Subscription,
    person: Session,
}

fn fan(id: &str, area: &str) -> Device {
    Device {
        area: AreaId::new(area),
        lifecycle: Lifecycle::Adopted,
        entities: vec![Entity {
            id: "fan".into(),
            name: "Fan".into(),
            kind: EntityKind::Actuator {
                actuator: ActuatorKind::Fan,
            },
        }],
        ..Device::found(Bridge::Mqtt, id, &format!("Fan {id}"))
    }
}

impl House {
    async fn new(devices: Vec<Device>, manner: Manner) -> Self {
        let realm = Realm::new();
        let discovery = realm.join("discovery", "service").await;
        let list = move |_| {
            let devices = devices.clone();
            async move { Ok(Reply::value(&devices)?) }
        };
        discovery.register(procedure::DEVICE_LIST).handler(list).await.unwrap();
        let bridge = realm.join("mqtt", "service").await;
        let (heard, commands) = mpsc::unbounded_channel();
        let speaker = bridge.clone();
        let command = move |invocation: wamp_client::Invocation| {
            let (heard, speaker) = (heard.clone(), speaker.clone());
            async move {
                let command: BridgeCommand = invocation.kwargs()?;
                heard.send(command.clone()).ok();
                match manner {
                    Manner::Refuses => {
                        return Err(CallError::new(uri::error::DEVICE_UNAVAILABLE, "the fan is unplugged"));
                    }
                    Manner::Echoes => says(&speaker, &command.device, command.on).await,
                    Manner::Silent => {}
                }
                Ok(Reply::empty())
            }
        };
        let uri = uri::bridge_command(Bridge::Mqtt);
        bridge.register(uri).handler(command).await.unwrap();
        let person = realm.join("anna", "user").await;
        let events = person.subscribe(topic::ACTUATOR_EVENTS).open().await.unwrap();
        let mut house = Self {
            realm,
            folder: tempfile::tempdir().unwrap(),
            service: None,
            _discovery: discovery,
            bridge,
            commands,
            events,
            person,
        };
        house.restart().await;
        house
    }

    async fn restart(&mut self) {
        if let Some((service, session)) = self.service.take() {
            service.stop().await;
            session.leave().await;
        }
        let session = self.realm.join("device-control", "service").await;
        let database = Database::open(self.folder.path().join("house.db")).await.unwrap();
        let started = device_control::start(session.clone(), Settings::default(), database).await;
        self.service = Some((started.unwrap(), session));
    }

    async fn fan_control(&self, who: &Session, args: Value, kwargs: Value) -> Result<ActuatorState, Error> {
        let uri = uri::device_control(ActuatorKind::Fan);
        let call = who.call(uri).args(&args).kwargs(&kwargs).timeout(PATIENCE);
        Ok(call.send().await?.kwargs()?)
    }

    async fn states(&self) -> Vec<ActuatorState> {
        let list = self.person.call(procedure::ACTUATOR_LIST).send().await.unwrap();
        list.value().unwrap()
    }

    /// The state of the one actuator, once `wanted` holds.
    async fn state(&self, wanted: impl Fn(&ActuatorState) -> bool) -> ActuatorState {
        let look = async {
            loop {
                if let Some(state) = self.states().await.into_iter().find(&wanted) {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("the state in time")
    }
}

async fn says(bridge: &Session, device: &str, on: bool) {
    let report = DeviceStateReport {
        device: device.into(),
        entity: "fan".into(),
        on,
        at: Timestamp(0),
    };
    bridge
        .publish(topic::DEVICE_STATE)
        .kwargs(&report)
        .send()
        .await
        .unwrap();
}

fn fault(result: Result<ActuatorState, Error>) -> (String, String) {
    match result.expect_err("a refusal") {
        Error::Rejected(error) => (error.uri().to_owned(), error.message().unwrap_or_default()),
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_command_goes_to_the_hardware_that_took_the_place_and_its_echo_counts() {
    let mut successor = fan("old", "bathroom");
    successor.parts = vec![Part {
        id: "mqtt-new".into(),
        bridge: Bridge::Mqtt,
        entities: [("fan".to_owned(), "fan".to_owned())].into(),
    }];
    let mut house = House::new(vec![successor], Manner::Echoes).await;
    let state = house
        .fan_control(&house.person, json!([true]), json!({}))
        .await
        .unwrap();
    assert_eq!((state.device.as_str(), state.on), ("mqtt-old", true));
    assert_eq!(house.commands.recv().await.unwrap().device, "mqtt-new");
    let told: ActuatorState = heard(&mut house.events, |state: &ActuatorState| state.confirmed).await;
    assert_eq!((told.device.as_str(), told.on), ("mqtt-old", true));
}

#[tokio::test]
async fn the_talks_call_switches_the_only_fan() {
    let mut house = House::new(vec![fan("1", "bathroom")], Manner::Echoes).await;
    let uri = uri::device_control(ActuatorKind::Fan);
    let reply = house.person.call(uri).args(&(true,)).send().await.unwrap();
    let state: ActuatorState = reply.kwargs().unwrap();
    assert!(state.on && state.confirmed && state.cause.manual);
    assert_eq!(state.cause.by, "anna");
    assert!(state.override_until.is_some());
    assert!(house.commands.recv().await.unwrap().on);
    let event: ActuatorState = heard(&mut house.events, |_| true).await;
    assert!(event.on && event.confirmed);
    assert_eq!(event.area, AreaId::new("bathroom"));
}

#[tokio::test]
async fn no_fan_and_several_fans_are_told_apart() {
    let none = House::new(Vec::new(), Manner::Echoes).await;
    let (uri, _) = fault(none.fan_control(&none.person, json!([true]), json!({})).await);
    assert_eq!(uri, uri::error::HARDWARE_NOT_FOUND);
    let several = House::new(vec![fan("1", "bathroom"), fan("2", "kitchen")], Manner::Echoes).await;
    let (uri, sentence) = fault(several.fan_control(&several.person, json!([true]), json!({})).await);
    assert_eq!(uri, error_uri::INVALID_ARGUMENT);
    assert!(sentence.contains("Fan 1") && sentence.contains("Fan 2"), "{sentence}");
    let kitchen = several.fan_control(&several.person, json!([true]), json!({"area": "Kitchen"}));
    assert_eq!(kitchen.await.unwrap().device, "mqtt-2");
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let house = House::new(vec![fan("1", "bathroom")], Manner::Echoes).await;
    for (args, kwargs, name) in [
        (json!([]), json!({}), "on"),
        (json!(["on"]), json!({}), "on"),
        (json!([true]), json!({"area": 7}), "area"),
        (json!([true]), json!({"for": "ever"}), "for"),
        (json!([true]), json!({"cause": "because"}), "cause"),
        (json!([true]), json!({"room": "bathroom"}), "room"),
    ] {
        let (uri, sentence) = fault(house.fan_control(&house.person, args, kwargs).await);
        assert_eq!(uri, error_uri::INVALID_ARGUMENT);
        assert!(sentence.starts_with(name), "{sentence}");
    }
}

#[tokio::test]
async fn a_refusing_bridge_is_an_error_and_changes_nothing() {
    let house = House::new(vec![fan("1", "bathroom")], Manner::Refuses).await;
    let (uri, sentence) = fault(house.fan_control(&house.person, json!([true]), json!({})).await);
    assert_eq!(uri, uri::error::DEVICE_UNAVAILABLE);
    assert!(sentence.contains("unplugged"), "{sentence}");
    assert!(!house.states().await[0].on);
}

#[tokio::test]
async fn a_silent_device_is_switched_unconfirmed_and_asked_again() {
    let mut house = House::new(vec![fan("1", "bathroom")], Manner::Silent).await;
    let state = house
        .fan_control(&house.person, json!([true]), json!({}))
        .await
        .unwrap();
    assert!(state.on && !state.confirmed);
    let event: ActuatorState = heard(&mut house.events, |_| true).await;
    assert!(event.on && !event.confirmed);
    for _ in 0..2 {
        let again = tokio::time::timeout(PATIENCE, house.commands.recv()).await.unwrap();
        assert!(again.unwrap().on);
    }
    says(&house.bridge, "mqtt-1", true).await;
    let event: ActuatorState = heard(&mut house.events, |event: &ActuatorState| event.confirmed).await;
    assert_eq!(event.at, state.at);
}

#[tokio::test]
async fn a_hand_at_the_device_keeps_services_away_and_not_people() {
    let mut house = House::new(vec![fan("1", "bathroom")], Manner::Echoes).await;
    let controller = house.realm.join("humidity-fan", "service").await;
    says(&house.bridge, "mqtt-1", false).await;
    house.state(|state| state.confirmed).await;
    says(&house.bridge, "mqtt-1", true).await;
    let event: ActuatorState = heard(&mut house.events, |event: &ActuatorState| event.on).await;
    assert!(event.cause.manual && event.override_until.is_some());
    let cause = json!({"by": "humidity-fan", "manual": false, "text": "humidity 50 % ≤ 62 %"});
    let held = house
        .fan_control(&controller, json!([false]), json!({"cause": cause}))
        .await
        .unwrap();
    assert!(held.on, "the service is told what is");
    let handed_back = house
        .fan_control(&house.person, json!([true]), json!({"for": 0}))
        .await
        .unwrap();
    assert_eq!(handed_back.override_until, None);
    let off = house
        .fan_control(&controller, json!([false]), json!({"cause": cause}))
        .await
        .unwrap();
    assert!(!off.on && !off.cause.manual);
    assert_eq!(off.cause.text, "humidity 50 % ≤ 62 %");
}

#[tokio::test]
async fn the_state_is_known_after_a_restart() {
    let mut house = House::new(vec![fan("1", "bathroom")], Manner::Echoes).await;
    let before = house
        .fan_control(&house.person, json!([true]), json!({"for": 600}))
        .await
        .unwrap();
    house.restart().await;
    let after = house.state(|state| state.on).await;
    assert_eq!(after, before);
}

#[tokio::test]
async fn people_are_told_of_a_device_that_never_follows() {
    let house = House::new(vec![fan("1", "bathroom")], Manner::Refuses).await;
    let mut raised = house.person.subscribe(topic::ALERT_RAISED).open().await.unwrap();
    let controller = house.realm.join("humidity-fan", "service").await;
    for _ in 0..3 {
        fault(house.fan_control(&controller, json!([true]), json!({})).await);
    }
    let alert: Alert = heard(&mut raised, |_| true).await;
    assert_eq!(alert.id, "mqtt-1.fan.no_echo");
    assert!(alert.message.contains("unplugged"), "{}", alert.message);
}
