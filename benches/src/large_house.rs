//! A house of 2,000 adopted devices with 10,000 entities.

use std::time::Instant;

use anyhow::{Result, ensure};
use domovoi_tests::hub::{Hub, Options};
use domovoi_tests::people::{admin, set_up};
use house::uri::procedure;
use house::{Device, Lifecycle};

use crate::figures::{median, row};
use crate::process::resident;
use crate::sensors::{Form, MEASURED, Sensors};

const DEVICES: usize = 2000;
/// Starts measured.
const STARTS: usize = 5;

/// From exec to ready, and resident memory then.
pub(crate) async fn measure() -> Result<()> {
    let mut hub = Hub::start(Options::default()).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let sensors = Sensors {
        devices: DEVICES,
        form: Form::Together,
    };
    sensors.join(&hub, &session).await?;
    let after_adopting = resident(hub.pid())?;
    let (mut seconds, mut megabytes) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = Instant::now();
        hub = hub.kill_and_restart().await;
        seconds.push(started.elapsed().as_secs_f64());
        let session = admin(&hub).await;
        let devices: Vec<Device> = session.call(procedure::DEVICE_LIST).send().await?.value()?;
        let adopted = devices.iter().filter(|device| device.lifecycle == Lifecycle::Adopted);
        let entities: usize = adopted.clone().map(|device| device.entities.len()).sum();
        ensure!(
            (adopted.count(), entities) == (DEVICES, DEVICES * MEASURED.len()),
            "the house is not what it was: {entities} entities"
        );
        megabytes.push(resident(hub.pid())?);
    }
    row(
        &format!(
            "exec to ready with {DEVICES} adopted devices of {} entities, median of {STARTS}",
            DEVICES * MEASURED.len()
        ),
        &format!("{:.0} ms", 1000.0 * median(&mut seconds)),
    );
    row(
        "resident memory then, after the list of devices was asked for",
        &format!(
            "{:.0} MB (right after adopting them {after_adopting:.0} MB)",
            median(&mut megabytes)
        ),
    );
    hub.terminate().await;
    Ok(())
}
