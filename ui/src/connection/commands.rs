//! Everything this browser asks of the house.

use house::uri::{device_control, procedure};
use house::{ActuatorKind, ActuatorState, Alert, AreaId, Device, DeviceId, Quantity, Threshold, Timestamp};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::remembered::Remembered;
use super::wire::Wire;
use super::{Connection, Fault, SignIn};
use crate::chart::Series;
use crate::house_view::Change;
use crate::hub_facts::{Delivery, HubNetwork, HubStatus, HubTime};
use crate::logbook::LogEntry;

/// What `account.setup` takes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SetupRequest {
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) password: String,
}

/// Arguments go by name.
const NO_ARGS: [bool; 0] = [];

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct OfDevice<'a> {
    device: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<&'a AreaId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
}

#[derive(Serialize)]
struct OfSubject<'a> {
    area: &'a AreaId,
    quantity: Quantity,
}

#[derive(Serialize)]
struct OfHistory<'a> {
    sensor: &'a str,
    quantity: Quantity,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Serialize, Default)]
struct OfEvents<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
}

impl<'a> OfDevice<'a> {
    fn new(device: &'a str) -> Self {
        Self {
            device,
            entity: None,
            area: None,
            name: None,
            by: None,
            seconds: None,
        }
    }
}

/// Makes the first admin; the session that may do so ends with it.
pub(crate) async fn setup(request: &SetupRequest) -> Result<(), Fault> {
    let (wire, _) = Wire::join(
        SignIn::Setup {
            token: request.token.clone(),
        },
        false,
    )
    .await?;
    let outcome = wire.call_for_nothing(procedure::ACCOUNT_SETUP, request).await;
    wire.leave().await;
    outcome
}

impl Connection {
    async fn ask<K: Serialize, R: DeserializeOwned>(self, uri: &str, kwargs: &K) -> Result<R, Fault> {
        self.wire()?.call(uri, &NO_ARGS, kwargs).await
    }

    /// Makes the first admin with the token of the set-up link, then signs in as them.
    pub(crate) async fn set_up(self, request: SetupRequest) -> Result<(), Fault> {
        setup(&request).await?;
        self.sign_in(
            SignIn::Password {
                name: request.name,
                password: request.password,
            },
            false,
        )
        .await
    }

    pub(super) async fn remember_ticket(self) -> Result<Remembered, Fault> {
        self.ask(procedure::ACCOUNT_REMEMBER, &Nothing {}).await
    }

