//! The differences of failures, commands, signals and child processes.

use super::difference::Difference;
use super::difference::Touch::{Flag, Key};
use super::values::{
    any, flag_is_another_kill_signal, given, is_another_kill_signal, is_empty, is_false,
    is_flag_of_no_signal,
};

/// The rows of the table.
pub(super) const ROWS: &[Difference] = &[
    Difference {
        subject: "Consul is unreachable",
        theirs: "exits after about five minutes",
        ours: "retries indefinitely",
        reason: "the files are still valid",
        touched_by: &[],
    },
    Difference {
        subject: "`consul.retry` with `attempts` or `enabled`",
        theirs: "12 attempts, then exit",
        ours: "the daemon logs a warning and retries; `-once` gives up after this number, with 14",
        reason: "a daemon must survive, and a CI job must end",
        touched_by: &[],
    },
    Difference {
        subject: "`consul.retry` with `backoff`",
        theirs: "all queries wait exactly that long",
        ours: "each query waits a random time up to it; one query is still sent every second, unless `backoff` is longer",
        reason: "no burst at the recovery, which is noticed soon",
        touched_by: &[
            Key("consul.retry.backoff", any),
            Flag("--consul-retry-backoff", given),
        ],
    },
    Difference {
        subject: "`consul.transport` with `max_conns_per_host`",
        theirs: "queries wait for each other",
        ours: "queries share the connections",
        reason: "an answer must not wait for another query",
        touched_by: &[Key("consul.transport.max_conns_per_host", any)],
    },
    Difference {
        subject: "a command fails",
        theirs: "exits",
        ours: "runs it again until it succeeds",
        reason: "the file is new, but the program still uses the old one",
        touched_by: &[],
    },
    Difference {
        subject: "a command that takes long",
        theirs: "the commands of later templates wait until it has ended",
        ours: "in the daemon, they wait for it for at most 2 s; with `-once`, until it has ended",
        reason: "a command that hangs must not stop the reloads of others",
        touched_by: &[],
    },
    Difference {
        subject: "templates with the same command",
        theirs: "each file is written by itself; one that cannot be written ends the process",
        ours: "their files are written all or none",
        reason: "the command must not load files that do not belong together",
        touched_by: &[],
    },
    Difference {
        subject: "standard output and error of a command",
        theirs: "those of consul-template",
        ours: "pipes: the output is the same, but a command sees no terminal, and lines of the two may change places",
        reason: "the message about a failed command has its last lines",
        touched_by: &[],
    },
    Difference {
        subject: "at start, the command of a file that needs no data",
        theirs: "runs at once, and again if other files share it",
        ours: "waits a moment for the files that share it",
        reason: "one reload is enough",
        touched_by: &[],
    },
    Difference {
        subject: "a template fails",
        theirs: "a template that fails ends the process, unless `error_fatal = false`",
        ours: "the last good file stays, and the daemon continues; `-once` fails; `error_fatal` changes this",
        reason: "one broken template must not stop the others",
        touched_by: &[
            Key("template_error_fatal", any),
            Key("template.error_fatal", any),
            Flag("--template-error-fatal", given),
        ],
    },
    Difference {
        subject: "SIGINT with another `kill_signal`",
        theirs: "SIGINT is ignored, or forwarded to the child",
        ours: "SIGINT still ends the process; `kill_signal = \"\"` disables this",
        reason: "Ctrl-C ends a program",
        touched_by: &[
            Key("kill_signal", is_another_kill_signal),
            Flag("--kill-signal", flag_is_another_kill_signal),
        ],
    },
    Difference {
        subject: "SIGTERM, SIGQUIT without a child",
        theirs: "ignored",
        ours: "graceful exit with 12",
        reason: "`docker stop`, systemd and Kubernetes send SIGTERM",
        touched_by: &[],
    },
    Difference {
        subject: "SIGTERM, SIGQUIT with a child",
        theirs: "forwarded to the child, whose exit code is then used",
        ours: "the same, but the child is killed after its `kill_timeout`; if `exec.kill_signal` is set, the child receives that signal",
        reason: "ctmpl must end in time",
        touched_by: &[],
    },
    Difference {
        subject: "SIGINT with a child",
        theirs: "exit code 12",
        ours: "the child's exit code",
        reason: "one rule for all signals",
        touched_by: &[],
    },
    Difference {
        subject: "Ctrl-Z; SIGABRT and other signals for crashes",
        theirs: "ignored, or forwarded to the child",
        ours: "the default action, unless there is a child",
        reason: "you can debug a process that hangs",
        touched_by: &[],
    },
    Difference {
        subject: "the reload signal",
        theirs: "restarts all templates; exits if the configuration is broken",
        ours: "applies the changes; a broken configuration changes nothing",
        reason: "a typing error must not stop a service",
        touched_by: &[],
    },
    Difference {
        subject: "a signal kills the child",
        theirs: "exit code 255",
        ours: "128 plus the number of the signal",
        reason: "this is what shells do",
        touched_by: &[],
    },
    Difference {
        subject: "a reload that finds no template any more",
        theirs: "all templates are stopped",
        ours: "an error, and nothing changes",
        reason: "the file may be empty while it is written",
        touched_by: &[],
    },
    Difference {
        subject: "the child's `reload_signal = \"\"`",
        theirs: "nothing happens on a change",
        ours: "the child is restarted; `\"SIGNULL\"` does nothing",
        reason: "this is what consul-template documents",
        touched_by: &[
            Key("exec.reload_signal", is_empty),
            Flag("--exec-reload-signal", is_flag_of_no_signal),
        ],
    },
    Difference {
        subject: "`exec { enabled = false }`",
        theirs: "no effect",
        ours: "no child",
        reason: "",
        touched_by: &[
            Key("exec.enabled", is_false),
            Key("template.exec.enabled", is_false),
        ],
    },
    Difference {
        subject: "a signal for a child that is a shell line",
        theirs: "may end the shell and leave the program",
        ours: "reaches the program",
        reason: "",
        touched_by: &[],
    },
    Difference {
        subject: "splay and `kill_timeout` of a child",
        theirs: "nothing is rendered during them",
        ours: "rendering continues",
        reason: "",
        touched_by: &[],
    },
    Difference {
        subject: "processes that a child leaves behind",
        theirs: "keep running",
        ours: "are stopped with the child",
        reason: "no other process takes care of them",
        touched_by: &[],
    },
    Difference {
        subject: "as process 1",
        theirs: "leaves zombies",
        ours: "reaps orphaned processes",
        reason: "containers",
        touched_by: &[],
    },
    Difference {
        subject: "exit while a child runs",
        theirs: "may leave the child behind",
        ours: "the child ends first",
        reason: "no other process takes care of it",
        touched_by: &[],
    },
];
