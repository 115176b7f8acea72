//! How files are written, by name.

use std::str::FromStr;

use super::resolved::WriteMode;

/// A text that names no way of writing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("files are not written {0:?}; write auto, rename or inplace")]
pub struct WriteModeError(String);

impl FromStr for WriteMode {
    type Err = WriteModeError;

    fn from_str(text: &str) -> Result<Self, WriteModeError> {
        let named = |mode: &Self| mode.name().eq_ignore_ascii_case(text);
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| WriteModeError(text.to_owned()))
    }
}

impl WriteMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Rename, Self::InPlace];

    /// Its name, as it is read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Rename => "rename",
            Self::InPlace => "inplace",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_writing_are_read_in_any_case() {
        for mode in WriteMode::ALL {
            assert_eq!(mode.name().parse(), Ok(mode));
            assert_eq!(mode.name().to_uppercase().parse(), Ok(mode));
        }
        let error = "truncate"
            .parse::<WriteMode>()
            .expect_err("no way of writing")
            .to_string();
        assert_eq!(
            error,
            "files are not written \"truncate\"; write auto, rename or inplace"
        );
    }
}
