//! A Bluetooth thermometer, from the radio to the database, through a fake BlueZ.

use domovoi_tests::bluez::Bluez;
use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::people::{admin, adopt, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::topic;

const BTHOME: &str = "0000fcd2-0000-1000-8000-00805f9b34fb";
const ADDRESS: &str = "54:48:E6:8F:80:A5";

#[tokio::test]
async fn a_bthome_sensor_is_found_adopted_and_measures() {
    let bluez = Bluez::start().await;
    bluez.plug_in().await;
    let hub = Hub::start(Options {
        environment: vec![bluez.environment()],
        ..Options::default()
    })
    .await;
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
async fn an_adapter_that_is_plugged_in_later_is_used() {
    let bluez = Bluez::start().await;
    let hub = Hub::start(Options {
        environment: vec![bluez.environment()],
        ..Options::default()
    })
    .await;
    assert_eq!(bluez.scans(), 0, "there is nothing to scan with");
    bluez.plug_in().await;
    wait::until("the hub to scan", PATIENCE, async || bluez.is_scanning().then_some(())).await;
    assert_eq!(hub.terminate().await, Some(0));
    wait::until("the scan to stop with the hub", PATIENCE, async || {
        (!bluez.is_scanning()).then_some(())
    })
    .await;
}
