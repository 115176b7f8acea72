//! The programs of a page: stand-ins for those that need root or another machine, and the end of
//! its daemons.
//!
//! Each stand-in checks what the real program would refuse because of a mistake on the page: a file that is
//! missing, or a unit that was not installed. An unknown call fails.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ctmpl::{Folder, text};

/// The PID files of the daemons that pages start.
const PID_FILES: [&str; 5] = [
    "nginx.pid",
    "haproxy.pid",
    "tutorial/nginx.pid",
    "proxy/nginx/nginx.pid",
    "proxy/haproxy.pid",
];

/// Checks that a unit and the files that it names are installed.
const SYSTEMCTL: &str = r#"#!/bin/sh
for unit in "$@"; do :; done
file=$ROOT/etc/systemd/system/$unit.service
case "$*" in
  daemon-reload | "reload nginx" | "reload haproxy") exit 0 ;;
  "enable --now $unit" | "status $unit") ;;
  *) echo "systemctl: no test knows: $*" >&2; exit 1 ;;
esac
[ -f "$file" ] || { echo "Unit $unit.service could not be found." >&2; exit 4; }
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$file")
[ -x "$ROOT$program" ] || { echo "$program: cannot execute" >&2; exit 1; }
for path in $(grep -o '/etc/ctmpl/[a-z.]*' "$file"); do
  [ -f "$ROOT$path" ] || { echo "$path does not exist" >&2; exit 1; }
done
"#;

/// Checks that each file that the image copies from the context is there, and that images are built before they are used.
const DOCKER: &str = r#"#!/bin/sh
for last in "$@"; do :; done
case "$1 $2" in
  "build -t")
    sed -n 's/^COPY \(.*\) [^ ]*$/\1/p' "$last/Dockerfile" | grep -v -- --from | tr ' ' '\n' |
      while read -r source; do
        [ -e "$last/$source" ] || { echo "docker: COPY: $source is not in $last" >&2; exit 1; }
      done || exit 1
    for base in $(sed -n 's/^FROM \([a-z]*\)\( AS .*\)\{0,1\}$/\1/p' "$last/Dockerfile"); do
      [ "$base" = scratch ] || [ -f "$ROOT/image-$base" ] || { echo "docker: no image $base" >&2; exit 1; }
    done
    touch "$ROOT/image-$3" ;;
  "run "*)
    for image in "$@"; do [ ! -f "$ROOT/image-$image" ] || exit 0; done
    echo "docker: no image: $*" >&2; exit 125 ;;
  *) echo "docker: no test knows: $*" >&2; exit 1 ;;
esac
"#;

/// Accepts only a reload.
const NGINX: &str =
    "#!/bin/sh\n[ \"$*\" = '-s reload' ] || { echo \"nginx: no test knows: $*\" >&2; exit 1; }\n";

/// Writes `systemctl` and `docker` into the directory `tools` of a folder.
pub fn write(folder: &Folder) {
    let root = text(&folder.path(""));
    let root = root.trim_end_matches('/');
    for (name, script) in [("systemctl", SYSTEMCTL), ("docker", DOCKER)] {
        folder.program(&format!("tools/{name}"), &script.replace("$ROOT", root));
    }
}

/// Writes `nginx` into the directory `tools` of a folder.
pub fn write_nginx(folder: &Folder) {
    folder.program("tools/nginx", NGINX);
}

/// Ends nginx and HAProxy if a page has not: as daemons, they are not in the process group of its
/// commands.
pub fn end_daemons(folder: &Folder) {
    for name in PID_FILES {
        if let Ok(pid) = folder.read(name).trim().parse() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}
