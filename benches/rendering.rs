//! Measures the time to render a template for a service with 5,000 instances, in both languages, on
//! one core.
//!
//! Run it with `cargo bench --bench rendering`. Targets: 1.2 ms (Go) and 1.4 ms (Jinja) for the plain loop, 7 ms and
//! 9 ms for the rich one.

use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::{Language, RenderEnv, Template, TemplateOptions, TemplateSource};
use consul_watch::answer::{Answer, Instance, Nullable, TextMap, Weights};
use consul_watch::query::{Health, Query};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;

const INSTANCES: u32 = 5_000;

/// A plain loop, as in most templates.
const PLAIN: (&str, &str) = (
    "upstream web {\n{{ range service \"web\" }}  server {{ .Address }}:{{ .Port }};\n{{ end }}}\n",
    "upstream web {\n{% for s in service('web') %}\n  server {{ s.address }}:{{ s.port }};\n{% endfor %}\n}\n",
);

/// Branches, comparisons, formatting and an inner loop.
const RICH: (&str, &str) = (
    "upstream web {\n{{ range $i, $s := service \"web\" }}{{ if eq $s.Status \"passing\" }}  server {{ printf \"%s:%d\" \
     $s.Address $s.Port }}{{ if eq $s.ServiceMeta.version \"2\" }} weight=2{{ else }} weight=1{{ end }}; # {{ $i }} \
     {{ $s.Node | toUpper }}{{ range .Tags }} {{ . }}{{ end }}\n{{ else }}  # {{ $s.ID }} is {{ $s.Status }}\n{{ end }}\
     {{ end }}}\n",
    "upstream web {\n{% for s in service('web') %}\n{% if s.status == 'passing' %}\n  server {{ '%s:%d' | \
     format(s.address, s.port) }}{% if s.service_meta.version == '2' %} weight=2{% else %} weight=1{% endif %}; # \
     {{ loop.index0 }} {{ s.node | upper }}{% for tag in s.tags %} {{ tag }}{% endfor %}\n\n{% else %}\n  # {{ s.id }} \
     is {{ s.status }}\n{% endif %}\n{% endfor %}\n}\n",
);

fn instance(number: u32) -> Arc<Instance> {
    let [.., high, low] = number.to_be_bytes();
    Arc::new(Instance {
        node: format!("node-{}", number % 50),
        node_id: format!("5f1d{number:08x}"),
        node_address: format!("10.1.0.{}", number % 50),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::from([(
            "version".into(),
            if number.is_multiple_of(3) { "2" } else { "1" }.into(),
        )]),
        address: format!("10.0.{high}.{low}"),
        service_tagged_addresses: Nullable::new(),
        id: format!("web-{number}"),
        name: "web".into(),
        tags: vec!["blue".into(), "http".into(), "v2".into()],
        checks: Nullable::new(),
        status: if number.is_multiple_of(10) {
            Health::Warning
        } else {
            Health::Passing
        },
        port: 8000 + i64::from(number % 100),
        weights: Weights::default(),
    })
}

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    let instances = (0..INSTANCES).map(instance).collect();
    snapshot.record(
        Query::service("web").expect("a query"),
        Arc::new(Answer::Service(instances)),
    );
    snapshot
}

fn rendering(criterion: &mut Criterion) {
    let (snapshot, render_env) = (snapshot(), Arc::new(RenderEnv::default()));
    let mut group = criterion.benchmark_group("rendering");
    group.throughput(Throughput::Elements(INSTANCES.into()));
    for (loop_, (go, jinja)) in [("plain", PLAIN), ("rich", RICH)] {
        for (language, name, text) in [(Language::Go, "go", go), (Language::Jinja, "jinja", jinja)]
        {
            let source = TemplateSource::Inline {
                name: name.into(),
                text: text.into(),
            };
            let template = Template::read(&source, &TemplateOptions::new(language));
            let template = template.expect("a template");
            let render = || {
                template
                    .render(&snapshot, &render_env, Timestamp::UNIX_EPOCH)
                    .text
                    .expect("a text")
            };
            // Make sure that the loop is not empty.
            assert!(render().lines().count() > 5_000, "{name}");
            group.bench_function(format!("{name}/{loop_}"), |bencher| bencher.iter(render));
        }
    }
    group.finish();
}

criterion_group!(benches, rendering);
criterion_main!(benches);
