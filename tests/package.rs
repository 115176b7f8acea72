//! The files of a release: `scripts/package` packs the program of the tests, and the commands of the documentation
//! install the package and the archive in a copy of this machine's files.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says where, and one that is skipped says so"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::chroot::Chroot;
use crate::support::ctmpl::{Folder, text};
use crate::support::documents::all_blocks;
use crate::support::program;

/// Replaces `systemctl`, because systemd does not run in the copy: writes the arguments to `/calls`. `preset` enables the
/// unit, for which systemd need not run.
const SYSTEMCTL: &str = r#"
mkdir -p /run/systemd/system
mv /usr/bin/systemctl /usr/bin/systemctl.real
cat >/usr/bin/systemctl <<'TEXT'
#!/bin/sh
echo "$*" >>/calls
case "$*" in *preset*) SYSTEMD_OFFLINE=1 exec systemctl.real "$@" ;; esac
TEXT
chmod 755 /usr/bin/systemctl
"#;

/// Makes the administrator's policy answer with this exit code.
fn set_policy(chroot: &Chroot, code: u8) {
    chroot.succeeds(&format!(
        "printf '#!/bin/sh\nexit {code}\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d"
    ));
}

/// Returns the block of the installation page with this word after its language.
fn shown(word: &str) -> String {
    let page = fs::read_to_string("docs/src/operations/install.md").unwrap();
    let found = all_blocks(&page).into_iter().find(|block| block.has(word));
    found.unwrap_or_else(|| panic!("no block {word}")).text
}

/// Packs the program of the tests. Returns a folder with the files in `release`; `None` if the test is skipped.
fn release() -> Option<Folder> {
    let required = std::env::var("CTMPL_TEST_SERVERS").is_ok_and(|value| value == "required");
    let needed = ["dpkg-shlibdeps", "systemctl"];
    if !required || needed.iter().any(|name| program(name).is_none()) {
        eprintln!("skipped: packages are tested by scripts/test, on Debian with systemd");
        return None;
    }
    let folder = Folder::new();
    let stripped = folder.path("ctmpl");
    let strip = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(env!("CARGO_BIN_EXE_ctmpl"))
        .status();
    assert!(strip.unwrap().success());
    let mut packing = Command::new("scripts/package");
    packing.arg("--binary").arg(stripped);
    packing.arg("--output").arg(folder.path("release"));
    // Cargo's variables for tests would influence the cargo of the script.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_")
            && !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name.as_str())
        {
            packing.env_remove(name);
        }
    }
    let output = packing.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(folder)
}

