//! Random sequences of answers, compared with the definition of the rules.

use super::*;

/// The time since the previous answer in tenths of a second, the items, and the circumstances.
fn any_step() -> impl Strategy<Value = (u64, usize, Circumstances)> {
    let circumstances = prop_oneof![4 => Just(FRESH), 3 => Just(STALE), 1 => Just(FILTERED)];
    (0_u64..60, 0_usize..12, circumstances)
}

/// An answer that was seen: the time in tenths of a second, the items, the circumstances, and whether it was accepted.
#[derive(Clone, Copy, Debug)]
struct Seen {
    time: u64,
    items: usize,
    circumstances: Circumstances,
    is_accepted: bool,
}

/// The largest number of items that was accepted at any time within the last 10 s, since the last confirmed loss. While
/// an answer is held back, the 10 s end when that began.
fn reference(history: &[Seen], confirmed: usize, now: u64) -> usize {
    let held = history.iter().rev().take_while(|seen| !seen.is_accepted);
    let now = held.last().map_or(now, |seen| seen.time);
    let accepted: Vec<_> = history[confirmed..]
        .iter()
        .filter(|seen| seen.is_accepted)
        .collect();
    let replaced = accepted.iter().skip(1).map(|next| Some(next.time));
    let ends = replaced.chain([None]);
    let counts = accepted
        .iter()
        .zip(ends)
        .filter(|(_, end)| end.is_none_or(|end| now < end + 100));
    counts.map(|(seen, _)| seen.items).max().unwrap_or(0)
}

/// Returns `true` if this answer can confirm a loss.
fn confirms(seen: &Seen, was_filtered: bool) -> bool {
    seen.circumstances.is_fresh && (was_filtered || !seen.circumstances.is_filtered)
}

proptest! {
    #[test]
    fn a_loss_is_accepted_only_if_fresh_reads_have_shown_it_for_long_enough(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let mut world = World::new();
        let config = world.rules.config;
        let mut history: Vec<Seen> = Vec::new();
        let (mut now, mut confirmed) = (0, 0);
        for (pause, items, circumstances) in steps {
            now += pause;
            let before = reference(&history, confirmed, now);
            let was_filtered = history.iter().rev().find(|seen| seen.is_accepted)
                .is_some_and(|seen| seen.circumstances.is_filtered);
            let ruling = world.answer(now, items, circumstances);
            let is_accepted = matches!(ruling, Ruling::Accepted(_));
            history.push(Seen { time: now, items, circumstances, is_accepted });
            if !config.is_collapse(before, items) {
                let was_held = history.iter().rev().nth(1).is_some_and(|seen| !seen.is_accepted);
                prop_assert!(is_accepted || (was_held && items < before), "{items} of {before} was held");
                prop_assert!(how(&ruling).is_none_or(|how| how == How::Released));
                continue;
            }
            if !is_accepted {
                continue;
            }
            // Since the first of the confirming reads, nothing was accepted, and everything was a loss.
            prop_assert_eq!(how(&ruling), Some(How::Confirmed));
            let last = history.len() - 1;
            prop_assert!(confirms(&history[last], was_filtered));
            let held = history[..last].iter().rev().take_while(|seen| !seen.is_accepted);
            let held: Vec<_> = held.copied().collect();
            let is_long = |seen: &Seen| confirms(seen, was_filtered) && now - seen.time >= 100;
            let first = held.iter().position(is_long);
            prop_assert!(first.is_some(), "{before} -> {items} at {now}: {held:?}");
            let within = &held[..=first.unwrap_or_default()];
            prop_assert!(within.iter().all(|seen| was_filtered || !seen.circumstances.is_filtered));
            prop_assert!(within.iter().all(|seen| !config.is_collapse(seen.items, items)));
            confirmed = last;
        }
    }

    #[test]
    fn an_answer_that_stays_is_accepted(
        steps in prop::collection::vec(any_step(), 0..30),
        items in 0_usize..12,
    ) {
        let mut world = World::new();
        let mut now = 0;
        for (pause, items, circumstances) in steps {
            now += pause;
            world.answer(now, items, circumstances);
        }
        // At once, or after reads at the times that the guard asks for.
        world.answer(now, items, FRESH);
        // At most `confirm_for`, and a second if the loss has become smaller than what counts as one.
        let end = now + 110;
        while let Some(next) = world.guard.next_read() {
            let next = u64::try_from((next - world.begin).as_millis() / 100).unwrap();
            prop_assert!(next <= end, "{next} {end}");
            world.answer(next, items, FRESH);
            now = next;
        }
        prop_assert_eq!(world.accepted(), items);
        prop_assert!(now <= end);
    }
}
