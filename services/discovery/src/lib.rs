//! The device registry: what was found, what was adopted, where it stands, whether it is there.
