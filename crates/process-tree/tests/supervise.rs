//! Tests of a supervised child process and its descendants.
//!
//! The reaper is the executable itself, so this test program has its own `main` instead of the test
//! harness.
#![expect(clippy::unwrap_used, reason = "a test without the harness")]

use std::fs;
use std::future::Future;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process_tree::{
    Child, CommandError, CommandLine, Environment, Exit, Order, run_role, supervise,
};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

fn main() -> ExitCode {
    if let Some(code) = run_role(std::env::args_os()) {
        return ExitCode::from(code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        the_exit_code_is_that_of_the_child().await;
        a_program_that_is_missing_is_an_error().await;
        signals_reach_the_program_behind_a_shell().await;
        a_kill_ends_descendants_that_have_left_the_group().await;
        dropping_the_future_ends_all_descendants().await;
        a_killed_reaper_takes_the_child_along().await;
    });
    ExitCode::SUCCESS
}

fn shell(line: &str) -> Child {
    Child {
        line: CommandLine::Shell(line.to_owned()),
        environment: Environment::inherited(),
        end_signals: vec![Signal::SIGINT],
    }
}

/// Runs a child while `work` may send orders to it. Returns the exit of the child.
async fn ended<F: Future<Output = ()>>(
    child: Child,
    work: impl FnOnce(mpsc::UnboundedSender<Order>) -> F,
) -> Result<Exit, CommandError> {
    let (orders, receiver) = mpsc::unbounded_channel();
    let both = async { tokio::join!(supervise(&child, receiver), work(orders)).0 };
    timeout(Duration::from_secs(20), both).await.unwrap()
}

/// Waits for a file with one process ID per line.
async fn ids(path: &Path, count: usize) -> Vec<Pid> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let ids: Vec<_> = text
            .lines()
            .map(|line| Pid::from_raw(line.parse().unwrap()))
            .collect();
        if ids.len() == count {
            return ids;
        }
        assert!(Instant::now() < deadline, "{text:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until all of these processes have ended.
async fn all_gone(ids: &[Pid]) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let is_alive = |id: &Pid| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        kill(*id, None).is_ok() && !stat.contains(") Z ")
    };
    while ids.iter().any(is_alive) {
        assert!(Instant::now() < deadline, "{ids:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn the_exit_code_is_that_of_the_child() {
    let exit = ended(shell("exit 3"), |_| async {}).await.unwrap();
    assert_eq!((exit.code(), &*exit.to_string()), (3, "with exit code 3"));
    let exit = ended(shell("kill -KILL $$"), |_| async {}).await.unwrap();
    assert_eq!((exit.code(), &*exit.to_string()), (137, "by SIGKILL"));
}

async fn a_program_that_is_missing_is_an_error() {
    let child = Child {
        line: CommandLine::Direct(vec!["/no/such".to_owned()]),
        ..shell("")
    };
    let error = ended(child, |_| async {}).await.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot start \"/no/such\""),
        "{error}"
    );
}

/// Uses a list of commands, which the shell cannot `exec`, so that the shell waits for the program.
async fn signals_reach_the_program_behind_a_shell() {
    let directory = tempfile::tempdir().unwrap();
    let started = directory.path().join("started");
    let inner = "trap 'exit 5' USR1; echo $$ > started; while :; do sleep 0.02; done";
    let line = format!(
        "exec 2>/dev/null; cd {} && sh -c \"{}\"; exit $?",
        directory.path().display(),
        inner.replace("$$", "\\$\\$")
    );
    let exit = ended(shell(&line), |orders| async move {
        ids(&started, 1).await;
        orders.send(Order::Signal(Signal::SIGUSR1)).unwrap();
    });
    assert_eq!(exit.await.unwrap().code(), 5);
}

/// Returns a child with a descendant in a session of its own. Both write their process IDs.
fn with_session(path: &Path) -> Child {
    let path = path.display();
    shell(&format!(
        "setsid sh -c 'trap \"\" TERM; echo $$ >> {path}; while :; do sleep 60; done' & \
         echo $$ >> {path}; while :; do sleep 60; done"
    ))
}

async fn a_kill_ends_descendants_that_have_left_the_group() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ids");
    let exit = ended(with_session(&path), |orders| {
        let path = path.clone();
        async move {
            ids(&path, 2).await;
            orders.send(Order::Kill).unwrap();
        }
    });
    assert_eq!(exit.await.unwrap().code(), 137);
    all_gone(&ids(&path, 2).await).await;
}

async fn dropping_the_future_ends_all_descendants() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ids");
    let (_orders, receiver) = mpsc::unbounded_channel();
    let child = with_session(&path);
    let task = tokio::spawn(async move { supervise(&child, receiver).await });
    let ids = ids(&path, 2).await;
    task.abort();
    all_gone(&ids).await;
}

async fn a_killed_reaper_takes_the_child_along() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ids");
    let line = format!(
        "echo $PPID > {0}; echo $$ >> {0}; while :; do sleep 60; done",
        path.display()
    );
    let error = ended(shell(&line), |_| async {
        let ids = ids(&path, 2).await;
        kill(ids[0], Signal::SIGKILL).unwrap();
        all_gone(&ids).await;
    });
    let error = error.await.unwrap_err();
    assert!(
        matches!(error, CommandError::WaitFailed { .. }),
        "{error:?}"
    );
}
