use house::{AreaId, Entity, EntityKind, Quantity};
use proptest::prelude::*;

use super::entry::describes;
use super::*;

/// Devices of several bridges, replaced ones, sleepy ones.
mod hardware;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn plug(name: &str) -> Device {
    let mut device = Device::found(Bridge::Mqtt, "0x01", name);
    device.entities = vec![Entity {
        id: "relay".into(),
        name: "Relay".into(),
        kind: EntityKind::Actuator {
            actuator: ActuatorKind::Switch,
        },
    }];
    device.availability = Availability::Online;
    device
}

/// The one news.
fn only(mut news: Vec<News>) -> News {
    assert_eq!(news.len(), 1, "{news:?}");
    news.remove(0)
}

fn found(news: Vec<News>) -> Device {
    match only(news) {
        News::Found(device) => device,
        other => panic!("not found: {other:?}"),
    }
}

fn changed(news: Vec<News>) -> Device {
    match only(news) {
        News::Changed(device) => device,
        other => panic!("no change: {other:?}"),
    }
}

fn hall() -> AreaId {
    AreaId::new("hall").unwrap()
}

fn adopt(registry: &mut DeviceRegistry, id: &str, name: &str, kinds: Kinds) -> Device {
    let record = registry.adopted(id, hall(), Some(name.into()), kinds).unwrap();
    registry.put(record.clone(), at(50));
    record.device
}

#[test]
fn a_device_seen_first_is_found_and_seen_again_is_no_news() {
    let mut registry = DeviceRegistry::default();
    let found = found(registry.see(plug("Plug"), at(1)));
    assert_eq!(
        (found.lifecycle, found.first_seen),
        (Lifecycle::Discovered, Some(at(1)))
    );
    assert_eq!(registry.see(plug("Plug"), at(2)), []);
    assert_eq!(changed(registry.see(plug("Another name"), at(3))).name, "Another name");
}

#[test]
fn what_the_bridge_says_never_undoes_an_adoption() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    adopt(&mut registry, "mqtt-0x01", "Hall fan", Kinds::new());
    let mut again = plug("Plug v2");
    again.area = AreaId::new("shelf");
    again.model = Some("P2".into());
    let device = changed(registry.see(again, at(60)));
    assert_eq!(device.name, "Hall fan");
    assert_eq!(device.area, Some(hall()));
    assert_eq!(device.lifecycle, Lifecycle::Adopted);
    assert_eq!(device.model.as_deref(), Some("P2"));
    assert_eq!(device.suggested_area.unwrap().as_str(), "shelf");
    assert_eq!(device.first_seen, Some(at(1)));
}

#[test]
fn a_plug_that_feeds_a_fan_stays_a_fan() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    let kinds = Kinds::from([("relay".into(), ActuatorKind::Fan)]);
    let device = adopt(&mut registry, "mqtt-0x01", "Fan", kinds);
    assert_eq!(device.actuators().next().unwrap().1, ActuatorKind::Fan);
    assert_eq!(registry.see(plug("Plug"), at(2)), [], "the bridge's view is no change");
    let wrong = Kinds::from([("lamp".into(), ActuatorKind::Fan)]);
    assert!(matches!(
        registry.renamed("mqtt-0x01", None, None, wrong),
        Err(Fault::NoSuchActuator { .. })
    ));
}

#[test]
fn ignored_stays_ignored_and_quiet() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    let record = registry.ignored("mqtt-0x01").unwrap();
    registry.put(record, at(2));
    assert_eq!(registry.see(plug("Other"), at(3)), []);
    assert!(registry.due_to_tell(at(10_000)).is_empty());
    assert_eq!(registry.waiting().count(), 0);
    let device = registry.record("mqtt-0x01").unwrap();
    assert_eq!(device.device.lifecycle, Lifecycle::Ignored);
}

#[test]
fn removed_and_seen_again_is_found_again() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    adopt(&mut registry, "mqtt-0x01", "Hall fan", Kinds::new());
    assert_eq!(registry.remove("mqtt-0x01").unwrap().lifecycle, Lifecycle::Removed);
    assert!(registry.remove("mqtt-0x01").is_none());
    let device = found(registry.see(plug("Plug"), at(9)));
    assert_eq!((device.name.as_str(), device.area), ("Plug", None));
}

#[test]
fn only_a_part_of_the_house_is_renamed() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    let rename = |registry: &DeviceRegistry, id: &str| registry.renamed(id, None, Some("x".into()), Kinds::new());
    assert!(matches!(rename(&registry, "mqtt-0x01"), Err(Fault::NotAdopted { .. })));
    assert!(matches!(rename(&registry, "nobody"), Err(Fault::NoSuchDevice { .. })));
}

#[test]
fn small_news_are_told_and_stored_rarely() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(0));
    assert_eq!(registry.due_to_store(at(0), false).len(), 1, "found is stored soon");
    let (mut told, mut stored) = (0, 0);
    for second in 1..=3600 {
        let mut heard = plug("Plug");
        heard.signal = Some(-60.0 - f64::from(second as i32 % 7));
        assert_eq!(registry.see(heard, at(second)), []);
        told += registry.due_to_tell(at(second)).len();
        stored += registry.due_to_store(at(second), false).len();
    }
    assert_eq!((told, stored), (120, 12));
    assert_eq!(registry.due_to_store(at(3600), true).len(), 0, "just stored");
}

#[test]
fn going_offline_is_told_at_once() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(0));
    let mut gone = plug("Plug");
    gone.availability = Availability::Offline;
    assert_eq!(changed(registry.see(gone, at(1))).availability, Availability::Offline);
}

