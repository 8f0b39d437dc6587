//! Our own drawings, on a 24 by 24 grid, in the text's colour.

use house::{ActuatorKind, Quantity};
use leptos::prelude::*;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Rooms,
    Devices,
    Thresholds,
    Alerts,
    Logbook,
    System,
    Fan,
    Ac,
    Heater,
    Switch,
    Temperature,
    Humidity,
    Gauge,
    Search,
    Close,
    Check,
    Warning,
    Sun,
    Moon,
    Contrast,
    Leave,
    Edit,
    Bin,
    Plus,
    Up,
    Down,
    Hand,
    Person,
    Radio,
    Bell,
}

impl Icon {
    fn strokes(self) -> &'static str {
        match self {
            Self::Rooms => {
                r#"<path d="M3.5 11.2 12 4l8.5 7.2"/><path d="M5.5 9.8V20h13V9.8"/><path d="M10 20v-5.5h4V20"/>"#
            }
            Self::Devices => {
                r#"<rect x="5" y="3.5" width="14" height="17" rx="3"/><circle cx="12" cy="9.5" r="2.8"/><path d="M9 16.5h6"/>"#
            }
            Self::Thresholds => {
                r#"<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.6"/><circle cx="8" cy="17" r="2.6"/>"#
            }
            Self::Alerts | Self::Bell => {
                r#"<path d="M6.2 16.5c1-1.2 1.3-2.6 1.3-5a4.5 4.5 0 0 1 9 0c0 2.4.3 3.8 1.3 5Z"/><path d="M12 4.2V7M10.2 19.5c.9 1 2.7 1 3.6 0"/>"#
            }
            Self::Logbook => {
                r#"<path d="M6 4h10.5A1.5 1.5 0 0 1 18 5.500V20H7.500A1.5 1.5 0 0 1 6 18.500Z"/><path d="M9.500 8.500h5M9.500 12h5M9.500 15.500h3"/>"#
            }
            Self::System => {
                r#"<rect x="3.500" y="5" width="17" height="6" rx="1.800"/><rect x="3.500" y="13" width="17" height="6" rx="1.800"/><path d="M7 8h.01M7 16h.01M11 8h6M11 16h6"/>"#
            }
            Self::Fan => {
                r#"<circle cx="12" cy="12" r="1.600"/><path d="M12 10.400c-2.600-1.600-3-6.400.2-6.900 2.900-.4 3.400 3.900-.2 6.900ZM13.400 12.800c2.700-1.500 7.100.6 5.900 3.600-1.100 2.700-5 .9-5.900-3.600ZM10.600 12.800c-.1 3.100-4.100 5.800-6.100 3.300-1.800-2.300 1.700-4.800 6.100-3.300Z"/>"#
            }
            Self::Ac => {
                r#"<path d="M12 3.500v17M4.600 7.750l14.800 8.500M4.600 16.250l14.800-8.500"/><path d="m9.700 4.800 2.300 2 2.300-2M9.700 19.200l2.300-2 2.300 2"/>"#
            }
            Self::Heater => {
                r#"<path d="M12.400 3.500c.7 3.600-4.900 5.700-4.900 10.500a4.500 4.500 0 0 0 9 .2c0-2.200-1.100-3.500-1.900-4.700-.3 1.500-.9 2.200-1.700 2.600.5-3.300.6-6.300-.5-8.600Z"/>"#
            }
            Self::Switch => r#"<path d="M12 3.500v8"/><path d="M7.200 6.800a7 7 0 1 0 9.600 0"/>"#,
            Self::Temperature => {
                r#"<path d="M9.500 13.700V5.800a2.500 2.500 0 0 1 5 0v7.900a4.300 4.300 0 1 1-5 0Z"/><path d="M12 9.500v8"/>"#
            }
            Self::Humidity => {
                r#"<path d="M12 3.800c3.300 4 5.500 6.900 5.500 10a5.500 5.500 0 0 1-11 0c0-3.100 2.200-6 5.500-10Z"/><path d="M9.300 14.300a2.800 2.800 0 0 0 2.300 2.700"/>"#
            }
            Self::Gauge => {
                r#"<path d="M4.500 17a8 8 0 1 1 15 0"/><path d="m12 14 3.800-4.200"/><circle cx="12" cy="14" r="1.300"/>"#
            }
            Self::Search => r#"<circle cx="10.800" cy="10.800" r="6"/><path d="m15.300 15.300 4.700 4.700"/>"#,
            Self::Close => r#"<path d="m6.500 6.500 11 11M17.500 6.500l-11 11"/>"#,
            Self::Check => r#"<path d="m5 12.800 4.600 4.500L19 7.500"/>"#,
            Self::Warning => r#"<path d="M12 4.500 3.800 19h16.400Z"/><path d="M12 10v4.300M12 16.600h.01"/>"#,
            Self::Sun => {
                r#"<circle cx="12" cy="12" r="3.800"/><path d="M12 3.500v2M12 18.500v2M3.500 12h2M18.500 12h2M6 6l1.400 1.400M16.600 16.600 18 18M18 6l-1.400 1.400M7.400 16.600 6 18"/>"#
            }
            Self::Moon => r#"<path d="M19 14.200A7.600 7.600 0 0 1 9.800 5a7.600 7.600 0 1 0 9.200 9.200Z"/>"#,
            Self::Contrast => {
                r#"<circle cx="12" cy="12" r="7.800"/><path d="M12 4.200v15.600" /><path d="M12 7.500h5.500M12 10.500h7.500M12 13.500h7.500M12 16.500h5.500"/>"#
            }
            Self::Leave => {
                r#"<path d="M10 4.500H5.500v15H10"/><path d="M9.500 12H20M16.200 8.200 20 12l-3.800 3.800"/>"#
            }
            Self::Edit => r#"<path d="m5 19 .9-3.900L15.700 5.300l3 3L8.900 18.100Z"/><path d="m13.500 7.500 3 3"/>"#,
            Self::Bin => {
                r#"<path d="M5 7h14M9.500 7V4.500h5V7M7 7l.8 12.500h8.400L17 7M10.500 10.500v5.500M13.500 10.500v5.500"/>"#
            }
            Self::Plus => r#"<path d="M12 5v14M5 12h14"/>"#,
            Self::Up => r#"<path d="M6 16 18 8M11.500 7.500 18 8l-1.500 6"/>"#,
            Self::Down => r#"<path d="m6 8 12 8M16.500 10 18 16l-6.500.5"/>"#,
            Self::Hand => {
                r#"<path d="M8.500 12.500V6.200a1.400 1.400 0 0 1 2.800 0V11M11.300 10.500V4.900a1.400 1.400 0 0 1 2.800 0V11M14.100 11V6.500a1.400 1.400 0 0 1 2.800 0V14c0 3.800-2 6-5 6-2.300 0-3.700-1-4.800-2.900l-2.300-4c-.8-1.400 1-2.500 2-1.300l1.700 2"/>"#
            }
            Self::Person => {
                r#"<circle cx="12" cy="8.500" r="3.800"/><path d="M4.800 19.500c.9-3.700 3.600-5.300 7.200-5.300s6.300 1.600 7.200 5.300"/>"#
            }
            Self::Radio => {
                r#"<circle cx="12" cy="12" r="1.600"/><path d="M8.300 15.700a5.200 5.200 0 0 1 0-7.400M15.700 8.300a5.200 5.200 0 0 1 0 7.400M5.500 18.500a9.200 9.200 0 0 1 0-13M18.500 5.500a9.200 9.200 0 0 1 0 13"/>"#
            }
        }
    }

    /// What stands for an actuator.
    pub(crate) fn of_actuator(kind: ActuatorKind) -> Self {
        match kind {
            ActuatorKind::Fan => Self::Fan,
            ActuatorKind::Ac => Self::Ac,
            ActuatorKind::Heater => Self::Heater,
            ActuatorKind::Humidifier => Self::Humidity,
            ActuatorKind::Switch
            | ActuatorKind::Light
            | ActuatorKind::Cover
            | ActuatorKind::Valve
            | ActuatorKind::Lock => Self::Switch,
        }
    }

    /// What stands for a quantity.
    pub(crate) fn of_quantity(quantity: Quantity) -> Self {
        match quantity {
            Quantity::Temperature | Quantity::DewPoint => Self::Temperature,
            Quantity::Humidity | Quantity::Moisture | Quantity::Leak | Quantity::Water => Self::Humidity,
            _ => Self::Gauge,
        }
    }

    /// What stands for a kind of logbook line.
    pub(crate) fn of_log(kind: &str) -> Self {
        match kind {
            "actuator" => Self::Switch,
            "alert" => Self::Alerts,
            "config" => Self::Thresholds,
            "device" => Self::Devices,
            _ => Self::System,
        }
    }
}

