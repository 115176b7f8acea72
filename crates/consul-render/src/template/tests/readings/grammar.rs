//! Random templates for one query, in both languages.

use super::*;

/// The kind of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Key,
    Pairs,
    Service,
    Services,
    Nodes,
    Node,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::Key,
        Self::Pairs,
        Self::Service,
        Self::Services,
        Self::Nodes,
        Self::Node,
    ];

    pub(super) fn query(self) -> Query {
        let query = match self {
            Self::Key => Query::key("web"),
            Self::Pairs => Query::pairs("web"),
            Self::Service => Query::service("web"),
            Self::Services => Query::services(""),
            Self::Nodes => Query::nodes(""),
            Self::Node => Query::node("web"),
        };
        query.unwrap()
    }

    /// The calls that request the query.
    fn sources(self, language: Language) -> &'static [&'static str] {
        match (self, language) {
            (Self::Key, Language::Go) => &[
                r#"key "web""#,
                r#"keyExists "web""#,
                r#"keyOrDefault "web" "b""#,
            ],
            (Self::Key, Language::Jinja) => &[
                "key('web')",
                "key_exists('web')",
                "key_or_default('web', 'b')",
            ],
            (Self::Pairs, Language::Go) => &[r#"ls "web""#, r#"tree "web""#, r#"safeTree "web""#],
            (Self::Pairs, Language::Jinja) => &["ls('web')", "tree('web')", "safe_ls('web')"],
            (Self::Service, Language::Go) => &[
                r#"service "web""#,
                r#"service "web""#,
                r#"service "web" "tag=blue""#,
                r#"service "web" "unique=addr:port""#,
                r#"service "web" "require_port=true" "sort=name""#,
                r#"service "web" "shuffle=true""#,
                r#"service "web" "passing_for=5s""#,
                r#"service "web" "passing_for=2s" "unique=addr:port""#,
            ],
            (Self::Service, Language::Jinja) => &[
                "service('web')",
                "service('web')",
                "service('web', tag=['blue'])",
                "service('web', unique='addr:port', require_port=true)",
                "service('web', shuffle=true, unique='addr:port')",
                "service('web', passing_for='5s')",
                "service('web', passing_for='2s', tag='a', unique='addr:port')",
            ],
            (Self::Services, Language::Go) => &["services"],
            (Self::Services, Language::Jinja) => &["services()"],
            (Self::Nodes, Language::Go) => &["nodes"],
            (Self::Nodes, Language::Jinja) => &["nodes()"],
            (Self::Node, Language::Go) => &[r#"node "web""#],
            (Self::Node, Language::Jinja) => &["node('web')"],
        }
    }

    /// The fields of an item.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Key => &["Value"],
            Self::Pairs => &["Path", "Key", "Value", "ModifyIndex", "Flags"],
            Self::Service => &[
                "Node", "Address", "ID", "Port", "Status", "Tags", "Checks", "NodeMeta", "Weights",
            ],
            Self::Services => &["Name", "Tags"],
            Self::Nodes => &["Node", "Address", "Meta"],
            Self::Node => &["Node", "Services"],
        }
    }
}

/// Parts of a template that use the whole value `l`.
const GO_WHOLE: &[&str] = &[
    "{{ len $l }}",
    "{{ if $l }}y{{ end }}",
    "{{ $l }}",
    "{{ $l | toJSON }}",
    "{{ $l | toYAML }}",
    "{{ printf \"%+v\" $l }}",
    "{{ range $i, $x := $l }}{{ $i }}{{ end }}",
    "{{ with $l }}{{ with index . 0 }}BODY{{ end }}{{ end }}",
    "{{ $l | sprig_uniq | len }}",
    "{{ $l | sprig_first | toJSON }}",
    "{{ spew_dump $l }}",
];
const JINJA_WHOLE: &[&str] = &[
    "{{ l | length }}",
    "{% if l %}y{% endif %}",
    "{{ l }}",
    "{{ l | to_json }}",
    "{{ l | map(attribute='FIELD') | join(',') }}",
    "{{ l | sort(attribute='FIELD') | map(attribute='FIELD') | first }}",
    "{{ l | selectattr('FIELD') | list | length }}",
    "{% for g, s in l | groupby('FIELD') %}{{ g }}{{ s | length }}{% endfor %}",
    "{{ l | unique | list | length }}",
    "{{ l[0] == l[1] }}{{ l[0] in l }}",
    "{% for s in l[1:] %}BODY{% endfor %}",
    "{{ l | last }}",
    "{{ l | reverse | map(attribute='FIELD') | list }}",
];

