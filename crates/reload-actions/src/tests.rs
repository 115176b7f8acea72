//! Each action against a server on loopback or a socket, or a real process.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use crate::action::{HttpAction, ReloadAction, SignalTarget};
use crate::perform::{ActionError, perform};
use error_line::chain;

const LIMIT: Duration = Duration::from_secs(10);

fn run(action: &ReloadAction, limit: Duration) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stop = CancellationToken::new();
    let performed = runtime.block_on(perform(action, "app", limit, &stop));
    performed.map_err(|error| chain(&error))
}

/// Reads one request from a stream, and answers it with this status.
fn answer(stream: impl std::io::Read + Write, status: &str) -> String {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut request).unwrap() > 0, "{request}");
    }
    let length = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    write!(
        stream.get_mut(),
        "HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok"
    )
    .unwrap();
    request + &String::from_utf8(body).unwrap()
}

/// A server for one request.
fn server(status: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = std::thread::spawn(move || answer(listener.accept().unwrap().0, status));
    (address, served)
}

fn http(url: &str) -> ReloadAction {
    ReloadAction::Http(HttpAction {
        method: "PUT".to_owned(),
        url: url.parse().unwrap(),
        headers: vec![("X-Token".to_owned(), "s3cret".to_owned())],
        body: "s3cret body".to_owned(),
    })
}

#[test]
fn a_request_has_all_its_parts_and_succeeds_with_2xx() {
    let (address, served) = server("204 No Content");
    let url = format!("http://us%20er:p%3Aw@{address}/-/reload?a=b");
    assert_eq!(run(&http(&url), LIMIT), Ok(()));
    let request = served.join().unwrap().to_ascii_lowercase();
    assert!(
        request.starts_with("put /-/reload?a=b http/1.1\r\n"),
        "{request}"
    );
    for line in [
        "x-token: s3cret",
        // us er:p:w
        "authorization: basic dxmgzxi6cdp3",
        "content-length: 11",
        "s3cret body",
    ] {
        assert!(
            request.lines().any(|other| other == line),
            "{line}: {request}"
        );
    }
}

