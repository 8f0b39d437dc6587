//! The simulated fleet and the bridge, each a client of the same server.

use std::collections::BTreeSet;

use house::uri::{self, topic};
use house::{ActuatorKind, Availability, Bridge, BridgeCommand, Device, DeviceStateReport, SensorEvent};
use mqtt_bridge::fleet::{self, Settings};
use tokio::sync::oneshot;

use crate::embedded::embedded;
use crate::scripted_house::House;
use test_realm::heard;

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_house_is_found_measured_and_driven_and_goes_offline_with_its_program() {
    const DEVICES: usize = 14;
    let house = House::new().await;
    let bridge = house.bridge(embedded(), None).await;
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let mut states = house.listen(topic::DEVICE_STATE).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let settings = Settings {
        url: format!("mqtt://{}", bridge.address().unwrap()).parse().unwrap(),
        authorities: None,
        discovery_prefix: "homeassistant".to_owned(),
        devices: DEVICES,
        rate: 200.0,
        remove: false,
    };
    let playing = tokio::spawn(fleet::run(settings, async {
        let _ = stopped.await;
    }));
    let mut devices = Vec::new();
    let mut ids = BTreeSet::new();
    while ids.len() < DEVICES {
        let device: Device = heard(&mut seen, |device: &Device| device.availability == Availability::Online).await;
        if ids.insert(device.id.clone()) {
            devices.push(device);
        }
    }
    let plug = devices
        .iter()
        .find(|device| device.name.starts_with("Plug"))
        .unwrap()
        .clone();
    house.adopt(plug.clone(), "Kitchen").await;
    heard(&mut readings, |event: &SensorEvent| event.sensor_id == plug.id).await;
    let (entity, _) = plug.actuators().next().unwrap();
    let command = BridgeCommand {
        device: plug.id.clone(),
        entity: entity.id.clone(),
        kind: ActuatorKind::Switch,
        on: true,
    };
    let call = house.session.call(uri::bridge_command(Bridge::Mqtt)).kwargs(&command);
    call.send().await.unwrap();
    heard(&mut states, |report: &DeviceStateReport| {
        report.device == plug.id && report.on
    })
    .await;
    stop.send(()).unwrap();
    let report = playing.await.unwrap().unwrap();
    assert_eq!(report.commands, 1);
    heard(&mut seen, |device: &Device| {
        device.id == plug.id && device.availability == Availability::Offline
    })
    .await;
    bridge.stop().await;
}
