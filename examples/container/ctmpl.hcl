# Render the site, run nginx, reload it after each change, and exit with it.

template {
  source      = "/etc/ctmpl/site.conf.j2"
  destination = "/etc/nginx/conf.d/site.conf"
}

exec {
  command = ["nginx", "-g", "daemon off;"]

  # nginx reads its configuration again on SIGHUP, and finishes its requests on SIGQUIT.
  reload_signal = "SIGHUP"
  kill_signal   = "SIGQUIT"

  # `docker stop` waits for 10 s by default.
  kill_timeout = "8s"

  env {
    denylist = ["SECRET_*"]
  }
}