#[test]
fn a_request_without_success_is_an_error_without_secrets() {
    for status in ["302 Found", "404 Not Found", "503 Service Unavailable"] {
        let (address, served) = server(status);
        let error = run(&http(&format!("http://u:s3cret@{address}/?s3cret")), LIMIT).unwrap_err();
        assert!(
            error.contains(&format!("the server answered {status}")),
            "{error}"
        );
        assert!(!error.contains("s3cret"), "{error}");
        served.join().unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let silent = run(
        &http(&format!("http://{address}/")),
        Duration::from_millis(100),
    );
    assert_eq!(silent.unwrap_err(), "it did not end within 100ms");
    drop(listener);
    let error = run(&http(&format!("http://u:s3cret@{address}/")), LIMIT).unwrap_err();
    assert_eq!(error, "cannot send the request: Connection refused");
}

#[test]
fn an_action_that_is_stopped_ends_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let action = http(&format!("http://{}/", listener.local_addr().unwrap()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    let performed = runtime.block_on(perform(&action, "app", LIMIT, &stop));
    assert!(matches!(performed, Err(ActionError::Stopped)));
}

#[test]
fn docker_sends_the_signal_to_the_container() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker sock");
    let docker = |socket: &Path| ReloadAction::Docker {
        socket: socket.to_owned(),
        container: "web-1".to_owned(),
        signal: Signal::SIGHUP,
    };
    let error = run(&docker(&socket), LIMIT).unwrap_err();
    assert!(
        error.starts_with("cannot reach Docker's engine at /"),
        "{error}"
    );
    let error = run(&docker(Path::new("s")), LIMIT).unwrap_err();
    assert_eq!(error, "the socket s needs an absolute path");
    let listener = UnixListener::bind(&socket).unwrap();
    let cases = [
        ("204 No Content", Ok(())),
        (
            "404 Not Found",
            Err("there is no container web-1; `docker ps` lists them"),
        ),
        ("409 Conflict", Err("the container web-1 is not running")),
        (
            "500 Internal Server Error",
            Err("Docker's engine answered 500 Internal Server Error for the container web-1"),
        ),
    ];
    for (status, expected) in cases {
        let listener = listener.try_clone().unwrap();
        let served = std::thread::spawn(move || answer(listener.accept().unwrap().0, status));
        assert_eq!(
            run(&docker(&socket), LIMIT),
            expected.map_err(str::to_owned)
        );
        let request = served.join().unwrap();
        assert!(
            request.starts_with("POST /containers/web-1/kill?signal=SIGHUP HTTP/1.1\r\n"),
            "{request}"
        );
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts a program, and waits for a line of its output.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }
}

fn signal(process: SignalTarget) -> ReloadAction {
    ReloadAction::Signal {
        process,
        signal: Signal::SIGUSR1,
    }
}

#[test]
fn a_signal_reaches_the_process_of_a_pid_file() {
    let mut sleeper = Running::start(Command::new("sh").args(["-c", "echo ready; exec sleep 60"]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let send = |content: &str| {
        std::fs::write(&file, content).unwrap();
        run(&signal(SignalTarget::PidFile(file.clone())), LIMIT)
    };
    let pid = sleeper.0.id();
    assert_eq!(send(&format!(" {pid} \nmore\n")), Ok(()));
    let status = sleeper.0.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::SIGUSR1 as i32));
    let error = send(&pid.to_string()).unwrap_err();
    assert!(
        error.contains(&format!("the process {pid} does not run any more")),
        "{error}"
    );
    for pid in ["1", "0", "-1", "-7", &std::process::id().to_string()] {
        let error = send(pid).unwrap_err();
        assert!(error.contains("which gets no signal"), "{pid}: {error}");
    }
    for content in ["", "x", "99999999999", "\u{fffd}"] {
        let error = send(content).unwrap_err();
        assert!(
            error.contains("does not contain the ID of a process"),
            "{content}: {error}"
        );
    }
    std::fs::remove_file(&file).unwrap();
    let error = run(&signal(SignalTarget::PidFile(file.clone())), LIMIT).unwrap_err();
    assert!(error.starts_with("cannot read the PID file /"), "{error}");
}

#[test]
fn a_signal_to_a_process_that_has_ended_and_was_not_reaped_is_an_error() {
    let mut ended = Running::start(Command::new("sh").args(["-c", "echo ready"]));
    let pid = ended.0.id();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    std::fs::write(&file, pid.to_string()).unwrap();
    let is_zombie = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.contains("State:\tZ")
    };
    while !is_zombie() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = run(&signal(SignalTarget::PidFile(file)), LIMIT).unwrap_err();
    assert!(
        error.contains(&format!("the process {pid} does not run any more")),
        "{error}"
    );
    ended.0.wait().unwrap();
}

/// A copy of the shell with a name that no other process has.
fn program(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::copy("/bin/sh", &path).unwrap();
    path
}

#[test]
fn a_signal_reaches_the_first_of_the_processes_with_a_name() {
    let folder = tempfile::tempdir().unwrap();
    // Linux cuts the name after 15 bytes.
    let name = format!("act-{}-server", std::process::id());
    let path = program(folder.path(), &name);
    let send = || run(&signal(SignalTarget::Name(name.clone())), LIMIT);
    let error = send().unwrap_err();
    assert!(
        error.starts_with(&format!("no process is named {name:?}")),
        "{error}"
    );
    // The master waits for a worker of the same name, which waits for the end of its input.
    let script = format!(
        "trap 'exit 7' USR1; exec 3<&0; '{}' -c 'echo ready; read -r line <&3' & wait",
        path.display()
    );
    let start = || {
        let mut command = Command::new(&path);
        Running::start(
            command
                .args(["-c", &script])
                .stdin(Stdio::piped())
                .process_group(0),
        )
    };
    let end = |running: &Running| {
        let group = nix::unistd::Pid::from_raw(i32::try_from(running.0.id()).unwrap());
        let _ = nix::sys::signal::killpg(group, Signal::SIGKILL);
    };
    let (mut first, second) = (start(), start());
    let error = send().unwrap_err();
    let expected = format!("2 processes are named {name:?}");
    assert!(
        error.starts_with(&expected) && error.contains(&first.0.id().to_string()),
        "{error}"
    );
    end(&second);
    drop(second);
    // The worker of the second one may end a moment later.
    let begun = Instant::now();
    let result = loop {
        match send() {
            Err(error) if error.starts_with(&expected) && begun.elapsed() < LIMIT => {
                std::thread::sleep(Duration::from_millis(10));
            }
            result => break result,
        }
    };
    let status = result.is_ok().then(|| first.0.wait().unwrap());
    end(&first);
    assert_eq!(result, Ok(()));
    assert_eq!(status.and_then(|status| status.code()), Some(7));
}
