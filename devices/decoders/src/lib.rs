//! Radio bytes to readings; no I/O.
