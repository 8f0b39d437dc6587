//! A simulated house that runs.

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A handle on the running house.
#[derive(Debug)]
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn spawn<F>(run: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self {
            stop: Some(stop),
            task: tokio::spawn(run(stopped)),
        }
    }

    /// Stops the house, keeps its state, and waits until that is done.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // A house that has ended by itself has nobody to tell.
            let _ = stop.send(());
        }
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the simulated house broke");
        }
    }

    /// Resolves when the house has ended by itself.
    pub async fn finished(&mut self) {
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the simulated house broke");
        }
    }
}
