//! The alerts one part of the house has raised and not cleared.

use std::collections::BTreeMap;

use crate::{Alert, Timestamp};

/// Keeps raising and clearing idempotent: what holds already is not raised again, what does not
/// hold is not cleared.
#[derive(Debug, Clone, Default)]
pub struct Raised {
    by_id: BTreeMap<String, Alert>,
}

impl Raised {
    /// Takes over alerts that were raised before a restart and still hold, as `alert.list` has
    /// them; the caller passes only its own kinds.
    pub fn adopt(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        for alert in alerts {
            if alert.cleared_at.is_none() {
                self.by_id.entry(alert.id.clone()).or_insert(alert);
            }
        }
    }

    /// The alert with this id, when it holds.
    pub fn get(&self, id: &str) -> Option<&Alert> {
        self.by_id.get(id)
    }

    /// All that hold.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.by_id.values()
    }

    /// The alert to publish, or `None` when it holds already.
    pub fn raise(&mut self, alert: Alert) -> Option<Alert> {
        if self.by_id.contains_key(&alert.id) {
            return None;
        }
        self.by_id.insert(alert.id.clone(), alert.clone());
        Some(alert)
    }

    /// The alert to publish as cleared, or `None` when it does not hold.
    pub fn clear(&mut self, id: &str, message: String, value: Option<f64>, now: Timestamp) -> Option<Alert> {
        let alert = self.by_id.remove(id)?;
        Some(Alert {
            message,
            value: value.or(alert.value),
            cleared_at: Some(now),
            ..alert
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AlertKind, Severity};

    fn alert(id: &str) -> Alert {
        Alert {
            id: id.into(),
            kind: AlertKind::SensorLost,
            severity: Severity::Warning,
            area: None,
            device: None,
            quantity: None,
            value: None,
            limit: None,
            message: "quiet".into(),
            notify: true,
            at: Timestamp(0),
            cleared_at: None,
            acknowledged_by: None,
        }
    }

    #[test]
    fn an_alert_is_raised_once_and_cleared_once() {
        let mut raised = Raised::default();
        assert!(raised.raise(alert("a")).is_some());
        assert!(raised.raise(alert("a")).is_none());
        let cleared = raised
            .clear("a", "heard again".into(), Some(21.0), Timestamp(5))
            .unwrap();
        assert_eq!(
            (cleared.cleared_at, cleared.message.as_str()),
            (Some(Timestamp(5)), "heard again")
        );
        assert!(raised.clear("a", String::new(), None, Timestamp(6)).is_none());
    }

    #[test]
    fn alerts_from_before_a_restart_can_be_cleared() {
        let mut raised = Raised::default();
        raised.adopt([
            alert("a"),
            Alert {
                cleared_at: Some(Timestamp(1)),
                ..alert("b")
            },
        ]);
        assert!(raised.raise(alert("a")).is_none());
        assert!(raised.get("b").is_none());
    }
}
