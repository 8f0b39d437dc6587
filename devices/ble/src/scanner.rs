//! Listening through BlueZ, and keeping at it: no adapter yet, an adapter pulled out, an adapter
//! that has gone deaf.

mod peripherals;
#[cfg(target_os = "linux")]
mod power;

use std::time::Duration;

use btleplug::api::{Central as _, CentralEvent, CentralState, Manager as _, ScanFilter};
use btleplug::platform::{Adapter, Manager};
use decoders::Advert;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};

use crate::Settings;
use peripherals::Peripherals;

/// After a silence the scan is begun anew so soon.
const SOON: Duration = Duration::from_secs(1);

/// What the scanner has to say.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An advert, with its signal in dBm.
    Advert(Advert, Option<i16>),
    /// Listening has begun, or stopped for the reason given.
    Status { listening: bool, detail: String },
}

/// Why listening stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("no Bluetooth adapter")]
    NoAdapter,
    #[error("Bluetooth: {0}")]
    BlueZ(#[from] btleplug::Error),
    #[error("nothing was heard on {adapter} for {}; it is started anew", house::duration_text(*.silence))]
    Silent { adapter: String, silence: Duration },
    #[error("the Bluetooth adapter is switched off")]
    Off,
    #[error("the Bluetooth adapter is gone")]
    Gone,
    #[error("nobody listens")]
    NobodyListens,
}

/// Listens until nobody takes what it hears any more.
pub(crate) async fn run(settings: Settings, out: mpsc::Sender<Heard>) {
    let mut scanner = Scanner {
        settings,
        out,
        manager: None,
        told: String::new(),
        silences: 0,
    };
    #[cfg(target_os = "linux")]
    let mut power = power::Power::default();
    loop {
        let stopped = match scanner.listen().await {
            Ok(never) => match never {},
            Err(Stopped::NobodyListens) => return,
            Err(stopped) => stopped,
        };
        if scanner.tell(false, stopped.to_string()).await.is_err() {
            return;
        }
        let pause = match &stopped {
            Stopped::Silent { adapter, .. } => {
                scanner.silences += 1;
                #[cfg(target_os = "linux")]
                // A second silence: the scan alone was not what was wrong.
                if scanner.silences > 1
                    && let Err(error) = power.cycle(adapter).await
                {
                    tracing::warn!(%error, adapter, "the adapter could not be switched off and on");
                }
                #[cfg(not(target_os = "linux"))]
                tracing::debug!(adapter, "scanning anew");
                SOON
            }
            _ => scanner.settings.retry_every,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = scanner.out.closed() => return,
        }
    }
}

struct Scanner {
    settings: Settings,
    out: mpsc::Sender<Heard>,
    /// The connection to BlueZ. It is kept: the library never closes one, and the bus allows few.
    manager: Option<Manager>,
    /// What was told last: the same again is no news.
    told: String,
    /// How often in a row the scan was begun anew and nothing was heard.
    silences: u32,
}

impl Scanner {
    async fn listen(&mut self) -> Result<std::convert::Infallible, Stopped> {
        let adapter = self.find_adapter().await?;
        let description = adapter.adapter_info().await?;
        let mut events = adapter.events().await?;
        adapter.start_scan(ScanFilter::default()).await?;
        if self.silences == 0 {
            self.tell(true, format!("listening on {description}")).await?;
        }
        let stopped = self.follow(&adapter, &description, &mut events).await;
        // The adapter may be the very thing that is gone.
        if let Err(error) = adapter.stop_scan().await {
            tracing::debug!(%error, "the scan could not be stopped");
        }
        stopped
    }

    async fn find_adapter(&mut self) -> Result<Adapter, Stopped> {
        let manager = match &self.manager {
            Some(manager) => manager,
            None => self.manager.insert(Manager::new().await?),
        };
        let adapters = match manager.adapters().await {
            Ok(adapters) => adapters,
            Err(error) => {
                if is_disconnected(&error) {
                    self.manager = None;
                }
                return Err(error.into());
            }
        };
        for adapter in adapters {
            let Some(wanted) = &self.settings.adapter else {
                return Ok(adapter);
            };
            if adapter.adapter_info().await?.contains(wanted.as_str()) {
                return Ok(adapter);
            }
        }
        Err(Stopped::NoAdapter)
    }

    async fn follow(
        &mut self,
        adapter: &Adapter,
        description: &str,
        events: &mut (impl Stream<Item = CentralEvent> + Unpin),
    ) -> Result<std::convert::Infallible, Stopped> {
        let mut peripherals = Peripherals::default();
        let mut is_there = interval(self.settings.retry_every);
        let mut silent_at = Instant::now() + self.settings.restart_after;
        loop {
            let event = tokio::select! {
                event = events.next() => event.ok_or(Stopped::Gone)?,
                () = sleep_until(silent_at) => return Err(Stopped::Silent {
                    adapter: description.to_owned(),
                    silence: self.settings.restart_after,
                }),
                // An adapter that is pulled out ends no stream.
                _ = is_there.tick() => match adapter.adapter_info().await {
                    Ok(_) => continue,
                    Err(_) => return Err(Stopped::Gone),
                },
                () = self.out.closed() => return Err(Stopped::NobodyListens),
            };
            if matches!(event, CentralEvent::StateUpdate(CentralState::PoweredOff)) {
                return Err(Stopped::Off);
            }
            let Some((advert, signal)) = peripherals.hear(adapter, event).await else {
                continue;
            };
            silent_at = Instant::now() + self.settings.restart_after;
            if self.silences > 0 {
                self.silences = 0;
                self.tell(true, format!("listening on {description}")).await?;
            }
            let heard = Heard::Advert(advert, signal);
            self.out.send(heard).await.map_err(|_| Stopped::NobodyListens)?;
        }
    }

    async fn tell(&mut self, listening: bool, detail: String) -> Result<(), Stopped> {
        if detail == self.told {
            return Ok(());
        }
        self.told.clone_from(&detail);
        let status = Heard::Status { listening, detail };
        self.out.send(status).await.map_err(|_| Stopped::NobodyListens)
    }
}

/// Whether the bus itself is lost, rather than BlueZ or an adapter on it. The library has no type
/// for it, only libdbus's words.
fn is_disconnected(error: &btleplug::Error) -> bool {
    let words = error.to_string();
    ["Disconnected", "NoServer", "Failed to send"]
        .iter()
        .any(|sign| words.contains(sign))
}
