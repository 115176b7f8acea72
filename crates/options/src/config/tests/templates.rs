//! From the templates as layer to the jobs.

use std::path::{Path, PathBuf};

use super::super::resolved::Job;
use super::*;
use crate::config::layer::TemplateBlock;
use consul_render::{Language, TemplateSource, language_of};
use file_formats::{Format, OutputFormat};
use gotemplate::MissingKey;
use group_apply::options::FileConfig;
use process_tree::CommandLine;

fn job(template: &str) -> Job {
    loaded(&["-template", template], &[])
        .expect(template)
        .jobs
        .remove(0)
}

fn file_job(json: &str) -> Result<Job, ConfigError> {
    let layer = file::read_text("f.json", &format!(r#"{{"template": [{json}]}}"#)).expect(json);
    resolve::resolve(layer, None, &Environment::default()).map(|mut config| config.jobs.remove(0))
}

#[test]
fn the_tutorials_template_is_a_job() {
    let job = job("nginx.ctmpl:/etc/nginx/lp.conf:nginx -s reload");
    assert_eq!(job.source, TemplateSource::File("nginx.ctmpl".into()));
    assert_eq!(job.destination, Some("/etc/nginx/lp.conf".into()));
    assert_eq!(job.template.language, Language::Go);
    assert_eq!(job.template.missing_key, MissingKey::Zero);
    assert_eq!(
        (
            job.template.delimiters.left.as_str(),
            job.template.delimiters.right.as_str()
        ),
        ("{{", "}}")
    );
    let command = job.command.expect("a command");
    assert_eq!(
        command.line,
        CommandLine::Shell("nginx -s reload".to_owned())
    );
    assert_eq!(command.timeout, Duration::from_secs(30));
}

#[test]
fn the_name_tells_the_language() {
    let cases = [
        ("nginx.conf.j2", Language::Jinja),
        ("a.jinja", Language::Jinja),
        ("dir.tpl/a.JINJA2", Language::Jinja),
        ("nginx.ctmpl", Language::Go),
        ("a.j2.tpl", Language::Go),
        ("dir.j2/a", Language::Go),
        ("j2", Language::Go),
        (".j2", Language::Go),
    ];
    assert!(!cases.is_empty());
    for (name, language) in cases {
        assert_eq!(language_of(Path::new(name)), language, "{name}");
    }
}

#[test]
fn the_destination_tells_the_format_of_a_jinja_template() {
    let cases = [
        ("a.j2:out.json", Format::Json),
        ("a.j2:out.YAML", Format::Yaml),
        ("a.j2:out.yml", Format::Yaml),
        ("a.j2:run.sh", Format::Shell),
        ("a.j2:nginx.conf", Format::None),
        ("a.j2:json", Format::None),
        ("a.json.j2:out", Format::None),
        ("a.ctmpl:out.json", Format::None),
    ];
    assert!(!cases.is_empty());
    for (template, format) in cases {
        assert_eq!(job(template).template.format, format, "{template}");
        assert_eq!(job(template).template.output_format, None);
    }
    let all = loaded(
        &[
            "-format=none",
            "-output-format=yaml",
            "-template=a.j2:out.json",
            "-template=b:out",
        ],
        &[],
    );
    for job in all.expect("two templates").jobs {
        assert_eq!(
            (job.template.format, job.template.output_format),
            (Format::None, Some(OutputFormat::Yaml))
        );
    }
}

#[test]
fn a_command_with_blanks_runs_in_a_shell() {
    let shell = |line: &str| Some(CommandLine::Shell(line.to_owned()));
    let direct = |words: &[&str]| {
        Some(CommandLine::Direct(
            words.iter().copied().map(str::to_owned).collect(),
        ))
    };
    let line = |job: Job| job.command.map(|command| command.line);
    let cases = [
        ("a:b", None),
        ("a:b:", None),
        ("a:b:  ", None),
        ("a:b:reload", direct(&["reload"])),
        ("a:b: reload ", direct(&["reload"])),
        ("a:b:rsync h::m/x", shell("rsync h::m/x")),
        ("a:b: echo a,b ", shell("echo a,b")),
        (r"a:b:echo \:", shell(r"echo \:")),
    ];
    for (template, expected) in cases {
        assert_eq!(line(job(template)), expected, "{template}");
    }
    let lists = [
        ("[]", None),
        (r#"["echo a"]"#, shell("echo a")),
        (r#"["echo", "a b"]"#, direct(&["echo", "a b"])),
        (r#""echo a,b""#, shell("echo a,b")),
    ];
    for (list, expected) in lists {
        let job = file_job(&format!(
            r#"{{"source": "a", "destination": "b", "command": {list}}}"#
        ))
        .expect(list);
        assert_eq!(line(job), expected, "{list}");
    }
}

#[test]
fn a_file_can_set_keys_without_flags() {
    let job = file_job(
        r#"{"contents": "x", "destination": "d", "language": "jinja", "error_on_missing_key": true,
            "left_delimiter": "[["}"#,
    )
    .expect("a job");
    assert_eq!(
        job.source,
        TemplateSource::Inline {
            name: "inline:d".to_owned(),
            text: "x".to_owned()
        }
    );
    assert_eq!(
        (job.template.language, job.template.missing_key),
        (Language::Jinja, MissingKey::Error)
    );
    assert_eq!(
        (
            job.template.delimiters.left.as_str(),
            job.template.delimiters.right.as_str()
        ),
        ("[[", "}}")
    );
    for neither_or_both in [
        r#"{"destination": "d"}"#,
        r#"{"source": "s", "contents": "x", "destination": "d"}"#,
    ] {
        let error = file_job(neither_or_both).expect_err(neither_or_both);
        assert!(
            error.to_string().contains("either a source or contents"),
            "{error}"
        );
        assert_eq!(error.exit_code(), 15);
    }
    assert_eq!(
        file_job(r#"{"source": "s"}"#)
            .expect_err("no destination")
            .exit_code(),
        15
    );
}

#[test]
fn nothing_to_do_is_an_error() {
    for words in [&[] as &[&str], &["-once"], &["-dry"]] {
        let (text, code) = refused(words, &[]);
        assert!(
            text.contains("nothing to do: give at least one --template"),
            "{text}"
        );
        assert_eq!(code, 13);
    }
}

#[test]
fn a_destination_may_be_missing_only_when_nothing_is_written() {
    for template in ["in.tpl", "in.tpl:", "in.tpl::cmd", "in.tpl: :cmd"] {
        let (text, code) = refused(&["-template", template], &[]);
        assert!(
            text.contains("the template in.tpl has no destination; write in.tpl:DESTINATION"),
            "{text}"
        );
        assert_eq!(code, 13);
        let dry = loaded(&["-dry", "-template", template], &[]).expect("a dry run");
        assert_eq!(dry.jobs[0].destination, None);
    }
    for escaped in [r"a\:b", r"a\\\:b", r"a\:b\c"] {
        let (text, _) = refused(&["-template", escaped], &[]);
        let remedy = format!("write {escaped}:DESTINATION");
        assert!(text.contains(&remedy), "{text}");
    }
}

#[test]
fn two_templates_cannot_have_one_destination() {
    for second in ["b:out", "b:./out", "b:.//out/."] {
        let (text, code) = refused(
            &[
                "-template",
                "a:out",
                "-template",
                "c:other",
                "-template",
                second,
            ],
            &[],
        );
        assert!(
            text.contains("two templates have the destination") && text.contains("a and b"),
            "{text}"
        );
        assert_eq!(code, 13);
    }
    let dry = loaded(&["-dry", "-template=a", "-template=b"], &[]).expect("nothing is written");
    assert_eq!(dry.jobs.len(), 2);
}

#[test]
fn a_template_cannot_overwrite_itself() {
    for template in ["a:a", "a:./a", "./d/a:d//a"] {
        let (text, code) = refused(&["-template", template], &[]);
        assert!(text.contains("has itself as its destination"), "{text}");
        assert_eq!(code, 13);
    }
}

#[test]
fn jobs_keep_their_order_and_paths_stay_relative() {
    let config = loaded(
        &["-template=b:2", "-template=./a:1", "-template=c:d/../3"],
        &[],
    )
    .expect("three");
    let paths: Vec<_> = config
        .jobs
        .iter()
        .filter_map(|job| job.destination.clone())
        .collect();
    assert_eq!(paths, ["2", "1", "d/../3"].map(PathBuf::from));
    assert_eq!(config.jobs[1].source, TemplateSource::File("./a".into()));
}

#[test]
fn thousands_of_templates_are_loaded_in_linear_time() {
    let block = |number| {
        format!("template {{ source = \"in{number}\"\n destination = \"out{number}\" }}\n")
    };
    let blocks: Vec<String> = (0..8000).map(block).collect();
    let begun = std::time::Instant::now();
    let layer = file::read_text("f.hcl", &blocks.concat()).expect("HCL");
    let config = resolve::resolve(layer, None, &Environment::default()).expect("a configuration");
    assert_eq!(config.jobs.len(), 8000);
    // Time that grows with the square of the number would be minutes without optimization.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn the_defaults_of_a_file_are_those_of_its_keys() {
    let of_keys = FileConfig::from(&TemplateBlock::default());
    assert_eq!(of_keys, FileConfig::default());
}
