//! Facts about the state, with no I/O.
