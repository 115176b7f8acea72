#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// The exit codes of the process.
pub mod exit_code;

// Merges the layers (files, environment, flags) into one resolved configuration.
pub mod config;

// Parses the command line; each flag is declared with its key in `config`.
pub mod cli;
