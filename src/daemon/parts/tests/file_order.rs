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

/// Answers a file with a content.
fn read(bench: &mut Bench, file: FileQuery, content: &str) {
    let query = Arc::new(Query::File(file));
    let event = WatchEvent::current(query, Arc::new(Answer::File(content.into())));
    bench.step(Event::Watched(vec![event]));
}

#[test]
fn a_reload_reads_no_file_before_the_template_that_writes_it_is_written() {
    let jobs = writer_and_reader(None).to_vec();
    let mut bench = Bench::start(ONCE, jobs.clone());
    bench.renew_all(config(ONCE, jobs));
    assert_eq!(take_reads(&mut bench), []);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    let file = take_reads(&mut bench).remove(0);
    read(&mut bench, file, "1");
    assert_eq!(bench.write(), ["1!"]);
    assert_eq!(bench.end(), Some(End::Done));
}

#[test]
fn after_a_reload_a_file_that_was_read_is_read_again_when_it_is_written_again() {
    let [writer, reader] = writer_and_reader(None);
    let last = job("last {{ key \"b\" }}", None);
    let jobs = vec![writer, reader, last];
    let mut bench = Bench::start(ONCE, jobs.clone());
    bench.news("a", "1");
    bench.write();
    let file = take_reads(&mut bench).remove(0);
    read(&mut bench, file, "1");
    assert_eq!(bench.write(), ["1!"]);

    bench.renew_all(config(ONCE, jobs));
    assert_eq!(take_reads(&mut bench), []);
    assert_eq!(bench.write(), ["1"]);
    let file = take_reads(&mut bench).remove(0);
    bench.news("b", "2");
    assert_eq!(bench.write(), ["last 2"]);
    assert_eq!(bench.end(), None, "the file is being read");
    read(&mut bench, file, "3");
    assert_eq!(bench.write(), ["3!"]);
    assert_eq!(bench.end(), Some(End::Done));
}
