//! A house of 2,000 adopted devices with 10,000 entities, all of which have announced themselves by
//! MQTT before.

use std::time::{Duration, Instant};

use database::Database;
use house::{Device, Lifecycle, uri};

use super::program::{House, PASSWORD, PATIENCE, sign_in};

const DEVICES: usize = 2000;
/// What each measures: name, unit, device class.
const ENTITIES: [(&str, &str, &str); 5] = [
    ("temperature", "°C", "temperature"),
    ("humidity", "%", "humidity"),
    ("battery", "%", "battery"),
    ("voltage", "V", "voltage"),
    ("linkquality", "lqi", ""),
];

/// What a release build promises; one for debugging has time.
const READY: Duration = if cfg!(debug_assertions) {
    PATIENCE
} else {
    Duration::from_secs(2)
};
const RESIDENT_MB: f64 = if cfg!(debug_assertions) { 400.0 } else { 80.0 };

/// Fills the house's tables as its services would have.
async fn fill(house: &House) {
    let database = Database::open(house.path().join("domovoi.db")).await.unwrap();
    let mut transaction = database.transaction().await.unwrap();
    for device in 0..DEVICES {
        let id = format!("mqtt-0x{device:016x}");
        let mut entities = Vec::new();
        for (name, unit, class) in ENTITIES {
            let class_field = if class.is_empty() {
                String::new()
            } else {
                format!(r#""dev_cla":"{class}","#)
            };
            let payload = format!(
                r#"{{"name":"{name}","uniq_id":"0x{device:016x}_{name}","stat_t":"zigbee2mqtt/Sensor {device}","val_tpl":"{{{{ value_json.{name} }}}}","unit_of_meas":"{unit}",{class_field}"dev":{{"ids":["0x{device:016x}"],"name":"Sensor {device}","mf":"Aqara","mdl":"WSDCGQ11LM"}}}}"#
            );
            sqlx::query("INSERT INTO mqtt_announcement (topic, payload, device, announced_at) VALUES (?1, ?2, ?3, 0)")
                .bind(format!("homeassistant/sensor/0x{device:016x}/{name}/config"))
                .bind(payload.into_bytes())
                .bind(&id)
                .execute(&mut *transaction)
                .await
                .unwrap();
            let quantity = if class.is_empty() { "signal_strength" } else { class };
            entities.push(format!(
                r#"{{"id":"sensor.0x{device:016x}_{name}","name":"{name}","type":"sensor","quantity":"{quantity}"}}"#
            ));
        }
        sqlx::query(
            "INSERT INTO device (id, bridge, name, manufacturer, model, entities, kinds, area, lifecycle, needs_key, sleepy) \
             VALUES (?1, 'mqtt', ?2, 'Aqara', 'WSDCGQ11LM', ?3, '{}', ?4, 'adopted', 0, 1)",
        )
        .bind(&id)
        .bind(format!("Sensor {device}"))
        .bind(format!("[{}]", entities.join(",")))
        .bind(format!("room_{}", device % 40))
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    transaction.commit().await.unwrap();
}

fn resident_mb(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: f64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

#[tokio::test]
async fn a_house_of_two_thousand_devices_is_ready_soon_and_stays_small() {
    let house = House::with_accounts();
    // The tables are made at the first start.
    house.run().signal("TERM");
    fill(&house).await;

    let began = Instant::now();
    let server = house.run();
    let took = began.elapsed();
    let admin = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
    let listed = admin.call(uri::procedure::DEVICE_LIST).timeout(PATIENCE).send().await;
    let devices: Vec<Device> = listed.unwrap().value().unwrap();
    let entities: usize = devices.iter().map(|device| device.entities.len()).sum();
    assert_eq!((devices.len(), entities), (DEVICES, DEVICES * ENTITIES.len()));
    assert!(devices.iter().all(|device| device.lifecycle == Lifecycle::Adopted));
    assert_eq!(server.get("/healthz").0, 200);
    assert!(took < READY, "ready after {took:?}");
    match resident_mb(server.id()) {
        Some(megabytes) => {
            println!("{DEVICES} devices, {entities} entities: ready after {took:.2?}, {megabytes:.0} MB resident");
            assert!(megabytes < RESIDENT_MB, "{megabytes:.0} MB resident");
        }
        None => {
            println!("{DEVICES} devices, {entities} entities: ready after {took:.2?}; no /proc, memory not measured")
        }
    }
}
