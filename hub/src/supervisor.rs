//! Keeps a service running: joins a session for it, starts it, and starts it again when it ends
//! by itself.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use wamp_client::{CloseReason, ConnectionState, Session};

use crate::components::{Components, Status};

/// Between a service's end and its next start, at first.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A fault that stays the same is logged so often.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// A service that ran so long has earned a quick restart.
const GOOD_RUN: Duration = Duration::from_secs(60);
/// A service that takes longer to start is given up, and started again.
const START_TIME: Duration = Duration::from_secs(15);
/// A service that takes longer to stop is left behind.
pub const STOP_TIME: Duration = Duration::from_millis(1800);

/// A service that has been started.
pub trait Running: Send {
    /// Ends when the service has ended by itself.
    fn finished(&mut self) -> BoxFuture<'_, ()>;
    /// Commits what is pending and ends the service.
    fn stop(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// What came of starting a service; the error is a sentence.
pub type Started = Result<Box<dyn Running>, String>;

/// Starts a service on a session that has joined.
pub type Start = Box<dyn Fn(Session) -> BoxFuture<'static, Started> + Send + Sync>;

/// Joins a session for the service; the error is a sentence.
pub type Join = Box<dyn Fn() -> BoxFuture<'static, Result<Session, String>> + Send + Sync>;

/// A service and how to bring it up.
pub struct Plan {
    /// Its name, which is its authid as well.
    pub name: &'static str,
    /// Services it asks at its start: they are tried first.
    pub after: &'static [&'static str],
    /// Joins its session.
    pub join: Join,
    /// Starts it.
    pub start: Start,
}

/// What the log was told of a service's faults last.
#[derive(Debug, Default)]
struct Told(Option<(String, Instant)>);

impl Told {
    /// Whether to tell of this fault: the first, another one, and the same after a while.
    fn is_news(&mut self, fault: &str, now: Instant) -> bool {
        let is_old = self
            .0
            .as_ref()
            .is_some_and(|(told, at)| told == fault && now.saturating_duration_since(*at) < TELL_AGAIN);
        if !is_old {
            self.0 = Some((fault.to_owned(), now));
        }
        !is_old
    }
}

enum End {
    Stopped,
    Fault(String),
}

/// Runs a service until `stop`, whatever happens to it, and tells `components` how it fares.
pub async fn supervise(plan: Plan, components: Components, stop: CancellationToken) {
    tokio::select! {
        () = components.tried(plan.after) => {}
        () = stop.cancelled() => return components.set(plan.name, Status::Stopped, ""),
    }
    let mut wait = FIRST_WAIT;
    let mut told = Told::default();
    let mut last_fault = String::new();
    loop {
        // Why it has to be started again is still what people want to know.
        components.set(plan.name, Status::Starting, last_fault.as_str());
        let began = Instant::now();
        match run_once(&plan, &components, &stop).await {
            End::Stopped => break,
            End::Fault(fault) => {
                if told.is_news(&fault, Instant::now()) {
                    tracing::error!(service = plan.name, %fault, "a service failed; it will be started again");
                } else {
                    tracing::debug!(service = plan.name, %fault, "a service failed again");
                }
                components.set(plan.name, Status::Failed, fault.as_str());
                last_fault = fault;
            }
        }
        if began.elapsed() >= GOOD_RUN {
            wait = FIRST_WAIT;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => break,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    components.set(plan.name, Status::Stopped, "");
}

async fn run_once(plan: &Plan, components: &Components, stop: &CancellationToken) -> End {
    let session = tokio::select! {
        joined = (plan.join)() => match joined {
            Ok(session) => session,
            Err(fault) => return End::Fault(fault),
        },
        () = stop.cancelled() => return End::Stopped,
    };
    let start = tokio::time::timeout(START_TIME, (plan.start)(session.clone()));
    let started = tokio::select! {
        started = start => started.unwrap_or_else(|_| Err("it did not start in time".into())),
        () = stop.cancelled() => return End::Stopped,
    };
    let mut running = match started {
        Ok(running) => running,
        Err(fault) => {
            session.leave().await;
            return End::Fault(fault);
        }
    };
    components.set(plan.name, Status::Running, "");
    tracing::debug!(service = plan.name, "a service runs");
    let end = tokio::select! {
        () = running.finished() => {
            session.leave().await;
            return End::Fault("it ended by itself".into());
        }
        // A linked session does not come back: somebody ended it by the session meta API.
        cause = over(&session) => End::Fault(format!("its session was ended: {cause}")),
        () = stop.cancelled() => End::Stopped,
    };
    if tokio::time::timeout(STOP_TIME, running.stop()).await.is_err() {
        tracing::error!(service = plan.name, "a service did not stop in time and is left behind");
    }
    session.leave().await;
    end
}

/// Waits until the session is over, and says why.
async fn over(session: &Session) -> String {
    let mut states = session.watch();
    while let Some(state) = states.next().await {
        if let ConnectionState::Closed(reason) = state {
            return match reason {
                CloseReason::Left => "it left".to_owned(),
                CloseReason::ByRouter { reason, message } => message.unwrap_or(reason),
                CloseReason::Lost { cause } => cause,
            };
        }
    }
    "it is closed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_stays_is_logged_once_a_minute() {
        let mut told = Told::default();
        let began = Instant::now();
        for (seconds, fault, expected) in [
            (0, "the port is taken", true),
            (1, "the port is taken", false),
            (59, "the port is taken", false),
            (60, "the port is taken", true),
            (61, "the port is taken", false),
            (62, "the disk is full", true),
            (63, "the port is taken", true),
        ] {
            let now = began + Duration::from_secs(seconds);
            assert_eq!(told.is_news(fault, now), expected, "{fault} after {seconds} s");
        }
    }
}
