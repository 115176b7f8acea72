use super::*;

/// A thread with a list, which hangs until the returned value is dropped.
fn hung() -> (LedgerThread<Vec<u32>>, mpsc::Sender<()>) {
    let thread = LedgerThread::start(Vec::new(), Duration::from_millis(50)).unwrap();
    let (release, held) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    thread.send(move |_| {
        begun.send(()).unwrap();
        let _ = held.recv();
    });
    begins.recv().unwrap();
    (thread, release)
}

#[test]
fn tasks_run_in_their_order_even_if_their_callers_have_timed_out() {
    let (thread, release) = hung();
    let push = |number| thread.call(move |list: &mut Vec<u32>| list.push(number));
    assert_eq!(push(1), Err(NoResult::Overdue { is_first: true }));
    assert_eq!(push(2), Err(NoResult::Overdue { is_first: false }));
    assert!(thread.is_busy_for(Duration::from_millis(50)));
    drop(release);
    assert_eq!(thread.wait(|list| list.clone()), Ok(vec![1, 2]));
    assert_eq!(thread.call(|list| list.len()), Ok(2));
    assert!(!thread.is_busy_for(Duration::from_secs(60)));
}

#[test]
fn a_question_that_has_not_begun_before_the_timeout_is_dropped() {
    let (thread, release) = hung();
    let late = thread.ask(|list| list.push(1));
    assert_eq!(late, Err(NoResult::Overdue { is_first: true }));
    drop(release);
    assert_eq!(thread.wait(|list| list.len()), Ok(0));
    assert_eq!(thread.ask(|list| list.len()), Ok(0));
}

#[test]
fn a_thread_that_hangs_drops_contents_but_no_task() {
    let (thread, release) = hung();
    let push = |number| {
        let bytes = MAX_WAITING_BYTES / 2;
        thread.call_with(bytes, number, |list: &mut Vec<_>, number| {
            list.push(number.unwrap_or(0));
        })
    };
    assert_eq!(push(1), Err(NoResult::Overdue { is_first: true }));
    assert_eq!(push(2), Err(NoResult::Overdue { is_first: false }));
    assert_eq!(push(3), Err(NoResult::ContentsDropped));
    assert_eq!(push(4), Err(NoResult::Overdue { is_first: false }));
    let end = thread.call(|list| list.push(5));
    assert_eq!(end, Err(NoResult::Overdue { is_first: false }));
    drop(release);
    let done = thread.wait(|list| list.clone());
    assert_eq!(done, Ok(vec![1, 2, 0, 0, 5]));
    assert_eq!(push(6), Ok(()), "it accepts contents again");
    assert_eq!(thread.wait(|list| list.last().copied()), Ok(Some(6)));
}

#[test]
fn a_slow_thread_is_waited_for_once_and_not_before_each_of_its_tasks() {
    let (thread, release) = hung();
    let block = |thread: &LedgerThread<Vec<u32>>| {
        let ((release, held), (begun, begins)) = (mpsc::channel::<()>(), mpsc::channel());
        let late = thread.call(move |_| {
            let _ = (begun.send(()), held.recv());
        });
        (release, begins, late)
    };
    let (next, start, late) = block(&thread);
    assert_eq!(late, Err(NoResult::Overdue { is_first: true }));
    drop(release);
    start.recv().unwrap();
    let pushed = thread.call(|list| list.push(1));
    assert_eq!(pushed, Err(NoResult::Overdue { is_first: false }));
    drop(next);
    assert_eq!(thread.wait(|list| list.clone()), Ok(vec![1]));

    // The queue is empty after each slow task: its caller waits, but it is not the first one.
    for is_first in [true, false] {
        let (release, _, late) = block(&thread);
        assert_eq!(late, Err(NoResult::Overdue { is_first }));
        drop(release);
    }
}

#[test]
fn a_task_that_panics_hangs_neither_its_caller_nor_the_next_ones() {
    let thread = LedgerThread::start(0, Duration::from_secs(60)).unwrap();
    for is_first in [true, false] {
        let result = thread.call(|number: &mut u32| *number = [0][*number as usize + 1]);
        assert_eq!(result, Err(NoResult::Panicked { is_first }));
    }
    let result = thread.wait(|number| [0][*number as usize + 1]);
    assert_eq!(result, Err(NoResult::Panicked { is_first: false }));
    assert_eq!(thread.call(|number| *number), Ok(0));
    assert!(!thread.is_busy_for(Duration::from_secs(60)));
}

#[test]
fn dropping_waits_for_the_tasks_but_not_for_a_thread_that_hangs() {
    struct Flag(mpsc::Sender<()>);
    impl Drop for Flag {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (ended, end) = mpsc::channel();
    let thread = LedgerThread::start(Flag(ended), Duration::from_secs(1)).unwrap();
    thread.send(|_| ());
    drop(thread);
    assert_eq!(end.try_recv(), Ok(()), "the value is dropped");

    let (thread, release) = hung();
    drop(thread);
    drop(release);
}
