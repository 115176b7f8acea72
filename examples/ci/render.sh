#!/bin/sh
# Renders the files of a release once, prints one line about the result, and exits with ctmpl's exit code.
# CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN are those of Consul's CLI. RENDER_TIMEOUT is the time limit (default 30s).
cd "$(dirname "$0")" || exit

code=0
ctmpl --once --timeout "${RENDER_TIMEOUT:-30s}" --log-level info --template "app.env.j2:build/app.env" || code=$?

case $code in
  0) echo 'render.sh: build/app.env is up to date' ;;
  12) echo 'render.sh: interrupted' >&2 ;;
  13 | 15) echo 'render.sh: a flag or the configuration is wrong' >&2 ;;
  14) echo 'render.sh: a template, a command or Consul failed; see above' >&2 ;;
  16) echo 'render.sh: timed out; the log above lists the missing data' >&2 ;;
  *) echo "render.sh: ctmpl exited with $code" >&2 ;;
esac
exit $code
