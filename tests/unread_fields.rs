//! Changes of fields that no template reads: with the real binary, in both languages.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;

use crate::support::catalog::put;
use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::{embedded, eventually, http};
use consul_dev::Seed;

/// Registers an instance whose check has this output.
fn register(consul: SocketAddr, address: &str, output: &str) {
    let body = format!(
        r#"{{"Node":"n1","Address":"10.0.0.1",
        "Service":{{"ID":"web","Service":"web","Address":"{address}","Port":80}},
        "Check":{{"CheckID":"c","ServiceID":"web","Name":"c","Status":"passing","Output":"{output}"}}}}"#
    );
    let answer = http::request(consul, "PUT", "/v1/catalog/register", &body).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn the_output_of_a_check_renders_nothing_until_a_template_reads_it() {
    let consul = embedded(Seed::default().key("verbose", ""));
    register(consul.address(), "10.0.0.9", "0");
    let folder = Folder::new();
    folder.write(
        "in",
        r#"{{ range service "web" }}{{ .Address }}:{{ .Port }}{{ if keyOrDefault "verbose" "" }}{{ range .Checks }} {{ .Output }}{{ end }}{{ end }}{{ end }}"#,
    );
    folder.write(
        "in.j2",
        "{% for s in service('web') %}{{ s.address }}:{{ s.port }}{% if key('verbose') %}{% for c in s.checks %} {{ c.output }}{% endfor %}{% endif %}{% endfor %}",
    );
    let templates = [
        folder.template("in", "go", ""),
        folder.template("in.j2", "jinja", ""),
    ];
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &templates[0], "-template", &templates[1]],
    );
    let become_ = |text: &str| {
        folder.becomes("go", text);
        folder.becomes("jinja", text);
    };
    become_("10.0.0.9:80");
    let inode = |name| fs::metadata(folder.path(name)).unwrap().ino();
    let inodes = ["go", "jinja"].map(inode);
    let suppressed = |output: usize| {
        register(consul.address(), "10.0.0.9", &output.to_string());
        eventually("the answer is suppressed", || {
            ctmpl.log_count("nothing is rendered") >= output
        });
    };
    // The log has all earlier lines now.
    suppressed(1);
    let rendered = ctmpl.log_count(" renders to ");
    (2..=50).for_each(suppressed);
    // Each template may be read and rendered once more when the watch of its file starts.
    let later = ctmpl.log_count(" renders to ") - rendered;
    assert!(later <= 2, "{later}");
    assert_eq!(["go", "jinja"].map(inode), inodes);

    // The next rendering has the newest output, and now each output is read.
    put(consul.address(), "verbose", "yes");
    become_("10.0.0.9:80 50");
    register(consul.address(), "10.0.0.9", "51");
    become_("10.0.0.9:80 51");
    register(consul.address(), "10.0.0.8", "51");
    become_("10.0.0.8:80 51");
}
