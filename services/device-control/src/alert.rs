//! The alert about an actuator that does not do what it was told.

use house::{Alert, AlertKind, Severity, Timestamp};

use crate::resolve::Target;

/// The alert's id: one for each actuator.
pub(crate) fn id(device: &str, entity: &str) -> String {
    Alert::id_for(&format!("{device}.{entity}"), AlertKind::NoEcho)
}

/// The alert, with what is wrong.
pub(crate) fn not_following(target: &Target, fault: &str, now: Timestamp) -> Alert {
    let place = target
        .area
        .as_ref()
        .map_or_else(String::new, |area| format!(" ({})", area.name()));
    Alert {
        id: id(&target.device, &target.entity),
        kind: AlertKind::NoEcho,
        severity: Severity::Warning,
        area: target.area.clone(),
        device: Some(target.device.clone()),
        quantity: None,
        value: None,
        limit: None,
        message: format!("{}{place} does not do what it was told: {fault}", target.name),
        notify: true,
        at: now,
        cleared_at: None,
        acknowledged_by: None,
    }
}
