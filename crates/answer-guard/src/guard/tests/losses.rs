//! What is held back, and until when.

use super::*;

/// Time in tenths of a second, items, circumstances, and the accepted items after it.
type Step = (u64, usize, Circumstances, usize);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn losses_are_held_back_until_they_are_confirmed() {
    let cases: &[(&str, &[Step])] = &[
        (
            "the items come back",
            &[(0, 3, FRESH, 3), (10, 0, STALE, 3), (50, 3, STALE, 3)],
        ),
        (
            "a loss that stays is confirmed",
            &[
                (0, 3, FRESH, 3),
                (10, 0, STALE, 3),
                (11, 0, FRESH, 3),
                (110, 0, FRESH, 3),
                (111, 0, FRESH, 0),
            ],
        ),
        (
            "stale answers confirm nothing",
            &[
                (0, 3, STALE, 3),
                (10, 0, STALE, 3),
                (500, 0, STALE, 3),
                (501, 0, FRESH, 3),
                (601, 0, FRESH, 0),
            ],
        ),
        (
            "half of the items is no collapse, and more than half is one",
            &[
                (0, 4, FRESH, 4),
                (200, 2, FRESH, 2),
                (400, 10, FRESH, 10),
                (600, 4, FRESH, 10),
            ],
        ),
        (
            "small steps within the time are one large step",
            &[
                (0, 10, FRESH, 10),
                (1, 6, FRESH, 6),
                (2, 3, FRESH, 6),
                (3, 0, FRESH, 6),
                (4, 5, FRESH, 6),
                (14, 5, FRESH, 5),
            ],
        ),
        (
            "slow steps are no collapse",
            &[
                (0, 10, FRESH, 10),
                (1, 6, FRESH, 6),
                (102, 3, FRESH, 3),
                (103, 2, FRESH, 3),
                (205, 2, FRESH, 2),
            ],
        ),
        (
            "an answer that partly recovers is accepted when no more items come",
            &[
                (0, 3, FRESH, 3),
                (1, 0, FRESH, 3),
                (2, 1, FRESH, 3),
                (10, 2, FRESH, 3),
                (19, 2, STALE, 3),
                (20, 2, FRESH, 2),
            ],
        ),
        (
            "items that come back one at a time",
            &[
                (0, 3, FRESH, 3),
                (1, 0, FRESH, 3),
                (20, 1, FRESH, 3),
                (21, 2, FRESH, 3),
                (22, 3, FRESH, 3),
            ],
        ),
        (
            "an answer that recovers too little is accepted at the end",
            &[
                (0, 10, FRESH, 10),
                (1, 0, FRESH, 10),
                (50, 3, FRESH, 10),
                (100, 4, FRESH, 10),
                (101, 4, FRESH, 4),
            ],
        ),
        (
            "a deeper collapse starts the time again",
            &[
                (0, 10, FRESH, 10),
                (1, 4, FRESH, 10),
                (90, 0, FRESH, 10),
                (101, 0, FRESH, 10),
                (190, 0, FRESH, 0),
            ],
        ),
        (
            "a confirmed loss is the new state",
            &[
                (0, 10, FRESH, 10),
                (1, 2, FRESH, 10),
                (101, 2, FRESH, 2),
                (102, 1, FRESH, 1),
                (103, 0, FRESH, 1),
            ],
        ),
        (
            "the first answer has nothing to compare with",
            &[(0, 0, STALE, 0)],
        ),
        (
            "a filtered answer confirms nothing",
            &[
                (0, 3, FRESH, 3),
                (10, 0, FILTERED, 3),
                (900, 0, FILTERED, 3),
                (901, 0, FRESH, 3),
                (950, 0, FILTERED, 3),
                (960, 0, FRESH, 3),
                (1060, 0, FRESH, 0),
            ],
        ),
        (
            "a token that always sees a part",
            &[
                (0, 3, FILTERED, 3),
                (10, 0, FILTERED, 3),
                (110, 0, FILTERED, 0),
            ],
        ),
    ];
    for (what, steps) in cases {
        let mut world = World::new();
        for (number, (time, items, circumstances, accepted)) in steps.iter().enumerate() {
            world.answer(*time, *items, *circumstances);
            assert_eq!(world.accepted(), *accepted, "{what}: step {number}");
        }
    }
}
