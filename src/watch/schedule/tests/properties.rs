//! Random worlds: whatever happens, the budget holds, and in the end every query has its last value.

use proptest::prelude::*;

use super::*;

/// What happens in a world.
#[derive(Clone, Debug)]
enum Happening {
    Service(usize),
    Flip(usize),
    Key(usize),
    /// A request in flight is lost.
    Lost(usize),
    /// A request in flight exceeds its limit.
    Idle(usize),
    /// The server refuses a request in flight.
    Refused(usize),
    /// The server is restarted with the same data and lower indexes.
    Restart,
    Down,
    Up,
    Busy(bool),
    Follow(usize, usize),
    ReadAgain(usize),
    Sharing(usize),
    Suspended,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0..300usize).prop_map(Happening::Service),
        8 => (0..300usize).prop_map(Happening::Flip),
        8 => (0..60usize).prop_map(Happening::Key),
        4 => any::<usize>().prop_map(Happening::Lost),
        2 => any::<usize>().prop_map(Happening::Idle),
        2 => any::<usize>().prop_map(Happening::Refused),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Down),
        2 => Just(Happening::Up),
        2 => any::<bool>().prop_map(Happening::Busy),
        2 => (0..300usize, 0..60usize).prop_map(|(a, b)| Happening::Follow(a, b)),
        1 => (0..300usize).prop_map(Happening::ReadAgain),
        1 => prop_oneof![Just(1), Just(90)].prop_map(Happening::Sharing),
        1 => Just(Happening::Suspended),
    ]
}

impl World {
    /// Fails one of the requests in flight.
    fn fail_one(&mut self, number: usize, error: fn() -> Error) {
        let mut tickets: Vec<_> = self.in_flight.keys().copied().collect();
        tickets.sort_unstable();
        if !tickets.is_empty() {
            self.fail(tickets[number % tickets.len()], error);
        }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Service(number) => self.change_service(*number),
            Happening::Flip(number) => self.flip(*number),
            Happening::Key(number) => self.change_key(*number),
            Happening::Lost(number) => self.fail_one(*number, unreachable),
            Happening::Idle(number) => self.fail_one(*number, idle),
            Happening::Refused(number) => self.fail_one(*number, throttled),
            Happening::Restart => self.restart_server(),
            Happening::Down => {
                self.is_down = true;
                self.fail_all();
            }
            Happening::Up => self.is_down = false,
            Happening::Busy(is_busy) => self.schedule.set_busy(*is_busy),
            Happening::Follow(services, keys) => self.follow(*services, *keys),
            Happening::ReadAgain(number) => self.schedule.read_again(&service(*number)),
            Happening::Sharing(sharing) => self.schedule.share_connections(*sharing),
            Happening::Suspended => self.schedule.start_over(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_query_ends_with_its_last_value_and_the_budget_holds(
        connections in prop_oneof![2..20usize, Just(64)],
        (services, keys) in (0..300usize, 0..60usize),
        happenings in prop::collection::vec((0..3000u64, happening()), 0..60),
    ) {
        let mut world = World::new(rules(connections));
        world.follow(services, keys);
        let mut may_share = false;
        for (after, happening) in &happenings {
            world.run(Duration::from_millis(*after));
            may_share |= matches!(happening, Happening::Sharing(90));
            world.happen(happening);
        }
        world.is_down = false;
        world.schedule.set_busy(false);
        // A lost index, an outage and a crowd may delay an answer, each for a bounded time.
        world.run(MINUTE * 4);
        let outdated = world.outdated();
        prop_assert!(outdated.is_empty(), "{outdated:?}");
        if !may_share {
            let most = world.most_connections;
            prop_assert!(most <= connections, "{most} connections");
        }
    }
}
