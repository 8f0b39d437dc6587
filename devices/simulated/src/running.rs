//! A handle to the running bridge.

use tokio::sync::{oneshot, watch};

/// The running bridge.
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

    /// Saves the world and ends the bridge.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.finished().await;
    }

    /// Resolves when the bridge has ended.
    pub async fn finished(&mut self) {
        while self.finished.changed().await.is_ok() {}
    }
}
