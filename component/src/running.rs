//! A handle on a component that runs.

use tokio::sync::{oneshot, watch};

/// A running component.
#[derive(Debug)]
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    finished: watch::Receiver<()>,
}

impl Running {
    /// Runs `task` until it ends by itself or is told to stop, through the receiver it is given.
    pub fn spawn<F>(task: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
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

    /// Tells it to stop, and waits until it has saved what is pending and ended.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.finished().await;
    }

    /// Resolves when it has ended.
    pub async fn finished(&mut self) {
        while self.finished.changed().await.is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn stopping_waits_until_what_is_pending_is_done() {
        let is_saved = Arc::new(AtomicBool::new(false));
        let saved = is_saved.clone();
        let running = Running::spawn(|stop| async move {
            let _ = stop.await;
            tokio::task::yield_now().await;
            saved.store(true, Ordering::SeqCst);
        });
        running.stop().await;
        assert!(is_saved.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn one_that_ends_by_itself_or_breaks_has_finished() {
        Running::spawn(|_| async {}).finished().await;
        Running::spawn(|_| async { panic!("broken, as the test wants it") })
            .finished()
            .await;
    }
}
