//! Tells one task that there is something to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

/// Raised by any number of tasks, looked at by one. It stays raised until that one has looked, so
/// nothing is missed in between; what is raised twice before that counts once.
#[derive(Debug, Default)]
pub(super) struct Signal {
    raised: AtomicBool,
    waiting: AtomicWaker,
}

impl Signal {
    pub(super) fn raise(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            self.waiting.wake();
        }
    }

    /// Ready once for each time it has been raised; else the task of `context`, and no other that
    /// asked before, is woken when it is.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.lower() {
            return Poll::Ready(());
        }
        self.waiting.register(context.waker());
        // Raised before the waker was in its place: then nobody has been woken.
        if self.lower() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn lower(&self) -> bool {
        self.raised.load(Ordering::Acquire) && self.raised.swap(false, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_raised_before_it_is_looked_at_is_seen_once() {
        let signal = Signal::default();
        let context = &mut Context::from_waker(Waker::noop());
        signal.raise();
        signal.raise();
        assert_eq!(signal.poll(context), Poll::Ready(()));
        assert_eq!(signal.poll(context), Poll::Pending);
    }

    #[test]
    fn who_looked_last_is_woken_once() {
        let signal = Signal::default();
        let (earlier, last) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        for woken in [&earlier, &last] {
            let waker = Waker::from(Arc::clone(woken));
            assert_eq!(signal.poll(&mut Context::from_waker(&waker)), Poll::Pending);
        }
        signal.raise();
        signal.raise();
        assert_eq!(earlier.0.load(Ordering::Relaxed), 0);
        assert_eq!(last.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn none_is_missed_between_two_threads() {
        const COUNT: usize = 20_000;
        let (signal, seen) = (Arc::new(Signal::default()), Arc::new(AtomicUsize::new(0)));
        let raising = tokio::task::spawn_blocking({
            let (signal, seen) = (Arc::clone(&signal), Arc::clone(&seen));
            move || {
                for number in 1..=COUNT {
                    signal.raise();
                    while seen.load(Ordering::Acquire) < number {
                        std::hint::spin_loop();
                    }
                }
            }
        });
        for number in 1..=COUNT {
            std::future::poll_fn(|context| signal.poll(context)).await;
            seen.store(number, Ordering::Release);
        }
        raising.await.unwrap();
    }
}
