//! What a phone is told of an alert.

use house::{Alert, AlertKind, AreaId, Severity};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) title: String,
    pub(crate) text: String,
    /// ntfy's: 1 (least) to 5 (rings through "do not disturb").
    pub(crate) priority: u8,
    /// ntfy's; it shows these as emoji.
    pub(crate) tag: &'static str,
}

impl Message {
    /// The message about an alert that holds, or that is over.
    pub(crate) fn of(alert: &Alert) -> Self {
        let is_over = alert.cleared_at.is_some();
        let (priority, tag) = match alert.severity {
            _ if is_over => (2, "white_check_mark"),
            Severity::Info => (3, "information_source"),
            // Below 4, Android delivers when it next wakes up, a quarter of an hour later.
            Severity::Warning => (4, "warning"),
            Severity::Critical => (5, "rotating_light"),
        };
        let over = if is_over { "over: " } else { "" };
        Self {
            title: format!("{over}{}", title(alert)),
            text: alert.message.clone(),
            priority,
            tag,
        }
    }

    /// The message that shows that messages arrive.
    pub(crate) fn test() -> Self {
        Self {
            title: "Test from your house".into(),
            text: "Messages from your house arrive here.".into(),
            priority: 3,
            tag: "house",
        }
    }
}

fn title(alert: &Alert) -> String {
    let quantity = alert
        .quantity
        .map_or_else(|| "value".to_owned(), |quantity| quantity.name().replace('_', " "));
    let what = match alert.kind {
        AlertKind::High => format!("{quantity} too high"),
        AlertKind::Low => format!("{quantity} too low"),
        AlertKind::SensorLost => "sensor lost".to_owned(),
        AlertKind::NoEcho => "device does not answer".to_owned(),
        AlertKind::NoActuator => "nothing to switch".to_owned(),
    };
    match alert.area.as_ref().map(AreaId::name) {
        Some(area) => format!("{area}: {what}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use house::{Quantity, Timestamp};

    use super::*;

    #[test]
    fn a_message_says_where_and_what() {
        let mut alert = Alert {
            id: "living_room.temperature.high".into(),
            kind: AlertKind::High,
            severity: Severity::Warning,
            area: AreaId::new("Living room"),
            device: None,
            quantity: Some(Quantity::Temperature),
            value: Some(27.4),
            limit: Some(26.0),
            message: "Living room is 27.4 °C, above 26.0 °C".into(),
            notify: true,
            at: Timestamp(0),
            cleared_at: None,
            acknowledged_by: None,
        };
        let message = Message::of(&alert);
        assert_eq!(message.title, "Living room: temperature too high");
        assert_eq!(message.text, "Living room is 27.4 °C, above 26.0 °C");
        assert_eq!((message.priority, message.tag), (4, "warning"));
        alert.cleared_at = Some(Timestamp(1));
        let message = Message::of(&alert);
        assert_eq!(
            (message.title.as_str(), message.priority),
            ("over: Living room: temperature too high", 2)
        );
        alert.area = None;
        alert.kind = AlertKind::SensorLost;
        assert_eq!(Message::of(&alert).title, "over: sensor lost");
    }
}
