# The edge proxies of one site: nginx in front of everything.
// Token and addresses come with the host.

consul {
  # The agent of this host.
  address = "127.0.0.1:8500"
  token   = "11111111-2222-3333-4444-555555555555"

  auth {
    enabled  = true
    username = "edge"
    password = "p4ss,word \"quoted\""
  }

  ssl {
    enabled = true
    verify  = true
    ca_cert = "/etc/consul.d/ca.pem"
    cert    = "/etc/consul.d/edge.pem" // this host's
    key     = "/etc/consul.d/edge.key"
    server_name = "server.dc1.consul"
  }
}

Log_Level   = "WARN"
max_stale   = "10m"
kill_signal = "SIGTERM"
reload_signal = "SIGHUP"
pid_file    = "/run/edge.pid"

wait {
  min = "5s"
  max = "10s"
}

template {
  source      = "/etc/edge/upstreams.ctmpl"
  destination = "/etc/nginx/conf.d/upstreams.conf"
  command     = "nginx -t -q && systemctl reload nginx"
  command_timeout = "60s"
  perms       = 0640
  user        = "root"
  group       = "www-data"
  backup      = true
  wait        = "2s:6s"
  # left_delimiter = "[["
}

/* Maintenance pages:
 * they are small. */
template {
  contents = <<EOT
{{ range ls "edge/maintenance" }}{{ .Key }} {{ .Value }};
{{ end }}
EOT
  destination = "/etc/nginx/maintenance.map"
  exec {
    command = ["systemctl", "reload", "nginx"]
    timeout = "45s"
  }
  left_delimiter       = "{{"
  error_on_missing_key = true
  create_dest_dirs     = false
}
# Nothing below.
