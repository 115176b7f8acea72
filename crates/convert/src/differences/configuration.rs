//! The differences of configuration files.

use super::difference::Difference;
use super::difference::Touch::{Flag, Key};
use super::values::{
    has_blank_after_comma, has_comma, has_name_alone, has_one_of_several, is_flag_of_name_alone,
    is_no_wait, is_octal_only, is_true,
};

/// It depends on the environment.
pub(super) const SSL_OF_ENVIRONMENT: Difference = Difference {
    subject: "keys of `consul.ssl` that the file does not set",
    theirs: "the environment is ignored if the block is set",
    ours: "the variables of Consul's own client count (`CONSUL_CACERT` and others)",
    reason: "each key is merged separately",
    touched_by: &[],
};

/// It depends on the layers.
pub(super) const TOKEN_OVER_FILE: Difference = Difference {
    subject: "`token` in a later file or a flag than `token_file`",
    theirs: "the token in the file of `token_file`",
    ours: "the token that is set later",
    reason: "a later file or a flag overrides an earlier file",
    touched_by: &[],
};

/// It depends on the text of the template.
pub(super) const JINJA_BY_NAME: Difference = Difference {
    subject: "a source that ends in `.j2`, `.jinja`, `.jinja2`",
    theirs: "Go template",
    ours: "Jinja, unless `language = \"go\"`",
    reason: "the name says so",
    touched_by: &[],
};

