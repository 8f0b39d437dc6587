//! A Bluetooth thermometer, from the radio to the database, through a fake BlueZ.

use domovoi_tests::bluez::Bluez;
use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::people::{admin, adopt, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::{error, procedure, topic};
use serde_json::json;

const BTHOME: &str = "0000fcd2-0000-1000-8000-00805f9b34fb";
const ADDRESS: &str = "54:48:E6:8F:80:A5";

/// A hub that looks for adapters on this bus.
async fn hub_on(bluez: &Bluez) -> Hub {
    Hub::start(Options {
        environment: vec![bluez.environment()],
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_bthome_sensor_is_found_adopted_and_measures() {
    let bluez = Bluez::start().await;
    bluez.plug_in().await;
    let hub = hub_on(&bluez).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, &[topic::DEVICE_FOUND, topic::SENSOR_EVENTS]).await;
    wait::until("the hub to scan", PATIENCE, async || bluez.is_scanning().then_some(())).await;

    // The first advert of a device reaches btleplug as properties alone.
    bluez
        .advertise(
            ADDRESS,
            "Balcony",
            -61,
            BTHOME,
            &[0x40, 0x02, 0xca, 0x09, 0x03, 0xbf, 0x13],
        )
        .await;
    let (found, _) = heard
        .wait_from(0, "the device is found", PATIENCE, topic::DEVICE_FOUND, |d| {
            d["bridge"] == "ble"
        })
        .await;
    assert_eq!(
        (found["id"].as_str(), found["name"].as_str()),
        (Some("ble-5448e68f80a5"), Some("Balcony"))
    );

    adopt(&session, "ble-5448e68f80a5", "balcony").await;
    let mut raw = 2506_i16;
    let event = wait::until("a reading of the adopted device", PATIENCE, async || {
        raw += 1;
        let [low, high] = raw.to_le_bytes();
        bluez
            .advertise(
                ADDRESS,
                "Balcony",
                -60,
                BTHOME,
                &[0x40, 0x02, low, high, 0x03, 0xbf, 0x13],
            )
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        heard
            .all()
            .into_iter()
            .find(|h| h.topic == topic::SENSOR_EVENTS)
            .map(|h| h.payload)
    })
    .await;
    assert_eq!(event["area"], "balcony");
    assert!(
        event["temperature"].as_f64().is_some_and(|t| (25.0..30.0).contains(&t)),
        "{event}"
    );
    assert_eq!(hub.terminate().await, Some(0));
}

#[tokio::test]
async fn a_found_sensor_is_shown_with_maker_model_signal_and_what_it_measures_now() {
    const RUUVI: u16 = 0x0499;
    let mut data = [
        0x05, 0x12, 0xfc, 0x53, 0x94, 0xc3, 0x7c, 0x00, 0x04, 0xff, 0xfc, 0x04, 0x0c, 0xac, 0x36, 0x42, 0x00, 0xcd,
        0xcb, 0xb8, 0x33, 0x4c, 0x88, 0x4f,
    ];
    let bluez = Bluez::start().await;
    bluez.plug_in().await;
    let hub = hub_on(&bluez).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, &[topic::DEVICE_FOUND, topic::DEVICE_CHANGED]).await;
    wait::until("the hub to scan", PATIENCE, async || bluez.is_scanning().then_some(())).await;
    let address = "CB:B8:33:4C:88:4F";
    bluez.advertise_company(address, "Ruuvi 884F", -58, RUUVI, &data).await;
    let (found, _) = heard
        .wait_from(0, "the device is found", PATIENCE, topic::DEVICE_FOUND, |d| {
            d["bridge"] == "ble"
        })
        .await;
    assert_eq!(
        (&found["manufacturer"], &found["model"]),
        (&json!("Ruuvi"), &json!("RuuviTag"))
    );
    assert_eq!(
        (&found["name"], &found["signal"]),
        (&json!("Ruuvi 884F"), &json!(-58.0))
    );
    assert_eq!(found["last_values"]["temperature"], 24.3);

    // Later adverts come as changed properties; what they say is shown within half a minute.
    data[2] = 0xff;
    wait::until("the new value to be shown", PATIENCE, async || {
        bluez.advertise_company(address, "Ruuvi 884F", -77, RUUVI, &data).await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let devices = session.call(procedure::DEVICE_LIST).send().await.expect("the devices");
        let devices: Vec<house::Device> = devices.value().expect("devices");
        let shown = |d: &house::Device| {
            let temperature = d.last_values.get(&house::Quantity::Temperature).copied();
            (d.signal, temperature) == (Some(-77.0), Some(24.315))
        };
        devices.iter().any(shown).then_some(())
    })
    .await;
    assert_eq!(hub.terminate().await, Some(0));
}

#[tokio::test]
async fn an_adapter_that_is_plugged_in_later_is_used() {
    let bluez = Bluez::start().await;
    let hub = hub_on(&bluez).await;
    assert_eq!(bluez.scans(), 0, "there is nothing to scan with");
    bluez.plug_in().await;
    wait::until("the hub to scan", PATIENCE, async || bluez.is_scanning().then_some(())).await;
    assert_eq!(hub.terminate().await, Some(0));
    wait::until("the scan to stop with the hub", PATIENCE, async || {
        (!bluez.is_scanning()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_adapter_that_is_pulled_out_is_used_again_when_it_is_back() {
    let bluez = Bluez::start().await;
    bluez.plug_in().await;
    let hub = hub_on(&bluez).await;
    wait::until("the hub to scan", PATIENCE, async || bluez.is_scanning().then_some(())).await;
    let connections = bluez.connections().await;
    bluez.pull_out().await;
    wait::until("the hub to see that it is gone", PATIENCE, async || {
        hub.log().contains("the Bluetooth adapter is gone").then_some(())
    })
    .await;
    bluez.plug_in().await;
    wait::until("the hub to scan again", PATIENCE, async || {
        bluez.is_scanning().then_some(())
    })
    .await;
    assert_eq!(
        bluez.connections().await,
        connections,
        "the bus allows a program few connections"
    );
    assert_eq!(hub.terminate().await, Some(0));
}

#[tokio::test]
async fn an_adapter_that_hears_nothing_is_started_anew_and_then_switched_off_and_on() {
    let bluez = Bluez::start().await;
    bluez.plug_in().await;
    let hub = Hub::start(Options {
        environment: vec![bluez.environment()],
        configuration: "[ble]\nrestart_after_seconds = 1\n".into(),
        ..Options::default()
    })
    .await;
    wait::until("a second scan", PATIENCE, async || (bluez.scans() > 1).then_some(())).await;
    wait::until("the adapter to be switched off and on", PATIENCE, async || {
        (bluez.switched_off() > 0).then_some(())
    })
    .await;
    wait::until("the scan to go on", PATIENCE, async || {
        bluez.is_scanning().then_some(())
    })
    .await;
    assert_eq!(hub.terminate().await, Some(0));
}

#[tokio::test]
async fn an_encrypted_sensor_waits_for_its_key_and_keeps_it() {
    const ID: &str = "ble-5448e68f80a5";
    let sealed = [
        0x41, 0xa4, 0x72, 0x66, 0xc9, 0x5f, 0x73, 0x00, 0x11, 0x22, 0x33, 0x78, 0x23, 0x72, 0x14,
    ];
    let bluez = Bluez::start().await;
    bluez.plug_in().await;
    let hub = hub_on(&bluez).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(
        &session,
        &[topic::DEVICE_FOUND, topic::DEVICE_CHANGED, topic::SENSOR_EVENTS],
    )
    .await;
    wait::until("the hub to scan", PATIENCE, async || bluez.is_scanning().then_some(())).await;
    bluez.advertise(ADDRESS, "Cellar sensor", -70, BTHOME, &sealed).await;
    let (found, _) = heard
        .wait_from(0, "the device is found", PATIENCE, topic::DEVICE_FOUND, |d| {
            d["id"] == ID
        })
        .await;
    assert_eq!(found["needs_key"], true);
    assert_eq!(found["fault"], "its messages are encrypted: enter the device's key");

    let set_key = async |key: &str| {
        let kwargs = json!({"device": ID, "key": key});
        let call = session.call(procedure::DEVICE_KEY_SET).kwargs(&kwargs);
        call.send().await.map(|_| ()).map_err(|error| error.to_string())
    };
    let nonsense = set_key("1234").await.expect_err("no key");
    assert!(nonsense.contains("key must be 32 hexadecimal digits"), "{nonsense}");
    let wrong = set_key("814aac74c4f17b6c1581e1ab87816b99")
        .await
        .expect_err("another key");
    assert!(wrong.contains("it does not open what Cellar sensor sends"), "{wrong}");
    let stranger = session
        .call(procedure::DEVICE_KEY_SET)
        .kwargs(&json!({"device": "ble-000000000000", "key": "814aac74c4f17b6c1581e1ab87816b99"}))
        .send()
        .await
        .expect_err("nobody");
    assert_eq!(stranger.uri(), Some(error::NO_SUCH_DEVICE));

    adopt(&session, ID, "cellar").await;
    set_key("231d39c1d7cc1ab1aee224cd096db932")
        .await
        .expect("the device's key");
    let (reading, _) = heard
        .wait_from(0, "a reading", PATIENCE, topic::SENSOR_EVENTS, |event| {
            event["sensorId"] == ID
        })
        .await;
    assert_eq!(
        (reading["temperature"].as_f64(), reading["humidity"].as_f64()),
        (Some(25.06), Some(50.55))
    );

    let hub = hub.kill_and_restart().await;
    let session = admin(&hub).await;
    let device = wait::until("the sensor to be heard again", PATIENCE, async || {
        bluez.advertise(ADDRESS, "Cellar sensor", -70, BTHOME, &sealed).await;
        let devices = session.call(procedure::DEVICE_LIST).send().await.expect("the devices");
        let devices: Vec<house::Device> = devices.value().expect("devices");
        let is_heard = |d: &house::Device| d.id == ID && d.availability == house::Availability::Online;
        devices.into_iter().find(is_heard)
    })
    .await;
    assert_eq!((device.needs_key, device.fault), (false, None), "the key was kept");
    assert_eq!(hub.terminate().await, Some(0));
}
