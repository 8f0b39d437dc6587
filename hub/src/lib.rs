//! The program `domovoi`: one router, every service, the web server and the command line.

pub mod accounts;
pub mod announce;
mod api;
pub mod bare_router;
pub mod cli;
pub mod components;
pub mod config;
pub mod damage;
pub mod data_dir;
pub mod event_history;
pub mod failure;
pub mod hearing;
pub mod http;
pub mod listener;
pub mod log;
pub mod metrics;
pub mod realm;
pub mod roles;
pub mod router_key;
pub mod run;
pub mod services;
pub mod signals;
pub mod supervisor;
pub mod tls;
pub mod web;
