//! The order in which `-once` reads the files that templates write.

use super::*;

/// Returns the files to read, and removes them.
fn take_reads(bench: &mut Bench) -> Vec<FileQuery> {
    let mut reads = Vec::new();
    bench.actions.retain(|action| match action {
        Action::ReadFiles(files) => {
            reads.extend(files.iter().cloned());
            false
        }
        _ => true,
    });
    reads
}

/// A template that writes the file of the others, and one that reads it.
fn writer_and_reader(command: Option<&str>) -> [Job; 2] {
    let mut writer = job("{{ key \"a\" }}", command);
    writer.destination = Some("/out/a".into());
    [writer, job("{{ file `/out/a` }}!", command)]
}

#[test]
fn templates_with_one_command_do_not_wait_for_one_another_whatever_its_settings() {
    let [writer, mut reader] = writer_and_reader(Some("reload"));
    let bench = Bench::start(ONCE, vec![writer.clone(), reader.clone()]);
    let reads = |mut bench: Bench| take_reads(&mut bench).len();
    assert_eq!(reads(bench), 1);
    // The command line is the identity of the group.
    reader.command.as_mut().unwrap().timeout = Duration::from_secs(5);
    let bench = Bench::start(ONCE, vec![writer.clone(), reader.clone()]);
    assert_eq!(reads(bench), 1);
    reader.command = None;
    let bench = Bench::start(ONCE, vec![writer, reader]);
    assert_eq!(reads(bench), 0, "it waits");
}
