//! The names of standard input and output as a source and a destination.

use std::path::Path;

/// The name of both in most programs.
const DASH: &str = "-";

/// Directories with the open files of the process, whose entries no rename can replace.
const OPEN_FILES: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

/// Returns `true` if a source is standard input.
pub(super) fn is_input(source: &Path) -> bool {
    is(source, "/dev/stdin", "0")
}

/// Returns `true` if a destination is standard output.
pub(super) fn is_output(destination: &Path) -> bool {
    is(destination, "/dev/stdout", "1")
}

/// Returns `true` if a destination is another open file of the process.
pub(super) fn is_other_open_file(destination: &Path) -> bool {
    ["/dev/stdin", "/dev/stderr"].contains(&destination.to_str().unwrap_or_default())
        || OPEN_FILES
            .iter()
            .any(|directory| destination.starts_with(directory))
}

fn is(path: &Path, device: &str, number: &str) -> bool {
    path == Path::new(DASH)
        || path == Path::new(device)
        || OPEN_FILES
            .iter()
            .any(|directory| path == Path::new(directory).join(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_have_several_names() {
        for name in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert!(is_output(Path::new(name)), "{name}");
        }
        for name in ["./-", "stdout", "/dev/stderr", "/dev/fd/2", "/dev/null"] {
            assert!(!is_output(Path::new(name)), "{name}");
        }
        assert!(is_input(Path::new("/dev/stdin")) && !is_input(Path::new("/dev/stdout")));
        for (name, expected) in [
            ("/dev/stderr", true),
            ("/dev/fd/3", true),
            ("/dev/shm/x", false),
        ] {
            assert_eq!(is_other_open_file(Path::new(name)), expected, "{name}");
        }
    }
}
