//! A handle to the running service, and letting go of what it offered.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use wamp_client::Registration;

/// How long the router may take to let go of procedures when there may be none any more.
const PATIENCE: Duration = Duration::from_millis(500);

/// The running service.
#[derive(Debug)]
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    finished: watch::Receiver<()>,
}

impl Running {
    /// Runs `task` until it ends by itself or is told to stop through the receiver it is given.
    pub(crate) fn spawn<F>(task: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let (alive, finished) = watch::channel(());
        let task = task(stopped);
        tokio::spawn(async move {
            // Held until the task has ended, also by a panic.
            let _alive = alive;
            task.await;
        });
        Self {
            stop: Some(stop),
            finished,
        }
    }

    /// Commits what is pending and ends the service.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.finished().await;
    }

    /// Resolves when the service has ended.
    pub async fn finished(&mut self) {
        while self.finished.changed().await.is_ok() {}
    }
}

/// Unregisters, so that the service can be started anew in the same session or another.
pub(crate) async fn let_go(registrations: Vec<Registration>) {
    let unregister = async {
        for registration in registrations {
            if let Err(error) = registration.unregister().await {
                tracing::debug!(%error, "not unregistered");
            }
        }
    };
    if tokio::time::timeout(PATIENCE, unregister).await.is_err() {
        tracing::debug!("the router did not answer in time");
    }
}
