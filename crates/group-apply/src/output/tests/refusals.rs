//! Paths that are refused.

use super::*;

#[test]
fn links_and_special_files_are_refused_and_nothing_is_written() {
    let fixture = Fixture::new();
    fs::write(fixture.at("target"), "old").unwrap();
    fs::create_dir(fixture.at("folder")).unwrap();
    symlink("target", fixture.at("link")).unwrap();
    symlink("nowhere", fixture.at("dangling")).unwrap();
    symlink("folder", fixture.at("linked")).unwrap();
    mkfifo(&fixture.at("pipe"), Mode::S_IRWXU).unwrap();
    let before = fixture.names();
    for (name, wanted) in [
        ("link", "it is a symlink"),
        ("dangling", "it is a symlink"),
        ("linked/file", "linked is a symlink"),
        ("linked/./file", "linked is a symlink"),
        ("pipe", "named pipe"),
        ("folder", "directory"),
        ("folder/", "directory"),
        ("target/file", "directory"),
        ("folder/..", "directory"),
    ] {
        for append in [false, true] {
            let refused = Additional {
                append,
                ..output(&fixture.at(name), "s3cret")
            };
            let outputs = vec![output(&fixture.at("first"), "s3cret"), refused];
            let error = fixture.apply("out", "a", outputs, true).expect_err(name);
            assert!(
                error.contains(wanted) && !error.contains("s3cret"),
                "{name}: {error}"
            );
        }
    }
    assert_eq!(
        fixture.names(),
        before,
        "neither the other output nor the text, nor anything temporary"
    );
    assert_eq!(fixture.read("target"), "old");
}

#[test]
fn a_directory_that_becomes_a_link_after_staging_is_refused() {
    for append in [false, true] {
        let fixture = Fixture::new();
        fs::create_dir(fixture.at("folder")).unwrap();
        fs::create_dir(fixture.at("elsewhere")).unwrap();
        let output = Additional {
            append,
            ..output(&fixture.at("folder/side"), "new")
        };
        let destination = fixture.at("out");
        let staged = fixture
            .writer
            .stage_output(&destination, output, true)
            .unwrap();
        fs::rename(fixture.at("folder"), fixture.at("moved")).unwrap();
        symlink("elsewhere", fixture.at("folder")).unwrap();
        let error = staged.swap(false, &mut Vec::new()).unwrap_err();
        assert_eq!(error.path(), fixture.at("folder/side"));
        assert_eq!(fs::read_dir(fixture.at("elsewhere")).unwrap().count(), 0);
    }
}

#[test]
fn a_file_that_becomes_a_link_after_staging_is_not_followed() {
    for append in [false, true] {
        let fixture = Fixture::new();
        fs::write(fixture.at("target"), "old").unwrap();
        let output = Additional {
            append,
            ..output(&fixture.at("side"), "new")
        };
        let destination = fixture.at("out");
        let staged = fixture
            .writer
            .stage_output(&destination, output, true)
            .unwrap();
        symlink("target", fixture.at("side")).unwrap();
        assert_eq!(staged.swap(false, &mut Vec::new()).is_ok(), !append);
        assert_eq!(fixture.read("target"), "old");
    }
}
