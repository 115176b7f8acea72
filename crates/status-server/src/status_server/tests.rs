use std::fs::OpenOptions;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;

use nix::fcntl::OFlag;

use super::*;
use crate::report::Example;

#[test]
fn a_reload_starts_a_server_again_that_has_failed_in_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.sock");
    let address = StatusAddr::Socket(path.clone());
    let mut bound = bind(&address, SettingNames::TEST).unwrap();
    // The runtime refuses a descriptor that is no socket.
    let no_socket = OpenOptions::new()
        .write(true)
        .create_new(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(folder.path().join("file"))
        .unwrap();
    bound.listener = Listener::Tcp(TcpListener::from(OwnedFd::from(no_socket)));
    let mut server = StatusServer::new(Some(bound));
    let reports = watch::Sender::new(Arc::new(Example::default()));
    let begin = |server: &mut StatusServer<Example>| {
        server.subscribe(&reports);
        server.record_iteration();
    };
    assert_eq!(server.address(), Some(&address));
    begin(&mut server);
    while server.address().is_some() {
        thread::yield_now();
    }
    assert!(!path.exists(), "the file is removed");

    let change = Change::between(server.address(), Some(&address), SettingNames::TEST);
    assert!(matches!(change, Change::Replace(Some(_))), "{change:?}");
    server.adopt(change);
    begin(&mut server);
    assert_eq!(server.address(), Some(&address));
    assert!(path.exists());
}

/// The file stayed if the process ended before the thread.
#[test]
fn the_file_of_the_socket_is_removed_before_the_thread_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.sock");
    let bound = bind(&StatusAddr::Socket(path.clone()), SettingNames::TEST).unwrap();
    let server = Server::<Example>::new(bound);
    let of_the_thread = Arc::clone(&server.file);
    drop(server);
    assert!(!path.exists());
    drop(of_the_thread);
}

/// The file stayed if the process ended right after the reload.
#[test]
fn the_file_of_the_socket_before_a_reload_is_removed_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let addresses = ["old", "new"].map(|name| StatusAddr::Socket(folder.path().join(name)));
    let mut server =
        StatusServer::<Example>::new(Some(bind(&addresses[0], SettingNames::TEST).unwrap()));
    let file = Arc::clone(&server.server.as_ref().unwrap().file);
    let (locked, is_locked) = mpsc::channel();
    // The removal of the old file waits until the lock is free.
    let holder = thread::spawn(move || {
        let guard = file.lock().unwrap();
        locked.send(()).unwrap();
        thread::sleep(REMOVAL_TIMEOUT / 10);
        drop(guard);
    });
    is_locked.recv().unwrap();
    server.adopt(Change::between(
        server.address(),
        Some(&addresses[1]),
        SettingNames::TEST,
    ));
    drop(server);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    holder.join().unwrap();
}

/// The end of the process waited for the file system.
#[test]
fn a_file_that_cannot_be_removed_delays_the_end_for_a_limited_time() {
    let folder = tempfile::tempdir().unwrap();
    let bound = bind(
        &StatusAddr::Socket(folder.path().join("status.sock")),
        SettingNames::TEST,
    )
    .unwrap();
    let server = StatusServer::<Example>::new(Some(bound));
    let file = Arc::clone(&server.server.as_ref().unwrap().file);
    let guard = file.lock().unwrap();
    let begun = Instant::now();
    drop(server);
    assert!(begun.elapsed() >= REMOVAL_TIMEOUT);
    drop(guard);
}

#[test]
fn an_address_in_conflict_with_the_own_one_is_no_other_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let [current, new] = ["127.0.0.1", "0.0.0.0"].map(|host| StatusAddr::Tcp {
        host: host.to_owned(),
        port,
    });
    let change = Change::between(Some(&current), Some(&new), SettingNames::TEST);
    let Change::Failed(error) = change else {
        panic!("{change:?}");
    };
    let expected = format!(
        "cannot listen on {new} for status_addr while this process listens on {current}; restart app to change the \
         address"
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn another_spelling_of_the_path_keeps_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let [current, new] = ["s", "./s"].map(|name| {
        let path = folder.path().display();
        StatusAddr::Socket(format!("{path}/{name}").into())
    });
    let _bound = bind(&current, SettingNames::TEST).unwrap();
    let other = StatusAddr::Socket(folder.path().join("other"));
    let (current, new) = (Some(&current), Some(&new));
    assert!(matches!(
        Change::between(current, new, SettingNames::TEST),
        Change::Keep
    ));
    let change = Change::between(current, Some(&other), SettingNames::TEST);
    assert!(matches!(change, Change::Replace(Some(_))));
}
