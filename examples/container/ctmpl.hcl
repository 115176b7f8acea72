# ctmpl renders the site, starts nginx, reloads it on changes, and ends as it ends.
template {
  source      = "site.conf.ctmpl"
  destination = "/etc/nginx/conf.d/site.conf"
}

exec {
  command       = ["nginx", "-g", "daemon off;"]
  reload_signal = "SIGHUP"
  # nginx finishes what it is serving.
  kill_signal   = "SIGQUIT"
  kill_timeout  = "20s"

  env {
    # nginx has no use for it.
    denylist = ["CONSUL_HTTP_TOKEN"]
  }
}
