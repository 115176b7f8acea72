//! Maps signals to actions.
//!
//! Input: TERM, INT, QUIT, the two signals of the configuration, and those for the child process.
//! Output: [`SignalAction`]s.

use std::collections::BTreeSet;
use std::io;

use nix::sys::signal::{SigSet, Signal};
use process_tree::PASSED_ON;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The action that a signal requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalAction {
    /// Shut down; on a second signal, exit at once.
    End(Signal),
    /// Reload the configuration, templates and files.
    Reload,
    /// Send the signal to the child process.
    Forward(Signal),
}

/// The signals that are ignored if they have no role. By default each would end the process, which
/// is never intended: it may come from a logrotate rule for another daemon, or an inherited timer.
/// Faults of the process (ABRT, SYS, …) still end it.
const IGNORED: [Signal; 7] = [
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
    Signal::SIGPROF,
    Signal::SIGIO,
];

/// The receiver of signals. After it is dropped, the signals stay caught.
#[derive(Debug)]
pub struct Signals {
    roles: Roles,
    received: mpsc::UnboundedReceiver<Signal>,
    sender: mpsc::UnboundedSender<Signal>,
    caught: BTreeSet<Signal>,
    listeners: JoinSet<()>,
}

/// The role of each signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The signal that shuts down, in addition to TERM, INT and QUIT; with `None`, INT does not either.
    pub kill: Option<Signal>,
    /// The signal that reloads; it may be TERM, INT or QUIT.
    pub reload: Option<Signal>,
    /// `true` if a child process receives the other signals.
    pub child: bool,
}

/// The signals that shut down, unless one of them is the reload signal.
const SHUTDOWN: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

impl Roles {
    fn action(self, signal: Signal) -> Option<SignalAction> {
        let Self {
            kill,
            reload,
            child,
        } = self;
        if kill == Some(signal) {
            Some(SignalAction::End(signal))
        } else if reload == Some(signal) {
            Some(SignalAction::Reload)
        } else if SHUTDOWN.contains(&signal) && (kill.is_some() || signal != Signal::SIGINT) {
            Some(SignalAction::End(signal))
        } else {
            child.then_some(SignalAction::Forward(signal))
        }
    }

    /// The signals to catch. HUP is always among them, so that it does not end a daemon that does
    /// not reload on it.
    fn signals(self) -> impl Iterator<Item = Signal> {
        let passed_on = PASSED_ON.into_iter().filter(move |_| self.child);
        SHUTDOWN
            .into_iter()
            .chain([Signal::SIGHUP])
            .chain(IGNORED)
            .chain(self.kill)
            .chain(self.reload)
            .chain(passed_on)
    }
}

/// A signal that cannot be caught.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for {signal}")]
pub struct SignalError {
    signal: Signal,
    source: io::Error,
}

/// The signals that a process may receive before it can handle them, but must not die of.
fn early() -> SigSet {
    [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2]
        .into_iter()
        .collect()
}

/// Blocks HUP, USR1 and USR2 until [`release`] or [`Signals::listen`]; they arrive then.
pub fn hold_back() {
    // This cannot fail for a valid set of signals.
    let _ = early().thread_block();
}

/// Unblocks the signals that [`hold_back`] has blocked.
pub fn release() {
    let _ = early().thread_unblock();
}

impl Signals {
    /// Starts to catch signals. A signal with both roles shuts down.
    ///
    /// # Errors
    /// [`SignalError`] if a signal cannot be caught.
    pub fn listen(roles: Roles) -> Result<Self, SignalError> {
        let (sender, received) = mpsc::unbounded_channel();
        let (caught, listeners) = (BTreeSet::new(), JoinSet::new());
        let mut signals = Self {
            roles: Roles::default(),
            received,
            sender,
            caught,
            listeners,
        };
        signals.assign(roles)?;
        release();
        Ok(signals)
    }