/// Parts that use one item: the dot in Go, `s` in Jinja.
const GO_ITEM: &[&str] = &[
    "{{ .FIELD }}",
    "{{ .FIELD }}",
    "{{ if eq .FIELD \"a\" }}x{{ else }}y{{ end }}",
    "{{ if .FIELD }}x{{ end }}",
    "{{ .FIELD | toJSON }}",
    "{{ . | toJSON }}",
    "{{ printf \"%v\" . }}",
    "{{ scratch.Set \"x\" . }}{{ (scratch.Get \"x\").FIELD }}",
    "{{ range .FIELD }}{{ . }}{{ end }}",
    "{{ len .FIELD }}",
];
const JINJA_ITEM: &[&str] = &[
    "{{ s.FIELD }}",
    "{{ s['FIELD'] }}",
    "{% if s.FIELD == 'a' %}x{% else %}y{% endif %}",
    "{% if s.FIELD %}x{% endif %}",
    "{{ s.FIELD | to_json }}",
    "{{ s | to_json }}",
    "{{ s }}",
    "{% for k, v in s | items %}{{ k }}{{ v }}{% endfor %}",
    "{% for k in s %}{{ k }}{% endfor %}",
    "{{ s.FIELD | length }}",
    "{{ s == l[0] }}",
];

/// Parts that only one kind of item has.
const GO_INSTANCE: &[&str] = &[
    "{{ range .Checks }}{{ .Status }}{{ end }}",
    "{{ range .Checks }}{{ if eq .Name \"a\" }}{{ .Output }}{{ end }}{{ end }}",
    "{{ .ServiceMeta.version }}",
    "{{ index .NodeMeta \"a\" }}",
    "{{ .Weights.Passing }}",
    "{{ range $k, $a := .ServiceTaggedAddresses }}{{ $k }}{{ $a.Port }}{{ end }}",
    "{{ if contains \"blue\" .Tags }}b{{ end }}",
];
const JINJA_INSTANCE: &[&str] = &[
    "{% for c in s.checks %}{{ c.status }}{% endfor %}",
    "{{ s.checks | map(attribute='name') | list }}",
    "{{ s.service_meta.version }}",
    "{{ s.node_meta['a'] }}",
    "{{ s.weights.passing }}",
    "{% if 'blue' in s.tags %}b{% endif %}",
];
const GO_NODE: &[&str] = &[
    "{{ with $l.Node }}{{ .Address }}{{ end }}",
    "{{ range $l.Services }}{{ .Service }}{{ end }}",
    "{{ range $l.Services }}{{ .Port }}{{ range .Tags }}{{ . }}{{ end }}{{ end }}",
    "{{ $l.Node | toJSON }}",
    "{{ $l.Services | toJSON }}",
    "{{ len $l.Services }}",
    "{{ $l | toJSON }}",
];
const JINJA_NODE: &[&str] = &[
    "{{ l.node.address if l.node else '-' }}",
    "{% for s in l.services %}{{ s.service }}{% endfor %}",
    "{% for s in l.services %}{{ s.port }}{{ s.tags }}{% endfor %}",
    "{{ l.node | to_json }}",
    "{{ l.services | length }}",
    "{{ l }}",
];
const GO_SERVICE: &[&str] = &[
    "{{ range $t, $s := byTag $l }}{{ $t }}{{ len $s }}{{ end }}",
    "{{ range $m, $s := byMeta \"version\" $l }}{{ $m }}{{ range $s }}{{ .ID }}{{ end }}{{ end }}",
];
const GO_PAIRS: &[&str] = &[
    "{{ $l | explode | toJSON }}",
    "{{ range $k, $p := byKey $l }}{{ $k }}{{ range $p }}{{ .Value }}{{ end }}{{ end }}",
];
const JINJA_PAIRS: &[&str] = &[
    "{{ l | explode | to_json }}",
    "{% for k, p in l | by_key | items %}{{ k }}{{ p | length }}{% endfor %}",
];

