//! The parts pages are made of.

pub(crate) mod actuator;
pub(crate) mod banner;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod history_chart;
pub(crate) mod icon;
pub(crate) mod log_list;
pub(crate) mod room_card;
pub(crate) mod sparkline;
pub(crate) mod theme;
pub(crate) mod toast;
