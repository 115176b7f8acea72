//! YAML 1.1, read and written as Go's yaml.v2 reads and writes it.

mod emit;
mod order;
mod read;
mod scalar;
mod style;
#[cfg(test)]
mod tests;
mod text;

pub use emit::write;
pub use read::read;
