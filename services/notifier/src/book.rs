//! The alerts that hold, and whether people know.

use std::collections::BTreeMap;
use std::time::Duration;

use house::{Alert, Timestamp};

/// An alert that holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) alert: Alert,
    /// Its row in the table; `None` while it could not be stored.
    pub(crate) number: Option<i64>,
    /// When phones were last told.
    pub(crate) told_at: Option<Timestamp>,
    /// A message about it waits to be sent.
    pub(crate) is_queued: bool,
    /// A message about it was given up; it is not tried again before.
    pub(crate) rests_until: Option<Timestamp>,
    /// There is news of it that is not stored.
    pub(crate) is_unsaved: bool,
}

/// Every alert that holds, by id.
#[derive(Debug, Default)]
pub(crate) struct AlertBook {
    by_id: BTreeMap<String, Held>,
}

impl AlertBook {
    /// The alerts that held at the end of the last run.
    pub(crate) fn new(held: Vec<Held>) -> Self {
        Self {
            by_id: held.into_iter().map(|held| (held.alert.id.clone(), held)).collect(),
        }
    }

    /// Those that hold, newest first.
    pub(crate) fn held(&self) -> Vec<&Alert> {
        let mut alerts: Vec<&Alert> = self.by_id.values().map(|held| &held.alert).collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.at));
        alerts
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Held> {
        self.by_id.get_mut(id)
    }

    /// An alert was raised. Raised again while it holds it is the same: it keeps its time and who
    /// acknowledged it, and phones are told again only when it has become more severe.
    pub(crate) fn raise(&mut self, alert: Alert) {
        let known = self.by_id.remove(&alert.id);
        let held = match known {
            Some(known) => {
                let is_worse = alert.severity > known.alert.severity;
                Held {
                    told_at: known.told_at.filter(|_| !is_worse),
                    is_unsaved: true,
                    alert: Alert {
                        at: known.alert.at,
                        acknowledged_by: known.alert.acknowledged_by.clone().filter(|_| !is_worse),
                        cleared_at: None,
                        ..alert
                    },
                    ..known
                }
            }
            None => Held {
                alert: Alert {
                    cleared_at: None,
                    ..alert
                },
                number: None,
                told_at: None,
                is_queued: false,
                rests_until: None,
                is_unsaved: true,
            },
        };
        self.by_id.insert(held.alert.id.clone(), held);
    }

    /// An alert is over; gives what it was, with what its end says.
    pub(crate) fn clear(&mut self, cleared: Alert, now: Timestamp) -> Option<Held> {
        let known = self.by_id.remove(&cleared.id)?;
        Some(Held {
            alert: Alert {
                at: known.alert.at,
                acknowledged_by: known.alert.acknowledged_by.clone(),
                cleared_at: Some(cleared.cleared_at.unwrap_or(now)),
                ..cleared
            },
            ..known
        })
    }

    /// Somebody knows; gives the alert when that is news.
    pub(crate) fn acknowledge(&mut self, id: &str, by: &str) -> Option<(Alert, bool)> {
        let held = self.by_id.get_mut(id)?;
        let is_news = held.alert.acknowledged_by.is_none();
        if is_news {
            held.alert.acknowledged_by = Some(by.to_owned());
            held.is_unsaved = true;
        }
        Some((held.alert.clone(), is_news))
    }

    /// Alerts that phones are to be told of now: not told yet, or told long enough ago and still
    /// unknown to everyone. Counts them as queued.
    pub(crate) fn due(&mut self, repeat_every: Option<Duration>, now: Timestamp) -> Vec<Alert> {
        let mut due = Vec::new();
        for held in self.by_id.values_mut() {
            let is_due = match (held.told_at, repeat_every) {
                (None, _) => true,
                (Some(told), Some(every)) => now.since(told) >= every,
                (Some(_), None) => false,
            };
            let rests = held.rests_until.is_some_and(|until| now < until);
            if is_due && !rests && held.alert.notify && !held.is_queued && held.alert.acknowledged_by.is_none() {
                held.is_queued = true;
                due.push(held.alert.clone());
            }
        }
        due
    }

    /// A message about an alert has arrived.
    pub(crate) fn told(&mut self, id: &str, when: Timestamp) {
        if let Some(held) = self.by_id.get_mut(id) {
            held.is_queued = false;
            held.told_at = Some(when);
            held.is_unsaved = true;
        }
    }

    /// A message about an alert was not sent, and shall not be before `until`.
    pub(crate) fn not_told(&mut self, id: &str, until: Timestamp) {
        if let Some(held) = self.by_id.get_mut(id) {
            held.is_queued = false;
            held.rests_until = Some(until);
        }
    }

    /// Alerts with news that are not stored.
    pub(crate) fn unsaved(&self) -> Vec<Held> {
        self.by_id.values().filter(|held| held.is_unsaved).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use house::{AlertKind, Severity};

    use super::*;

    fn alert(severity: Severity) -> Alert {
        Alert {
            id: "hall.temperature.high".into(),
            kind: AlertKind::High,
            severity,
            area: None,
            device: None,
            quantity: None,
            value: None,
            limit: None,
            message: "warm".into(),
            notify: true,
            at: Timestamp(1),
            cleared_at: None,
            acknowledged_by: None,
        }
    }

    fn due(book: &mut AlertBook, now: i64) -> usize {
        book.due(Some(Duration::from_millis(100)), Timestamp(now)).len()
    }

    #[test]
    fn an_alert_is_told_once_and_again_after_a_while_until_somebody_knows() {
        let id = "hall.temperature.high";
        let mut book = AlertBook::default();
        book.raise(alert(Severity::Warning));
        assert_eq!(due(&mut book, 10), 1);
        assert_eq!(due(&mut book, 11), 0, "it is on its way");
        book.told(id, Timestamp(12));
        book.raise(Alert {
            at: Timestamp(20),
            ..alert(Severity::Warning)
        });
        assert_eq!(due(&mut book, 100), 0);
        assert_eq!(book.held()[0].at, Timestamp(1), "the same alert");
        assert_eq!(due(&mut book, 112), 1);
        book.not_told(id, Timestamp(200));
        assert_eq!(due(&mut book, 199), 0);
        assert_eq!(due(&mut book, 200), 1, "what did not arrive is due again");
        book.told(id, Timestamp(201));
        assert_eq!(book.acknowledge(id, "anna").map(|(_, is_news)| is_news), Some(true));
        assert_eq!(
            book.acknowledge(id, "ben")
                .map(|(alert, is_news)| (alert.acknowledged_by, is_news)),
            Some((Some("anna".into()), false))
        );
        assert_eq!(due(&mut book, 10_000), 0);
        book.raise(alert(Severity::Critical));
        assert_eq!(due(&mut book, 10_001), 1, "it has become worse");
    }

    #[test]
    fn an_alert_that_is_over_can_be_raised_anew() {
        let mut book = AlertBook::default();
        book.raise(alert(Severity::Warning));
        let cleared = book.clear(alert(Severity::Warning), Timestamp(5)).unwrap();
        assert_eq!(cleared.alert.cleared_at, Some(Timestamp(5)));
        assert!(book.clear(alert(Severity::Warning), Timestamp(6)).is_none());
        assert!(book.acknowledge("hall.temperature.high", "anna").is_none());
        book.raise(alert(Severity::Warning));
        assert_eq!(due(&mut book, 7), 1);
    }

    #[test]
    fn an_alert_that_is_not_for_phones_is_kept_and_not_told() {
        let mut book = AlertBook::default();
        book.raise(Alert {
            notify: false,
            ..alert(Severity::Warning)
        });
        assert_eq!((book.held().len(), due(&mut book, 1)), (1, 0));
    }
}
