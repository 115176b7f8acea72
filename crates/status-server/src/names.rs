//! What messages call the program and its settings.

/// What messages call the program and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingNames {
    /// The program.
    pub program: &'static str,
    /// The setting with the address of the server.
    pub address: &'static str,
    /// The flag with the address for a client.
    pub flag: &'static str,
}

#[cfg(test)]
impl SettingNames {
    /// The names in tests.
    pub(crate) const TEST: Self = Self {
        program: "app",
        address: "status_addr",
        flag: "--addr",
    };
}
