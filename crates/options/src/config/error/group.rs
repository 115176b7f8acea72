//! The errors of what happens to files: groups, checks, verification, and what reloads a program.

use config_blocks::Origin;

/// A setting of a group, or of a template, about applying files that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupError {
    /// The command of a template differs from that of its group.
    #[error(
        "the group {group} has another command, {other}; a group has one command: leave it out here, or take the template \
         out of the group"
    )]
    OtherCommand {
        /// The name of the group.
        group: String,
        /// The origin of the other command.
        other: Origin,
    },
    /// A setting of a template that belongs to its group.
    #[error("the template is in the group {group}; write {key} into the group, {origin}")]
    InGroup {
        /// The name of the group.
        group: String,
        /// The key.
        key: &'static str,
        /// The origin of the group.
        origin: Origin,
    },
    /// Two settings of templates with the same command.
    #[error(
        "{other} differs, and both templates have the same command, so that they are applied together; write one of them"
    )]
    Conflict {
        /// The origin of the other one.
        other: Origin,
    },
    /// A verification by processes without a command.
    #[error(
        "it compares the processes before and after the command, and there is none: write the reload command, or verify by \
         http or by a command"
    )]
    VerifiesNothing,
    /// A check without a placeholder.
    #[error(
        "the check has neither {{staged}} nor {{tree}}, so that it would judge the old files; write for example \
         check = \"nginx -t -c {{staged}}\", or the name of a check that is built in: nginx, haproxy or apache"
    )]
    ChecksNothing,
    /// `{tree}` without a tree.
    #[error(
        "{{tree}} needs check_tree: the directory of which the check gets a copy, for example check_tree = \"/etc/nginx\""
    )]
    NoTree,
    /// A tree that is not used.
    #[error(
        "it has no effect: the check does not have {{tree}}; write for example check = \"nginx -t -p {{tree}} -c {{tree}}/nginx.conf\""
    )]
    UnusedTree,
    /// A tree without a check.
    #[error("check_tree needs a check, for example check = \"nginx\"")]
    TreeWithoutCheck,
    /// The root directory.
    #[error(
        "a copy of / is never made; write the directory of the program, for example /etc/nginx"
    )]
    Tree,
    /// `{staged}` in a word, with several files.
    #[error(
        "{{staged}} is a part of a word and stands for {count} files; write it as a word of its own, or the check as a list: \
         an argument of a list is repeated for each file"
    )]
    PartOfWord {
        /// The number of files.
        count: usize,
    },
    /// A verification without a method.
    #[error("a verification needs a method: one of program, http and command")]
    NoMethod,
    /// A verification with several methods.
    #[error("a verification has one method, and {0} sets another one")]
    Methods(Origin),
    /// A key of another method.
    #[error("it has no effect without {0}")]
    Without(&'static str),
    /// A program whose processes are not looked at.
    #[error(
        "there is no verification of apache; write for example verify {{ http = \"http://127.0.0.1/\" }}"
    )]
    NoVerification,
    /// Two of a command and the actions in place of it.
    #[error(
        "{0} sets another action, and there is one: a command, signal, http, systemd or docker"
    )]
    Actions(Origin),
    /// An action without a key that it needs.
    #[error("{0}")]
    Incomplete(&'static str),
    /// Not the name of a process, a unit or a container.
    #[error("this cannot be the name of {0}")]
    Name(&'static str),
    /// A part of a request that does not have the right form.
    #[error("this is not {0}")]
    Malformed(&'static str),
    /// Not a URL.
    #[error("it is not a URL of HTTP; write for example http://127.0.0.1:8000/health")]
    Url,
    /// A URL with user or password.
    #[error(
        "a URL cannot hold user and password, which a log would show; write verify {{ command = … }}"
    )]
    Credentials,
    /// Not a status of HTTP.
    #[error("{0} is not a status of HTTP; write a number from 100 to 599")]
    Status(u32),
    /// A timeout of zero.
    #[error("a limit of 0s would end the verification at once; set a longer one, for example 10s")]
    NoTime,
    /// A name that is a number.
    #[error(
        "the name of a group cannot be a number, which is a group of the system in `group` of a template"
    )]
    Number,
    /// Flags for templates of the command line, of which there are none.
    #[error(
        "it is for the templates of --template, and there are none; write it into the configuration file"
    )]
    NoTemplates,
}
