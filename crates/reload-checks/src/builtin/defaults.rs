//! The configuration directories of installed programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the text that a program prints with `-V`; empty if it cannot be run.
pub(super) fn version(program: &Path) -> String {
    let output = Command::new(program)
        .arg("-V")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        return String::new();
    };
    // nginx prints it to standard error.
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// Returns the main file of nginx, from the output of `nginx -V`.
pub(super) fn nginx_main(version: &str) -> Option<PathBuf> {
    let arguments = version
        .lines()
        .find(|line| line.contains("configure arguments:"))?;
    let value = |name: &str| {
        let (_, rest) = arguments.split_once(name)?;
        let value = rest.trim_start_matches('\'');
        let end = value.find([' ', '\'']).unwrap_or(value.len());
        Some(Path::new(&value[..end]))
    };
    let prefix = value("--prefix=").unwrap_or(Path::new("/usr/local/nginx"));
    let main = prefix.join(value("--conf-path=").unwrap_or(Path::new("conf/nginx.conf")));
    main.is_absolute().then_some(main)
}

/// Returns the server root of Apache and its main file, from the output of `httpd -V`.
pub(super) fn apache_main(version: &str) -> Option<(PathBuf, PathBuf)> {
    let value = |name: &str| {
        let (_, rest) = version.split_once(&format!("-D {name}=\""))?;
        Some(Path::new(rest.split_once('"')?.0))
    };
    let root = value("HTTPD_ROOT").filter(|root| root.is_absolute())?;
    let main = root.join(value("SERVER_CONFIG_FILE")?);
    Some((root.to_owned(), main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_file_of_nginx_is_found() {
        let cases = [
            (
                "configure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --x=y",
                "/etc/nginx/nginx.conf",
            ),
            (
                "nginx version: 1\nconfigure arguments: --prefix='/opt/nginx'",
                "/opt/nginx/conf/nginx.conf",
            ),
            ("configure arguments:", "/usr/local/nginx/conf/nginx.conf"),
            (
                "configure arguments: --prefix=/a --conf-path=etc/n.conf",
                "/a/etc/n.conf",
            ),
        ];
        for (version, main) in cases {
            assert_eq!(
                nginx_main(version).as_deref(),
                Some(Path::new(main)),
                "{version}"
            );
        }
        assert_eq!(nginx_main("sh: invalid option"), None);
        assert_eq!(nginx_main("configure arguments: --prefix=a"), None);
    }

    #[test]
    fn the_main_file_of_apache_is_found() {
        let version = " -D HTTPD_ROOT=\"/etc/apache2\"\n -D SERVER_CONFIG_FILE=\"apache2.conf\"\n";
        let found = apache_main(version).unwrap();
        assert_eq!(
            found,
            ("/etc/apache2".into(), "/etc/apache2/apache2.conf".into())
        );
        let version = " -D HTTPD_ROOT=\"/etc/httpd\"\n -D SERVER_CONFIG_FILE=\"conf/httpd.conf\"";
        assert!(
            apache_main(version)
                .unwrap()
                .1
                .ends_with("httpd/conf/httpd.conf")
        );
        for version in [
            "",
            "-D HTTPD_ROOT=\"/etc",
            "-D HTTPD_ROOT=\"x\"\n-D SERVER_CONFIG_FILE=\"y\"",
        ] {
            assert_eq!(apache_main(version), None, "{version}");
        }
    }
}
