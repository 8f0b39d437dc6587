//! The few things a runtime gives, natively (tokio) and in the browser.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
mod bounds {
    /// `Send` natively; no demand in the browser, where there is one thread.
    pub trait MaybeSend: Send {}
    impl<T: Send + ?Sized> MaybeSend for T {}

    /// `Sync` natively; no demand in the browser, where there is one thread.
    pub trait MaybeSync: Sync {}
    impl<T: Sync + ?Sized> MaybeSync for T {}

    pub(crate) type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;
}

#[cfg(target_arch = "wasm32")]
mod bounds {
    /// `Send` natively; no demand in the browser, where there is one thread.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}

    /// `Sync` natively; no demand in the browser, where there is one thread.
    pub trait MaybeSync {}
    impl<T: ?Sized> MaybeSync for T {}

    pub(crate) type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T>>>;
}

pub(crate) use bounds::BoxFuture;
pub use bounds::{MaybeSend, MaybeSync};

/// A wait that ends once.
pub(crate) type Sleep = Pin<Box<dyn SleepFuture>>;

/// What [`sleep`] gives.
pub(crate) trait SleepFuture: Future<Output = ()> + MaybeSend {}
impl<T: Future<Output = ()> + MaybeSend> SleepFuture for T {}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(task);
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn sleep(duration: Duration) -> Sleep {
    Box::pin(tokio::time::sleep(duration))
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn sleep(duration: Duration) -> Sleep {
    Box::pin(gloo_timers::future::sleep(duration))
}

/// Time that only goes forward, from an arbitrary beginning.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn now() -> Duration {
    use std::sync::OnceLock;
    static START: OnceLock<tokio::time::Instant> = OnceLock::new();
    START.get_or_init(tokio::time::Instant::now).elapsed()
}

/// Time that only goes forward, from an arbitrary beginning.
#[cfg(target_arch = "wasm32")]
pub(crate) fn now() -> Duration {
    // Outside of a page there is only the clock on the wall.
    let page = web_sys::window().and_then(|window| window.performance());
    let milliseconds = page.map_or_else(js_sys::Date::now, |page| page.now());
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
}

/// Any number; only for jitter, so a failing source is no reason to fail.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Octets that nobody can guess.
pub(crate) fn nonce() -> Result<crate::join::Nonce, getrandom::Error> {
    let mut nonce = crate::join::Nonce::default();
    getrandom::fill(&mut nonce)?;
    Ok(nonce)
}

/// What `future` gives, or `None` when `limit` passes first.
pub(crate) async fn within<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
    let Some(limit) = limit else { return Some(future.await) };
    let future = std::pin::pin!(future);
    match futures_util::future::select(future, sleep(limit)).await {
        futures_util::future::Either::Left((output, _)) => Some(output),
        futures_util::future::Either::Right(((), _)) => None,
    }
}
