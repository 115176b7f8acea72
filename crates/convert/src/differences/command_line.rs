//! The differences of the command line, the start and the log.

use super::difference::Difference;
use super::difference::Touch::{Flag, Key};
use super::values::{
    is_cut_elsewhere, is_flag_of_stream, is_once_without_timeout, is_parse_only, is_stream,
};

/// It depends on all files and flags: the password may be in another one than the user.
pub(super) const USER_ALONE: Difference = Difference {
    subject: "a user without a password in `consul.auth`",
    theirs: "commands see `USER`",
    ours: "commands see `USER:`",
    reason: "equivalent for programs that read it, and cannot be mistaken for a token",
    touched_by: &[],
};

/// The rows of the table.
pub(super) const ROWS: &[Difference] = &[
    Difference {
        subject: "`-once`",
        theirs: "may hang",
        ours: "`--timeout`, 60 s, then exit code 16",
        reason: "CI",
        touched_by: &[Flag("--once", is_once_without_timeout)],
    },
    Difference {
        subject: "`-parse-only`",
        theirs: "writes files and runs commands",
        ours: "checks the syntax of all templates, nothing else",
        reason: "the name says so",
        touched_by: &[Flag("--parse-only", is_parse_only)],
    },
    Difference {
        subject: "`-template in::cmd`",
        theirs: "`cmd` is the destination",
        ours: "an error: no destination",
        reason: "an empty part is a typing error",
        touched_by: &[],
    },
    Difference {
        subject: "`-template a:b:c`",
        theirs: "`a:b` is a Windows drive",
        ours: "three parts; `\\:` is a literal colon, `::` is kept in commands",
        reason: "ctmpl does not run on Windows",
        touched_by: &[Flag("--template", is_cut_elsewhere)],
    },
    Difference {
        subject: "`-` as a source or destination; `/dev/stdin`, `/dev/stdout`",
        theirs: "a file of this name, which is replaced",
        ours: "standard input or output with `-once`, otherwise an error; `./-` is the file",
        reason: "the convention of other programs",
        touched_by: &[
            Flag("--template", is_flag_of_stream),
            Key("template.source", is_stream),
            Key("template.destination", is_stream),
        ],
    },
    Difference {
        subject: "no templates, no `exec` and no `-config`",
        theirs: "waits indefinitely",
        ours: "an error",
        reason: "nothing could ever happen",
        touched_by: &[],
    },
    Difference {
        subject: "a 404 that is not Consul's, for example because the address ends in `/v1`",
        theirs: "the key does not exist",
        ours: "an error, and the file stays",
        reason: "a wrong address must not replace good values by defaults",
        touched_by: &[],
    },
    Difference {
        subject: "two templates with one destination; a template that is its own destination",
        theirs: "they overwrite each other",
        ours: "an error",
        reason: "always a configuration mistake",
        touched_by: &[],
    },
    Difference {
        subject: "a source that is a pipe, or not UTF-8",
        theirs: "read once; used unchanged",
        ours: "an error",
        reason: "sources are read again when they change; templates are text",
        touched_by: &[],
    },
    Difference {
        subject: "a destination that is a device or a pipe",
        theirs: "replaced by a file",
        ours: "an error",
        reason: "the device would be lost",
        touched_by: &[],
    },
    Difference {
        subject: "an error in the configuration: no destination, no source, an address, a token file",
        theirs: "14",
        ours: "13 in flags, 15 in files",
        reason: "nothing has run yet",
        touched_by: &[],
    },
    Difference {
        subject: "an empty token file",
        theirs: "no token",
        ours: "an error",
        reason: "a configured token file must contain a token",
        touched_by: &[],
    },
    Difference {
        subject: "`CONSUL_HTTP_SSL=yes` and other texts that are neither true nor false",
        theirs: "a warning, and no effect",
        ours: "an error",
        reason: "the intention may have been to encrypt",
        touched_by: &[],
    },
    USER_ALONE,
    Difference {
        subject: "`-v` with an invalid configuration",
        theirs: "an error",
        ours: "the version",
        reason: "the user asked for the version",
        touched_by: &[],
    },
    Difference {
        subject: "`VAULT_ADDR` and similar variables from a `vault` block",
        theirs: "exported to commands and the child",
        ours: "only if ctmpl's environment has them",
        reason: "Vault is not supported",
        touched_by: &[],
    },
    Difference {
        subject: "syslog and log file together",
        theirs: "crashes",
        ours: "both work",
        reason: "both are documented",
        touched_by: &[],
    },
    Difference {
        subject: "times in the log",
        theirs: "local time",
        ours: "UTC",
        reason: "logs of several hosts are comparable",
        touched_by: &[],
    },
    Difference {
        subject: "lines of the log file",
        theirs: "without a time",
        ours: "like those on standard error",
        reason: "a line without a time cannot be matched with other logs",
        touched_by: &[],
    },
    Difference {
        subject: "the configuration in the log at debug",
        theirs: "complete, with the token",
        ours: "not in the log: `ctmpl config` shows it",
        reason: "the log never contains a secret",
        touched_by: &[],
    },
    Difference {
        subject: "`READY=1` for systemd",
        theirs: "sent repeatedly",
        ours: "sent once, and the other states too",
        reason: "this is the protocol",
        touched_by: &[],
    },
];
