//! `writeToFile`: adds a file that is written together with the destination.

use std::path::PathBuf;

use minijinja::Value;

use super::rendering::rendering;
use crate::render::output::Output;
use ::functions::args::{FunctionResult, fail};
use ::functions::row;
use ::functions::{Call, Function, Group};

pub(super) static TABLE: &[Function] = &[row(
    Group::Environment,
    ["writeToFile", "write_to_file"],
    "(path string, user string, group string, mode string, flags ...string, content string) string",
    "Writes another file together with the destination and prints nothing; needs --allow writeToFile.",
    write_to_file,
)];

/// The allowed bits of a mode, and the bits that take effect.
const ALLOWED_MODE: u32 = 0o7777;
const EFFECTIVE_MODE: u32 = 0o777;

fn write_to_file(call: &Call<'_>) -> FunctionResult {
    let args = call.texts()?;
    let (path, user, group, mode, flags, content) = match *args.as_slice() {
        [path, user, group, mode, content] => (path, user, group, mode, "", content),
        [path, user, group, mode, flags, content] => (path, user, group, mode, flags, content),
        ref other => {
            let got = other.len();
            return fail(format!(
                "writeToFile: wrong number of arguments, expected 5 or 6, but got {got}"
            ));
        }
    };
    if path.is_empty() || path.contains('\0') {
        return fail("writeToFile: the path is empty or contains a NUL byte");
    }
    let digits = !mode.is_empty() && mode.bytes().all(|byte| byte.is_ascii_digit());
    let octal = u32::from_str_radix(mode, 8)
        .ok()
        .filter(|mode| digits && *mode <= ALLOWED_MODE);
    let Some(mode) = octal else {
        return fail(
            "writeToFile: the fourth argument must be the mode of the file, an octal number such as \"0640\"",
        );
    };
    let end = if flags.contains("newline") { "\n" } else { "" };
    rendering(call)?.write(Output {
        path: PathBuf::from(path),
        user: user.to_owned(),
        group: group.to_owned(),
        mode: mode & EFFECTIVE_MODE,
        append: flags.contains("append"),
        content: format!("{content}{end}"),
    });
    Ok(Value::from(""))
}
