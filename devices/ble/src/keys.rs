//! Keys of devices that encrypt what they say: how they are entered, and the table they are kept
//! in.

use std::collections::BTreeMap;

use component::now;
use database::Database;
use decoders::{Address, Key};
use house::uri::{error, procedure};
use house::{Arguments, DeviceId};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{CallError, Invocation, Reply, Session};

use crate::inbound::{KeyFault, address_of};

/// A person enters a key, or takes it away.
#[derive(Debug)]
pub(crate) struct KeyRequest {
    pub(crate) device: DeviceId,
    pub(crate) key: Option<Key>,
    pub(crate) outcome: oneshot::Sender<Result<(), CallError>>,
}

impl From<KeyFault> for CallError {
    fn from(fault: KeyFault) -> Self {
        let sentence = fault.to_string();
        match fault {
            KeyFault::NoSuchDevice { .. } => Self::new(error::NO_SUCH_DEVICE, sentence),
            KeyFault::DoesNotFit { .. } | KeyFault::NotNeeded { .. } => Self::invalid_argument(sentence),
        }
    }
}

/// Answers `device.key.set`: the loop that hears the adverts decides.
pub(crate) async fn set(requests: mpsc::Sender<KeyRequest>, invocation: Invocation) -> Result<Reply, CallError> {
    let arguments: Arguments = invocation.kwargs()?;
    let (device, key) = read(&arguments).map_err(CallError::invalid_argument)?;
    let (outcome, answer) = oneshot::channel();
    let gone = |()| CallError::new(error::DEVICE_UNAVAILABLE, "the Bluetooth bridge is about to stop");
    let request = KeyRequest { device, key, outcome };
    requests.send(request).await.map_err(|_| gone(()))?;
    answer.await.map_err(|_| gone(()))??;
    Ok(Reply::empty())
}

fn read(arguments: &Arguments) -> Result<(DeviceId, Option<Key>), String> {
    arguments.expect_only(&["device", "key"])?;
    let device = arguments.text("device")?.ok_or("device must be the id of a device")?;
    let key = match arguments.text("key")?.map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(Key::parse(text).ok_or_else(|| {
            let digits = text.chars().filter(|c| !c.is_whitespace()).count();
            format!("key must be 32 hexadecimal digits (24 of an old Xiaomi remote), not {digits} characters of these")
        })?),
    };
    Ok((device.to_owned(), key))
}

/// Registers `device.key.set`, unless another Bluetooth bridge has it.
pub(crate) async fn offer(
    session: &Session,
    requests: mpsc::Sender<KeyRequest>,
) -> Result<component::Procedures, wamp_client::Error> {
    let mut procedures = component::Procedures::new(session);
    match procedures.offer(procedure::DEVICE_KEY_SET, &requests, set).await {
        Err(error) if error.uri() == Some(wamp_client::error_uri::PROCEDURE_ALREADY_EXISTS) => {
            tracing::warn!("another Bluetooth bridge takes keys; this one has those of its configuration and database");
        }
        outcome => outcome?,
    }
    Ok(procedures)
}

/// Every key that was entered.
pub(crate) async fn load(database: &Database) -> Result<BTreeMap<Address, Key>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT device, key FROM ble_key")
        .fetch_all(database.read())
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(device, key)| Some((address_of(&device)?, Key::from_octets(key.try_into().ok()?))))
        .collect())
}

/// Keeps a key, or forgets it.
pub(crate) async fn save(database: &Database, device: &str, key: Option<&Key>) -> Result<(), CallError> {
    let query = match key {
        Some(key) => sqlx::query(
            "INSERT INTO ble_key (device, key, set_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (device) DO UPDATE SET key = ?2, set_at = ?3",
        )
        .bind(device)
        .bind(&key.octets()[..])
        .bind(now().millis()),
        None => sqlx::query("DELETE FROM ble_key WHERE device = ?1").bind(device),
    };
    match query.execute(database.write()).await {
        Ok(_) => Ok(()),
        Err(fault) => Err(CallError::new(
            error::STORAGE,
            format!("the key could not be stored: {fault}"),
        )),
    }
}
