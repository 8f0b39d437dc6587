//! Messages on their way: one after the other, each tried several times.

use std::time::Duration;

use component::{now, tell_status};
use house::Timestamp;
use tokio::sync::mpsc;
use wamp_client::Session;

use crate::message::Message;
use crate::ntfy::{Ntfy, Undelivered};
use crate::settings::Settings;

/// The component that `status.change` names.
const COMPONENT: &str = "notifier.ntfy";

/// A message about an alert.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) alert: String,
    pub(crate) message: Message,
}

/// What became of it: when it arrived, or `None` when it was given up.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) alert: String,
    pub(crate) arrived: Option<Timestamp>,
}

pub(crate) struct Delivery {
    pub(crate) ntfy: Ntfy,
    pub(crate) session: Session,
    pub(crate) settings: Settings,
    pub(crate) receipts: mpsc::Sender<Receipt>,
    /// The last message did not arrive.
    pub(crate) is_failing: bool,
}

impl Delivery {
    /// Delivers until nobody sends parcels any more.
    pub(crate) async fn run(mut self, mut parcels: mpsc::Receiver<Parcel>) {
        while let Some(parcel) = parcels.recv().await {
            let arrived = self.deliver(&parcel.message).await;
            let receipt = Receipt {
                alert: parcel.alert,
                arrived,
            };
            if self.receipts.send(receipt).await.is_err() {
                return;
            }
        }
    }

    async fn deliver(&mut self, message: &Message) -> Option<Timestamp> {
        let mut attempt = 1;
        loop {
            match self.ntfy.send(message).await {
                Ok(()) => {
                    if std::mem::take(&mut self.is_failing) {
                        tracing::info!("messages arrive again");
                        self.tell("running", "messages arrive again").await;
                    }
                    return Some(now());
                }
                Err(Undelivered { sentence, for_good }) => {
                    tracing::warn!(attempt, for_good, "message not delivered: {sentence}");
                    if !std::mem::replace(&mut self.is_failing, true) {
                        self.tell("failed", &sentence).await;
                    }
                    if for_good || attempt >= self.settings.attempts {
                        tracing::error!(attempt, title = message.title, "message given up: {sentence}");
                        return None;
                    }
                }
            }
            tokio::time::sleep(wait(&self.settings, attempt)).await;
            attempt += 1;
        }
    }

    async fn tell(&self, status: &'static str, detail: &str) {
        tell_status(&self.session, COMPONENT, status, detail).await;
    }
}

/// The wait after the failed attempt of this number, from 1.
fn wait(settings: &Settings, attempt: u32) -> Duration {
    let doubled = 1u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    settings.first_wait.saturating_mul(doubled).min(settings.longest_wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let waits: Vec<u64> = [1, 2, 3, 7, 8, 9, 40, u32::MAX]
            .map(|attempt| wait(&Settings::default(), attempt).as_secs())
            .to_vec();
        assert_eq!(waits, [1, 2, 4, 64, 120, 120, 120, 120]);
    }
}
