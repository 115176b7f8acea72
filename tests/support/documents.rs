//! The code blocks of the documentation.
//!
//! Input: a Markdown page. Output: its blocks, and a directory in which their commands can run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ctmpl::{Folder, text};

/// The languages of blocks. `sh` and `console` blocks are run; the others are files or examples.
const LANGUAGES: [&str; 13] = [
    "sh",
    "console",
    "hcl",
    "yaml",
    "toml",
    "json",
    "gotmpl",
    "jinja",
    "nginx",
    "text",
    "rust",
    "rust,no_run",
    "",
];

/// A fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of the page where the block begins.
    pub line: usize,
    /// The info string: the language, and words for the tests.
    pub info: String,
    /// The text in the block.
    pub text: String,
}

impl Block {
    /// Returns the first word of the info string.
    pub fn language(&self) -> &str {
        self.info.split(' ').next().unwrap_or_default()
    }

    /// Returns `true` if the info string contains this word after the language.
    pub fn has(&self, word: &str) -> bool {
        self.info.split(' ').skip(1).any(|own| own == word)
    }

    /// Returns the value of a word `NAME=VALUE` in the info string.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut words = self.info.split(' ').skip(1);
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Returns all blocks of a page, in order.
pub fn all_blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            let fence = line.trim_start().strip_prefix("```");
            assert!(
                fence.is_none_or(|info| info.is_empty() || info == "text"),
                "line {number}: no test reads a block that is indented"
            );
            continue;
        };
        let inside: Vec<_> = lines
            .by_ref()
            .map(|(line, _)| line)
            .take_while(|line| *line != "```")
            .collect();
        let block = Block {
            line: number,
            info: info.to_owned(),
            text: inside.join("\n"),
        };
        let language = block.language();
        assert!(
            LANGUAGES.contains(&language),
            "line {number}: no test reads blocks in {language}"
        );
        assert!(
            ["sh", "console"].contains(&language) || !block.text.contains("\n$ "),
            "line {number}: commands are in a block of another language than console"
        );
        found.push(block);
    }
    found
}

/// Returns the texts of the blocks with exactly this info string.
pub fn blocks(page: &str, info: &str) -> Vec<String> {
    let found = all_blocks(page).into_iter();
    found
        .filter(|block| block.info == info)
        .map(|block| block.text)
        .collect()
}

/// Returns all Markdown files below a directory.
pub fn pages_below(directory: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![PathBuf::from(directory)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            left.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Copies the examples, the templates and the Dockerfile to a folder in which commands may write.
pub fn copy(folder: &Folder) {
    // A separate process copies them, because some are programs; see `Folder::program`.
    let copied = Command::new("cp")
        .args(["-R", "examples", "templates", "Dockerfile"])
        .arg(folder.path(""))
        .status();
    assert!(copied.unwrap().success());
    fs::create_dir_all(folder.path("target/release")).unwrap();
    std::os::unix::fs::symlink(
        Path::new(env!("CARGO_BIN_EXE_ctmpl")),
        folder.path("target/release/ctmpl"),
    )
    .unwrap();
    fs::create_dir(folder.path("bin")).unwrap();
    std::os::unix::fs::symlink(
        Path::new(env!("CARGO_BIN_EXE_ctmpl")),
        folder.path("bin/ctmpl"),
    )
    .unwrap();
}

/// Returns a shell in a directory of that folder. `ctmpl` is the binary under test.
pub fn shell(folder: &Folder, directory: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    let path = format!("{}:/usr/bin:/bin", text(&folder.path("bin")));
    shell
        .arg("-eu")
        .current_dir(folder.path(directory))
        .env_clear()
        .env("PATH", path)
        .env("STATE_DIRECTORY", folder.path("state"));
    shell.stdin(Stdio::null());
    shell
}
