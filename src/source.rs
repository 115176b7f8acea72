//! Sources of template data on this host: [files](file::FileSource) and [plugins](plugin::PluginSource).
//!
//! Consul is the source [`consul_watch::source::consul::Client`].

pub mod file;
pub mod plugin;
