//! The newest connection state, for any number of watchers.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

use crate::ConnectionState;

/// The state, set by the driver.
#[derive(Debug, Clone)]
pub(crate) struct StateWatch(Arc<Mutex<Watched>>);

#[derive(Debug)]
struct Watched {
    state: ConnectionState,
    /// Counts changes, so that a watcher knows whether it has seen the newest.
    version: u64,
    next_watcher: u64,
    wakers: HashMap<u64, Waker>,
    ended: bool,
}

impl StateWatch {
    pub(crate) fn new(state: ConnectionState) -> Self {
        Self(Arc::new(Mutex::new(Watched {
            state,
            version: 1,
            next_watcher: 0,
            wakers: HashMap::new(),
            ended: false,
        })))
    }

    pub(crate) fn set(&self, state: ConnectionState) {
        let wakers = {
            let mut watched = self.lock();
            watched.ended = matches!(state, ConnectionState::Closed(_));
            watched.state = state;
            watched.version += 1;
            std::mem::take(&mut watched.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }

    pub(crate) fn get(&self) -> ConnectionState {
        self.lock().state.clone()
    }

    /// Looks at the state without cloning it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&ConnectionState) -> T) -> T {
        look(&self.lock().state)
    }

    pub(crate) fn stream(&self) -> StateStream {
        let watcher = {
            let mut watched = self.lock();
            watched.next_watcher += 1;
            watched.next_watcher
        };
        StateStream {
            watch: self.clone(),
            watcher,
            seen: 0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of the connection now, then each time it changes; ends after
/// [`ConnectionState::Closed`]. One who looks rarely sees the newest state, not each one between.
#[derive(Debug)]
pub struct StateStream {
    watch: StateWatch,
    watcher: u64,
    seen: u64,
}

impl StateStream {
    /// The next state, or `None` after the last.
    pub async fn next(&mut self) -> Option<ConnectionState> {
        futures_util::StreamExt::next(self).await
    }
}

impl Stream for StateStream {
    type Item = ConnectionState;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionState>> {
        let this = self.get_mut();
        let mut watched = this.watch.lock();
        if watched.version != this.seen {
            this.seen = watched.version;
            return Poll::Ready(Some(watched.state.clone()));
        }
        if watched.ended {
            return Poll::Ready(None);
        }
        watched.wakers.insert(this.watcher, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for StateStream {
    fn drop(&mut self) {
        self.watch.lock().wakers.remove(&self.watcher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CloseReason;
    use futures_util::FutureExt;

    fn attempt(attempt: u32) -> ConnectionState {
        ConnectionState::Reconnecting {
            attempt,
            cause: "gone".into(),
        }
    }

    #[test]
    fn a_watcher_sees_the_newest_state_and_the_end() {
        let watch = StateWatch::new(attempt(1));
        let mut stream = watch.stream();
        assert_eq!(stream.next().now_or_never(), Some(Some(attempt(1))));
        assert_eq!(stream.next().now_or_never(), None);
        watch.set(attempt(2));
        watch.set(attempt(3));
        assert_eq!(stream.next().now_or_never(), Some(Some(attempt(3))));
        watch.set(ConnectionState::Closed(CloseReason::Left));
        assert_eq!(
            stream.next().now_or_never(),
            Some(Some(ConnectionState::Closed(CloseReason::Left)))
        );
        assert_eq!(stream.next().now_or_never(), Some(None));
    }
}
