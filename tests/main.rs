//! The integration tests: one program with one module per subject.
//!
//! One program builds faster than forty, and has no unused parts of the shared support code.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod support;

mod access;
mod book;
mod cluster;
mod command_output;
mod commands;
mod completions;
mod configuration;
mod configuration_keys;
mod configurations;
mod conformance;
mod connection_limit;
mod consul_answers;
mod convert;
mod crashes;
mod destinations;
mod dev_clients;
mod dev_command;
mod dev_conformance;
mod dockerfiles;
mod docs;
mod drift;
mod empty_services;
mod examples;
mod exec;
mod first_steps;
mod flags;
mod formats;
mod groups;
mod half_open;
mod haproxy;
mod history;
mod hostile_paths;
mod http2;
mod instance_options;
mod layers;
mod lengths;
mod logs;
mod macros;
mod max_change;
mod mesh;
mod mistakes;
mod nginx;
mod once;
mod outages;
mod outputs;
mod package;
mod plain_english;
mod plugins;
mod process;
mod proxies;
mod quiescence;
mod random_kills;
mod readme;
mod records;
mod reload;
mod reload_actions;
mod reload_checks;
mod reload_rates;
mod reload_verify;
mod rollback;
mod same_configuration;
mod sandbox;
mod slow_templates;
mod sources;
mod standard_streams;
mod templates;
mod terminal;
mod write_faults;
mod writing;
mod wrong_address;