/// The rows of the table.
pub(super) const ROWS: &[Difference] = &[
    Difference {
        subject: "`max_stale = 5`",
        theirs: "five nanoseconds",
        ours: "an error",
        reason: "nanoseconds are never intended",
        touched_by: &[],
    },
    Difference {
        subject: "`perms = 640`",
        theirs: "the number is decimal, so 640 is the mode 01200",
        ours: "the number is octal, so 640 is the mode 0640",
        reason: "the decimal reading is never intended",
        touched_by: &[Key("template.perms", is_octal_only)],
    },
    Difference {
        subject: "`perms = 420`",
        theirs: "mode 0644",
        ours: "an error in HCL: write `0644`; the same mode in JSON",
        reason: "read as octal, the mode makes no sense; JSON has no octal numbers",
        touched_by: &[],
    },
    Difference {
        subject: "`\"perms\": 400` in JSON",
        theirs: "mode 0620",
        ours: "an error: write `\"0400\"` or `\"0620\"`",
        reason: "both readings make sense",
        touched_by: &[],
    },
    Difference {
        subject: "a negative duration or user",
        theirs: "another meaning for each key",
        ours: "an error",
        reason: "the intention is unclear",
        touched_by: &[],
    },
    Difference {
        subject: "blanks after the commas of a list in one text, `\"a, b\"`",
        theirs: "part of the entry",
        ours: "ignored",
        reason: "a pattern with a blank matches nothing",
        touched_by: &[
            Key("template.function_denylist", has_blank_after_comma),
            Key("template.function_blacklist", has_blank_after_comma),
            Key("exec.env.custom", has_blank_after_comma),
            Key("exec.env.allowlist", has_blank_after_comma),
            Key("exec.env.denylist", has_blank_after_comma),
            Key("exec.env.whitelist", has_blank_after_comma),
            Key("exec.env.blacklist", has_blank_after_comma),
            Key("template.exec.env.custom", has_blank_after_comma),
            Key("template.exec.env.allowlist", has_blank_after_comma),
            Key("template.exec.env.denylist", has_blank_after_comma),
            Key("template.exec.env.whitelist", has_blank_after_comma),
            Key("template.exec.env.blacklist", has_blank_after_comma),
        ],
    },
    Difference {
        subject: "an entry of `env.custom` without `=`",
        theirs: "passed on as it is, which no program reads",
        ours: "an empty variable, unless the program has it already",
        reason: "the same for the program, and `env` shows it",
        touched_by: &[
            Key("exec.env.custom", has_name_alone),
            Key("template.exec.env.custom", has_name_alone),
            Flag("--exec-env-custom", is_flag_of_name_alone),
        ],
    },
    Difference {
        subject: "a signal that no process can handle (KILL, STOP) as the kill or reload signal of ctmpl",
        theirs: "never arrives",
        ours: "an error",
        reason: "it could have no effect",
        touched_by: &[],
    },
    Difference {
        subject: "`consul \"retry\" { … }`",
        theirs: "a block in a block",
        ours: "an error",
        reason: "no block of Consul has labels",
        touched_by: &[],
    },
    Difference {
        subject: "`wait = \"0s\"` or `wait { bool = false }` in a template",
        theirs: "the global `wait`",
        ours: "no wait for this template",
        reason: "this is what is written",
        touched_by: &[Key("template.wait", is_no_wait)],
    },
    Difference {
        subject: "a configuration of more than 4 MiB",
        theirs: "read",
        ours: "an error",
        reason: "almost certainly the wrong file",
        touched_by: &[],
    },
    Difference {
        subject: "`perms = \"4755\"`",
        theirs: "mode 0755",
        ours: "an error",
        reason: "the special bits would have no effect",
        touched_by: &[],
    },
    Difference {
        subject: "`user = 1000`",
        theirs: "an error",
        ours: "works",
        reason: "consul-template documents it",
        touched_by: &[],
    },
    Difference {
        subject: "`command = \"echo a,b\"`",
        theirs: "a text is cut at its commas, here into two words",
        ours: "a text is one line",
        reason: "commands contain commas",
        touched_by: &[
            Key("exec.command", has_comma),
            Key("template.command", has_comma),
            Key("template.exec.command", has_comma),
        ],
    },
    Difference {
        subject: "`?` and `[ab]` in `function_denylist`",
        theirs: "literal, so that nothing is denied",
        ours: "any one character, and one of those in the brackets",
        reason: "as in all patterns of a configuration",
        touched_by: &[
            Key("template.function_denylist", has_one_of_several),
            Key("template.function_blacklist", has_one_of_several),
        ],
    },
    Difference {
        subject: "`err_on_failed_lookup = true`",
        theirs: "exits if the second query has no data either, which is after `block_query_wait`",
        ours: "exits as soon as Consul says that the data does not exist",
        reason: "it does not wait for data that is missing now",
        touched_by: &[Key("err_on_failed_lookup", is_true)],
    },
    Difference {
        subject: "`once = true`, `parseonly = true`",
        theirs: "no effect",
        ours: "works",
        reason: "a key that is accepted must have an effect",
        touched_by: &[Key("once", is_true), Key("parseonly", is_true)],
    },
    Difference {
        subject: "a single block twice, a key twice",
        theirs: "the last one is used, without a message",
        ours: "an error",
        reason: "the first one would be lost without a message",
        touched_by: &[],
    },
    Difference {
        subject: "a directory",
        theirs: "every file; an error for a linked directory",
        ours: "every file except backups (`*~`, `*.bak`, `*.rpmnew` and similar) and names that begin with a dot; links are followed",
        reason: "editors, package managers, ConfigMaps of Kubernetes",
        touched_by: &[],
    },
    Difference {
        subject: "a file that ends in `.yaml`, `.yml` or `.toml`",
        theirs: "read as HCL",
        ours: "read in its format",
        reason: "the name says so",
        touched_by: &[],
    },
    Difference {
        subject: "`token` in a file, and `CONSUL_HTTP_TOKEN_FILE` in the environment",
        theirs: "the token in the file that the variable names",
        ours: "the token of the configuration file",
        reason: "the configuration file overrides the environment",
        touched_by: &[],
    },
    TOKEN_OVER_FILE,
    SSL_OF_ENVIRONMENT,
    Difference {
        subject: "`wait { enabled }`",
        theirs: "an error",
        ours: "works",
        reason: "all other blocks have `enabled`",
        touched_by: &[],
    },
    Difference {
        subject: "`wait` with `max` below `min`",
        theirs: "no effect",
        ours: "an error",
        reason: "a configuration mistake",
        touched_by: &[],
    },
    Difference {
        subject: "`command_timeout = \"0s\"`",
        theirs: "does not wait for the command",
        ours: "an error",
        reason: "it would stop the command at once",
        touched_by: &[],
    },
    JINJA_BY_NAME,
];
