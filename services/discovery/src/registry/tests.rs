use house::{AreaId, Entity, EntityKind, Quantity};
use proptest::prelude::*;

use super::entry::describes;
use super::*;

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
fn a_flood_of_made_up_sensors_is_bounded() {
    let mut registry = DeviceRegistry::new(
        Limits {
            waiting: 10,
            ..Limits::default()
        },
        Vec::new(),
        at(0),
    );
    for i in 0..1000 {
        registry.hear(&event(&i.to_string(), &[(Quantity::Co2, 400.0)]), at(i));
    }
    assert_eq!((registry.devices().count(), registry.turned_away), (10, 990));
}

const MAC: &str = "54:48:E6:8F:80:A5";

/// The plug as the Bluetooth bridge sees it: its temperature, under its address.
fn plug_by_radio() -> Device {
    let mut device = Device::found(Bridge::Ble, "5448e68f80a5", "P2 80A5");
    device.entities = vec![Entity {
        id: "temperature".into(),
        name: "Temperature".into(),
        kind: EntityKind::Sensor {
            quantity: Quantity::Temperature,
        },
    }];
    device.availability = Availability::Online;
    device.signal = Some(-61.0);
    device
}

fn plug_by_mqtt(addresses: &[&str]) -> Device {
    let mut device = plug("Plug");
    device.addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
    device
}

#[test]
fn a_device_seen_by_two_bridges_is_one_device() {
    let mut registry = DeviceRegistry::default();
    found(registry.see(plug_by_mqtt(&[MAC]), at(1)));
    adopt(&mut registry, "mqtt-0x01", "Hall fan", Kinds::new());
    let both = changed(registry.see(plug_by_radio(), at(60)));
    assert_eq!(registry.devices().count(), 1);
    assert_eq!((both.id.as_str(), both.name.as_str()), ("mqtt-0x01", "Hall fan"));
    assert_eq!((both.area.clone(), both.signal), (Some(hall()), Some(-61.0)));
    assert_eq!(both.route("relay").bridge, Bridge::Mqtt);
    let of_radio = both.route("temperature");
    assert_eq!((of_radio.bridge, of_radio.device), (Bridge::Ble, "ble-5448e68f80a5"));

    let mut gone = plug_by_mqtt(&[MAC]);
    gone.availability = Availability::Offline;
    assert_eq!(registry.see(gone, at(61)), [], "the radio still hears it");
    assert_eq!(registry.record("ble-5448e68f80a5").unwrap().device.id, "mqtt-0x01");

    let mut registry = DeviceRegistry::new(Limits::default(), registry.due_to_store(at(62), true), at(70));
    let again = changed(registry.see(plug_by_radio(), at(71)));
    assert_eq!(
        again.entities, both.entities,
        "also after a restart, when only one has spoken"
    );
}

#[test]
fn two_that_wait_are_joined_when_they_turn_out_to_be_one() {
    let mut registry = DeviceRegistry::default();
    found(registry.see(plug_by_mqtt(&[]), at(1)));
    found(registry.see(plug_by_radio(), at(2)));
    adopt(&mut registry, "ble-5448e68f80a5", "Hall fan", Kinds::new());
    let news = registry.see(plug_by_mqtt(&[MAC]), at(60));
    let joined = news.iter().find_map(|news| match news {
        News::Joined(device, other) => Some((device.id.as_str(), device.lifecycle, other.as_str())),
        News::Found(_) | News::Changed(_) => None,
    });
    assert_eq!(joined, Some(("mqtt-0x01", Lifecycle::Removed, "ble-5448e68f80a5")));
    let device = registry.devices().next().unwrap();
    assert_eq!((registry.devices().count(), device.name.as_str()), (1, "Hall fan"));
    assert_eq!(device.entities.len(), 2);
    assert_eq!(registry.waiting().count(), 0);
}

#[test]
fn two_that_were_both_adopted_are_left_as_the_person_wanted_them() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug_by_mqtt(&[]), at(1));
    registry.see(plug_by_radio(), at(2));
    for id in ["mqtt-0x01", "ble-5448e68f80a5"] {
        adopt(&mut registry, id, id, Kinds::new());
    }
    registry.see(plug_by_mqtt(&[MAC]), at(60));
    assert_eq!(registry.devices().count(), 2);
}

