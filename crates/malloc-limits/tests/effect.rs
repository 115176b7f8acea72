//! The effect on a process with several threads. One test, because the limits are those of the whole process.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;

/// The alignment of an arena that is not the main one, and its maximum size.
const ARENA: usize = 64 << 20;
const MEBIBYTE: usize = 1 << 20;

/// The number of arenas beside the main one: writable mappings that start where an arena starts.
fn other_arenas() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let starts = maps.lines().filter(|line| line.contains(" rw-p "));
    let starts = starts.filter_map(|line| usize::from_str_radix(line.split('-').next()?, 16).ok());
    starts.filter(|start| start % ARENA == 0).count()
}

/// The resident memory in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kibibytes.parse::<usize>().unwrap() * 1024
}

fn large() -> Vec<u8> {
    black_box(vec![1; 8 * MEBIBYTE])
}

#[test]
fn threads_share_an_arena_and_large_blocks_are_given_back() {
    malloc_limits::set();
    let barrier = Arc::new(Barrier::new(9));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                let small = black_box(vec![1_u8; 1000]);
                // Without a limit, glibc keeps what the second one has used: the first one has raised its threshold.
                drop(large());
                drop(large());
                barrier.wait();
                barrier.wait();
                drop(small);
            })
        })
        .collect();
    barrier.wait();
    assert!(other_arenas() <= 1, "{} arenas", other_arenas());
    assert!(resident() < 16 * MEBIBYTE, "{} bytes", resident());
    barrier.wait();
    for thread in threads {
        thread.join().unwrap();
    }
}
