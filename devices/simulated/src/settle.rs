//! Moving in: the demo house's own devices are adopted and its thresholds set, once.

use std::time::Duration;

use house::uri::procedure;
use house::{AreaId, Device, Lifecycle, Quantity, Threshold};
use serde::Serialize;
use wamp_client::{Error, Session};

use crate::plan::{DEVICES, DevicePlan};

/// The services may still be starting: how long to wait before asking again.
const AGAIN: Duration = Duration::from_millis(200);

#[derive(Serialize)]
struct Adoption<'a> {
    device: &'a str,
    area: &'a str,
    name: &'a str,
}

/// Asks until everything is in place.
pub(crate) async fn settle(session: &Session) {
    loop {
        match try_settle(session).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "the simulated house is not furnished yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// True when nothing is left to do.
async fn try_settle(session: &Session) -> Result<bool, Error> {
    let known: Vec<Device> = session.call(procedure::DEVICE_LIST).send().await?.value()?;
    let mut complete = true;
    for plan in DEVICES.iter().filter(|plan| plan.at_home) {
        let id = plan.id();
        match known
            .iter()
            .find(|device| device.id == id)
            .map(|device| device.lifecycle)
        {
            None => complete = false,
            Some(Lifecycle::Discovered) => adopt(session, &id, plan).await?,
            // A person has decided about it.
            Some(Lifecycle::Adopted | Lifecycle::Ignored | Lifecycle::Removed) => {}
        }
    }
    if !complete {
        return Ok(false);
    }
    let thresholds: Vec<Threshold> = session.call(procedure::THRESHOLDS_LIST).send().await?.value()?;
    for wanted in wanted_thresholds() {
        let is_there = |known: &Threshold| known.area == wanted.area && known.quantity == wanted.quantity;
        if !thresholds.iter().any(is_there) {
            session.call(procedure::THRESHOLDS_SET).kwargs(&wanted).send().await?;
        }
    }
    Ok(true)
}

async fn adopt(session: &Session, id: &str, plan: &DevicePlan) -> Result<(), Error> {
    let adoption = Adoption {
        device: id,
        area: plan.area,
        name: plan.name,
    };
    session.call(procedure::DEVICE_ADOPT).kwargs(&adoption).send().await?;
    Ok(())
}

/// The talk's: the air conditioner at 26 °C, the fan at 65 %.
fn wanted_thresholds() -> Vec<Threshold> {
    [
        ("living_room", Quantity::Temperature, 26.0, 1.0),
        ("bathroom", Quantity::Humidity, 65.0, 3.0),
    ]
    .into_iter()
    .filter_map(|(area, quantity, high, hysteresis)| {
        Some(Threshold {
            high: Some(high),
            hysteresis: Some(hysteresis),
            ..Threshold::new(AreaId::new(area)?, quantity)
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_thresholds_are_valid() {
        let thresholds = wanted_thresholds();
        assert_eq!(thresholds.len(), 2);
        for threshold in thresholds {
            assert_eq!(threshold.check(), Ok(()));
        }
    }
}
