# What the container starts: render the site, run nginx, tell it of changes, end with it.

template {
  source      = "/etc/ctmpl/site.conf.j2"
  destination = "/etc/nginx/conf.d/site.conf"
}

exec {
  command = ["nginx", "-g", "daemon off;"]

  # nginx reads its files again on HUP, and finishes what it serves on QUIT.
  reload_signal = "SIGHUP"
  kill_signal   = "SIGQUIT"

  # `docker stop` waits for 10 s, unless it is told otherwise.
  kill_timeout = "8s"

  env {
    denylist = ["SECRET_*"]
  }
}