    pub(super) async fn forget_ticket(self, token: &str) -> Result<(), Fault> {
        #[derive(Serialize)]
        struct Token<'a> {
            token: &'a str,
        }
        self.wire()?
            .call_for_nothing(procedure::ACCOUNT_FORGET, &Token { token })
            .await
    }

    /// Switches one actuator and holds off the controllers for `seconds`; 0 gives it back to them.
    pub(crate) async fn control(
        self,
        kind: ActuatorKind,
        device: &str,
        entity: &str,
        on: bool,
        seconds: u32,
    ) -> Result<ActuatorState, Fault> {
        let kwargs = OfDevice {
            entity: Some(entity),
            seconds: Some(seconds),
            ..OfDevice::new(device)
        };
        let state: ActuatorState = self.wire()?.call(device_control(kind), &(on,), &kwargs).await?;
        self.house
            .update(|house| house.apply(Change::Actuator(Box::new(state.clone()))));
        Ok(state)
    }

    pub(crate) async fn set_threshold(self, threshold: &Threshold) -> Result<Threshold, Fault> {
        let held: Threshold = self.ask(procedure::THRESHOLDS_SET, threshold).await?;
        self.house
            .update(|house| house.apply(Change::Threshold(Box::new(held.clone()))));
        Ok(held)
    }

    pub(crate) async fn remove_threshold(self, area: &AreaId, quantity: Quantity) -> Result<(), Fault> {
        self.wire()?
            .call_for_nothing(procedure::THRESHOLDS_REMOVE, &OfSubject { area, quantity })
            .await?;
        self.house
            .update(|house| house.apply(Change::ThresholdRemoved(area.clone(), quantity)));
        Ok(())
    }

    async fn change_device(self, uri: &str, kwargs: &OfDevice<'_>) -> Result<Device, Fault> {
        let device: Device = self.ask(uri, kwargs).await?;
        self.house
            .update(|house| house.apply(Change::Device(Box::new(device.clone()))));
        Ok(device)
    }

    pub(crate) async fn adopt(self, device: &str, area: &AreaId, name: &str) -> Result<Device, Fault> {
        let kwargs = OfDevice {
            area: Some(area),
            name: Some(name),
            ..OfDevice::new(device)
        };
        self.change_device(procedure::DEVICE_ADOPT, &kwargs).await
    }

    pub(crate) async fn rename(self, device: &str, area: &AreaId, name: &str) -> Result<Device, Fault> {
        let kwargs = OfDevice {
            area: Some(area),
            name: Some(name),
            ..OfDevice::new(device)
        };
        self.change_device(procedure::DEVICE_RENAME, &kwargs).await
    }

    /// Enters the key by which a Bluetooth device's messages open.
    pub(crate) async fn set_key(self, device: &str, key: &str) -> Result<(), Fault> {
        #[derive(Serialize)]
        struct OfKey<'a> {
            device: &'a str,
            key: &'a str,
        }
        self.wire()?
            .call_for_nothing(procedure::DEVICE_KEY_SET, &OfKey { device, key })
            .await
    }

    pub(crate) async fn ignore(self, device: &str) -> Result<Device, Fault> {
        self.change_device(procedure::DEVICE_IGNORE, &OfDevice::new(device))
            .await
    }

    pub(crate) async fn remove(self, device: &str) -> Result<Device, Fault> {
        self.change_device(procedure::DEVICE_REMOVE, &OfDevice::new(device))
            .await
    }

    /// `by` takes the place of `device`.
    pub(crate) async fn replace(self, device: &str, by: &str) -> Result<Device, Fault> {
        let kwargs = OfDevice {
            by: Some(by),
            ..OfDevice::new(device)
        };
        self.change_device(procedure::DEVICE_REPLACE, &kwargs).await
    }

    /// Looks for devices for `seconds`; `on_found` is told of each as it is found.
    pub(crate) async fn search(self, seconds: u32, mut on_found: impl FnMut(DeviceId)) -> Result<Vec<Device>, Fault> {
        #[derive(Serialize)]
        struct For {
            seconds: u32,
        }
        let take = |device: Device| {
            let id = device.id.clone();
            self.hear(Change::Device(Box::new(device)));
            on_found(id);
        };
        self.wire()?
            .call_progressively(procedure::DISCOVER_DEVICES, &For { seconds }, take)
            .await
    }

    pub(crate) async fn acknowledge(self, id: &str) -> Result<Alert, Fault> {
        #[derive(Serialize)]
        struct Id<'a> {
            id: &'a str,
        }
        let alert: Alert = self.ask(procedure::ALERT_ACKNOWLEDGE, &Id { id }).await?;
        self.house
            .update(|house| house.apply(Change::Alert(Box::new(alert.clone()))));
        Ok(alert)
    }

    /// Sends a test message on every channel.
    pub(crate) async fn test_notifier(self) -> Result<Vec<Delivery>, Fault> {
        self.ask(procedure::NOTIFIER_TEST, &Nothing {}).await
    }

    pub(crate) async fn readings(
        self,
        sensor: &str,
        quantity: Quantity,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Series, Fault> {
        let kwargs = OfHistory {
            sensor,
            quantity,
            from,
            to,
        };
        let mut points = Vec::new();
        let take = |part: Series| points.extend(part.points);
        let last: Series = self
            .wire()?
            .call_progressively(procedure::HISTORY_READINGS, &kwargs, take)
            .await?;
        points.extend(last.points);
        points.sort_by_key(|point| point.at);
        Ok(Series { points, ..last })
    }

    /// The logbook of one stretch of time, newest first.
    pub(crate) async fn log(
        self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        limit: u32,
        kind: Option<&str>,
    ) -> Result<Vec<LogEntry>, Fault> {
        let kwargs = OfEvents {
            from,
            to,
            limit: Some(limit),
            kind,
        };
        let mut entries: Vec<LogEntry> = self.ask(procedure::HISTORY_EVENTS, &kwargs).await?;
        crate::logbook::newest_first(&mut entries);
        Ok(entries)
    }

    pub(crate) async fn status(self) -> Result<HubStatus, Fault> {
        self.ask(procedure::GET_STATUS, &Nothing {}).await
    }

    pub(crate) async fn network(self) -> Result<HubNetwork, Fault> {
        self.ask(procedure::GET_NETWORK, &Nothing {}).await
    }

    pub(crate) async fn time(self) -> Result<HubTime, Fault> {
        self.ask(procedure::GET_TIME, &Nothing {}).await
    }

    pub(super) async fn list<T: DeserializeOwned>(self, uri: &str) -> Result<Vec<T>, Fault> {
        self.ask(uri, &Nothing {}).await
    }

    pub(super) async fn list_alerts(self) -> Result<Vec<Alert>, Fault> {
        #[derive(Serialize)]
        struct Limit {
            limit: u32,
        }
        self.ask(procedure::ALERT_LIST, &Limit { limit: 200 }).await
    }
}
