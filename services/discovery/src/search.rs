//! `discover.devices`: what waits for adoption, as it is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use house::uri::topic;
use house::{Device, DeviceId};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use wamp_client::{CallError, Invocation, Reply};

use crate::request::SearchRequest;
use crate::service::Service;

#[derive(Serialize)]
struct Search {
    seconds: f64,
}

/// Streams the devices that wait for adoption: those already found first, others as they are
/// found, until the time is up; then answers with all of them. Any number of searches run at once;
/// one that is canceled is dropped where it waits.
pub(crate) async fn search(service: Arc<Service>, invocation: Invocation) -> Result<Reply, CallError> {
    let request: SearchRequest = invocation.kwargs()?;
    let duration = request.duration()?;
    let deadline = tokio::time::sleep(duration);
    tokio::pin!(deadline);
    // Watching begins before the list is read: nothing falls between.
    let mut found = service.watch_found();
    let seconds = duration.as_secs_f64();
    if let Err(error) = service
        .session
        .publish(topic::DISCOVERY_SEARCH)
        .kwargs(&Search { seconds })
        .send()
        .await
    {
        tracing::debug!(%error, "bridges not asked to search");
    }
    let mut sent = BTreeSet::new();
    send_waiting(&service, &invocation, &mut sent).await?;
    loop {
        tokio::select! {
            () = &mut deadline => break,
            device = found.recv() => match device {
                Ok(device) => send(&invocation, &device, &mut sent).await?,
                Err(RecvError::Lagged(_)) => send_waiting(&service, &invocation, &mut sent).await?,
                Err(RecvError::Closed) => break,
            },
        }
    }
    let registry = service.registry().await;
    Ok(Reply::value(&registry.waiting().collect::<Vec<_>>())?)
}

async fn send_waiting(
    service: &Service,
    invocation: &Invocation,
    sent: &mut BTreeSet<DeviceId>,
) -> Result<(), CallError> {
    let waiting: Vec<Device> = service.registry().await.waiting().cloned().collect();
    for device in &waiting {
        send(invocation, device, sent).await?;
    }
    Ok(())
}

async fn send(invocation: &Invocation, device: &Device, sent: &mut BTreeSet<DeviceId>) -> Result<(), CallError> {
    if sent.insert(device.id.clone()) {
        invocation.progress(Reply::kwargs(device)?).await?;
    }
    Ok(())
}
