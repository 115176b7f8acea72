//! `writeToFile`: adds a file that is written together with the destination.

use std::path::PathBuf;

use minijinja::Value;

use super::rendering::rendering;
use crate::output::Output;
use ::functions::args::{FunctionResult, bytes, fail, text};
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
    let [attributes @ .., content] = call.args else {
        return fail(wrong_count(0));
    };
    // The content is the only argument that need not be UTF-8.
    let mut content = bytes(content)?.to_vec();
    let attributes: Vec<_> = attributes.iter().map(text).collect::<Result<_, _>>()?;
    let (path, user, group, mode, flags) = match *attributes.as_slice() {
        [path, user, group, mode] => (path, user, group, mode, ""),
        [path, user, group, mode, flags] => (path, user, group, mode, flags),
        _ => return fail(wrong_count(call.args.len())),
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
    if flags.contains("newline") {
        content.push(b'\n');
    }
    rendering(call)?.write(Output {
        path: PathBuf::from(path),
        user: user.to_owned(),
        group: group.to_owned(),
        mode: mode & EFFECTIVE_MODE,
        append: flags.contains("append"),
        content,
    });
    Ok(Value::from(""))
}

fn wrong_count(got: usize) -> String {
    format!("writeToFile: wrong number of arguments, expected 5 or 6, but got {got}")
}
