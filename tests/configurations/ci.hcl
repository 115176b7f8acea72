# Renders the configuration of a build, once.
once = true
log_level = "err"
template { source = "ci/app.env.ctmpl" destination = "out/app.env" perms = "600" }
template = { source = "ci/flags.json.ctmpl", destination = "out/flags.json" wait { min = "0s" } }
consul { address = "consul.ci.internal:8500" namespace = "build" }
default_delimiters { left = "<<" right = ">>" }
