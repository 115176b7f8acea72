//! Groups that a new configuration has given another key: the pauses between the runs of their command go on.

use std::time::Instant;

use super::Debts;
use crate::options::{GroupConfig, GroupKey};

impl Debts {
    /// Handles a group that is the same as one of the configuration before, under another key. Its command waits for the
    /// end of a run of the same command, and for the pause after it.
    pub fn succeed(&mut self, before: &GroupConfig, group: &GroupConfig, now: Instant) {
        let line = |group: &GroupConfig| group.command.as_ref().map(|own| own.line.clone());
        let key = &group.key;
        if line(before) == line(group) {
            let mut running = self.successions.running_before(&before.key);
            let own = self
                .debt_of(&before.key)
                .filter(|own| own.running.is_some());
            running.extend(own.map(|own| own.group.key.clone()));
            for running in running {
                self.successions.add(key, running);
            }
        }
        self.share_pace(&before.key, key, now);
    }

    /// Lets the groups that wait for the end of a run of this one begin after the pause.
    pub(super) fn run_ended(&mut self, running: &GroupKey, now: Instant) {
        for key in self.successions.take(running) {
            self.share_pace(running, &key, now);
        }
    }

    fn share_pace(&mut self, from: &GroupKey, to: &GroupKey, now: Instant) {
        let pace = self.pace_of(to).with(self.pace_of(from));
        self.set_pace(to, pace, now);
        if let Some(index) = self.index_of(to) {
            let debt = &mut self.all[index];
            debt.due = debt.due.max(pace.earliest(debt.group.rate, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use process_tree::CommandLine;

    use super::*;
    use crate::debts::COMMAND_COOLDOWN;
    use crate::options::{CommandConfig, CommandOutput, EnvironmentConfig, ReloadRate};

    fn group(name: &str, command: &str) -> Arc<GroupConfig> {
        let command = GroupConfig::of_command(CommandConfig {
            line: CommandLine::Direct(vec![command.to_owned()]),
            action: None,
            timeout: Duration::from_secs(30),
            environment: EnvironmentConfig::default(),
            output: CommandOutput::Inherit,
        });
        let rate = ReloadRate {
            count: 1,
            period: Duration::from_secs(10),
            burst: 1,
        };
        Arc::new(GroupConfig {
            key: GroupKey::Named(name.into()),
            rate: Some(rate),
            ..command
        })
    }

    /// Moves all files to a group, which was another one before.
    fn renew(debts: &mut Debts, before: &GroupConfig, new: &Arc<GroupConfig>, now: Instant) {
        debts.succeed(before, new, now);
        debts.renew(now, |_| Some((Arc::clone(new), 0)));
        debts.retry_now(now);
    }

    fn starts(debts: &mut Debts, now: Instant) -> bool {
        debts.start_next(now, |_| false).is_some()
    }

    #[test]
    fn a_renamed_group_waits_for_the_end_of_the_run_and_for_the_pause() {
        let (mut debts, begin) = (Debts::default(), Instant::now());
        let [a, b, c] = ["a", "b", "c"].map(|name| group(name, "reload"));
        debts.owe(&a, 0, ["/f"], begin);
        assert!(starts(&mut debts, begin));
        renew(&mut debts, &a, &b, begin);
        renew(&mut debts, &b, &c, begin);
        let late = begin + Duration::from_secs(20);
        assert!(!starts(&mut debts, late), "the command still runs");
        assert!(debts.start_last(late, |_| false).is_none());
        assert_eq!(debts.due().count(), 0);
        debts.finished(&a.key, true, late, 1.0);
        assert!(!starts(&mut debts, late));
        assert!(starts(&mut debts, late + COMMAND_COOLDOWN));
    }

    #[test]
    fn a_renamed_group_keeps_the_rate() {
        let (mut debts, begin) = (Debts::default(), Instant::now());
        let [a, b] = ["a", "b"].map(|name| group(name, "reload"));
        debts.owe(&a, 0, ["/f"], begin);
        assert!(starts(&mut debts, begin));
        debts.finished(&a.key, true, begin, 1.0);
        renew(&mut debts, &a, &b, begin);
        debts.owe(&b, 0, ["/f"], begin + Duration::from_secs(1));
        assert!(!starts(&mut debts, begin + Duration::from_secs(9)));
        assert!(starts(&mut debts, begin + Duration::from_secs(10)));
    }

    #[test]
    fn another_command_does_not_wait_for_one_that_hangs() {
        let (mut debts, begin) = (Debts::default(), Instant::now());
        let (a, b) = (group("a", "hangs"), group("b", "repaired"));
        debts.owe(&a, 0, ["/f"], begin);
        assert!(starts(&mut debts, begin));
        renew(&mut debts, &a, &b, begin);
        assert!(starts(&mut debts, begin + Duration::from_secs(10)));
    }
}
