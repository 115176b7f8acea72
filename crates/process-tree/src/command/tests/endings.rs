//! How commands end: limits, signals and cancellation.

use super::*;

#[tokio::test]
async fn a_command_that_exceeds_its_timeout_gets_sigterm_and_may_clean_up() {
    let command = within(
        300,
        shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"),
    );
    let (result, lines) = ran(command).await;
    let message = result.unwrap_err().to_string();
    assert!(
        message.ends_with("did not end within 300ms and was stopped"),
        "{message}"
    );
    // The shell may also report that its program was terminated.
    assert!(
        ["ready", "bye"]
            .iter()
            .all(|said| lines.iter().any(|line| line == said)),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_command_that_ignores_sigterm_is_killed_with_its_group() {
    let line = "trap '' TERM; (trap '' TERM; echo $$ >&2; sleep 60; sleep 60) & echo $!; while :; do sleep 60; done";
    let started = Instant::now();
    let (result, lines) = ran(within(300, shell(line))).await;
    assert!(matches!(result, Err(CommandError::TimedOut { .. })));
    assert!(
        started.elapsed() >= Duration::from_millis(600),
        "limit and grace"
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(lines.len(), 2);
    eventually("all processes have ended", || {
        !lines.iter().any(|id| alive(id))
    })
    .await;
}

#[tokio::test]
async fn grandchildren_get_the_term_timeout_even_if_the_shell_ends_at_once() {
    let room = tempfile::tempdir().unwrap();
    let cleaned = room.path().join("cleaned");
    let inner = format!(
        "trap 'sleep 0.1; : > {}; exit' TERM; echo ready; while :; do sleep 0.02; done",
        cleaned.display()
    );
    let (result, lines) = ran(within(
        400,
        shell(&format!("sh -c \"{inner}\" & wait; echo not reached")),
    ))
    .await;
    assert!(matches!(result, Err(CommandError::TimedOut { .. })));
    assert!(lines.iter().any(|line| line == "ready"), "{lines:?}");
    assert!(!lines.iter().any(|line| line == "not reached"));
    assert!(cleaned.exists(), "it was not given the time to clean up");
}

#[tokio::test]
async fn background_processes_of_a_successful_command_keep_running_and_do_not_block() {
    let printed = Printed::default();
    let line = "(sleep 0.6; echo late; sleep 60) & echo $!; echo done";
    let started = Instant::now();
    let finished = run(&shell(line), &CancellationToken::new(), collect(&printed))
        .await
        .unwrap();
    assert!(
        started.elapsed() < Duration::from_millis(580),
        "it waited for the pipe: {:?}",
        started.elapsed()
    );
    assert!(finished.took < Duration::from_millis(300));
    let id = lines(&printed)[0].clone();
    assert!(alive(&id));
    let following = tokio::spawn(finished.lingering.expect("the pipe is held").follow());
    eventually("the late line", || lines(&printed).len() == 3).await;
    assert_eq!(lines(&printed)[1..], ["done", "late"]);
    assert!(alive(&id), "it was not killed for writing");
    killpg_of(&id);
    following.await.unwrap();
}

/// Kills the process group that a test left in the background.
fn killpg_of(id: &str) {
    let group = nix::unistd::getpgid(Some(Pid::from_raw(id.parse().unwrap()))).unwrap();
    nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_command_without_background_processes_has_no_lingering_output() {
    let (result, _) = ran(shell("echo a b")).await;
    assert!(result.unwrap().lingering.is_none());
}

#[tokio::test]
async fn dropping_the_future_kills_the_group() {
    let printed = Printed::default();
    let command = shell("trap '' TERM; sleep 60 & echo $!; echo $$; wait; sleep 60");
    let stop = CancellationToken::new();
    let task = {
        let sink = collect(&printed);
        tokio::spawn(async move { run(&command, &stop, sink).await.map(drop) })
    };
    eventually("both have started", || lines(&printed).len() == 2).await;
    let ids = lines(&printed);
    assert!(ids.iter().all(|id| alive(id)));
    task.abort();
    eventually("both processes have ended", || {
        !ids.iter().any(|id| alive(id))
    })
    .await;
    eventually("the leader was waited for", || {
        !Path::new(&format!("/proc/{}", ids[1])).exists()
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_cancelled_before_the_start_stops_it() {
    let stop = CancellationToken::new();
    stop.cancel();
    let result = run(&shell("sleep 60; true"), &stop, Sink::of_lines(|_, _| {})).await;
    assert!(matches!(result, Err(CommandError::Stopped { .. })));
}
