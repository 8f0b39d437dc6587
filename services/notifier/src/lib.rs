//! Keeps the alerts and tells people's phones.
