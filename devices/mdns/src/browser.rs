//! Listens to mDNS, and hands on what is announced.

use std::collections::{BTreeMap, BTreeSet};

use mdns_sd::{IfKind, IfPredicate, Receiver, ResolvedService, ServiceDaemon, ServiceEvent};
use tokio::sync::mpsc;

use crate::Settings;
use crate::hosts::Announcement;
use crate::kinds::{KINDS, service_of};

/// The question which types there are.
const TYPES: &str = "_services._dns-sd._udp.local.";
/// More types than this are not asked for: somebody makes them up.
const MOST_TYPES: usize = 200;
/// Announcements that wait to be looked at.
const QUEUE: usize = 256;

/// Why mDNS cannot be listened to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrowseFault(#[from] mdns_sd::Error);

/// Something heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// There is a service of this type somewhere.
    Type(String),
    Announced(Announcement),
    Left {
        service: String,
        instance: String,
    },
}

/// Asks and listens, in a thread of its own, until it is shut down.
pub(crate) struct Browser {
    daemon: ServiceDaemon,
    heard: mpsc::Sender<Heard>,
    services: BTreeSet<String>,
}

impl Browser {
    /// Begins to ask for every type that is known, and for those that are not.
    pub(crate) fn start(settings: &Settings) -> Result<(Self, mpsc::Receiver<Heard>), BrowseFault> {
        let daemon = ServiceDaemon::new_with_port(settings.port)?;
        let networks = settings.networks;
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(IfKind::Predicate(IfPredicate::new(move |interface| {
            networks.include(&interface.name, interface.is_loopback())
        })))?;
        let (heard, received) = mpsc::channel(QUEUE);
        let browser = Self {
            daemon,
            heard,
            services: KINDS.iter().map(|kind| kind.service.to_owned()).collect(),
        };
        browser.search();
        Ok((browser, received))
    }

    /// Asks for all types anew: who did not answer before may do so now.
    pub(crate) fn search(&self) {
        self.ask(TYPES);
        for service in &self.services {
            self.ask(&format!("{service}.local."));
        }
    }

    /// Asks for a type that was heard of.
    pub(crate) fn add(&mut self, service: String) {
        if self.services.len() < MOST_TYPES && !self.services.contains(&service) {
            self.ask(&format!("{service}.local."));
            self.services.insert(service);
        }
    }

    fn ask(&self, name: &str) {
        match self.daemon.browse(name) {
            Ok(events) => {
                tokio::spawn(forward(events, self.heard.clone()));
            }
            Err(error) => tracing::debug!(%error, name, "not asked for"),
        }
    }

    pub(crate) fn stop(self) {
        if let Err(error) = self.daemon.shutdown() {
            tracing::debug!(%error, "mDNS is listened to no longer anyhow");
        }
    }
}

/// Ends when the daemon does, or when the same is asked for anew.
async fn forward(events: Receiver<ServiceEvent>, heard: mpsc::Sender<Heard>) {
    while let Ok(event) = events.recv_async().await {
        let said = match event {
            ServiceEvent::ServiceFound(kind, name) if kind == TYPES => {
                service_of(&name).map(|service| Heard::Type(service.to_owned()))
            }
            ServiceEvent::ServiceResolved(service) => announcement(&service).map(Heard::Announced),
            ServiceEvent::ServiceRemoved(kind, fullname) => service_of(&kind).map(|service| Heard::Left {
                service: service.to_owned(),
                instance: instance_of(&fullname, &kind),
            }),
            _ => None,
        };
        if let Some(said) = said
            && heard.send(said).await.is_err()
        {
            return;
        }
    }
}

fn announcement(service: &ResolvedService) -> Option<Announcement> {
    let txt: BTreeMap<String, String> = service
        .txt_properties
        .iter()
        .map(|property| (property.key().to_ascii_lowercase(), property.val_str().to_owned()))
        .collect();
    let mut addresses: Vec<_> = service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect();
    addresses.sort();
    Some(Announcement {
        service: service_of(&service.ty_domain)?.to_owned(),
        instance: instance_of(&service.fullname, &service.ty_domain),
        host: service.host.clone(),
        port: service.port,
        addresses,
        txt,
    })
}

/// `Kitchen plug` of `Kitchen plug._shelly._tcp.local.`
fn instance_of(fullname: &str, kind: &str) -> String {
    let name = fullname.strip_suffix(kind).unwrap_or(fullname);
    name.trim_end_matches('.').to_owned()
}
