//! Stores readings and events, and answers for history.
