use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::master::{NotFound, Server};
use super::verification::{Pending, Progress, Serving, Verdict};
use crate::processes::{Process, ProcessId};

const MS: Duration = Duration::from_millis(1);

fn process(pid: i32, parent: i32, title: &str) -> Process {
    Process {
        id: ProcessId {
            pid,
            start: 1000 + u64::from(pid.unsigned_abs()),
        },
        parent,
        words: title.split('|').map(str::to_owned).collect(),
        is_in_container: false,
        caught: 1 << 11,
    }
}

fn master(pid: i32) -> Process {
    process(pid, 1, "nginx: master process /usr/sbin/nginx")
}

fn worker(pid: i32, parent: i32) -> Process {
    process(pid, parent, "nginx: worker process")
}

fn ending(pid: i32, parent: i32) -> Process {
    process(pid, parent, "nginx: worker process is shutting down")
}

/// Judges the tables one after another, 20 ms apart. Returns the last verdict.
fn judged(server: Server, before: &[Process], after: &[&[Process]]) -> Verdict {
    let mut progress = Progress::new(Serving::find(server, before, None).unwrap());
    let begun = Instant::now();
    let mut last = None;
    for (number, table) in after.iter().enumerate() {
        let now = begun + 20 * MS * u32::try_from(number).unwrap();
        last = Some(progress.judge(table, None, now));
    }
    last.unwrap()
}

fn is_verified(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Verified(_))
}

#[test]
fn nginx_with_new_workers_is_verified_when_the_old_ones_end() {
    let before = [master(10), worker(11, 10), worker(12, 10)];
    let both = [master(10), worker(11, 10), worker(13, 10)];
    let after = [master(10), ending(11, 10), worker(13, 10), worker(14, 10)];
    let Verdict::Verified(verified) = judged(Server::Nginx, &before, &[&both, &after]) else {
        panic!("not verified");
    };
    assert_eq!(
        (verified.pid, verified.workers, verified.is_new),
        (10, 2, false)
    );
    assert_eq!(verified.to_string(), "nginx master 10 has 2 new worker(s)");
    let both = judged(Server::Nginx, &before, &[&both, &both]);
    let old = BTreeSet::from([before[1].id]);
    assert_eq!(both, Verdict::Pending(Pending::OldWorkersServe(10, old)));
}

#[test]
fn a_worker_must_be_seen_twice() {
    let before = [master(10), worker(11, 10)];
    let (one, other) = ([master(10), worker(12, 10)], [master(10), worker(13, 10)]);
    let single = judged(Server::Nginx, &before, &[&one]);
    assert_eq!(single, Verdict::Pending(Pending::New(10)));
    let crashing = judged(Server::Nginx, &before, &[&one, &other, &one]);
    assert_eq!(crashing, Verdict::Pending(Pending::New(10)));
    assert!(is_verified(&judged(Server::Nginx, &before, &[&one, &one])));
}

#[test]
fn a_master_that_keeps_its_workers_is_not_verified() {
    let nginx = [master(10), worker(11, 10), ending(12, 10)];
    let verdict = judged(Server::Nginx, &nginx, &[&nginx, &nginx, &nginx[..2]]);
    assert_eq!(verdict, Verdict::Pending(Pending::NoNewWorkers(10)));
    let haproxy = [
        process(10, 1, "haproxy|-W|-f|x"),
        process(11, 10, "haproxy|-W|-f|x"),
    ];
    // After a failed reload, the master waits with another command line.
    let wait = [process(10, 1, "haproxy|-sf|11|-W|-f|x"), haproxy[1].clone()];
    let verdict = judged(Server::Haproxy, &haproxy, &[&wait, &wait]);
    assert_eq!(verdict, Verdict::Pending(Pending::NoNewWorkers(10)));
}

#[test]
fn a_number_that_is_used_again_is_another_process() {
    let before = [master(10), worker(11, 10)];
    let mut again = worker(11, 10);
    again.id.start += 500;
    let after = [master(10), again];
    assert!(is_verified(&judged(
        Server::Nginx,
        &before,
        &[&after, &after]
    )));
}

#[test]
fn a_restart_is_verified_if_the_new_master_has_workers() {
    let before = [master(10), worker(11, 10)];
    let after = [master(20), worker(21, 20)];
    let Verdict::Verified(verified) = judged(Server::Nginx, &before, &[&[], &after, &after]) else {
        panic!("not verified");
    };
    assert!(verified.is_new && verified.pid == 20);
    let ended = Verdict::Pending(Pending::Ended(10));
    assert_eq!(judged(Server::Nginx, &before, &[&[]]), ended);
    assert_eq!(judged(Server::Nginx, &before, &[&[master(20)]]), ended);
    // The workers of a killed master serve the old configuration.
    assert_eq!(judged(Server::Nginx, &before, &[&before[1..]]), ended);
}

#[test]
fn a_haproxy_worker_beside_old_ones_must_run_for_a_second() {
    let line = "haproxy|-Ws|-f|x";
    let before = [process(10, 1, line), process(11, 10, line)];
    let both = [
        process(10, 1, line),
        process(11, 10, line),
        process(12, 10, line),
    ];
    let mut progress = Progress::new(Serving::find(Server::Haproxy, &before, None).unwrap());
    let begun = Instant::now();
    for (at, expected) in [(0, false), (500, false), (999, false), (1000, true)] {
        let verdict = progress.judge(&both, None, begun + MS * at);
        assert_eq!(is_verified(&verdict), expected, "{at}");
    }
    let alone = [process(10, 1, line), process(12, 10, line)];
    assert!(is_verified(&judged(
        Server::Haproxy,
        &before,
        &[&alone, &alone]
    )));
}

