//! Writes what has come in, every few seconds and at the end; while the disk fails, again and again.

use std::sync::Arc;
use std::time::Duration;

use component::{now, tell_status};
use database::DatabaseError;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use wamp_client::Session;

use crate::history::History;
use crate::settings::Settings;
use crate::store;
use crate::tidy;

/// An interval of zero would be no rest at all.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
/// The longest wait between attempts while the disk fails.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long the last attempts may take when the house stops.
const LAST_ATTEMPTS: Duration = Duration::from_secs(2);
/// The component that `status.change` names.
const COMPONENT: &str = "storage";

/// Writes batches until told to stop; then writes what is left.
pub(crate) struct Committer {
    pub(crate) history: History,
    pub(crate) session: Session,
    pub(crate) settings: Settings,
    /// Told when many rows wait.
    pub(crate) many: Arc<Notify>,
    /// Failed attempts in a row.
    pub(crate) failures: u32,
}

impl Committer {
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut tidied = Instant::now();
        loop {
            let wait = self.wait();
            tokio::select! {
                _ = &mut stop => break,
                () = tokio::time::sleep(wait) => {}
                // Many rows are no reason to hurry while the disk fails.
                () = self.many.notified(), if self.failures == 0 => {}
            }
            let written = self.commit().await;
            if written && tidied.elapsed() >= self.settings.tidy_interval {
                tidied = Instant::now();
                tokio::select! {
                    _ = &mut stop => break,
                    () = tidy::tidy(&self.history.database, &self.settings, now()) => {}
                }
            }
        }
        self.finish().await;
    }

    fn wait(&self) -> Duration {
        match self.failures {
            0 => self.settings.commit_interval.max(SHORTEST_INTERVAL),
            failures => Duration::from_millis(500)
                .saturating_mul(1 << failures.min(8))
                .min(LONGEST_WAIT),
        }
    }

    /// Writes a batch; true when nothing of it is left to write.
    async fn commit(&mut self) -> bool {
        let Some(batch) = self.history.buffer().batch(now()) else {
            return true;
        };
        match store::write(&self.history.database, &batch).await {
            Ok(()) => {
                self.history.buffer().written();
                if self.failures > 0 {
                    self.failures = 0;
                    self.tell_recovery().await;
                }
                true
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                tracing::error!(%error, rows = batch.rows.len(), attempt = self.failures, "history cannot be written");
                if self.failures == 1 {
                    self.tell_failure(&error).await;
                }
                false
            }
        }
    }

    async fn finish(&mut self) {
        let deadline = Instant::now() + LAST_ATTEMPTS;
        // A batch that had failed comes first, then what has come since.
        loop {
            let written = self.commit().await;
            if written && self.history.buffer().waiting() == 0 {
                break;
            }
            if !written {
                if Instant::now() >= deadline {
                    tracing::error!(
                        rows = self.history.buffer().waiting(),
                        "history was not written; it is lost"
                    );
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    async fn tell_failure(&self, error: &DatabaseError) {
        let detail = format!("history waits in memory: {error}");
        self.tell("failed", &detail).await;
    }

    async fn tell_recovery(&self) {
        let lost = self.history.buffer().take_lost();
        let detail = match lost {
            0 => "history is written again, nothing was lost".to_owned(),
            lost => format!("history is written again; {lost} readings were lost"),
        };
        tracing::info!(lost, "history is written again");
        self.tell("running", &detail).await;
    }

    async fn tell(&self, status: &'static str, detail: &str) {
        tell_status(&self.session, COMPONENT, status, detail).await;
    }
}
