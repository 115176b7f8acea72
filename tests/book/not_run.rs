//! The commands of the documentation that a test cannot run.

/// A block that is not run: its page, its beginning, and the reason. Only its syntax and the flags
/// of `ctmpl` are checked.
pub(super) struct NotRun(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
);

/// All blocks that are not run.
pub(super) const NOT_RUN: &[NotRun] = &[
    NotRun("README.md", "cargo build", "CI builds the release"),
    NotRun("README.md", "scripts/demo", "readme:: runs it"),
    NotRun("README.md", "scripts/test", "runs this test"),
    NotRun(
        "README.md",
        "ctmpl --consul-addr 127.0.0.1:8500 --template \"templates/nginx",
        "readme:: runs it with another destination",
    ),
    NotRun(
        "CONTRIBUTING.md",
        "scripts/test",
        "installs programs, and runs this test",
    ),
    NotRun(
        "CONTRIBUTING.md",
        "CTMPL_TEST_KILLS",
        "random_kills:: runs with fewer kills",
    ),
    NotRun("CONTRIBUTING.md", "cargo build", "CI builds it"),
    NotRun("CONTRIBUTING.md", "CTMPL_UPDATE_DOCS", "runs this test"),
    NotRun("CONTRIBUTING.md", ".ci/run", "runs this test"),
    NotRun(
        "examples/haproxy/README.md",
        "haproxy -W",
        "a_change_reaches_haproxy_in_master_worker_mode runs it on other ports",
    ),
    NotRun(
        "docs/src/how-to/apache.md",
        "a2enmod",
        "needs Debian's Apache",
    ),
    NotRun(
        "docs/src/how-to/apache.md",
        "ctmpl --consul-addr",
        "needs Debian's Apache",
    ),
    NotRun(
        "docs/src/how-to/ci.md",
        "export CONSUL_HTTP_ADDR=https",
        "examples:: runs render.sh with the same flags",
    ),
    NotRun(
        "docs/src/how-to/containers.md",
        "ctmpl status --healthy",
        "dockerfiles:: runs it as the image does",
    ),
    NotRun(
        "docs/src/how-to/containers.md",
        "ctmpl --template \"templates/nginx",
        "readme:: runs it with another child",
    ),
    NotRun("docs/src/how-to/convert.md", "ctmpl convert", "readme::"),
    NotRun(
        "docs/src/how-to/haproxy.md",
        "ctmpl --consul-addr",
        "needs systemd",
    ),
    NotRun(
        "docs/src/how-to/haproxy.md",
        "haproxy -W",
        "examples:: runs it on other ports",
    ),
    NotRun(
        "docs/src/how-to/kubernetes.md",
        "kubectl",
        "needs a cluster",
    ),
    NotRun(
        "docs/src/how-to/migrate.md",
        "consul-template -once",
        "needs consul-template",
    ),
    NotRun(
        "docs/src/how-to/nginx.md",
        "ctmpl --consul-addr",
        "example_nginx runs the same command",
    ),
    NotRun("docs/src/how-to/systemd.md", "journalctl", "needs systemd"),
    NotRun(
        "docs/src/how-to/tls-and-acl.md",
        "consul acl",
        "the_documented_policy_is_sufficient runs it against a Consul with ACLs",
    ),
    NotRun(
        "docs/src/how-to/tls-and-acl.md",
        "install -m 600",
        "the_documented_policy_is_sufficient runs it",
    ),
    NotRun(
        "docs/src/operations/alerts.md",
        "journalctl",
        "needs systemd",
    ),
    NotRun(
        "docs/src/operations/history.md",
        "ctmpl history",
        "history:: runs it on a ledger",
    ),
    NotRun(
        "docs/src/operations/history.md",
        "ctmpl diff",
        "history:: runs it on a ledger",
    ),
    NotRun(
        "docs/src/operations/history.md",
        "ctmpl rollback",
        "history:: runs it on a ledger",
    ),
    NotRun(
        "docs/src/operations/protect-files.md",
        "ctmpl approve",
        "max_change:: runs it with a daemon",
    ),
    NotRun(
        "docs/src/operations/install.md",
        "scripts/package",
        "CI runs it",
    ),
    NotRun(
        "docs/src/operations/install.md",
        "apt install",
        "package:: runs it",
    ),
    NotRun(
        "docs/src/operations/install.md",
        "install -D",
        "package:: runs it",
    ),
    NotRun(
        "docs/src/operations/install.md",
        "sha256sum",
        "package:: runs it",
    ),
    NotRun(
        "docs/src/operations/install.md",
        "cargo build",
        "CI builds the release",
    ),
    NotRun("docs/src/operations/logs.md", "journalctl", "needs systemd"),
    NotRun(
        "docs/src/reference/configuration.md",
        "ctmpl --config",
        "runs until it is stopped",
    ),
];
