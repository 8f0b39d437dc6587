//! A controller: keeps one quantity of each area within its thresholds, by whatever actuators
//! change it.
//!
//! A [`Rule`] says what is different from controller to controller; it is pure, and so are
//! [`decide`], which decides about one actuator, and [`plan`](plan()), which decides about one
//! area. The one task keeps a view of the house and acts on the plan of an area whenever something
//! about it changes, and when the plan itself says that time will. It keeps nothing on disk: after a
//! restart it reads everything anew from the services that own it.

mod calls;
mod command;
mod decide;
mod ears;
mod plan;
mod reconciler;
mod rule;

use component::{Running, Settings};
use tokio::sync::mpsc;
use wamp_client::{Error, Session};

pub use decide::{Decision, decide, release};
pub use plan::{Plan, Switch, plan};
pub use rule::{Climate, Rule};

use ears::{Ears, Message};
use reconciler::Reconciler;

/// Starts the controller with this rule; it is ready when this returns.
///
/// # Errors
/// The router does not let it subscribe.
pub async fn start<R: Rule>(session: Session, settings: Settings) -> Result<Running, Error> {
    let (inbox, received) = mpsc::unbounded_channel();
    let ears = Ears::open(&session, received).await?;
    let reconciler = Reconciler::<R>::new(session.clone(), inbox.clone(), settings.pace());
    // Where this list is there already, the first reading meets it.
    if let Ok(devices) = reconciler.devices().ask(&session).await {
        let _ = inbox.send(Message::Devices(devices));
    }
    Ok(Running::spawn(|stop| reconciler.run(ears, stop)))
}
