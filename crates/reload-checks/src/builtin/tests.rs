use std::fs;
use std::path::PathBuf;

use super::*;
use crate::shadow::ShadowOptions;
use crate::staged::StagedFile;

/// A configuration directory `etc`, and other files beside it.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new(files: &[&str]) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(scene.path("etc")).unwrap();
        for name in files {
            let path = scene.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn check(&self, check: CheckProgram, main: &str) -> BuiltinCheck {
        BuiltinCheck {
            check,
            program: "/usr/sbin/program".into(),
            default: Some((self.path("etc"), self.path("etc").join(main))),
        }
    }

    /// Prepares the check of files; `NAME` is staged in `NAME.new`. Returns the arguments, with
    /// `TREE` for the path of the tree and `DIR` for the directory of the scene.
    fn prepare(
        &self,
        check: &BuiltinCheck,
        tree: Option<&str>,
        names: &[&str],
    ) -> Result<String, CheckError> {
        let files: Vec<_> = names
            .iter()
            .map(|name| StagedFile {
                staged: self.path(&format!("{name}.new")),
                destination: self.path(name),
            })
            .collect();
        for file in &files {
            fs::create_dir_all(file.staged.parent().unwrap()).unwrap();
            fs::write(&file.staged, "").unwrap();
        }
        let options = ShadowOptions {
            launcher: None,
            scratch: self.0.path().to_owned(),
            ..ShadowOptions::of("test")
        };
        let tree = tree.map(|name| self.path(name));
        let prepared = check.prepare(tree.as_deref(), &files, &options)?;
        let mut line = prepared.words.join(" ");
        if let Some(shadow) = &prepared.shadow {
            line = line.replace(shadow.tree(), "TREE");
        }
        let line = line.replace(self.0.path().to_str().unwrap(), "DIR");
        Ok(line.strip_prefix("/usr/sbin/program ").unwrap().to_owned())
    }
}

#[test]
fn fragments_of_nginx_are_checked_with_its_main_file() {
    let scene = Scene::new(&["etc/nginx.conf", "own/conf/nginx.conf"]);
    let check = scene.check(CheckProgram::Nginx, "nginx.conf");
    let prepare = |tree, names: &[&str]| scene.prepare(&check, tree, names).unwrap();
    let default = "-t -q -c TREE/nginx.conf";
    assert_eq!(prepare(None, &["etc/conf.d/a", "etc/conf.d/b"]), default);
    assert_eq!(prepare(Some("etc"), &["etc/a"]), default);
    let own = "-t -q -p TREE/ -c TREE/conf/nginx.conf";
    assert_eq!(prepare(Some("own"), &["own/a"]), own);
    let new = "-t -q -p TREE/ -c TREE/nginx.conf";
    fs::create_dir(scene.path("new")).unwrap();
    assert_eq!(prepare(Some("new"), &["new/nginx.conf", "new/a"]), new);
}

#[test]
fn a_whole_file_is_checked_by_itself() {
    let scene = Scene::new(&[]);
    for (program, expected) in [
        (CheckProgram::Nginx, "-t -q -c DIR/app/main.cfg.new"),
        (CheckProgram::Haproxy, "-c -f DIR/app/main.cfg.new"),
        (CheckProgram::Apache, "-t -f DIR/app/main.cfg.new"),
    ] {
        let check = scene.check(program, "main");
        assert_eq!(
            scene.prepare(&check, None, &["app/main.cfg"]).unwrap(),
            expected
        );
        let several = scene
            .prepare(&check, None, &["app/main.cfg", "etc/map"])
            .unwrap_err();
        assert!(several.to_string().contains("set check_tree"), "{several}");
    }
    let haproxy = scene.check(CheckProgram::Haproxy, "haproxy.cfg");
    let both = scene
        .prepare(&haproxy, None, &["app/b.cfg", "app/a.cfg"])
        .unwrap();
    assert_eq!(both, "-c -f DIR/app/b.cfg.new -f DIR/app/a.cfg.new");
}

#[test]
fn haproxy_is_given_the_main_file_and_the_directories() {
    let scene = Scene::new(&["etc/haproxy.cfg", "other/a.cfg"]);
    let check = scene.check(CheckProgram::Haproxy, "haproxy.cfg");
    let prepare = |tree, names: &[&str]| scene.prepare(&check, tree, names).unwrap();
    assert_eq!(
        prepare(None, &["etc/haproxy.cfg"]),
        "-c -f TREE/haproxy.cfg"
    );
    assert_eq!(prepare(None, &["etc/maps/a.map"]), "-c -f TREE/haproxy.cfg");
    let directory = "-c -f TREE/haproxy.cfg -f TREE/sites";
    assert_eq!(
        prepare(None, &["etc/sites/a.cfg", "etc/sites/b.cfg"]),
        directory
    );
    fs::create_dir_all(scene.path("etc/conf.d")).unwrap();
    fs::write(scene.path("etc/conf.d/x.cfg"), "").unwrap();
    let both = "-c -f TREE/haproxy.cfg -f TREE/conf.d -f TREE/sites";
    assert_eq!(prepare(None, &["etc/sites/a.cfg"]), both);
    assert_eq!(prepare(Some("other"), &["other/b.map"]), "-c -f TREE");
}

#[test]
fn apache_is_given_its_server_root() {
    let scene = Scene::new(&["etc/conf/httpd.conf"]);
    let check = scene.check(CheckProgram::Apache, "conf/httpd.conf");
    let words = scene.prepare(&check, None, &["etc/conf.d/a.conf"]).unwrap();
    assert_eq!(words, "-t -d TREE -f TREE/conf/httpd.conf");
}

#[test]
fn what_is_missing_is_named() {
    let scene = Scene::new(&["tree/x"]);
    for program in [
        CheckProgram::Nginx,
        CheckProgram::Haproxy,
        CheckProgram::Apache,
    ] {
        let check = scene.check(program, "main.conf");
        let error = scene
            .prepare(&check, Some("tree"), &["tree/a"])
            .unwrap_err();
        assert!(matches!(error, CheckError::NoMainFile { .. }), "{error}");
        let error = scene.prepare(&check, Some("tree"), &["app/a"]).unwrap_err();
        assert!(matches!(error, CheckError::Shadow(_)), "{error}");
    }
    let error = CheckError::NotInstalled {
        check: CheckProgram::Apache,
        programs: "httpd".to_owned(),
    };
    assert!(error.to_string().contains("install Apache"), "{error}");
}
