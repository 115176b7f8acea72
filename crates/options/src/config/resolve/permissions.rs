//! Resolves the permissions of templates.
//!
//! Input: the words of `allow`. Output: [`Permissions`].

use config_blocks::{Error, Located};
use consul_render::Permissions;

use crate::config::error::ValueError;

/// The permissions of templates, as words.
pub(super) fn permissions(words: Option<&Located<Vec<String>>>) -> Result<Permissions, Error> {
    let mut allow = Permissions::default();
    let Some(Located { value, origin }) = words else {
        return Ok(allow);
    };
    for word in value.iter().flat_map(|words| words.split(',')) {
        match word.trim() {
            "" => {}
            "plugin" => allow.plugin = true,
            "writeToFile" => allow.write_to_file = true,
            other => {
                return Err(origin.refuse(ValueError::Permission(other.to_owned())));
            }
        }
    }
    Ok(allow)
}
