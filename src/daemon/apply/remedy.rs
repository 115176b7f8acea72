//! Remedies for files that cannot be written.

use std::io::ErrorKind;
use std::path::Path;

use file_writer::WriteError;

/// The remedy; `None` if the error itself suggests it.
pub(super) fn remedy(error: &WriteError) -> Option<String> {
    let path = error.path();
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let directory = directory.display();
    match error.kind() {
        _ if error.is_of_account() => Some("create it, or name another one".to_owned()),
        ErrorKind::IsADirectory if error.is_of_backup() => {
            Some("move this directory away, or set backup = false".to_owned())
        }
        ErrorKind::NotFound => Some("create it, or set create_dest_dirs = true".to_owned()),
        ErrorKind::IsADirectory => Some(format!(
            "name a file in it: {}",
            path.join("FILE").display()
        )),
        ErrorKind::NotADirectory => path
            .ancestors()
            .skip(1)
            .find(|above| above.is_file())
            .map(|above| format!("{} is a file, but must be a directory", above.display())),
        ErrorKind::PermissionDenied => Some(format!(
            "the user that runs ctmpl must be able to read the file and to create files in {directory}"
        )),
        ErrorKind::ReadOnlyFilesystem => Some(format!(
            "{directory} is on a read-only file system; in a systemd unit, see ReadWritePaths="
        )),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some(format!("free space in {directory}"))
        }
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => Some(format!(
            "a mount point cannot be replaced: mount its directory {directory} instead, or write the file in place with \
            write = \"inplace\""
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use file_writer::{FileOptions, Owner};
    use nix::errno::Errno;

    use super::*;
    use group_apply::options::FileConfig;
    use group_apply::write::Writer;

    /// The remedy for a file that cannot be staged.
    fn remedy_for(destination: &Path, config: &FileConfig) -> String {
        let error = Writer::new("ctmpl", None)
            .stage(destination, b"text", None, config)
            .expect_err("it cannot be written");
        remedy(&error).expect("a remedy")
    }

    #[test]
    fn a_path_that_leads_to_no_file_can_be_corrected() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| -> PathBuf { directory.path().join(name) };
        std::fs::write(at("file"), "").unwrap();
        let config = FileConfig::default();
        assert_eq!(
            remedy_for(directory.path(), &config),
            format!("name a file in it: {}", at("FILE").display())
        );
        assert_eq!(
            remedy_for(&at("file/out"), &config),
            format!(
                "{} is a file, but must be a directory",
                at("file").display()
            )
        );
        let without_directories = FileConfig {
            create_dest_dirs: false,
            ..FileConfig::default()
        };
        assert_eq!(
            remedy_for(&at("a/b/out"), &without_directories),
            "create it, or set create_dest_dirs = true"
        );
    }

    #[test]
    fn an_unknown_account_and_a_directory_in_the_place_of_the_backup_have_their_own_remedies() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let name = || Some(Owner::Name("nosuchname".to_owned()));
        let with = |user, group| FileConfig {
            user,
            group,
            ..FileConfig::default()
        };
        for config in [with(name(), None), with(None, name())] {
            assert_eq!(remedy_for(&out, &config), "create it, or name another one");
        }
        std::fs::write(&out, "old").unwrap();
        std::fs::create_dir(directory.path().join("out.bak")).unwrap();
        let backup = FileOptions {
            backup: true,
            ..FileOptions::default()
        };
        let staged = file_writer::Writer::new("test").stage(&out, b"new", None, &backup);
        let Ok(file_writer::Stage::Staged(staged)) = staged else {
            panic!("it is not staged");
        };
        let error = staged.swap().expect_err("a directory is in the way");
        assert_eq!(error.path(), directory.path().join("out.bak"));
        let expected = "move this directory away, or set backup = false";
        assert_eq!(remedy(&error).as_deref(), Some(expected));
    }

    #[test]
    fn errors_of_the_system_have_a_remedy() {
        let mount_point = "a mount point cannot be replaced: mount its directory /etc/app instead, or write the file in \
            place with write = \"inplace\"";
        for (cause, expected) in [
            (
                Errno::EACCES,
                "the user that runs ctmpl must be able to read the file and to create files in /etc/app",
            ),
            (
                Errno::EROFS,
                "/etc/app is on a read-only file system; in a systemd unit, see ReadWritePaths=",
            ),
            (Errno::ENOSPC, "free space in /etc/app"),
            (Errno::EDQUOT, "free space in /etc/app"),
            (Errno::EBUSY, mount_point),
            (Errno::EXDEV, mount_point),
        ] {
            let error = WriteError::new("replace", Path::new("/etc/app/out"), cause);
            assert_eq!(remedy(&error).as_deref(), Some(expected), "{cause}");
        }
        let error = WriteError::new("replace", Path::new("out"), Errno::ENOSPC);
        assert_eq!(remedy(&error).as_deref(), Some("free space in ."));
        let error = WriteError::new("replace", Path::new("out"), Errno::EIO);
        assert_eq!(remedy(&error), None);
    }
}
