//! `writeToFile`: notes a file that is to be written together with the template's own.

use std::path::PathBuf;

use minijinja::Value;

use super::args::{Outcome, refuse};
use super::function;
use crate::template::function::{Call, Function, Group};
use crate::template::output::Output;

pub(super) static TABLE: &[Function] = &[function(
    Group::Environment,
    ["writeToFile", "write_to_file"],
    "(path string, user string, group string, mode string, flags ...string, content string) string",
    "Writes another file when the template's own is written; nothing is printed; only with --allow writeToFile.",
    write_to_file,
)];

/// The bits that a mode can have in writing, and those that take effect.
const WRITTEN: u32 = 0o7777;
const EFFECTIVE: u32 = 0o777;

fn write_to_file(call: &Call<'_>) -> Outcome {
    let words = call.texts()?;
    let (path, user, group, mode, flags, content) = match *words.as_slice() {
        [path, user, group, mode, content] => (path, user, group, mode, "", content),
        [path, user, group, mode, flags, content] => (path, user, group, mode, flags, content),
        ref other => {
            let got = other.len();
            return refuse(format!(
                "writeToFile: wrong number of arguments, expected 5 or 6, but got {got}"
            ));
        }
    };
    if path.is_empty() || path.contains('\0') {
        return refuse("writeToFile: the path of the file is empty, or none");
    }
    let digits = !mode.is_empty() && mode.bytes().all(|byte| byte.is_ascii_digit());
    let octal = u32::from_str_radix(mode, 8)
        .ok()
        .filter(|mode| digits && *mode <= WRITTEN);
    let Some(mode) = octal else {
        return refuse(
            "writeToFile: the fourth argument is the mode of the file, an octal number such as \"0640\"",
        );
    };
    let end = if flags.contains("newline") { "\n" } else { "" };
    call.pass.write(Output {
        path: PathBuf::from(path),
        user: user.to_owned(),
        group: group.to_owned(),
        mode: mode & EFFECTIVE,
        append: flags.contains("append"),
        content: format!("{content}{end}"),
    });
    Ok(Value::from(""))
}
