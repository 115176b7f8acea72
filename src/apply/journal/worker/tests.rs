use super::*;

/// A worker with a list, which hangs until the returned value is dropped.
fn hung() -> (Worker<Vec<u32>>, mpsc::Sender<()>) {
    let worker = Worker::start(Vec::new(), Duration::from_millis(50)).unwrap();
    let (release, held) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    worker.send(move |_| {
        begun.send(()).unwrap();
        let _ = held.recv();
    });
    begins.recv().unwrap();
    (worker, release)
}

#[test]
fn tasks_are_carried_out_in_their_order_also_after_their_callers_have_given_up() {
    let (worker, release) = hung();
    let push = |number| worker.call(move |list: &mut Vec<u32>| list.push(number));
    assert_eq!(push(1), Err(NoResult::Overdue { is_first: true }));
    assert_eq!(push(2), Err(NoResult::Overdue { is_first: false }));
    assert!(worker.is_busy_for(Duration::from_millis(50)));
    drop(release);
    assert_eq!(worker.wait(|list| list.clone()), Ok(vec![1, 2]));
    assert_eq!(worker.call(|list| list.len()), Ok(2));
    assert!(!worker.is_busy_for(Duration::from_secs(60)));
}

#[test]
fn a_question_that_is_late_is_not_carried_out() {
    let (worker, release) = hung();
    let late = worker.ask(|list| list.push(1));
    assert_eq!(late, Err(NoResult::Overdue { is_first: true }));
    drop(release);
    assert_eq!(worker.wait(|list| list.len()), Ok(0));
    assert_eq!(worker.ask(|list| list.len()), Ok(0));
}

#[test]
fn a_thread_that_hangs_drops_contents_but_no_task() {
    let (worker, release) = hung();
    let push = |number| {
        let bytes = MAX_WAITING_BYTES / 2;
        worker.call_with(bytes, number, |list: &mut Vec<_>, number| {
            list.push(number.unwrap_or(0));
        })
    };
    assert_eq!(push(1), Err(NoResult::Overdue { is_first: true }));
    assert_eq!(push(2), Err(NoResult::Overdue { is_first: false }));
    assert_eq!(push(3), Err(NoResult::ContentsDropped));
    assert_eq!(push(4), Err(NoResult::Overdue { is_first: false }));
    let end = worker.call(|list| list.push(5));
    assert_eq!(end, Err(NoResult::Overdue { is_first: false }));
    drop(release);
    let done = worker.wait(|list| list.clone());
    assert_eq!(done, Ok(vec![1, 2, 0, 0, 5]));
    assert_eq!(push(6), Ok(()), "it accepts contents again");
    assert_eq!(worker.wait(|list| list.last().copied()), Ok(Some(6)));
}

#[test]
fn a_slow_thread_is_waited_for_once_and_not_before_each_of_its_tasks() {
    let (worker, release) = hung();
    let block = |worker: &Worker<Vec<u32>>| {
        let ((release, held), (begun, begins)) = (mpsc::channel::<()>(), mpsc::channel());
        let late = worker.call(move |_| {
            let _ = (begun.send(()), held.recv());
        });
        (release, begins, late)
    };
    let (next, start, late) = block(&worker);
    assert_eq!(late, Err(NoResult::Overdue { is_first: true }));
    drop(release);
    start.recv().unwrap();
    let pushed = worker.call(|list| list.push(1));
    assert_eq!(pushed, Err(NoResult::Overdue { is_first: false }));
    drop(next);
    assert_eq!(worker.wait(|list| list.clone()), Ok(vec![1]));

    // The queue is empty after each slow task: its caller waits, but it is not the first one.
    for is_first in [true, false] {
        let (release, _, late) = block(&worker);
        assert_eq!(late, Err(NoResult::Overdue { is_first }));
        drop(release);
    }
}

#[test]
fn a_task_that_panics_hangs_neither_its_caller_nor_the_next_ones() {
    let worker = Worker::start(0, Duration::from_secs(60)).unwrap();
    for is_first in [true, false] {
        let result = worker.call(|number: &mut u32| *number = [0][*number as usize + 1]);
        assert_eq!(result, Err(NoResult::Panicked { is_first }));
    }
    let result = worker.wait(|number| [0][*number as usize + 1]);
    assert_eq!(result, Err(NoResult::Panicked { is_first: false }));
    assert_eq!(worker.call(|number| *number), Ok(0));
    assert!(!worker.is_busy_for(Duration::from_secs(60)));
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
    let worker = Worker::start(Flag(ended), Duration::from_secs(1)).unwrap();
    worker.send(|_| ());
    drop(worker);
    assert_eq!(end.try_recv(), Ok(()), "the value is dropped");

    let (worker, release) = hung();
    drop(worker);
    drop(release);
}
