//! An example of each function in both languages, with its output; a test renders them.
//!
//! The data of the examples: two instances of the service `web`, a small mesh, the keys below `app/` and `apps/`, the
//! environment variable `STAGE` and the file `/etc/motd`.

/// An example of a function.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The function's name in Go templates.
    pub function: &'static str,
    /// The example in a Go template.
    pub in_go: &'static str,
    /// The same in Jinja.
    pub in_jinja: &'static str,
    /// The output of both.
    pub output: &'static str,
}

/// The example of the function with this name in Go templates.
#[must_use]
pub fn of(go: &str) -> Option<&'static Example> {
    ALL.iter().find(|example| example.function == go)
}

const fn example(
    function: &'static str,
    in_go: &'static str,
    in_jinja: &'static str,
    output: &'static str,
) -> Example {
    Example {
        function,
        in_go,
        in_jinja,
        output,
    }
}

/// All examples, in the order of the table.
pub const ALL: &[Example] = &[
    example(
        "service",
        r#"{{ range service "web" }}{{ .Address }}:{{ .Port }} {{ end }}"#,
        "{% for s in service('web') %}{{ s.address }}:{{ s.port }} {% endfor %}",
        "10.0.0.1:8001 10.0.0.2:8002 ",
    ),
    example(
        "services",
        r#"{{ range services }}{{ .Name }}={{ .Tags | join "," }} {{ end }}"#,
        "{% for s in services() %}{{ s.name }}={{ s.tags | join(',') }} {% endfor %}",
        "consul= web=blue,green,http ",
    ),
    example(
        "node",
        r#"{{ with node "n1" }}{{ .Node.Address }}{{ end }}"#,
        "{{ node('n1').node.address }}",
        "10.0.0.1",
    ),
    example(
        "nodes",
        "{{ range nodes }}{{ .Node }} {{ end }}",
        "{% for n in nodes() %}{{ n.node }} {% endfor %}",
        "n1 n2 ",
    ),
    example(
        "datacenters",
        r#"{{ datacenters | join " " }}"#,
        "{{ datacenters() | join(' ') }}",
        "eu us",
    ),
    example(
        "key",
        r#"{{ key "app/host" }}"#,
        "{{ key('app/host') }}",
        "10.0.0.9",
    ),
    example(
        "keyExists",
        r#"{{ if keyExists "app/color" }}color{{ else }}plain{{ end }}"#,
        "{% if key_exists('app/color') %}color{% else %}plain{% endif %}",
        "plain",
    ),
    example(
        "keyOrDefault",
        r#"{{ keyOrDefault "app/color" "blue" }}"#,
        r#"{{ key_or_default("app/color", "blue") }}"#,
        "blue",
    ),
    example(
        "ls",
        r#"{{ range ls "app/" }}{{ .Key }}={{ .Value }} {{ end }}"#,
        "{% for p in ls('app/') %}{{ p.key }}={{ p.value }} {% endfor %}",
        r#"host=10.0.0.9 limits={"rate": 10, "unit": "s"} port=5432 "#,
    ),
    example(
        "tree",
        r#"{{ range tree "app/" }}{{ .Key }}={{ .Value }} {{ end }}"#,
        "{% for p in tree('app/') %}{{ p.key }}={{ p.value }} {% endfor %}",
        r#"db/user=app host=10.0.0.9 limits={"rate": 10, "unit": "s"} port=5432 "#,
    ),
    example(
        "safeLs",
        r#"{{ range safeLs "app/" }}{{ .Key }} {{ end }}"#,
        "{% for p in safe_ls('app/') %}{{ p.key }} {% endfor %}",
        "host limits port ",
    ),
    example(
        "safeTree",
        r#"{{ range safeTree "app/" }}{{ .Key }} {{ end }}"#,
        "{% for p in safe_tree('app/') %}{{ p.key }} {% endfor %}",
        "db/user host limits port ",
    ),
    example(
        "file",
        r#"{{ file "/etc/motd" }}"#,
        "{{ file('/etc/motd') }}",
        "welcome",
    ),
    example(
        "connect",
        r#"{{ range connect "web" }}{{ .Address }}:{{ .Port }} {{ end }}"#,
        "{% for s in connect('web') %}{{ s.address }}:{{ s.port }} {% endfor %}",
        "10.0.0.1:21000 ",
    ),
    example(
        "caRoots",
        "{{ range caRoots }}{{ .RootCertPEM }}{{ end }}",
        "{% for root in ca_roots() %}{{ root.root_cert_pem }}{% endfor %}",
        "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
    ),
    example(
        "caLeaf",
        r#"{{ with caLeaf "web" }}{{ .ServiceURI }} {{ .ValidBefore }}{{ end }}"#,
        "{% set leaf = ca_leaf('web') %}{{ leaf.service_uri }} {{ leaf.valid_before }}",
        "spiffe://example/svc/web 2024-03-08T00:00:00Z",
    ),
    example(
        "partitions",
        "{{ range partitions }}{{ .Name }} {{ end }}",
        "{% for p in partitions() %}{{ p.name }} {% endfor %}",
        "default billing ",
    ),
    example(
        "peerings",
        "{{ range peerings }}{{ .Name }} {{ .PeeringState }}{{ end }}",
        "{% for p in peerings() %}{{ p.name }} {{ p.peering_state }}{% endfor %}",
        "eu ACTIVE",
    ),
    example(
        "exportedServices",
        r#"{{ range exportedServices }}{{ .Service }} to {{ .Consumers.Peers | join "," }}{{ end }}"#,
        "{% for e in exported_services() %}{{ e.service }} to {{ e.consumers.peers | join(',') }}{% endfor %}",
        "web to eu",
    ),
    example(
        "importedServices",
        r#"{{ range importedServices "default" }}{{ .Service }} from {{ .SourcePartition }}{{ end }}"#,
        "{% for i in imported_services('default') %}{{ i.service }} from {{ i.source_partition }}{% endfor %}",
        "invoices from billing",
    ),
    example("env", r#"{{ env "STAGE" }}"#, "{{ env('STAGE') }}", "test"),
    example(
        "mustEnv",
        r#"{{ mustEnv "STAGE" }}"#,
        "{{ must_env('STAGE') }}",
        "test",
    ),
    example(
        "envOrDefault",
        r#"{{ envOrDefault "COLOR" "blue" }}"#,
        "{{ env_or_default('COLOR', 'blue') }}",
        "blue",
    ),
    example(
        "timestamp",
        r#"{{ timestamp }} {{ timestamp "2006-01-02" }} {{ timestamp "unix" }}"#,
        "{{ timestamp() }} {{ timestamp('2006-01-02') }} {{ timestamp('unix') }}",
        "2024-03-05T07:08:09Z 2024-03-05 1709622489",
    ),
    example(
        "scratch",
        r#"{{ scratch.Set "port" 80 }}{{ scratch.Get "port" }}"#,
        "{{ scratch().set('port', 80) }}{{ scratch().get('port') }}",
        "80",
    ),
    example(
        "toLower",
        r#"{{ "Web" | toLower }}"#,
        "{{ 'Web' | to_lower }}",
        "web",
    ),
    example(
        "toUpper",
        r#"{{ "Web" | toUpper }}"#,
        "{{ 'Web' | to_upper }}",
        "WEB",
    ),
    example(
        "toTitle",
        r#"{{ "blue green" | toTitle }}"#,
        "{{ 'blue green' | to_title }}",
        "Blue Green",
    ),
    example(
        "trim",
        r#"{{ "/a/b/" | trim "/" }}"#,
        "{{ trim('/', '/a/b/') }}",
        "a/b",
    ),
    example(
        "trimPrefix",
        r#"{{ "v1.2" | trimPrefix "v" }}"#,
        "{{ 'v1.2' | trim_prefix('v') }}",
        "1.2",
    ),
    example(
        "trimSuffix",
        r#"{{ "web.example" | trimSuffix ".example" }}"#,
        "{{ 'web.example' | trim_suffix('.example') }}",
        "web",
    ),
    example(
        "trimSpace",
        r#"[{{ "  web " | trimSpace }}]"#,
        "[{{ '  web ' | trim_space }}]",
        "[web]",
    ),
    example(
        "replaceAll",
        r#"{{ "my-web-app" | replaceAll "-" "_" }}"#,
        "{{ 'my-web-app' | replace_all('-', '_') }}",
        "my_web_app",
    ),
    example(
        "regexReplaceAll",
        r#"{{ "web-01" | regexReplaceAll "([a-z]+)-0*([0-9]+)" "$1 $2" }}"#,
        "{{ 'web-01' | regex_replace_all('([a-z]+)-0*([0-9]+)', '$1 $2') }}",
        "web 1",
    ),
    example(
        "regexMatch",
        r#"{{ if "web-01" | regexMatch "^web-" }}yes{{ end }}"#,
        "{% if 'web-01' | regex_match('^web-') %}yes{% endif %}",
        "yes",
    ),
    example(
        "indent",
        r#"{{ "a: 1\nb: 2" | indent 4 }}"#,
        r"{{ indent(4, 'a: 1\nb: 2') }}",
        "    a: 1\n    b: 2",
    ),
    example(
        "raw",
        r#"{{ key "app/host" | raw }}"#,
        "{{ key('app/host') | raw }}",
        "10.0.0.9",
    ),
    example(
        "base64Encode",
        r#"{{ "secret?" | base64Encode }}"#,
        "{{ 'secret?' | base64_encode }}",
        "c2VjcmV0Pw==",
    ),
    example(
        "base64Decode",
        r#"{{ "c2VjcmV0Pw==" | base64Decode }}"#,
        "{{ 'c2VjcmV0Pw==' | base64_decode }}",
        "secret?",
    ),
    example(
        "base64URLEncode",
        r#"{{ "a?>b" | base64URLEncode }}"#,
        "{{ 'a?>b' | base64_url_encode }}",
        "YT8-Yg==",
    ),
    example(
        "base64URLDecode",
        r#"{{ "YT8-Yg==" | base64URLDecode }}"#,
        "{{ 'YT8-Yg==' | base64_url_decode }}",
        "a?>b",
    ),
    example(
        "sha256Hex",
        r#"{{ key "app/host" | sha256Hex }}"#,
        "{{ key('app/host') | sha256_hex }}",
        "232337896e547ba449a0d201980f97f82be5d3f47ca80aad5f45e68599141270",
    ),
    example(
        "md5sum",
        r#"{{ md5sum "a" }}"#,
        "{{ md5sum('a') }}",
        "0cc175b9c0f1b6a831c399e269772661",
    ),
    example(
        "hmacSHA256Hex",
        r#"{{ hmacSHA256Hex "a" "key" }}"#,
        "{{ hmac_sha256_hex('a', 'key') }}",
        "780c3db4ce3de5b9e55816fba98f590631d96c075271b26976238d5f4444219b",
    ),
    example(
        "split",
        r#"{{ range "a,b,c" | split "," }}[{{ . }}]{{ end }}"#,
        "{% for part in split(',', 'a,b,c') %}[{{ part }}]{% endfor %}",
        "[a][b][c]",
    ),
    example(
        "splitToMap",
        r#"{{ with "max=10,min=2" | splitToMap "," "=" }}{{ .min }} to {{ .max }}{{ end }}"#,
        "{% set m = 'max=10,min=2' | split_to_map(',', '=') %}{{ m.min }} to {{ m.max }}",
        "2 to 10",
    ),
    example(
        "join",
        r#"{{ "a,b" | split "," | join " and " }}"#,
        "{{ join(' and ', ['a', 'b']) }}",
        "a and b",
    ),
    example(
        "contains",
        r#"{{ range service "web" }}{{ if .Tags | contains "blue" }}{{ .ID }}{{ end }}{{ end }}"#,
        "{% for s in service('web') %}{% if s.tags | contains('blue') %}{{ s.id }}{% endif %}{% endfor %}",
        "web-1",
    ),
    example(
        "in",
        r#"{{ range service "web" }}{{ if in .Tags "green" }}{{ .ID }}{{ end }}{{ end }}"#,
        "{% for s in service('web') %}{% if is_in(s.tags, 'green') %}{{ s.id }}{% endif %}{% endfor %}",
        "web-2",
    ),
    example(
        "containsAll",
        r#"{{ $wanted := "blue,http" | split "," }}{{ range service "web" }}{{ if .Tags | containsAll $wanted }}{{ .ID }}{{ end }}{{ end }}"#,
        "{% for s in service('web') %}{% if s.tags | contains_all(['blue', 'http']) %}{{ s.id }}{% endif %}{% endfor %}",
        "web-1",
    ),
    example(
        "containsAny",
        r#"{{ $wanted := "blue,red" | split "," }}{{ range service "web" }}{{ if .Tags | containsAny $wanted }}{{ .ID }}{{ end }}{{ end }}"#,
        "{% for s in service('web') %}{% if s.tags | contains_any(['blue', 'red']) %}{{ s.id }}{% endif %}{% endfor %}",
        "web-1",
    ),
    example(
        "containsNone",
        r#"{{ $unwanted := "blue,red" | split "," }}{{ range service "web" }}{{ if .Tags | containsNone $unwanted }}{{ .ID }}{{ end }}{{ end }}"#,
        "{% for s in service('web') %}{% if s.tags | contains_none(['blue', 'red']) %}{{ s.id }}{% endif %}{% endfor %}",
        "web-2",
    ),
    example(
        "containsNotAll",
        r#"{{ $wanted := "blue,http" | split "," }}{{ range service "web" }}{{ if .Tags | containsNotAll $wanted }}{{ .ID }}{{ end }}{{ end }}"#,
        "{% for s in service('web') %}{% if s.tags | contains_not_all(['blue', 'http']) %}{{ s.id }}{% endif %}{% endfor %}",
        "web-2",
    ),
    example(
        "loop",
        "{{ range loop 1 4 }}worker-{{ . }} {{ end }}",
        "{% for i in loop_range(1, 4) %}worker-{{ i }} {% endfor %}",
        "worker-1 worker-2 worker-3 ",
    ),
    example(
        "parseBool",
        r#"{{ if "true" | parseBool }}on{{ end }}"#,
        "{% if 'true' | parse_bool %}on{% endif %}",
        "on",
    ),
    example(
        "parseInt",
        r#"{{ key "app/port" | parseInt | add 1 }}"#,
        "{{ key('app/port') | parse_int + 1 }}",
        "5433",
    ),
    example(
        "parseUint",
        r#"{{ "8080" | parseUint | add 1 }}"#,
        "{{ '8080' | parse_uint + 1 }}",
        "8081",
    ),
    example(
        "parseFloat",
        r#"{{ "0.5" | parseFloat | multiply 3 }}"#,
        "{{ '0.5' | parse_float * 3 }}",
        "1.5",
    ),
    example(
        "parseJSON",
        r#"{{ with key "app/limits" | parseJSON }}{{ .rate }} per {{ .unit }}{{ end }}"#,
        "{% set limits = key('app/limits') | parse_json %}{{ limits.rate }} per {{ limits.unit }}",
        "10 per s",
    ),
    example(
        "toJSON",
        r#"{{ key "app/limits" | parseJSON | toJSON }}"#,
        "{{ key('app/limits') | parse_json | to_json }}",
        r#"{"rate":10,"unit":"s"}"#,
    ),
    example(
        "toJSONPretty",
        r#"{{ key "app/limits" | parseJSON | toJSONPretty }}"#,
        "{{ key('app/limits') | parse_json | to_json_pretty }}",
        "{\n  \"rate\": 10,\n  \"unit\": \"s\"\n}",
    ),
    example(
        "toUnescapedJSON",
        r#"{{ "a < b" | split " " | toUnescapedJSON }}"#,
        "{{ 'a < b' | split(' ') | to_unescaped_json }}",
        r#"["a","<","b"]"#,
    ),
    example(
        "toUnescapedJSONPretty",
        r#"{{ "a < b" | split " " | toUnescapedJSONPretty }}"#,
        "{{ 'a < b' | split(' ') | to_unescaped_json_pretty }}",
        "[\n  \"a\",\n  \"<\",\n  \"b\"\n]",
    ),
    example(
        "parseYAML",
        r#"{{ range parseYAML "[a, b]" }}{{ . }} {{ end }}"#,
        "{% for x in parse_yaml('[a, b]') %}{{ x }} {% endfor %}",
        "a b ",
    ),
    example(
        "toYAML",
        r#"{{ key "app/limits" | parseJSON | toYAML }}"#,
        "{{ key('app/limits') | parse_json | to_yaml }}",
        "rate: 10\nunit: s",
    ),
    example(
        "toTOML",
        r#"{{ key "app/limits" | parseJSON | toTOML }}"#,
        "{{ key('app/limits') | parse_json | to_toml }}",
        "rate = 10.0\nunit = \"s\"",
    ),
    example(
        "byKey",
        r#"{{ range $app, $pairs := tree "apps/" | byKey }}{{ $app }}:{{ range $key, $pair := $pairs }}{{ $key }}={{ $pair.Value }} {{ end }}{{ end }}"#,
        "{% for app, pairs in tree('apps/') | by_key | items %}{{ app }}:{% for key, pair in pairs | items %}{{ key }}={{ pair.value }} {% endfor %}{% endfor %}",
        "blog:host=b.example shop:host=s.example port=80 ",
    ),
    example(
        "byTag",
        r#"{{ range $tag, $list := service "web" | byTag }}{{ $tag }}={{ len $list }} {{ end }}"#,
        "{% for tag, list in service('web') | by_tag | items %}{{ tag }}={{ list | length }} {% endfor %}",
        "blue=1 green=1 http=2 ",
    ),
    example(
        "byPort",
        r#"{{ range $port, $list := service "web" | byPort }}{{ $port }}={{ len $list }} {{ end }}"#,
        "{% for port, list in service('web') | by_port | items %}{{ port }}={{ list | length }} {% endfor %}",
        "8001=1 8002=1 ",
    ),
    example(
        "byMeta",
        r#"{{ range $version, $list := service "web" | byMeta "version" }}{{ $version }}={{ len $list }} {{ end }}"#,
        "{% for version, list in service('web') | by_meta('version') | items %}{{ version }}={{ list | length }} {% endfor %}",
        "1_4=1 1_5=1 ",
    ),
    example(
        "explode",
        r#"{{ with tree "apps/" | explode }}{{ .shop.host }}{{ end }}"#,
        "{{ (tree('apps/') | explode).shop.host }}",
        "s.example",
    ),
    example(
        "explodeMap",
        r#"{{ with parseJSON `{"db/host": "10.0.0.9"}` | explodeMap }}{{ .db.host }}{{ end }}"#,
        "{{ explode_map({'db/host': '10.0.0.9'}).db.host }}",
        "10.0.0.9",
    ),
    example(
        "mergeMap",
        r#"{{ mergeMap (parseJSON `{"a": 1}`) (parseJSON `{"a": 2, "b": 3}`) | toJSON }}"#,
        "{{ merge_map({'a': 1}, {'a': 2, 'b': 3}) | to_json }}",
        r#"{"a":1,"b":3}"#,
    ),
    example(
        "mergeMapWithOverride",
        r#"{{ mergeMapWithOverride (parseJSON `{"a": 1}`) (parseJSON `{"a": 2, "b": 3}`) | toJSON }}"#,
        "{{ merge_map_with_override({'a': 1}, {'a': 2, 'b': 3}) | to_json }}",
        r#"{"a":2,"b":3}"#,
    ),
    example("add", "{{ 8000 | add 1 }}", "{{ 8000 | add(1) }}", "8001"),
    example(
        "subtract",
        "{{ 10 | subtract 3 }}",
        "{{ 10 | subtract(3) }}",
        "7",
    ),
    example(
        "multiply",
        "{{ 10 | multiply 3 }}",
        "{{ 10 | multiply(3) }}",
        "30",
    ),
    example("divide", "{{ 10 | divide 3 }}", "{{ 10 | divide(3) }}", "3"),
    example("modulo", "{{ 10 | modulo 3 }}", "{{ 10 | modulo(3) }}", "1"),
    example(
        "minimum",
        "{{ 10 | minimum 3 }}",
        "{{ 10 | minimum(3) }}",
        "3",
    ),
    example(
        "maximum",
        "{{ 10 | maximum 3 }}",
        "{{ 10 | maximum(3) }}",
        "10",
    ),
    example(
        "spew_sdump",
        r#"{{ spew_sdump 8000 "a" }}"#,
        "{{ spew_sdump(8000, 'a') }}",
        "(int) 8000\n(string) (len=1) \"a\"\n",
    ),
    example(
        "spew_sprintf",
        r#"{{ spew_sprintf "%#v" 8000 }}"#,
        "{{ spew_sprintf('%#v', 8000) }}",
        "(int)8000",
    ),
];
