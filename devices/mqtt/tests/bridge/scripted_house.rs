//! A house that speaks WAMP: the bridge under test, and discovery played by a script.

use std::sync::{Arc, Mutex};

use database::Database;
use house::uri::{procedure, topic};
use house::{AreaId, Device, Lifecycle};
use mqtt_bridge::{Running, ServerSettings, Settings};
use test_realm::Realm;
use wamp_client::{Reply, Session, Subscription};

/// What stands in for the discovery service: the list of devices, and news of them.
pub(crate) struct House {
    realm: Realm,
    pub(crate) session: Session,
    devices: Arc<Mutex<Vec<Device>>>,
}

impl House {
    pub(crate) async fn new() -> Self {
        let realm = Realm::new();
        let session = realm.join("discovery", "service").await;
        let devices: Arc<Mutex<Vec<Device>>> = Arc::default();
        let listed = Arc::clone(&devices);
        session
            .register(procedure::DEVICE_LIST)
            .handler(move |_| {
                let devices = listed.lock().unwrap().clone();
                async move { Ok(Reply::value(&devices)?) }
            })
            .await
            .unwrap();
        Self {
            realm,
            session,
            devices,
        }
    }

    pub(crate) async fn bridge(&self, server: ServerSettings, database: Option<Database>) -> Running {
        let session = self.realm.join("mqtt", "service").await;
        let settings = Settings {
            server,
            ..Settings::default()
        };
        mqtt_bridge::start(session, settings, database).await.unwrap()
    }

    pub(crate) async fn listen(&self, topic: &'static str) -> Subscription {
        self.session.subscribe(topic).open().await.unwrap()
    }

    pub(crate) async fn adopt(&self, mut device: Device, area: &str) {
        device.lifecycle = Lifecycle::Adopted;
        device.area = AreaId::new(area);
        self.devices.lock().unwrap().push(device.clone());
        let news = self
            .session
            .publish(topic::DEVICE_CHANGED)
            .kwargs(&device)
            .acknowledge();
        news.send().await.unwrap();
    }
}
