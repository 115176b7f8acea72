#!/bin/sh
# Renders the files of a release once, says in one line what went wrong, and ends with ctmpl's exit code.
# CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN say where Consul is; RENDER_TIMEOUT, how long to wait for it.
cd "$(dirname "$0")" || exit

code=0
ctmpl --once --timeout "${RENDER_TIMEOUT:-30s}" --log-level info --template "app.env.j2:build/app.env" || code=$?

case $code in
  0) echo 'render.sh: build/app.env is up to date' ;;
  12) echo 'render.sh: interrupted' >&2 ;;
  13 | 15) echo 'render.sh: a flag or the configuration is wrong' >&2 ;;
  14) echo 'render.sh: a template, a command or Consul failed; see above' >&2 ;;
  16) echo 'render.sh: not everything was there in time; the list is above' >&2 ;;
  *) echo "render.sh: ctmpl ended with $code" >&2 ;;
esac
exit $code