#[test]
fn a_haproxy_master_that_ignores_the_next_reload_is_not_ready() {
    let line = "haproxy|-W|-f|x";
    let before = [process(10, 1, line), process(11, 10, line)];
    let after = [process(10, 1, line), process(12, 10, line)];
    let mut deaf = after.clone();
    deaf[0].caught = 1;
    let verdict = judged(Server::Haproxy, &before, &[&deaf, &deaf]);
    assert_eq!(verdict, Verdict::Pending(Pending::New(10)));
    assert!(is_verified(&judged(
        Server::Haproxy,
        &before,
        &[&deaf, &after]
    )));
}

#[test]
fn haproxy_without_a_master_is_replaced_by_a_new_process() {
    let before = [process(10, 1, "haproxy|-D|-f|x")];
    let new = process(20, 1, "haproxy|-D|-f|x|-sf|10");
    let only = [new.clone()];
    let draining = [before[0].clone(), new];
    let verdict = judged(Server::Haproxy, &before, &[&before, &before]);
    assert_eq!(verdict, Verdict::Pending(Pending::NoNewWorkers(10)));
    assert!(is_verified(&judged(
        Server::Haproxy,
        &before,
        &[&only, &only]
    )));
    // The next reload begins while the first process drains.
    let found = Serving::find(Server::Haproxy, &draining, None).unwrap();
    assert_eq!(found.main.pid, 20);
}

#[test]
fn the_main_process_must_be_unique_and_on_this_host() {
    let find =
        |table: &[Process], pid| Serving::find(Server::Nginx, table, pid).map(|it| it.main.pid);
    let mut contained = master(30);
    contained.is_in_container = true;
    let two = [master(10), worker(11, 10), master(20)];
    let id = |process: &Process| process.id;
    assert_eq!(find(&[], None), Err(NotFound::NotRunning));
    assert_eq!(find(&[worker(11, 10)], None), Err(NotFound::NotRunning));
    assert_eq!(
        find(&two, None),
        Err(NotFound::Several(vec![id(&two[0]), id(&two[2])]))
    );
    assert_eq!(find(&two, Some(20)), Ok(20));
    assert_eq!(find(&two, Some(11)), Err(NotFound::NotTheMaster(11)));
    assert_eq!(find(&two, Some(99)), Err(NotFound::NotTheMaster(99)));
    let only = [contained.clone()];
    assert_eq!(
        find(&only, None),
        Err(NotFound::InContainer(vec![contained.id]))
    );
    assert_eq!(find(&only, Some(30)), Ok(30));
    assert_eq!(find(&[contained, master(10)], None), Ok(10));
}

/// A table of a master and children with random titles, some of them numbers of before.
fn tables() -> impl Strategy<Value = Vec<Process>> {
    let child = (11..20_i32, 0..3_u8, 0..2_u64).prop_map(|(pid, role, start)| {
        let mut process = match role {
            0 => worker(pid, 10),
            1 => ending(pid, 10),
            _ => process(pid, 10, "nginx: cache manager process"),
        };
        process.id.start += start;
        process
    });
    proptest::collection::vec(child, 0..6).prop_map(|mut children| {
        children.sort_by_key(|process| process.id.pid);
        children.dedup_by_key(|process| process.id.pid);
        children.insert(0, master(10));
        children
    })
}

proptest! {
    #[test]
    fn verified_means_new_workers_and_no_old_one_that_serves(
        before in tables(),
        after in proptest::collection::vec(tables(), 1..4),
    ) {
        let tables: Vec<&[Process]> = after.iter().map(Vec::as_slice).collect();
        let verdict = judged(Server::Nginx, &before, &tables);
        let last = tables.last().unwrap();
        let known = |process: &Process| before.iter().any(|one| one.id == process.id && one.title().contains("worker"));
        let serves = |process: &&Process| process.title() == "nginx: worker process";
        let new: Vec<_> = last.iter().filter(serves).filter(|one| !known(one)).collect();
        let old = last.iter().filter(serves).filter(|one| known(one)).count();
        if is_verified(&verdict) {
            prop_assert!(!new.is_empty() && old == 0);
        } else if old == 0 && tables.len() > 1 {
            // Then no new worker was in the table before.
            let previous = tables[tables.len() - 2];
            let stayed = new.iter().any(|one| previous.iter().any(|two| two.id == one.id && serves(&two)));
            prop_assert!(!stayed, "{verdict:?}");
        }
    }

    #[test]
    fn the_order_of_the_table_does_not_matter(before in tables(), after in tables()) {
        let reversed: Vec<_> = after.iter().rev().cloned().collect();
        prop_assert_eq!(
            judged(Server::Nginx, &before, &[&after, &after]),
            judged(Server::Nginx, &before, &[&reversed, &reversed])
        );
    }

    #[test]
    fn a_haproxy_that_keeps_its_processes_is_never_verified(
        master in any::<bool>(),
        workers in proptest::collection::btree_set(11..20_i32, 0..4),
        lost in proptest::collection::btree_set(11..20_i32, 0..4),
        seconds in 0..100_u64,
    ) {
        let line = if master { "haproxy|-W|-f|x" } else { "haproxy|-f|x" };
        let children = workers.iter().map(|pid| process(*pid, 10, line));
        let before: Vec<_> = std::iter::once(process(10, 1, line)).chain(children).collect();
        let mut progress = Progress::new(Serving::find(Server::Haproxy, &before, None).unwrap());
        // Workers may end, as when a client disconnects.
        let after: Vec<_> = before.iter().filter(|one| !lost.contains(&one.id.pid)).cloned().collect();
        let begun = Instant::now();
        for number in 0..3 {
            let now = begun + Duration::from_secs(seconds) * number;
            let verdict = progress.judge(&after, None, now);
            prop_assert!(!is_verified(&verdict), "{verdict:?}");
        }
    }
}
