//! The bridge as a member of the house.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use component::{now, tell};
use house::Device;
use house::uri::topic;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use wamp_client::{ConnectionState, Session, StateStream, Subscription};

use crate::browser::{Browser, Heard};
use crate::hosts::Hosts;
use crate::neighbours;
use crate::{Running, Settings, StartError};

/// How often the house is told who is still there.
const TELL_EVERY: Duration = Duration::from_secs(60);

struct Loop {
    session: Session,
    states: StateStream,
    started: Subscription,
    search: Subscription,
    browser: Browser,
    heard: mpsc::Receiver<Heard>,
    hosts: Hosts,
}

pub(crate) async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    let started = session.subscribe(topic::DISCOVERY_STARTED).open().await?;
    let search = session.subscribe(topic::DISCOVERY_SEARCH).open().await?;
    let (browser, heard) = Browser::start(&settings)?;
    let bridge = Loop {
        states: session.watch(),
        session,
        started,
        search,
        browser,
        heard,
        hosts: Hosts::default(),
    };
    Ok(Running::spawn(|stopped| bridge.run(stopped)))
}

impl Loop {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut tick = interval(TELL_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                heard = self.heard.recv() => match heard {
                    Some(heard) => self.take(heard).await,
                    None => break,
                },
                event = self.started.next() => match event {
                    Some(_) => self.tell_all().await,
                    None => break,
                },
                event = self.search.next() => match event {
                    Some(_) => self.browser.search(),
                    None => break,
                },
                state = self.states.next() => match state {
                    Some(ConnectionState::Joined(_)) => self.tell_all().await,
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => break,
                },
                _ = tick.tick() => self.tell_all().await,
            }
        }
        self.browser.stop();
    }

    async fn take(&mut self, heard: Heard) {
        let device = match heard {
            Heard::Type(service) => {
                self.browser.add(service);
                None
            }
            Heard::Announced(announcement) => {
                let neighbours = neighbours().await;
                self.hosts.hear(announcement, &neighbours, now())
            }
            Heard::Left { service, instance } => self.hosts.leave(&service, &instance),
        };
        if let Some(device) = device {
            self.tell(&device).await;
        }
    }

    async fn tell_all(&mut self) {
        for device in self.hosts.devices(now()) {
            self.tell(&device).await;
        }
    }

    async fn tell(&self, device: &Device) {
        tell(&self.session, topic::DEVICE_SEEN, device).await;
    }
}

/// The hardware addresses near by, as this machine knows them just now.
async fn neighbours() -> BTreeMap<IpAddr, String> {
    // Where there is no such table, none are known.
    let table = tokio::fs::read_to_string(neighbours::TABLE).await;
    neighbours::parse(&table.unwrap_or_default())
}