#[test]
fn a_new_device_takes_an_old_ones_place() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    let kinds = Kinds::from([("relay".into(), ActuatorKind::Fan)]);
    adopt(&mut registry, "mqtt-0x01", "Hall fan", kinds);
    let new_plug = |name: &str| Device {
        entities: plug("").entities,
        availability: Availability::Online,
        ..Device::found(Bridge::Mqtt, "0x02", name)
    };
    registry.see(new_plug("Plug"), at(60));

    let (record, gone) = registry.replaced("mqtt-0x01", "mqtt-0x02").unwrap();
    assert_eq!(gone, "mqtt-0x02");
    registry.remove(&gone);
    registry.put(record.clone(), at(61));
    let device = &record.device;
    assert_eq!((device.id.as_str(), device.name.as_str()), ("mqtt-0x01", "Hall fan"));
    assert_eq!(device.area, Some(hall()));
    assert_eq!(
        device.actuators().next().unwrap().1,
        ActuatorKind::Fan,
        "what a person said stays"
    );
    assert_eq!(device.route("relay").device, "mqtt-0x02");
    assert_eq!(registry.devices().count(), 1);

    let mut away = new_plug("Plug");
    away.availability = Availability::Offline;
    assert_eq!(changed(registry.see(away, at(62))).id, "mqtt-0x01");
    assert_eq!(
        registry.see(plug("The old one, on a desk"), at(63)),
        [],
        "it speaks for nobody"
    );
    assert_eq!(
        registry.hear(&event("mqtt-0x01", &[(Quantity::Power, 3.0)]), at(64)),
        []
    );

    registry.remove("mqtt-0x01");
    assert_eq!(found(registry.see(new_plug("Plug"), at(70))).id, "mqtt-0x02");
    assert_eq!(found(registry.see(plug("Plug"), at(71))).id, "mqtt-0x01");
}

#[test]
fn only_a_part_of_the_house_is_replaced_and_by_another() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    registry.see(plug_by_radio(), at(1));
    let radio = "ble-5448e68f80a5";
    assert!(matches!(
        registry.replaced("mqtt-0x01", radio),
        Err(Fault::NotAdopted { .. })
    ));
    adopt(&mut registry, "mqtt-0x01", "Fan", Kinds::new());
    assert!(matches!(
        registry.replaced("mqtt-0x01", "mqtt-0x01"),
        Err(Fault::Argument(_))
    ));
    assert!(matches!(
        registry.replaced("mqtt-0x01", "nobody"),
        Err(Fault::NoSuchDevice { .. })
    ));
}

#[test]
fn a_sleepy_device_is_gone_when_its_own_rhythm_says_so_and_back_when_it_speaks() {
    let mut registry = DeviceRegistry::default();
    let door = |second| Device {
        sleepy: true,
        last_seen: Some(at(second)),
        ..plug("Door")
    };
    let minute = 60;
    for i in 0..10 {
        registry.see(door(i * 30 * minute), at(i * 30 * minute));
    }
    let last = 9 * 30 * minute;
    assert!(
        registry
            .due_to_tell(at(last + 89 * minute))
            .iter()
            .all(|door| door.availability == Availability::Online)
    );
    assert_eq!(
        registry.due_to_tell(at(last + 90 * minute))[0].availability,
        Availability::Offline
    );
    assert_eq!(
        registry.see(door(last), at(last + 91 * minute)),
        [],
        "a bridge that repeats itself does not revive it"
    );
    let back = changed(registry.hear(&event("mqtt-0x01", &[(Quantity::Opening, 1.0)]), at(last + 92 * minute)));
    assert_eq!(back.availability, Availability::Online);
}

#[test]
fn a_low_battery_is_told_once_and_over_when_it_was_changed() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    adopt(&mut registry, "mqtt-0x01", "Fan", Kinds::new());
    let battery = |percent| event("mqtt-0x01", &[(Quantity::Battery, percent)]);
    assert_eq!(registry.hear(&battery(60.0), at(2)), []);
    assert!(changed(registry.hear(&battery(12.0), at(3))).battery_low);
    assert_eq!(registry.hear(&battery(17.0), at(4)), []);
    assert!(!changed(registry.hear(&battery(100.0), at(5))).battery_low);
}

#[test]
fn the_area_is_suggested_by_the_device_else_by_its_name() {
    let mut registry = DeviceRegistry::default();
    let named = found(registry.see(plug("Kitchen plug"), at(1)));
    assert_eq!(named.suggested_area.unwrap().as_str(), "kitchen");
    let mut says_so = Device::found(Bridge::Mqtt, "0x02", "Kitchen plug");
    says_so.suggested_area = AreaId::new("Pantry");
    assert_eq!(
        found(registry.see(says_so, at(1))).suggested_area.unwrap().as_str(),
        "pantry"
    );
}

#[test]
fn small_news_of_a_large_house_are_told_a_few_at_a_time() {
    let mut registry = DeviceRegistry::default();
    let heard = |i: u32, signal| Device {
        signal: Some(signal),
        availability: Availability::Online,
        ..Device::found(Bridge::Ble, &format!("{i:012x}"), "Sensor")
    };
    (0..500).for_each(|i| drop(registry.see(heard(i, -50.0), at(0))));
    (0..500).for_each(|i| drop(registry.see(heard(i, -51.0), at(1))));
    let told: Vec<usize> = (60..66).map(|second| registry.due_to_tell(at(second)).len()).collect();
    assert_eq!(told, [100, 100, 100, 100, 100, 0]);
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