/// The parts of a template, and those of its loops.
fn parts(kind: Kind, language: Language) -> (Vec<&'static str>, Vec<&'static str>) {
    let (whole, item, over_all): (_, _, &[&str]) = match language {
        Language::Go => (GO_WHOLE, GO_ITEM, &["{{ range $l }}BODY{{ end }}"]),
        Language::Jinja => (
            JINJA_WHOLE,
            JINJA_ITEM,
            &[
                "{% for s in l %}BODY{% endfor %}",
                "{% for s in l %}{{ loop.changed(s.FIELD) }}{% endfor %}",
            ],
        ),
    };
    let (own, of_item): (&[&str], &[&str]) = match (kind, language) {
        (Kind::Service, Language::Go) => (GO_SERVICE, GO_INSTANCE),
        (Kind::Service, Language::Jinja) => (&[], JINJA_INSTANCE),
        (Kind::Pairs, Language::Go) => (GO_PAIRS, &[]),
        (Kind::Pairs, Language::Jinja) => (JINJA_PAIRS, &[]),
        (Kind::Node, Language::Go) => return (GO_NODE.to_vec(), GO_ITEM.to_vec()),
        (Kind::Node, Language::Jinja) => return (JINJA_NODE.to_vec(), JINJA_ITEM.to_vec()),
        (Kind::Key, Language::Go) => return (vec!["{{ $l }}", "{{ $l | toJSON }}"], vec![""]),
        (Kind::Key, Language::Jinja) => return (vec!["{{ l }}", "{{ l | length }}"], vec![""]),
        _ => (&[], &[]),
    };
    // Loops are the usual case.
    let loops = over_all.repeat(whole.len() / over_all.len());
    (
        [&loops, whole, own].concat(),
        [item, of_item, of_item].concat(),
    )
}

/// A template of one to three parts.
pub(super) fn template(kind: Kind, language: Language) -> impl Strategy<Value = String> {
    let (parts, items) = parts(kind, language);
    let field = || {
        prop::sample::select(kind.fields()).prop_map(move |field| match language {
            Language::Go => field.to_owned(),
            Language::Jinja => snake_case(field),
        })
    };
    let body = prop::collection::vec((prop::sample::select(items), field()), 1..4);
    let part = (prop::sample::select(parts), body, field());
    let part = part.prop_map(|(part, body, field)| {
        let body = body
            .iter()
            .map(|(item, field)| item.replace("FIELD", field));
        let part = part.replace("FIELD", &field);
        part.replace("BODY", &body.collect::<String>())
    });
    let source = prop::sample::select(kind.sources(language));
    (source, prop::collection::vec(part, 1..4)).prop_map(move |(source, parts)| {
        let set = match language {
            Language::Go => format!("{{{{ $l := {source} }}}}"),
            Language::Jinja => format!("{{% set l = {source} %}}"),
        };
        set + &parts.concat()
    })
}

fn snake_case(go: &str) -> String {
    match go {
        "ID" => "id".to_owned(),
        "ModifyIndex" => "modify_index".to_owned(),
        "NodeMeta" => "node_meta".to_owned(),
        go => go.to_lowercase(),
    }
}
