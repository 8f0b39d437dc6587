//! The hub's own status, time and network, as procedures.
