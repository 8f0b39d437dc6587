//! The `history.…` procedures.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use component::now;
use database::DatabaseError;
use house::{Quantity, Registry, SensorEvent, Timestamp};
use serde::Serialize;
use wamp_client::{CallError, Invocation, Reply};

use crate::fold::Point;
use crate::history::{History, Subject};
use crate::plan::{Plan, Resolution, Source, depends_on_count, plan};
use crate::request::{EventsRequest, ReadingsRequest};
use crate::settings::Settings;

/// Points in one part of a progressive answer.
const PART: usize = 1000;

/// What `history.readings` answers; parts of a progressive answer are the same with points of
/// their own, in the order of time.
#[derive(Debug, Serialize)]
struct Series<'a> {
    sensor: &'a str,
    quantity: Quantity,
    unit: &'static str,
    /// `raw`, `5min`, `1h`, or so many seconds for a point.
    resolution: Width,
    /// Coarser than was asked for, since there are so many readings.
    downsampled: bool,
    from: Timestamp,
    to: Timestamp,
    points: &'a [Point],
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Width {
    Named(&'static str),
    Seconds(f64),
}

impl Width {
    fn of(plan: Plan) -> Self {
        match (plan.source, plan.step) {
            (Source::Raw, 0) => Self::Named("raw"),
            (_, 300_000) => Self::Named("5min"),
            (_, 3_600_000) => Self::Named("1h"),
            (_, step) => Self::Seconds(Duration::from_millis(u64::try_from(step).unwrap_or(0)).as_secs_f64()),
        }
    }
}

pub(crate) async fn readings(
    history: &History,
    registry: &Mutex<Registry>,
    settings: &Settings,
    invocation: &Invocation,
) -> Result<Reply, CallError> {
    let request: ReadingsRequest = invocation.kwargs()?;
    let sensor = device_of(registry, request.sensor()?);
    let now = now();
    let (from, to) = request.range(now)?;
    let asked = request.resolution()?;
    let quantity = subject_quantity(history, &sensor, request.quantity())?;
    let series = history.buffer().series_id(&sensor, quantity);
    let subject = series.map(|series| Subject {
        sensor: sensor.clone(),
        quantity,
        series,
    });

    let most = if invocation.receive_progress() {
        settings.most_points_progressive
    } else {
        settings.most_points
    };
    let readings = match &subject {
        Some(subject) if depends_on_count(from, to, asked) => history
            .count(subject, from, to)
            .await
            .map_err(|error| storage(&error))?,
        _ => 0,
    };
    let first = plan(from, to, now, asked, settings, readings, most);
    let plan = first.bounded(from, to, most, readings);
    let part = |points: &[Point]| {
        Reply::kwargs(&Series {
            sensor: &sensor,
            quantity,
            unit: quantity.unit(),
            resolution: Width::of(plan),
            downsampled: plan != first && asked != Resolution::Auto,
            from,
            to,
            points,
        })
    };

    let mut points = Vec::new();
    if let Some(subject) = &subject {
        for (from, to) in slices(plan, from, to, now) {
            points.extend(
                history
                    .points(subject, plan, from, to)
                    .await
                    .map_err(|error| storage(&error))?,
            );
            while invocation.receive_progress() && points.len() > PART {
                let rest = points.split_off(PART);
                invocation.progress(part(&points)?).await?;
                points = rest;
            }
        }
    }
    Ok(part(&points)?)
}

/// What is known by another id has its history under the device's: a device that took another's
/// place goes on with that one's.
fn device_of(registry: &Mutex<Registry>, sensor: String) -> String {
    let registry = registry.lock().unwrap_or_else(PoisonError::into_inner);
    registry.device(&sensor).map_or(sensor, |device| device.id.clone())
}

/// The quantity asked for, or the only or first that the sensor measures.
fn subject_quantity(history: &History, sensor: &str, asked: Option<Quantity>) -> Result<Quantity, CallError> {
    match asked {
        Some(quantity) => Ok(quantity),
        None => history
            .buffer()
            .series()
            .quantities(sensor)
            .first()
            .copied()
            .ok_or_else(|| {
                let sentence = format!("there is no reading of a sensor {sensor:?}");
                CallError::new(house::uri::error::NO_SUCH_DEVICE, sentence)
            }),
    }
}

/// The stretch in slices, which begin and end on whole steps; there is nothing after `now`.
fn slices(plan: Plan, from: Timestamp, to: Timestamp, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let end = to.min(now.after(Duration::from_secs(1)));
    let slice = plan.slice();
    let mut next = from;
    std::iter::from_fn(move || {
        let begin = next;
        let until = (begin.millis().div_euclid(slice) + 1).saturating_mul(slice);
        next = Timestamp(until).min(end);
        (begin < end).then_some((begin, next))
    })
}

pub(crate) async fn events(history: &History, invocation: &Invocation) -> Result<Reply, CallError> {
    let request: EventsRequest = invocation.kwargs()?;
    let (from, to) = request.range(now())?;
    let limit = request.limit()?;
    let entries = history
        .entries(&request, from, to, limit)
        .await
        .map_err(|error| storage(&error))?;
    Ok(Reply::value(&entries)?)
}

/// The newest value of each quantity of each sensor, as `sensor.events` would tell it.
pub(crate) fn latest(history: &History) -> Result<Reply, CallError> {
    let newest: Vec<SensorEvent> = history
        .buffer()
        .series()
        .all()
        .filter_map(|series| {
            let (at, value) = series.newest?;
            Some(SensorEvent {
                sensor_id: series.sensor.clone(),
                area: series.area.clone(),
                at: Some(at),
                values: vec![(series.quantity, value)],
                rejected: Vec::new(),
            })
        })
        .collect();
    Ok(Reply::value(&newest)?)
}

fn storage(error: &DatabaseError) -> CallError {
    tracing::error!(%error, "history cannot be read");
    CallError::new(
        house::uri::error::STORAGE,
        format!("the history cannot be read: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn slices_cover_the_stretch_once(from in 0i64..1_000_000_000, span in 1i64..10_000_000_000, step in 0i64..10_000_000) {
            let plan = Plan { source: Source::Raw, step };
            let (from, to) = (Timestamp(from), Timestamp(from + span));
            let mut next = from;
            for (begin, end) in slices(plan, from, to, to) {
                prop_assert_eq!(begin, next);
                prop_assert!(end > begin);
                prop_assert!(end == to || step == 0 || end.0 % step == 0);
                next = end;
            }
            prop_assert_eq!(next, to);
        }
    }
}
