# The configuration of ctmpl.service.
#
# ctmpl reads every file in this directory, in the order of the names, so keep templates and notes elsewhere, for
# example in /etc/ctmpl. After a change:
#
#   ctmpl validate --config /etc/ctmpl.d
#   systemctl reload ctmpl
#
# `ctmpl config --config /etc/ctmpl.d` prints all keys with their values. /usr/share/ctmpl/templates has templates for
# nginx, HAProxy and others to copy.

# consul {
#   address    = "127.0.0.1:8500"
#   token_file = "/etc/ctmpl/consul-token"
# }

# template {
#   source      = "/etc/ctmpl/nginx.ctmpl"
#   destination = "/etc/nginx/conf.d/shop.conf"
#   command     = "systemctl reload nginx"
# }