/// Returns the files of the release, with their names.
fn files(release: &Folder) -> Vec<PathBuf> {
    let entries = fs::read_dir(release.path("release")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_release_is_installed_upgraded_and_removed() {
    let Some(release) = release() else { return };
    let Some(chroot) = Chroot::new() else { return };
    let files = files(&release);
    assert_eq!(files.len(), 4, "{files:?}");
    the_sbom_lists_the_dependencies(&files);
    for file in &files {
        chroot.copy(file, "/tmp");
    }
    chroot.succeeds(SYSTEMCTL);
    set_policy(&chroot, 0);
    install(&chroot);
    every_installed_file_works(&chroot);
    configure(&chroot);
    upgrade(&chroot);
    remove(&chroot);
    unpack_the_archive(&chroot);
}

/// The SBOM has each package of the lock file that the program is built from, and no path of this machine.
fn the_sbom_lists_the_dependencies(files: &[PathBuf]) {
    let is_sbom = |file: &&PathBuf| text(file).ends_with(".cdx.json");
    let sbom = fs::read_to_string(files.iter().find(is_sbom).unwrap()).unwrap();
    for directory in [env!("CARGO_MANIFEST_DIR"), "/tmp/"] {
        assert!(!sbom.contains(directory), "{directory}");
    }
    let sbom: Value = serde_json::from_str(&sbom).unwrap();
    assert_eq!(sbom["bomFormat"], "CycloneDX");
    let program = &sbom["metadata"]["component"];
    assert_eq!(
        (&program["name"], &program["version"]),
        (&"ctmpl".into(), &env!("CARGO_PKG_VERSION").into())
    );
    let components = sbom["components"].as_array().unwrap();
    assert!(components.len() > 120, "{}", components.len());
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    for component in components {
        let (name, version) = (&component["name"], &component["version"]);
        let entry = format!("name = {name}\nversion = {version}\n");
        assert!(lock.contains(&entry), "{entry}");
    }
    for name in ["tokio", "rustls", "minijinja", "gotemplate"] {
        let is_there = components.iter().any(|component| component["name"] == name);
        assert!(is_there, "{name}");
    }
}

fn install(chroot: &Chroot) {
    chroot.succeeds(&format!("cd /tmp; {}", shown("deb")));
    let version = chroot.succeeds("ctmpl --version");
    assert_eq!(version, format!("ctmpl v{}\n", env!("CARGO_PKG_VERSION")));
    let link = "/etc/systemd/system/multi-user.target.wants/ctmpl.service";
    assert!(
        chroot.run(&format!("test -L {link}")).status.success(),
        "the unit is enabled"
    );
    let calls = chroot.succeeds("cat /calls");
    assert!(
        calls.contains("daemon-reload") && calls.contains("--no-block start ctmpl.service"),
        "{calls}"
    );
}

fn every_installed_file_works(chroot: &Chroot) {
    let modes =
        chroot.succeeds("stat -c '%U %a' /usr/bin/ctmpl /etc/ctmpl.d/ctmpl.hcl /etc/default/ctmpl");
    assert_eq!(modes, "root 755\nroot 644\nroot 600\n");
    let kept = chroot.succeeds("dpkg-query --show --showformat='${Conffiles}' ctmpl");
    assert!(
        kept.contains("/etc/ctmpl.d/ctmpl.hcl") && kept.contains("/etc/default/ctmpl"),
        "{kept}"
    );
    // Each line of the installation page's table.
    let listed = chroot.succeeds("dpkg --listfiles ctmpl");
    let page = fs::read_to_string("docs/src/operations/install.md").unwrap();
    let rows: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `/")?.split('`').next())
        .collect();
    assert!(rows.len() >= 5, "{rows:?}");
    for row in rows {
        let is_listed = listed.lines().any(|line| line == format!("/{row}"));
        assert!(is_listed, "/{row} is not in:\n{listed}");
    }

    let shells = [
        (
            "bash",
            "bash -c 'source /usr/share/bash-completion/completions/ctmpl; complete -p ctmpl'",
            "-F _ctmpl ctmpl",
        ),
        (
            "zsh",
            "zsh -c 'autoload -U compinit; compinit -D; echo $_comps[ctmpl]'",
            "_ctmpl",
        ),
        ("fish", "fish -c \"complete -C 'ctmpl valid'\"", "validate"),
        ("man", "man --where ctmpl", "/usr/share/man/man1/ctmpl.1.gz"),
    ];
    for (_, script, result) in shells
        .into_iter()
        .filter(|(name, ..)| program(name).is_some())
    {
        let output = chroot.succeeds(script);
        assert!(output.contains(result), "{script}: {output}");
    }
    if program("systemd-analyze").is_some() {
        let verify =
            chroot.run("systemd-analyze verify --man=no /usr/lib/systemd/system/ctmpl.service");
        let said = String::from_utf8_lossy(&verify.stderr);
        assert!(
            verify.status.success() && !said.contains("ctmpl.service"),
            "{said}"
        );
    }
}

/// Configures the service as the documentation says, and runs the command of the unit.
fn configure(chroot: &Chroot) {
    let unit = chroot.succeeds("cat /usr/lib/systemd/system/ctmpl.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let start = start.unwrap();
    // The configuration as it is installed, and its commented example.
    chroot.succeeds(&format!("{start} --once"));
    chroot.succeeds(&format!("rm /calls; {}", shown("configure")));
    assert_eq!(
        chroot.succeeds("cat /calls"),
        "reload ctmpl\nstatus ctmpl\n"
    );
    chroot.succeeds(
        "mkdir /tmp/example; echo token >/etc/ctmpl/consul-token
         sed 's/^# \\(.*[{}=]\\)/\\1/' /etc/ctmpl.d/ctmpl.hcl >/tmp/example/ctmpl.hcl
         grep -q '^template {' /tmp/example/ctmpl.hcl; ctmpl validate --config /tmp/example",
    );
    let template = shown("package");
    let template = template.replace("/etc/nginx/conf.d/lp.conf", "/tmp/lp.conf");
    chroot.succeeds(&format!(
        "cat >/etc/ctmpl.d/web.hcl <<'TEXT'\n{template}\nTEXT\n
         {} --once --dry --config /etc/ctmpl.d >/tmp/rendered",
        "ctmpl dev --listen 127.0.0.1:0"
    ));
    let rendered = chroot.succeeds("cat /tmp/rendered");
    assert!(rendered.contains("upstream"), "{rendered}");
}

fn upgrade(chroot: &Chroot) {
    chroot.succeeds("echo '# own' >>/etc/ctmpl.d/ctmpl.hcl; rm /calls; dpkg --install /tmp/*.deb");
    let calls = chroot.succeeds("cat /calls");
    assert!(
        calls.contains("--no-block try-restart ctmpl.service") && !calls.contains(" start "),
        "{calls}"
    );
    // The administrator forbids it.
    set_policy(chroot, 101);
    chroot.succeeds("rm /calls; dpkg --install /tmp/*.deb");
    let calls = chroot.succeeds("cat /calls");
    assert!(
        calls.contains("daemon-reload") && !calls.contains("restart"),
        "{calls}"
    );
    chroot.succeeds("grep -q '# own' /etc/ctmpl.d/ctmpl.hcl");
    set_policy(chroot, 0);
}

fn remove(chroot: &Chroot) {
    chroot.succeeds("rm /calls; apt-get -y remove ctmpl");
    let calls = chroot.succeeds("cat /calls");
    assert!(calls.contains("stop ctmpl.service"), "{calls}");
    chroot.succeeds(
        "! test -e /usr/bin/ctmpl; ! test -e /usr/share/ctmpl
         test -e /etc/ctmpl.d/ctmpl.hcl; test -e /etc/default/ctmpl; test -e /etc/ctmpl.d/web.hcl",
    );
    chroot.succeeds("apt-get -y purge ctmpl");
    chroot.succeeds(
        "! test -e /etc/ctmpl.d/ctmpl.hcl; ! test -e /etc/default/ctmpl; test -e /etc/ctmpl.d/web.hcl
         ! test -L /etc/systemd/system/multi-user.target.wants/ctmpl.service",
    );
}

fn unpack_the_archive(chroot: &Chroot) {
    // The page names the static program of a release.
    let commands = shown("archive").replace("-musl", "-gnu");
    let output = chroot.succeeds(&format!("cd /tmp; {commands}"));
    assert_eq!(output.matches(": OK").count(), 3, "{output}");
    let version = chroot.succeeds("/usr/local/bin/ctmpl --version");
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    chroot.succeeds(
        "cd /tmp/ctmpl-*-gnu; test -s pages/ctmpl.1; test -s pages/_ctmpl
         test -s LICENSE-MIT; test -s examples/systemd/ctmpl.service; test -s docs/src/SUMMARY.md",
    );
}
