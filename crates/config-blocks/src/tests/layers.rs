//! Layers, defaults, flags and short forms.

use super::*;

#[test]
fn a_higher_layer_wins_and_lists_add_up() {
    let environment = Environment::from_iter([
        ("LOG_LEVEL", " "),
        ("LEVEL", " warn "),
        ("PASSWORD_FILE", "/secret"),
    ]);
    let file = read("a.hcl", HCL).unwrap();
    let environment = Configuration::from_inputs(&environment).unwrap();
    let flags = flags(&[("--data", ""), ("--threads", "8"), ("--site", "three")]).unwrap();
    let all = flags.over(environment.over(file));
    let page = shown(&all);
    for line in [
        "level = \"warn\"                                   # LEVEL of the environment",
        "data = \"/data\"                                   # data in a.hcl:3",
        "threads = 8                                      # --threads",
        "  name = \"a\"                                     # account.name in a.hcl:4",
        "  password_file = \"/secret\"                      # PASSWORD_FILE of the environment",
        "site {                                           # site[2] in a.hcl:6",
        "site {                                           # --site",
    ] {
        assert!(page.lines().any(|shown| shown == line), "{line}\n{page}");
    }
    assert!(!page.contains("password ="), "{page}");
}

#[test]
fn a_value_that_is_not_in_force_is_named_with_the_one_that_is() {
    let overridden = |variables: &[(&str, &str)], file: &str| {
        let variables: Environment = variables.iter().copied().collect();
        let lower = Configuration::from_inputs(&variables).unwrap();
        let all = read("a.hcl", file).unwrap().over(lower.clone());
        let mut found = Vec::new();
        all.overridden(&lower, &mut found);
        let names = found.iter().map(|Overridden { origin, by }| {
            format!("{origin}: {:?}", by.as_ref().map(ToString::to_string))
        });
        names.collect::<Vec<_>>()
    };
    let file = "level = \"warn\" account { password = \"s3cret\" }";
    assert_eq!(
        overridden(&[("LEVEL", "info"), ("PASSWORD", "other")], file),
        [
            "LEVEL of the environment: Some(\"level in a.hcl:1\")",
            "PASSWORD of the environment: Some(\"account.password in a.hcl:1\")",
        ]
    );
    // The password decides about the file too.
    assert_eq!(
        overridden(&[("PASSWORD_FILE", "/secret")], file),
        ["PASSWORD_FILE of the environment: None"]
    );
    let same = [("LEVEL", "warn"), ("PASSWORD", "s3cret")];
    assert_eq!(overridden(&same, file), [""; 0]);
    assert_eq!(overridden(&[("LEVEL", "info")], ""), [""; 0]);
}

#[test]
fn a_resolved_value_is_that_of_the_key_or_its_default() {
    let configuration = read("a.hcl", HCL).unwrap();
    let resources = Resources {
        data: Some("/data".into()),
        threads: 4,
    };
    assert_eq!(Resources::from(&configuration), resources);
    let timeouts = configuration.site.iter().map(Limits::from);
    let timeouts: Vec<_> = timeouts.map(|limits| limits.timeout.as_secs()).collect();
    assert_eq!(timeouts, [90, 30]);
    assert_eq!(Resources::default().data, None);
}

#[test]
fn a_flag_or_variable_that_is_not_valid_names_itself() {
    let error = flags(&[("--threads", "x")]).unwrap_err();
    assert_eq!(error.to_string(), "cannot use --threads");
    assert_eq!(
        error.source().unwrap().to_string(),
        "it is not a whole number in digits only"
    );
    let error = flags(&[("--check", "yes")]).unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "\"yes\" is neither true nor false"
    );
    let environment = Environment::from_iter([("LEVEL", "loud")]);
    let error = Configuration::from_inputs(&environment).unwrap_err();
    assert_eq!(error.to_string(), "cannot use LEVEL of the environment");
}

#[test]
fn a_text_may_stand_for_a_block_and_a_key_may_have_no_effect() {
    let source = Source::of_variable("CONFIG", "account = \"a\"\nprocesses = 2");
    let (configuration, unsupported) = Configuration::from_source(&source).unwrap();
    let name = configuration.account.name.unwrap();
    assert_eq!(name.value, "a");
    assert_eq!(
        name.origin.to_string(),
        "account in CONFIG of the environment, line 1"
    );
    let paths: Vec<_> = unsupported.iter().map(|span| span.key.as_str()).collect();
    assert_eq!(paths, ["processes"]);
}
