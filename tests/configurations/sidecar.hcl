{
  "consul": [{
    "address": "unix:///run/consul/http.sock",
    "token_file": "consul-token"
  }],
  "block_query_wait": "30s",
  "kill_signal": "",
  "wait": [{"min": "1s", "max": "3s"}],
  "template": [
    {
      "source": "/templates/app.yaml.tpl",
      "destination": "/config/app.yaml",
      "uid": 1000,
      "gid": 1000,
      "perms": "0444",
      "command": ["/bin/kill", "-HUP", "1"]
    },
    {
      "contents": "{{ key \"motd\" }}\n\n  indented, \\ and a tab\t.\n",
      "destination": "/config/motd",
      "user": "nobody"
    }
  ]
}
