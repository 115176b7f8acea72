//! Random simulations: whatever happens, the budget holds, and in the end every query has its last value.

use proptest::prelude::*;

use super::*;

/// What happens in a simulation.
#[derive(Clone, Debug)]
enum Incident {
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

fn incident() -> impl Strategy<Value = Incident> {
    prop_oneof![
        8 => (0..300usize).prop_map(Incident::Service),
        8 => (0..300usize).prop_map(Incident::Flip),
        8 => (0..60usize).prop_map(Incident::Key),
        4 => any::<usize>().prop_map(Incident::Lost),
        2 => any::<usize>().prop_map(Incident::Idle),
        2 => any::<usize>().prop_map(Incident::Refused),
        1 => Just(Incident::Restart),
        1 => Just(Incident::Down),
        2 => Just(Incident::Up),
        2 => any::<bool>().prop_map(Incident::Busy),
        2 => (0..300usize, 0..60usize).prop_map(|(a, b)| Incident::Follow(a, b)),
        1 => (0..300usize).prop_map(Incident::ReadAgain),
        1 => prop_oneof![Just(1), Just(90)].prop_map(Incident::Sharing),
        1 => Just(Incident::Suspended),
    ]
}

impl Simulation {
    /// Fails one of the requests in flight.
    fn fail_one(&mut self, number: usize, error: fn() -> Error) {
        let mut request_ids: Vec<_> = self.in_flight.keys().copied().collect();
        request_ids.sort_unstable();
        if !request_ids.is_empty() {
            self.fail(request_ids[number % request_ids.len()], error);
        }
    }

    fn cause(&mut self, incident: &Incident) {
        match incident {
            Incident::Service(number) => self.change_service(*number),
            Incident::Flip(number) => self.flip(*number),
            Incident::Key(number) => self.change_key(*number),
            Incident::Lost(number) => self.fail_one(*number, unreachable),
            Incident::Idle(number) => self.fail_one(*number, idle),
            Incident::Refused(number) => self.fail_one(*number, throttled),
            Incident::Restart => self.restart_server(),
            Incident::Down => {
                self.is_down = true;
                self.fail_all();
            }
            Incident::Up => self.is_down = false,
            Incident::Busy(is_busy) => self.schedule.set_busy(*is_busy),
            Incident::Follow(services, keys) => self.follow(*services, *keys),
            Incident::ReadAgain(number) => self.schedule.read_again(&service(*number)),
            Incident::Sharing(sharing) => self.schedule.share_connections(*sharing),
            Incident::Suspended => self.schedule.start_over(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_query_ends_with_its_last_value_and_the_budget_holds(
        connections in prop_oneof![2..20usize, Just(64)],
        (services, keys) in (0..300usize, 0..60usize),
        incidents in prop::collection::vec((0..3000u64, incident()), 0..60),
    ) {
        let mut simulation = Simulation::new(rules(connections));
        simulation.follow(services, keys);
        let mut may_share = false;
        for (after, incident) in &incidents {
            simulation.run(Duration::from_millis(*after));
            may_share |= matches!(incident, Incident::Sharing(90));
            simulation.cause(incident);
        }
        simulation.is_down = false;
        simulation.schedule.set_busy(false);
        // A lost index, an outage and a crowd may delay an answer, each for a bounded time.
        simulation.run(MINUTE * 4);
        let outdated = simulation.outdated();
        prop_assert!(outdated.is_empty(), "{outdated:?}");
        if !may_share {
            let most = simulation.most_connections;
            prop_assert!(most <= connections, "{most} connections");
        }
    }
}
