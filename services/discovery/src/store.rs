//! The table `device`.

use std::collections::BTreeMap;
use std::str::FromStr;

use database::{Database, DatabaseError};
use house::{AreaId, Availability, Device, DeviceId, Rhythm, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::registry::{Record, merge};

/// Every stored device. A row that cannot be read is left where it is and told in the log: one bad
/// row does not cost the house its other devices.
pub(crate) async fn load(database: &Database) -> Result<Vec<Record>, DatabaseError> {
    let rows = sqlx::query("SELECT * FROM device ORDER BY id")
        .fetch_all(database.read())
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| match record(row) {
            Ok(record) => Some(record),
            Err(fault) => {
                let id = row.try_get::<String, _>("id").unwrap_or_default();
                tracing::error!(device = id, %fault, "a stored device cannot be read; it is left out");
                None
            }
        })
        .collect())
}

/// Stores these as they are, all or none.
pub(crate) async fn save(database: &Database, records: &[Record]) -> Result<(), DatabaseError> {
    save_and_delete(database, records, None).await
}

/// Stores these and forgets one, both or neither.
pub(crate) async fn save_and_delete(
    database: &Database,
    records: &[Record],
    gone: Option<&str>,
) -> Result<(), DatabaseError> {
    let mut transaction = database.transaction().await?;
    if let Some(id) = gone {
        sqlx::query("DELETE FROM device WHERE id = ?1")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
    }
    for record in records {
        let Record { device, kinds, .. } = record;
        sqlx::query(
            "INSERT INTO device (id, bridge, name, manufacturer, model, entities, kinds, area, suggested_area, \
             lifecycle, signal, first_seen, last_seen, needs_key, addresses, views, rhythm, sleepy, battery_low) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) \
             ON CONFLICT (id) DO UPDATE SET bridge = ?2, name = ?3, manufacturer = ?4, model = ?5, entities = ?6, \
             kinds = ?7, area = ?8, suggested_area = ?9, lifecycle = ?10, signal = ?11, first_seen = ?12, \
             last_seen = ?13, needs_key = ?14, addresses = ?15, views = ?16, rhythm = ?17, sleepy = ?18, \
             battery_low = ?19",
        )
        .bind(&device.id)
        .bind(device.bridge.name())
        .bind(&device.name)
        .bind(&device.manufacturer)
        .bind(&device.model)
        .bind(json(&device.entities))
        .bind(json(kinds))
        .bind(device.area.as_ref().map(AreaId::as_str))
        .bind(device.suggested_area.as_ref().map(AreaId::as_str))
        .bind(word(&device.lifecycle))
        .bind(device.signal)
        .bind(device.first_seen.map(Timestamp::millis))
        .bind(device.last_seen.map(Timestamp::millis))
        .bind(device.needs_key)
        .bind(json(&device.addresses))
        .bind(json(&record.views))
        .bind(json(&record.rhythm))
        .bind(device.sleepy)
        .bind(device.battery_low)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Forgets a device.
pub(crate) async fn delete(database: &Database, id: &str) -> Result<(), DatabaseError> {
    sqlx::query("DELETE FROM device WHERE id = ?1")
        .bind(id)
        .execute(database.write())
        .await?;
    Ok(())
}

fn record(row: &SqliteRow) -> Result<Record, Box<dyn std::error::Error + Send + Sync>> {
    let area = |column| -> Result<Option<AreaId>, sqlx::Error> {
        let name: Option<String> = row.try_get(column)?;
        Ok(name.as_deref().and_then(AreaId::new))
    };
    let time = |column| -> Result<Option<Timestamp>, sqlx::Error> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
    };
    let views: BTreeMap<DeviceId, Device> = serde_json::from_str(row.try_get("views")?)?;
    let id: DeviceId = row.try_get("id")?;
    let parts = if views.is_empty() {
        Vec::new()
    } else {
        merge::merged(&id, &views).parts
    };
    let rhythm: Option<Rhythm> = serde_json::from_str(row.try_get("rhythm")?)?;
    let device = Device {
        id,
        bridge: from_word(row.try_get("bridge")?)?,
        name: row.try_get("name")?,
        manufacturer: row.try_get("manufacturer")?,
        model: row.try_get("model")?,
        entities: serde_json::from_str(row.try_get("entities")?)?,
        area: area("area")?,
        suggested_area: area("suggested_area")?,
        lifecycle: from_word(row.try_get("lifecycle")?)?,
        availability: Availability::Unknown,
        signal: row.try_get("signal")?,
        first_seen: time("first_seen")?,
        last_seen: time("last_seen")?,
        needs_key: row.try_get("needs_key")?,
        fault: None,
        last_values: BTreeMap::new(),
        told: BTreeMap::new(),
        addresses: serde_json::from_str(row.try_get("addresses")?)?,
        sleepy: row.try_get("sleepy")?,
        battery_low: row.try_get("battery_low")?,
        parts,
    };
    Ok(Record {
        device,
        kinds: serde_json::from_str(row.try_get("kinds")?)?,
        views,
        rhythm: rhythm.unwrap_or_default(),
    })
}

fn json(value: &impl Serialize) -> String {
    // Lists of structs and maps with text keys always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}

/// The one word that an enum is on the wire.
fn word(value: &impl Serialize) -> String {
    json(value).trim_matches('"').to_owned()
}

fn from_word<T: DeserializeOwned>(word: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::Value::from_str(&format!("\"{word}\""))?)
}

#[cfg(test)]
mod tests {
    use house::{ActuatorKind, Bridge, Entity, EntityKind, Lifecycle, Quantity};

    use super::*;

    #[tokio::test]
    async fn every_field_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path().join("house.db")).await.unwrap();
        let mut device = Device::found(Bridge::Ble, "a4c138830283", "Thermometer");
        device.manufacturer = Some("Xiaomi".into());
        device.model = Some("LYWSD03MMC".into());
        device.entities = vec![
            Entity {
                id: "t".into(),
                name: "Temperature".into(),
                kind: EntityKind::Sensor {
                    quantity: Quantity::Temperature,
                },
            },
            Entity {
                id: "r".into(),
                name: "Relay".into(),
                kind: EntityKind::Actuator {
                    actuator: ActuatorKind::Fan,
                },
            },
        ];
        device.area = AreaId::new("Küche");
        device.suggested_area = AreaId::new("hall");
        device.lifecycle = Lifecycle::Adopted;
        device.signal = Some(-61.5);
        device.first_seen = Some(Timestamp(1));
        device.last_seen = Some(Timestamp(2));
        device.needs_key = true;
        device.addresses = vec!["a4c138830283".into()];
        device.sleepy = true;
        device.battery_low = true;
        let mut record = Record::new(device.clone());
        record.kinds = [("r".into(), ActuatorKind::Fan)].into();
        record.views = [(device.id.clone(), Device { fault: None, ..device })].into();
        record.device.parts = merge::merged("ble-a4c138830283", &record.views).parts;
        for second in [0, 60, 120, 180, 240] {
            record.rhythm.hear(Timestamp::from_secs(second));
        }
        // What was last heard is not kept, what was learnt of it is.
        record.rhythm = serde_json::from_str(&json(&record.rhythm)).unwrap();
        save(&database, std::slice::from_ref(&record)).await.unwrap();
        save(&database, std::slice::from_ref(&record)).await.unwrap();
        assert_eq!(load(&database).await.unwrap(), [record]);

        sqlx::query("INSERT INTO device (id, bridge, name, entities, kinds, lifecycle, needs_key) VALUES ('b', 'telepathy', '', '', '', 'adopted', 0)")
            .execute(database.write())
            .await
            .unwrap();
        assert_eq!(
            load(&database).await.unwrap().len(),
            1,
            "a bad row does not hide the good one"
        );
        delete(&database, "ble-a4c138830283").await.unwrap();
        assert!(load(&database).await.unwrap().is_empty());
    }
}
