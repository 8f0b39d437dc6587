//! The MQTT bridge: Home Assistant discovery in, commands out, and an MQTT server for devices.
//!
//! Pure: [`topic`], [`abbreviation`], [`discovery`], [`availability`], [`template`], [`entity`],
//! [`unit`], [`zigbee`], [`dialect`] and [`catalog`] know no clock and no network. A message's way: `server` or `client`
//! receives it, [`catalog`] says what it means, `bridge` tells the house.

pub mod abbreviation;
pub mod availability;
pub mod catalog;
pub mod dialect;
pub mod discovery;
pub mod entity;
pub mod fields;
pub mod fleet;
pub mod payload;
pub mod template;
pub mod topic;
pub mod unit;
pub mod zigbee;

mod bridge;
mod client;
mod faults;
mod link;
mod running;
mod server;
mod store;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use database::Database;
use house::Registry;
use house::uri::topic as wamp_topic;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use wamp_client::Session;

use crate::bridge::{Loop, Shared};
use crate::catalog::Catalog;
use crate::client::{Client, Will};
pub use crate::client::{ClientFault, ServerUrl, UrlFault};
use crate::faults::Faults;
use crate::link::{Link, LinkEvent};
pub use crate::running::{Counters, Running};
use crate::server::Server;

/// How the bridge works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which MQTT server devices meet in.
    pub server: ServerSettings,
    /// Below which topic devices announce themselves.
    pub discovery_prefix: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: ServerSettings::default(),
            discovery_prefix: "homeassistant".to_owned(),
        }
    }
}

/// The MQTT server.
#[derive(Debug, Clone)]
pub enum ServerSettings {
    /// Our own.
    Embedded {
        /// Where it listens; port 0 takes a free one. By default port 1883: of this machine only
        /// as long as there are no users, of every network with them.
        listen: Option<SocketAddr>,
        /// Who may sign in, by password; when empty, everybody who reaches it.
        users: BTreeMap<String, String>,
    },
    /// One that is there already.
    Outside {
        /// Where.
        url: ServerUrl,
        /// For `mqtts`: a file with the certificates of the authorities to trust, instead of the
        /// system's.
        authorities: Option<PathBuf>,
        /// The client id; two hubs on one server need two.
        client_id: String,
    },
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self::Embedded {
            listen: None,
            users: BTreeMap::new(),
        }
    }
}

/// Why the bridge could not take its place in the house, as a sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The router refuses what the bridge needs.
    #[error("the MQTT bridge cannot start: {0}")]
    Session(#[from] wamp_client::Error),
    /// The embedded server's address is taken or not ours.
    #[error("the MQTT server cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The server outside cannot be used.
    #[error("the MQTT server outside cannot be used: {0}")]
    Outside(#[from] ClientFault),
    /// What was saved cannot be read.
    #[error("what MQTT devices have announced cannot be read: {0}")]
    Storage(#[from] sqlx::Error),
}

/// The server's end of the bridge, and what is to be ended with it.
struct Connected {
    link: Link,
    events: mpsc::UnboundedReceiver<LinkEvent>,
    server: Option<Server>,
    polling: Option<JoinHandle<()>>,
}

/// Starts the bridge; returns once its registrations and subscriptions are in place and the
/// embedded server listens. A server outside may come later.
///
/// Without a database nothing outlives a restart.
///
/// # Errors
/// [`StartError`], whose `Display` is a sentence for people.
pub async fn start(session: Session, settings: Settings, database: Option<Database>) -> Result<Running, StartError> {
    let prefix = settings.discovery_prefix;
    let changed = session.subscribe(wamp_topic::DEVICE_CHANGED).open().await?;
    let started = session.subscribe(wamp_topic::DISCOVERY_STARTED).open().await?;
    let search = session.subscribe(wamp_topic::DISCOVERY_SEARCH).open().await?;
    let mut catalog = Catalog::new(&prefix);
    if let Some(database) = &database {
        for saved in store::announcements(database).await? {
            catalog.restore(&saved.topic, &saved.payload, &saved.device);
        }
    }
    let connected = connect(settings.server, &prefix, database.as_ref()).await?;
    let Connected {
        link,
        events,
        server,
        polling,
    } = connected;
    let address = server.as_ref().map(|server| server.address);
    let (store, storing) = database
        .map(|database| store::start(database, server.as_ref().map(Server::local)))
        .unzip();
    let shared = Arc::new(Shared {
        catalog: Mutex::new(catalog),
        link: link.clone(),
        session: session.clone(),
    });
    bridge::register(&shared).await?;
    let counters = Arc::new(Counters::default());
    let bridge = Loop {
        shared,
        prefix,
        events,
        states: session.watch(),
        changed,
        started,
        search,
        store,
        counters: Arc::clone(&counters),
        registry: Registry::default(),
        faults: Faults::default(),
        unseen: BTreeSet::new(),
        show_at: None,
        later: (BTreeSet::new(), 0),
        lost: false,
    };
    Ok(Running::spawn(address, counters, |stopped| async move {
        // In this order: the bridge says goodbye and lets go of the store, which writes what is
        // left; the connections end last.
        bridge.run(stopped).await;
        if let Some(storing) = storing
            && let Err(error) = storing.await
        {
            tracing::error!(%error, "the task that saves MQTT announcements broke");
        }
        if let Link::Outside(client) = &link {
            client.disconnect();
        }
        if let Some(polling) = polling {
            // It has the farewell to send; a server that takes nothing is not waited for.
            let mut polling = polling;
            if tokio::time::timeout(std::time::Duration::from_millis(500), &mut polling)
                .await
                .is_err()
            {
                polling.abort();
            }
        }
        if let Some(server) = server {
            server.stop().await;
        }
    }))
}

async fn connect(settings: ServerSettings, prefix: &str, database: Option<&Database>) -> Result<Connected, StartError> {
    match settings {
        ServerSettings::Embedded { listen, users } => {
            let retained = match database {
                Some(database) => store::retained(database).await?,
                None => HashMap::new(),
            };
            let everywhere = !users.is_empty();
            let address = listen.unwrap_or_else(|| {
                let ip = if everywhere { [0, 0, 0, 0] } else { [127, 0, 0, 1] };
                SocketAddr::from((ip, 1883))
            });
            let (server, events) = Server::start(address, users, retained)
                .await
                .map_err(|source| StartError::Listen { address, source })?;
            Ok(Connected {
                link: Link::Embedded(server.local()),
                events,
                server: Some(server),
                polling: None,
            })
        }
        ServerSettings::Outside {
            url,
            authorities,
            client_id,
        } => {
            let will = Will {
                topic: topic::status(prefix),
                retain: false,
            };
            let (client, events, polling) = Client::start(&url, authorities, &client_id, will)?;
            Ok(Connected {
                link: Link::Outside(client),
                events,
                server: None,
                polling: Some(polling),
            })
        }
    }
}
