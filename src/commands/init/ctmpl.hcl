# A configuration of ctmpl to start from. Check it with `ctmpl validate --config ctmpl.hcl`, and
# run it with `ctmpl --config ctmpl.hcl` in this directory.

consul {
  # The local agent. Keep an ACL token in a file that only ctmpl can read.
  # address    = "127.0.0.1:8500"
  # token_file = "/etc/ctmpl/consul-token"
}

template {
  source      = "app.conf.ctmpl"
  destination = "app.conf"

  # The command to run after each change of the file.
  # command = "systemctl reload app"

  # Collect changes until none has arrived for 2 s, but for at most 10 s.
  # wait {
  #   min = "2s"
  #   max = "10s"
  # }
}
