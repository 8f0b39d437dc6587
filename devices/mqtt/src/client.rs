//! The bridge as a client of an MQTT server outside.
//!
//! One task polls the connection and does nothing else, so that it never waits for itself. What
//! the bridge publishes while there is no connection is refused at once rather than sent late: an
//! old command is worse than none.

mod url;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use component::now;
use rumqttc::tokio_rustls::rustls;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, QoS, Transport,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

pub use self::url::{ServerUrl, UrlFault};
use crate::entity::Outgoing;
use crate::link::{LinkEvent, Message, Unreachable};

/// Where Debian and its kin keep the certificates of public authorities.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Requests on their way to the server: more than any house subscribes to at once.
const REQUESTS: usize = 65_536;
/// Messages on their way to the bridge before the server has to wait.
const BACKLOG: usize = 16_384;
const LONGEST_PACKET: usize = 4 << 20;
/// A server that is back is found within this time, and its devices with it.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Why the server outside cannot be used at all, as a sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientFault {
    /// The address makes no sense.
    #[error(transparent)]
    Url(#[from] UrlFault),
    /// The certificates of the authorities cannot be read.
    #[error("the certificates in {} cannot be read: {detail}", path.display())]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Where the server says `offline` when the connection breaks.
pub(crate) struct Will {
    pub(crate) topic: String,
    pub(crate) retain: bool,
}

/// Publishes and subscribes; a clone is the same client.
#[derive(Clone)]
pub(crate) struct Client {
    requests: AsyncClient,
    connected: Arc<AtomicBool>,
}

impl Client {
    /// Connects in the background, again and again, and says so through the receiver.
    ///
    /// The will is `offline`.
    pub(crate) fn start(
        url: &ServerUrl,
        authorities: Option<PathBuf>,
        client_id: &str,
        will: Will,
    ) -> Result<(Self, mpsc::UnboundedReceiver<LinkEvent>, JoinHandle<()>), ClientFault> {
        let mut options = MqttOptions::new(client_id, url.host.clone(), url.port);
        options.set_keep_alive(Duration::from_secs(30));
        options.set_max_packet_size(LONGEST_PACKET, LONGEST_PACKET);
        options.set_last_will(LastWill::new(will.topic, "offline", QoS::AtMostOnce, will.retain));
        if let Some(user) = &url.user {
            options.set_credentials(user, url.password.as_deref().unwrap_or_default());
        }
        if url.tls {
            options.set_transport(tls(authorities)?);
        }
        let (requests, mut event_loop) = AsyncClient::new(options, REQUESTS);
        event_loop.network_options.set_tcp_nodelay(true);
        let client = Self {
            requests,
            connected: Arc::default(),
        };
        let (out, events) = mpsc::unbounded_channel();
        let task = tokio::spawn(poll(event_loop, out, Arc::clone(&client.connected)));
        Ok((client, events, task))
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }

    pub(crate) fn publish(&self, message: Outgoing) -> Result<(), Unreachable> {
        if !self.is_connected() {
            return Err(Unreachable);
        }
        let qos = match message.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        self.requests
            .try_publish(message.topic, qos, message.retain, message.payload)
            .map_err(|_| Unreachable)
    }

    pub(crate) fn subscribe(&self, filter: &str) {
        if let Err(error) = self.requests.try_subscribe(filter, QoS::AtMostOnce) {
            tracing::error!(%error, topic = filter, "an MQTT topic could not be subscribed to");
        }
    }

    pub(crate) fn unsubscribe(&self, filter: &str) {
        if let Err(error) = self.requests.try_unsubscribe(filter) {
            tracing::debug!(%error, topic = filter, "an MQTT topic could not be unsubscribed from");
        }
    }

    /// Says goodbye, so that the will is not done.
    pub(crate) fn disconnect(&self) {
        // Without a connection there is nobody to say it to.
        let _ = self.requests.try_disconnect();
    }
}

fn tls(authorities: Option<PathBuf>) -> Result<Transport, ClientFault> {
    let path = authorities.unwrap_or_else(|| PathBuf::from(SYSTEM_AUTHORITIES));
    let fault = |detail: String| ClientFault::Authorities {
        path: path.clone(),
        detail,
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&path).map_err(|error| fault(error.to_string()))? {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        // A bundle may hold a certificate that this library does not take; the others count.
        if let Err(error) = roots.add(certificate) {
            tracing::debug!(%error, "a certificate is not used");
        }
    }
    if roots.is_empty() {
        return Err(fault("there is none in it".to_owned()));
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Transport::tls_with_config(config.into()))
}

async fn poll(mut event_loop: EventLoop, out: mpsc::UnboundedSender<LinkEvent>, connected: Arc<AtomicBool>) {
    let room = Arc::new(Semaphore::new(BACKLOG));
    let mut wait = Duration::from_millis(250);
    let mut told_lost = false;
    loop {
        let event = match event_loop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected.store(true, Ordering::Release);
                (wait, told_lost) = (Duration::from_millis(250), false);
                LinkEvent::Connected
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                // The semaphore is never closed.
                let permit = Arc::clone(&room).acquire_owned().await.ok();
                LinkEvent::Message(Message {
                    topic: message.topic,
                    payload: message.payload,
                    retained_at: message.retain.then(now),
                    permit,
                })
            }
            Ok(_) => continue,
            Err(ConnectionError::RequestsDone) => return,
            Err(error) => {
                connected.store(false, Ordering::Release);
                if !told_lost {
                    told_lost = true;
                    if out.send(LinkEvent::Lost(sentence(&error))).is_err() {
                        return;
                    }
                }
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = out.closed() => return,
                }
                wait = (wait * 2).min(LONGEST_WAIT);
                continue;
            }
        };
        if out.send(event).is_err() {
            return;
        }
    }
}

fn sentence(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "the server refuses this user and password".to_owned(),
        ConnectionError::ConnectionRefused(code) => format!("the server refuses the connection: {code:?}"),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => "the server does not answer".to_owned(),
        other => other.to_string(),
    }
}
