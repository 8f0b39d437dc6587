//! The bridge with an MQTT server that is not its own.

use std::net::SocketAddr;
use std::time::Duration;

use house::uri::topic;
use house::{Availability, Device, Quantity, SensorEvent};
use mqtt_bridge::ServerSettings;
use serde_json::Value;
use test_realm::{PATIENCE, heard};

use crate::air_sensor::announce;
use crate::mosquitto::{mosquitto_is_here, publish};
use crate::scripted_house::House;

/// A certificate for this machine, with its key beside it.
fn certificate(folder: &std::path::Path) -> std::path::PathBuf {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let path = folder.join("certificate.pem");
    std::fs::write(&path, made.cert.pem()).unwrap();
    path
}

/// A mosquitto server with a user, on a free port; with TLS where the folder has a certificate.
fn mosquitto(folder: &std::path::Path, port: u16) -> Option<tokio::process::Child> {
    let passwords = folder.join("passwords");
    if !passwords.exists() {
        let made = std::process::Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&passwords)
            .args(["hub", "p@ss"])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let configuration = folder.join("mosquitto.conf");
    // Started by root it would become a user that may not read the folder.
    let mut text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous false\nuser root\npassword_file {}\n",
        passwords.display()
    );
    let certificate = folder.join("certificate.pem");
    if certificate.exists() {
        let key = folder.join("key.pem");
        text += &format!("certfile {}\nkeyfile {}\n", certificate.display(), key.display());
    }
    std::fs::write(&configuration, text).unwrap();
    ["mosquitto", "/usr/sbin/mosquitto"].into_iter().find_map(|program| {
        tokio::process::Command::new(program)
            .arg("-c")
            .arg(&configuration)
            .kill_on_drop(true)
            .stderr(std::process::Stdio::null())
            .spawn()
            .ok()
    })
}

async fn until_it_answers(port: u16) {
    let answers = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answers)
        .await
        .expect("mosquitto in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_outside_is_lost_and_found_again_with_nothing_done_by_hand() {
    if !mosquitto_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let Some(mut server) = mosquitto(folder.path(), port) else {
        println!("mosquitto server absent: skipped");
        return;
    };
    until_it_answers(port).await;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let signed_in = ["-u", "hub", "-P", "p@ss"];
    let house = House::new().await;
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let mut status = house.listen(topic::STATUS_CHANGE).await;
    let outside = ServerSettings::Outside {
        url: format!("mqtt://hub:p%40ss@127.0.0.1:{port}").parse().unwrap(),
        authorities: None,
        client_id: "domovoi".to_owned(),
    };
    let bridge = house.bridge(outside, None).await;
    assert_eq!(bridge.address(), None);
    announce(address, &[&["-r"][..], &signed_in[..]].concat()).await;
    let device: Device = heard(&mut seen, |device: &Device| device.entities.len() == 3).await;
    house.adopt(device, "Living room").await;
    let measured = [&["-r"][..], &signed_in[..]].concat();
    publish(address, "zigbee2mqtt/air", r#"{"temperature":21.5}"#, &measured).await;
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Temperature) == Some(21.5)
    })
    .await;

    server.kill().await.unwrap();
    let lost: Value = heard(&mut status, |status: &Value| status["component"] == "mqtt").await;
    assert_eq!(lost["status"], "waiting", "{lost}");
    heard(&mut seen, |device: &Device| {
        device.availability == Availability::Offline
    })
    .await;
    let _server = mosquitto(folder.path(), port).unwrap();
    heard(&mut status, |status: &Value| status["status"] == "running").await;
    publish(address, "zigbee2mqtt/air", r#"{"temperature":22.5}"#, &measured).await;
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Temperature) == Some(22.5)
    })
    .await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_outside_speaks_tls_and_its_devices_are_right_again_within_five_seconds() {
    if !mosquitto_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = certificate(folder.path());
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let Some(mut server) = mosquitto(folder.path(), port) else {
        println!("mosquitto server absent: skipped");
        return;
    };
    until_it_answers(port).await;
    let house = House::new().await;
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let outside = ServerSettings::Outside {
        url: format!("mqtts://hub:p%40ss@localhost:{port}").parse().unwrap(),
        authorities: Some(authority.clone()),
        client_id: "domovoi".to_owned(),
    };
    let bridge = house.bridge(outside, None).await;
    let fleet = mqtt_bridge::fleet::Settings {
        url: format!("mqtts://hub:p%40ss@localhost:{port}").parse().unwrap(),
        authorities: Some(authority),
        discovery_prefix: "homeassistant".to_owned(),
        devices: 3,
        rate: 10.0,
        remove: false,
    };
    let playing = tokio::spawn(mqtt_bridge::fleet::run(fleet, std::future::pending()));
    let is = |wanted: Availability| move |device: &Device| device.availability == wanted;
    heard(&mut seen, is(Availability::Online)).await;
    server.kill().await.unwrap();
    heard(&mut seen, is(Availability::Offline)).await;
    let _server = mosquitto(folder.path(), port).unwrap();
    until_it_answers(port).await;
    let back = heard(&mut seen, is(Availability::Online));
    tokio::time::timeout(Duration::from_secs(5), back)
        .await
        .expect("states are right within 5 s");
    playing.abort();
    bridge.stop().await;
}
