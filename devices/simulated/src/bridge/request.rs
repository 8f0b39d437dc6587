//! What the house, and those who try it out, ask of the simulated house.

use house::uri::{self, error};
use house::{AreaId, Bridge, BridgeCommand};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};
use wamp_client::{CallError, Error, Invocation, Reply, Session};

use crate::plan::{ACTUATOR, DevicePlan};
use crate::world::{WorldFault, device};
use crate::{ENVIRONMENT_SET, SILENCE};

/// Requests waiting for the world.
const QUEUE: usize = 64;

/// A checked request.
#[derive(Debug)]
pub(super) enum Request {
    Command {
        device: &'static DevicePlan,
        on: bool,
    },
    Silence {
        device: &'static DevicePlan,
        silent: bool,
    },
    Environment {
        area: Option<AreaId>,
        temperature: Option<f64>,
        humidity: Option<f64>,
        outdoor: Option<f64>,
    },
}

/// A request and where its answer goes.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) answer: oneshot::Sender<Result<(), WorldFault>>,
}

#[derive(Deserialize)]
struct Silence {
    device: String,
    silent: bool,
}

#[derive(Deserialize)]
struct Environment {
    area: Option<AreaId>,
    temperature: Option<f64>,
    humidity: Option<f64>,
    outdoor: Option<f64>,
}

/// Registers the procedures; what is asked comes through the receiver.
pub(super) async fn register(session: &Session) -> Result<mpsc::Receiver<Asked>, Error> {
    let (out, asked) = mpsc::channel(QUEUE);
    offer(session, uri::bridge_command(Bridge::Simulated), &out, command).await?;
    offer(session, SILENCE, &out, |silence: Silence| {
        let device = device(&silence.device).map_err(fault)?;
        Ok(Request::Silence {
            device,
            silent: silence.silent,
        })
    })
    .await?;
    offer(session, ENVIRONMENT_SET, &out, |environment: Environment| {
        let has_air = environment.temperature.is_some() || environment.humidity.is_some();
        if has_air && environment.area.is_none() {
            return Err(CallError::invalid_argument(
                "area is missing: temperature and humidity are those of a room",
            ));
        }
        Ok(Request::Environment {
            area: environment.area,
            temperature: environment.temperature,
            humidity: environment.humidity,
            outdoor: environment.outdoor,
        })
    })
    .await?;
    Ok(asked)
}

async fn offer<T>(
    session: &Session,
    procedure: &'static str,
    out: &mpsc::Sender<Asked>,
    check: impl Fn(T) -> Result<Request, CallError> + Send + Sync + Copy + 'static,
) -> Result<(), Error>
where
    T: DeserializeOwned + Send + 'static,
{
    let out = out.clone();
    session
        .register(procedure)
        .handler(move |invocation: Invocation| {
            let out = out.clone();
            async move {
                let request = check(invocation.kwargs::<T>()?)?;
                let (answer, answered) = oneshot::channel();
                let gone = || CallError::new(error::DEVICE_UNAVAILABLE, "the simulated house has ended");
                out.send(Asked { request, answer }).await.map_err(|_| gone())?;
                answered.await.map_err(|_| gone())?.map_err(fault)?;
                Ok(Reply::empty())
            }
        })
        .await?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what the procedures hand over")]
fn command(command: BridgeCommand) -> Result<Request, CallError> {
    let device = device(&command.device).map_err(fault)?;
    if command.entity != ACTUATOR {
        let sentence = format!("{} has no {:?} to switch", device.name, command.entity);
        return Err(CallError::new(error::NO_SUCH_DEVICE, sentence));
    }
    Ok(Request::Command { device, on: command.on })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn fault(fault: WorldFault) -> CallError {
    let sentence = fault.to_string();
    match fault {
        WorldFault::NoSuchDevice(_) | WorldFault::NotAnActuator(_) => CallError::new(error::NO_SUCH_DEVICE, sentence),
        WorldFault::Silent(_) => CallError::new(error::DEVICE_UNAVAILABLE, sentence),
        WorldFault::NoSuchArea { .. } | WorldFault::OutOfRange { .. } => CallError::invalid_argument(sentence),
    }
}