    /// Changes the roles. Signals that arrive meanwhile are kept. A signal without a role is ignored.
    ///
    /// # Errors
    /// Those of [`listen`](Self::listen). Then nothing changes.
    pub fn assign(&mut self, roles: Roles) -> Result<(), SignalError> {
        for name in roles.signals() {
            if !self.caught.contains(&name) {
                let listener = signal(SignalKind::from_raw(name as i32));
                let listener = listener.map_err(|source| SignalError {
                    signal: name,
                    source,
                })?;
                self.listeners
                    .spawn(forward(listener, name, self.sender.clone()));
                self.caught.insert(name);
            }
        }
        self.roles = roles;
        Ok(())
    }

    /// Waits for the next action.
    pub async fn next(&mut self) -> SignalAction {
        loop {
            match self.received.recv().await {
                Some(signal) => {
                    if let Some(action) = self.roles.action(signal) {
                        return action;
                    }
                }
                // Unreachable: `self.sender` keeps the channel open.
                None => std::future::pending().await,
            }
        }
    }
}

async fn forward(mut listener: Listener, signal: Signal, sender: mpsc::UnboundedSender<Signal>) {
    while listener.recv().await.is_some() {
        if sender.send(signal).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::sys::signal::kill;
    use nix::unistd::Pid;

    use super::*;

    #[tokio::test]
    async fn signals_become_actions() {
        let mut signals =
            Signals::listen(roles(Some(Signal::SIGUSR1), Some(Signal::SIGUSR2))).unwrap();
        for (signal, action) in [
            (Signal::SIGUSR1, SignalAction::End(Signal::SIGUSR1)),
            (Signal::SIGUSR2, SignalAction::Reload),
            (Signal::SIGTERM, SignalAction::End(Signal::SIGTERM)),
        ] {
            kill(Pid::this(), signal).unwrap();
            let received = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
            assert_eq!(received.expect("no signal arrived"), action, "{signal}");
        }
        kill(Pid::this(), Signal::SIGUSR1).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        signals.assign(roles(None, Some(Signal::SIGUSR1))).unwrap();
        let received = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
        assert_eq!(
            received.expect("no signal arrived"),
            SignalAction::Reload,
            "a signal sent before the change has its new role"
        );
        kill(Pid::this(), Signal::SIGUSR2).unwrap();
        kill(Pid::this(), Signal::SIGTERM).unwrap();
        let received = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
        assert_eq!(
            received.expect("no signal arrived"),
            SignalAction::End(Signal::SIGTERM),
            "USR2 no longer has a role"
        );
    }

    #[test]
    fn a_signal_has_one_role() {
        let reload_on_term = roles(None, Some(Signal::SIGTERM));
        assert_eq!(
            reload_on_term.action(Signal::SIGTERM),
            Some(SignalAction::Reload)
        );
        assert_eq!(
            reload_on_term.action(Signal::SIGQUIT),
            Some(SignalAction::End(Signal::SIGQUIT))
        );
        assert_eq!(reload_on_term.action(Signal::SIGHUP), None);
        assert_eq!(
            roles(Some(Signal::SIGHUP), Some(Signal::SIGHUP)).action(Signal::SIGHUP),
            Some(SignalAction::End(Signal::SIGHUP))
        );
        assert_eq!(reload_on_term.action(Signal::SIGINT), None);
        let with_child = Roles {
            child: true,
            ..reload_on_term
        };
        assert_eq!(
            with_child.action(Signal::SIGTERM),
            Some(SignalAction::Reload)
        );
        assert_eq!(
            with_child.action(Signal::SIGHUP),
            Some(SignalAction::Forward(Signal::SIGHUP))
        );
        assert_eq!(
            with_child.action(Signal::SIGINT),
            Some(SignalAction::Forward(Signal::SIGINT)),
            "without a kill signal, INT is like any other signal"
        );
    }

    fn roles(kill: Option<Signal>, reload: Option<Signal>) -> Roles {
        Roles {
            kill,
            reload,
            child: false,
        }
    }
}
