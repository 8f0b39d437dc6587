//! Topics of Home Assistant's MQTT discovery.

/// What a discovery topic says: `<prefix>/<component>/[<node_id>/]<object_id>/config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryTopic<'a> {
    /// `sensor`, `switch`, …, or `device` for the form that carries a whole device.
    pub component: &'a str,
    /// The optional middle part.
    pub node_id: Option<&'a str>,
    /// The last part before `config`.
    pub object_id: &'a str,
}

impl DiscoveryTopic<'_> {
    /// The id that an announcement without a `unique_id` goes by.
    pub fn discovery_id(&self) -> String {
        match self.node_id {
            Some(node_id) => format!("{node_id}_{}", self.object_id),
            None => self.object_id.to_owned(),
        }
    }
}

/// Reads a topic below `prefix`; `None` when it is not a discovery topic.
pub fn parse<'a>(prefix: &str, topic: &'a str) -> Option<DiscoveryTopic<'a>> {
    let rest = topic.strip_prefix(prefix)?.strip_prefix('/')?.strip_suffix("/config")?;
    let mut parts = rest.split('/');
    let (component, second, third) = (parts.next()?, parts.next()?, parts.next());
    let (node_id, object_id) = match third {
        Some(third) => (Some(second), third),
        None => (None, second),
    };
    let component_fits = !component.is_empty() && component.chars().all(|c| c.is_alphanumeric() || c == '_');
    let ids_fit = [node_id.unwrap_or("x"), object_id]
        .iter()
        .all(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    (parts.next().is_none() && component_fits && ids_fit).then_some(DiscoveryTopic {
        component,
        node_id,
        object_id,
    })
}

/// What to subscribe to for hearing every announcement below `prefix`.
pub fn filters(prefix: &str) -> [String; 2] {
    [format!("{prefix}/+/+/config"), format!("{prefix}/+/+/+/config")]
}

/// Where the hub says that it is there; devices announce themselves again when they hear it.
pub fn status(prefix: &str) -> String {
    format!("{prefix}/status")
}

/// Whether a device may name this topic: one that can be published to.
pub fn is_valid_name(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= 65_535 && !topic.contains(['+', '#', '\0'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn discovery_topics_are_read() {
        for (prefix, topic, expected) in [
            (
                "homeassistant",
                "homeassistant/sensor/0x01/temperature/config",
                Some(("sensor", Some("0x01"), "temperature")),
            ),
            (
                "homeassistant",
                "homeassistant/binary_sensor/door-1/config",
                Some(("binary_sensor", None, "door-1")),
            ),
            ("ha/disc", "ha/disc/device/x/config", Some(("device", None, "x"))),
            ("homeassistant", "homeassistant/sensor/config", None),
            ("homeassistant", "homeassistant/sensor/a/b/c/config", None),
            ("homeassistant", "homeassistant/sensor/a b/config", None),
            ("homeassistant", "homeassistant/sensor//x/config", None),
            ("homeassistant", "homeassistant/sensor/x/state", None),
            ("homeassistant", "homeassistant/status", None),
            ("homeassistant", "elsewhere/sensor/x/config", None),
        ] {
            let read = parse(prefix, topic).map(|t| (t.component, t.node_id, t.object_id));
            assert_eq!(read, expected, "{topic}");
        }
    }

    #[test]
    fn only_topics_that_can_be_published_to_are_names() {
        assert!(is_valid_name("zigbee2mqtt/Living room/lamp"));
        for topic in ["", "a/#", "+/b", "a\0b"] {
            assert!(!is_valid_name(topic));
        }
    }

    proptest! {
        #[test]
        fn no_topic_panics(topic in ".{0,60}") {
            let _ = parse("homeassistant", &topic);
            let _ = parse("", &topic);
        }
    }
}
