//! The address of the status server, as the value of a key.
//!
//! Input: the text of `status_addr` or of `ctmpl status --addr`. Output: a [`StatusAddrSetting`].

use std::str::FromStr;

use config_blocks::{
    Error, FromNode, Input, Node, Pattern, Position, Reason, Shape, Spelling, Value, quoted,
};
use status_server::{SettingNames, StatusAddr, StatusAddrError};

/// What the messages of the status server call its settings.
pub const STATUS_NAMES: SettingNames = SettingNames {
    program: "ctmpl",
    address: "status_addr",
    flag: "--addr",
};

/// The value of `status_addr`; `None`: the empty text, for no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusAddrSetting(pub(crate) Option<StatusAddr>);

impl FromStr for StatusAddrSetting {
    type Err = StatusAddrError;

    fn from_str(text: &str) -> Result<Self, StatusAddrError> {
        let is_empty = text.trim().is_empty();
        let address = (!is_empty).then(|| text.parse()).transpose()?;
        Ok(Self(address))
    }
}

impl FromNode for StatusAddrSetting {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let expected = "an address in quotes, for example \"127.0.0.1:9700\"";
        position.parse(position.text(node, expected)?)
    }

    fn shape() -> Shape {
        Shape::spelled(Spelling {
            name: "address",
            pattern: Pattern::Of(|| {
                r"^\s*((\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}|unix:(//)?/.*[^/]|unix:@.+)?\s*$"
                    .to_owned()
            }),
            ..Spelling::default()
        })
    }
}

impl Value for StatusAddrSetting {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        let text = self.0.as_ref().map(ToString::to_string);
        Some(quoted(&text.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_text_is_no_address() {
        for text in ["", " "] {
            assert_eq!(text.parse(), Ok(StatusAddrSetting(None)));
        }
    }
}
