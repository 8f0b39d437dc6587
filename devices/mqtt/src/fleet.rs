//! A house full of simulated devices on an MQTT server, for trials, demonstrations and load.
//!
//! They announce themselves by Home Assistant's discovery, say what they measure at a steady rate,
//! do what they are told, and are offline when the program that plays them is gone.

mod device;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use self::device::{BASE, Device};
use crate::client::{Client, ClientFault, ServerUrl, Will};
use crate::entity::Outgoing;
use crate::link::LinkEvent;

/// How often the devices that are due speak.
const STEP: Duration = Duration::from_millis(10);
/// How long the last messages may take to be sent.
const GOODBYE: Duration = Duration::from_secs(5);

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The MQTT server.
    pub url: ServerUrl,
    /// For `mqtts`: certificates of the authorities to trust, instead of the system's.
    pub authorities: Option<PathBuf>,
    /// Below which topic devices announce themselves.
    pub discovery_prefix: String,
    /// How many devices there are.
    pub devices: usize,
    /// Readings a second, of all devices together.
    pub rate: f64,
    /// At the end the devices are taken back from the server.
    pub remove: bool,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Readings sent.
    pub readings: u64,
    /// Messages that carried them.
    pub messages: u64,
    /// Commands obeyed.
    pub commands: u64,
}

/// The devices, and who is next to speak.
struct Fleet {
    settings: Settings,
    client: Client,
    devices: Vec<Device>,
    number_by_command_topic: HashMap<String, usize>,
    next: usize,
    started: Instant,
    /// Readings that are due and not sent.
    owed: f64,
    chance: u64,
    report: Report,
}

/// Plays the devices until `end`.
///
/// # Errors
/// The server cannot be used at all; one that cannot be reached now is tried again.
pub async fn run(settings: Settings, end: impl Future<Output = ()>) -> Result<Report, ClientFault> {
    let will = Will {
        topic: format!("{BASE}/state"),
        retain: true,
    };
    let authorities = settings.authorities.clone();
    let client_id = format!("domovoi-simulation-{}", std::process::id());
    let (client, mut events, mut polling) = Client::start(&settings.url, authorities, &client_id, will)?;
    let devices: Vec<Device> = (0..settings.devices).map(Device::new).collect();
    let by_topic = devices
        .iter()
        .enumerate()
        .map(|(number, device)| (format!("{}/set", device.topic()), number));
    let mut fleet = Fleet {
        number_by_command_topic: by_topic.collect(),
        settings,
        client,
        devices,
        next: 0,
        started: Instant::now(),
        owed: 0.0,
        chance: 0x2545_f491_4f6c_dd1d,
        report: Report::default(),
    };
    let mut connected = false;
    let mut step = interval(STEP);
    step.set_missed_tick_behavior(MissedTickBehavior::Burst);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            event = events.recv() => match event {
                Some(LinkEvent::Connected) => {
                    connected = true;
                    fleet.appear().await;
                }
                Some(LinkEvent::Lost(cause)) => {
                    connected = false;
                    tracing::warn!("the MQTT server cannot be reached: {cause}");
                }
                Some(LinkEvent::Message(message)) => {
                    let payload = String::from_utf8_lossy(&message.payload).into_owned();
                    fleet.obey(&message.topic, &payload).await;
                }
                None => break,
            },
            _ = step.tick(), if connected => fleet.speak(STEP).await,
        }
    }
    if connected {
        fleet.disappear().await;
    }
    fleet.client.disconnect();
    if tokio::time::timeout(GOODBYE, &mut polling).await.is_err() {
        polling.abort();
    }
    Ok(fleet.report)
}

impl Fleet {
    async fn appear(&mut self) {
        self.client.subscribe(&format!("{BASE}/+/set"));
        for number in 0..self.devices.len() {
            let announcement = self.devices[number].announcement().to_string();
            let topic = self.announcement_topic(number);
            self.send(topic, announcement, true).await;
            let topic = format!("{}/availability", self.devices[number].topic());
            self.send(topic, "online".to_owned(), true).await;
            self.say(number).await;
        }
        self.send(format!("{BASE}/state"), "online".to_owned(), true).await;
    }

    async fn disappear(&mut self) {
        self.send(format!("{BASE}/state"), "offline".to_owned(), true).await;
        if self.settings.remove {
            for number in 0..self.devices.len() {
                let topics = [
                    self.announcement_topic(number),
                    format!("{}/availability", self.devices[number].topic()),
                    self.devices[number].topic(),
                ];
                for topic in topics {
                    self.send(topic, String::new(), true).await;
                }
            }
        }
    }

    fn announcement_topic(&self, number: usize) -> String {
        format!(
            "{}/device/{}/config",
            self.settings.discovery_prefix,
            self.devices[number].id()
        )
    }

    /// As many devices speak as are due after another `step`.
    async fn speak(&mut self, step: Duration) {
        self.owed += self.settings.rate * step.as_secs_f64();
        while self.owed >= 1.0 && !self.devices.is_empty() {
            let number = self.next;
            self.next = (number + 1) % self.devices.len();
            self.owed -= self.devices[number].readings() as f64;
            self.say(number).await;
        }
    }

    async fn say(&mut self, number: usize) {
        let seconds = self.started.elapsed().as_secs_f64();
        let chance = self.chance();
        let device = &mut self.devices[number];
        let (topic, state) = (device.topic(), device.state(seconds, chance).to_string());
        self.report.readings += device.readings() as u64;
        self.report.messages += 1;
        self.send(topic, state, false).await;
    }

    async fn obey(&mut self, topic: &str, payload: &str) {
        let Some(&number) = self.number_by_command_topic.get(topic) else {
            return;
        };
        if self.devices[number].take(payload) {
            self.report.commands += 1;
            self.say(number).await;
        } else {
            tracing::warn!(topic, payload, "a simulated device does not know this command");
        }
    }

    /// Waits for room where the server is slower than the devices: nothing is left out.
    async fn send(&self, topic: String, payload: String, retain: bool) {
        let message = Outgoing {
            topic,
            payload,
            retain,
            qos: 0,
        };
        while self.client.publish(message.clone()).is_err() {
            if !self.client.is_connected() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The next number from 0 to 1 of a fixed series (xorshift): two runs are alike.
    fn chance(&mut self) -> f64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) as f64 / (1_u64 << 53) as f64
    }
}
