//! The state directory.

use super::*;

/// The configuration of a text in HCL.
fn read(text: &str) -> Config {
    let layer = file::read_text("a.hcl", text).expect("HCL");
    resolve::resolve(layer, None, &Environment::default()).expect("a configuration")
}

#[test]
fn the_state_directory_is_for_daemons_that_write() {
    let path = |config: Config| config.state_dir.map(|state| state.path);
    let state = |words: &[&str]| path(config(words, &[]));
    let default = |words: &[&str]| state(words).is_some();
    // Root has one, and others have one below their home.
    let home = loaded(&["-template=a:b"], &[("HOME", "/home/u")])
        .expect("valid")
        .state_dir;
    assert!(home.is_some_and(|state| state.path.ends_with("ctmpl") && !state.is_required));
    for words in [
        &["-once"][..],
        &["-dry"],
        &["-state-dir="],
        &["-once", "-state-dir="],
    ] {
        assert!(!default(words), "{words:?}");
    }
    for words in [&["-state-dir=/s"][..], &["-once", "-state-dir=/s"]] {
        assert_eq!(state(words).as_deref(), Some(Path::new("/s")), "{words:?}");
    }
    assert!(state(&["-dry", "-state-dir=/s"]).is_none());
    let config = read("state_dir = \"/s\" history = 7");
    let state = config.state_dir.expect("it is set");
    assert_eq!(
        (state.path, config.history),
        (std::path::PathBuf::from("/s"), 7)
    );
    assert!(state.is_required);
    assert_eq!(read("").history, 5);
}
