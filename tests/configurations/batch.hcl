// Written by a program, in the style of its time.
"consul" = {
  "address" = "http://consul-a:8500/proxy, https://consul-b",
  "partition" = "east"
}
"max_stale" = "0s", "block_query_wait" = "1m30s"
"format" = "json"
"output_format" = "json"
"allow" = ["plugin", "writeToFile"]
"sandbox_path" = "/srv/files"
"reload_signal" = "SIGUSR1"
"template" = [
  {
    "contents" = "{{ key \"a\" | toJSON }}"
    "destination" = "/srv/a.json"
    # Two shells are enough.
    "exec" = { "command" = "jq . < /srv/a.json > /dev/null" }
    "right_delimiter" = "}}"
  },
  {
    "source" = "b.ini.ctmpl", "destination" = "/srv/b.ini"
    "format" = "none"
    "output_format" = "ini"
    "sandbox_path" = "/srv/b"
    "wait" = { "min" = "250ms" }
    "group" = "4"
  }
]