/// A drawing beside words, which say the same: hidden from screen readers.
pub(crate) fn icon(icon: Icon) -> AnyView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" inner_html=icon.strokes()></svg> }.into_any()
}

/// Domovoi himself: a house with a hood, two lit windows for eyes, and a beard for a door.
pub(crate) fn mark() -> AnyView {
    view! {
        <svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
            <path class="mark-body" d="M32 2 57.500 26.500C59.200 28.100 60 29.800 60 32v20c0 4.400-3.600 8-8 8H12c-4.400 0-8-3.600-8-8V32c0-2.200.8-3.900 2.500-5.500Z"/>
            <path class="mark-beard" d="M32 39.500c-4.500-3.800-11.500-3.300-16.500 1.300 1.200.3 2.300.3 3.400 0-.4 4 .6 8.300 2.800 11.500.1-1.200.4-2.200 1-3.100 1.400 4.800 4.600 9.600 9.300 13.800 4.700-4.200 7.900-9 9.300-13.800.6.9.9 1.900 1 3.100 2.200-3.200 3.200-7.500 2.800-11.500 1.100.3 2.200.3 3.400 0-5-4.600-12-5.100-16.500-1.300Z"/>
            <rect class="mark-eye" x="17.500" y="25" width="9.500" height="9.500" rx="2"/>
            <rect class="mark-eye" x="37" y="25" width="9.500" height="9.500" rx="2"/>
        </svg>
    }
    .into_any()
}