#[test]
fn after_a_restart_nobody_is_known_to_be_there() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(0));
    let records = registry.due_to_store(at(0), true);
    let mut registry = DeviceRegistry::new(Limits::default(), records, at(1));
    assert_eq!(registry.devices().next().unwrap().availability, Availability::Unknown);
    assert_eq!(
        changed(registry.see(plug("Plug"), at(5))).availability,
        Availability::Online
    );
}

#[test]
fn a_store_that_failed_is_tried_again() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(0));
    let records = registry.due_to_store(at(0), false);
    registry.not_stored(&records);
    assert_eq!(registry.due_to_store(at(1), false), records);
}

fn event(sensor: &str, values: &[(Quantity, f64)]) -> SensorEvent {
    SensorEvent {
        sensor_id: sensor.into(),
        values: values.to_vec(),
        ..SensorEvent::default()
    }
}

#[test]
fn an_unknown_sensor_is_a_device_of_a_wamp_client_that_grows_and_falls_silent() {
    let mut registry = DeviceRegistry::default();
    let device = found(registry.hear(&event("25", &[(Quantity::Temperature, 27.0)]), at(0)));
    assert_eq!((device.id.as_str(), device.bridge), ("25", Bridge::Wamp));
    assert_eq!(device.quantities().collect::<Vec<_>>(), [Quantity::Temperature]);
    let more = event("25", &[(Quantity::Temperature, 27.0), (Quantity::Humidity, 40.0)]);
    assert_eq!(changed(registry.hear(&more, at(1))).entities.len(), 2);
    assert_eq!(registry.hear(&more, at(2)), []);
    assert_eq!(registry.due_to_tell(at(3600))[0].availability, Availability::Offline);
    assert!(registry.due_to_tell(at(3601)).is_empty());
    assert_eq!(
        registry.hear(&event("26", &[]), at(0)),
        [],
        "nothing measured, nothing found"
    );
}

#[test]
fn a_flood_of_made_up_sensors_is_bounded_and_crowds_out_nobody_that_a_bridge_sees() {
    let mut registry = small_inbox();
    for i in 0..1000 {
        registry.hear(&event(&i.to_string(), &[(Quantity::Co2, 400.0)]), at(0));
    }
    assert_eq!((registry.devices().count(), registry.turned_away), (10, 990));
    let lamp = Device::found(Bridge::Mqtt, "lamp", "Lamp");
    assert!(matches!(registry.see(lamp, at(1))[..], [News::Found(_)]));
    assert_eq!(registry.devices().count(), 11);
}

#[test]
fn who_waits_and_is_silent_for_long_makes_room_for_who_speaks() {
    let mut registry = small_inbox();
    for i in 0..10 {
        registry.hear(&event(&i.to_string(), &[(Quantity::Co2, 400.0)]), at(i));
    }
    let real = event("real", &[(Quantity::Co2, 500.0)]);
    assert_eq!(registry.hear(&real, at(60)), [], "all of them spoke just now");
    let adopted = registry
        .adopted("0", AreaId::new("Hall").unwrap(), None, Kinds::new())
        .unwrap();
    registry.put(adopted, at(61));
    registry.hear(&event("another", &[(Quantity::Co2, 400.0)]), at(62));
    registry.due_to_tell(at(3600));
    let news = registry.hear(&real, at(3600));
    let [News::Dropped(silent), News::Found(found)] = &news[..] else {
        panic!("{news:?}")
    };
    assert_eq!((silent.id.as_str(), silent.lifecycle), ("1", Lifecycle::Removed));
    assert_eq!(found.id, "real");
    assert!(registry.record("0").is_ok(), "an adopted device stays");
}

fn small_inbox() -> DeviceRegistry {
    let limits = Limits {
        waiting: 10,
        ..Limits::default()
    };
    DeviceRegistry::new(limits, Vec::new(), at(0))
}

#[derive(Debug, Clone)]
enum Step {
    See(String, bool),
    Adopt,
    Ignore,
    Remove,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        ("[a-c]", any::<bool>()).prop_map(|(name, online)| Step::See(name, online)),
        Just(Step::Adopt),
        Just(Step::Ignore),
        Just(Step::Remove),
    ]
}

proptest! {
    /// Listeners who know only the news know each device that is not ignored as the registry does,
    /// but for when it was last heard of.
    #[test]
    fn the_news_tell_everything(steps in prop::collection::vec(step(), 0..60)) {
        let mut registry = DeviceRegistry::default();
        let mut listener: Option<Device> = None;
        for (second, step) in steps.into_iter().enumerate() {
            let now = at(second as i64);
            match step {
                Step::See(name, online) => {
                    let mut device = plug(&name);
                    if !online { device.availability = Availability::Offline; }
                    for news in registry.see(device, now) {
                        if let News::Found(device) | News::Changed(device) = news {
                            listener = Some(device);
                        }
                    }
                }
                Step::Adopt => if let Ok(record) = registry.adopted("mqtt-0x01", hall(), None, Kinds::new()) {
                    registry.put(record.clone(), now);
                    listener = Some(record.device);
                },
                Step::Ignore => if let Ok(record) = registry.ignored("mqtt-0x01") {
                    registry.put(record.clone(), now);
                    listener = Some(record.device);
                },
                Step::Remove => if let Some(device) = registry.remove("mqtt-0x01") {
                    prop_assert_eq!(device.lifecycle, Lifecycle::Removed);
                    listener = None;
                },
            }
            let known = registry.devices().next();
            prop_assert_eq!(known.is_some(), listener.is_some());
            if let (Some(known), Some(heard)) = (known, &listener)
                && known.lifecycle != Lifecycle::Ignored
            {
                prop_assert!(describes(known) == describes(heard));
                prop_assert_eq!(known.availability, heard.availability);
            }
        }
    }
}
