//! The program as a process of its own, from outside: what it says, answers, refuses and keeps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod bare_router;
mod command_line;
mod deciding;
mod keys;
mod life;
mod program;
mod proxies;
mod scale;
mod shell;
mod tls;
