//! Signals as wishes.
//!
//! in:  TERM, INT, QUIT, and the two signals of the configuration
//! out: a [`SignalAction`]

use std::collections::BTreeSet;
use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalAction {
    /// End in an orderly way, as this signal has asked; asked for a second time: at once.
    End(Signal),
    /// Read everything again.
    Reload,
    /// The child is meant.
    PassOn(Signal),
}

/// What is passed on to a child, if it has no role here. Others come by the way (`SIGCHLD`, `SIGPIPE`), cannot be caught,
/// or tell a process of its own mistakes.
pub const PASSED_ON: [Signal; 19] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTRAP,
    Signal::SIGABRT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGTERM,
    Signal::SIGCONT,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
    Signal::SIGPROF,
    Signal::SIGWINCH,
    Signal::SIGIO,
    Signal::SIGSYS,
];

/// By default each of these would end the process, though nobody who sends one wants that: a logrotate that takes it for
/// another daemon, a timer that it has inherited. What is wrong with the process itself (ABRT, SYS, …) still ends it.
const STRAYS: [Signal; 7] = [
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
    Signal::SIGPROF,
    Signal::SIGIO,
];

/// Listens for signals; dropping it ends the listening, but the signals stay caught.
#[derive(Debug)]
pub struct Signals {
    roles: Roles,
    received: mpsc::UnboundedReceiver<Signal>,
    sender: mpsc::UnboundedSender<Signal>,
    heard: BTreeSet<Signal>,
    listeners: JoinSet<()>,
}

/// What each signal asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Asks for the end, beside TERM, INT and QUIT.
    pub kill: Option<Signal>,
    /// Asks for reading everything again; may be one of these three.
    pub reload: Option<Signal>,
    /// Whether there is a child that others are passed on to.
    pub child: bool,
}

/// They ask for the end, unless one of them is the signal to reload.
const ENDS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

impl Roles {
    fn wish(self, signal: Signal) -> Option<SignalAction> {
        let Self {
            kill,
            reload,
            child,
        } = self;
        if kill == Some(signal) {
            Some(SignalAction::End(signal))
        } else if reload == Some(signal) {
            Some(SignalAction::Reload)
        } else if ENDS.contains(&signal) {
            Some(SignalAction::End(signal))
        } else {
            child.then_some(SignalAction::PassOn(signal))
        }
    }

    /// The signals to listen for. A daemon that does not reload on HUP should not die of it either, nor of a stray.
    fn signals(self) -> impl Iterator<Item = Signal> {
        let passed_on = PASSED_ON.into_iter().filter(move |_| self.child);
        ENDS.into_iter()
            .chain([Signal::SIGHUP])
            .chain(STRAYS)
            .chain(self.kill)
            .chain(self.reload)
            .chain(passed_on)
    }
}

/// A signal that cannot be listened for.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for {signal}")]
pub struct SignalError {
    signal: Signal,
    source: io::Error,
}

impl Signals {
    /// Begins to listen. What asks for both the end and a reload asks for the end.
    ///
    /// # Errors
    /// [`SignalError`] when the system refuses one of them.
    pub fn listen(roles: Roles) -> Result<Self, SignalError> {
        let (sender, received) = mpsc::unbounded_channel();
        let (heard, listeners) = (BTreeSet::new(), JoinSet::new());
        let mut signals = Self {
            roles: Roles::default(),
            received,
            sender,
            heard,
            listeners,
        };
        signals.assign(roles)?;
        Ok(signals)
    }

    /// Gives the signals these roles from now on; none that was sent meanwhile is lost. A signal that has no role any
    /// more is heard, and does nothing.
    ///
    /// # Errors
    /// As [`listen`](Self::listen); then everything stays as it was.
    pub fn assign(&mut self, roles: Roles) -> Result<(), SignalError> {
        for name in roles.signals() {
            if !self.heard.contains(&name) {
                let listener = signal(SignalKind::from_raw(name as i32));
                let listener = listener.map_err(|source| SignalError {
                    signal: name,
                    source,
                })?;
                self.listeners
                    .spawn(forward(listener, name, self.sender.clone()));
                self.heard.insert(name);
            }
        }
        self.roles = roles;
        Ok(())
    }

    /// The next wish.
    pub async fn next(&mut self) -> SignalAction {
        loop {
            match self.received.recv().await {
                Some(signal) => {
                    if let Some(wish) = self.roles.wish(signal) {
                        return wish;
                    }
                }
                // A sender lives as long as this does, so there is always one to hear from.
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
    async fn signals_become_wishes() {
        let mut signals =
            Signals::listen(roles(Some(Signal::SIGUSR1), Some(Signal::SIGUSR2))).unwrap();
        for (signal, wish) in [
            (Signal::SIGUSR1, SignalAction::End(Signal::SIGUSR1)),
            (Signal::SIGUSR2, SignalAction::Reload),
            (Signal::SIGTERM, SignalAction::End(Signal::SIGTERM)),
        ] {
            kill(Pid::this(), signal).unwrap();
            let heard = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
            assert_eq!(heard.expect("nothing was heard"), wish, "{signal}");
        }
        kill(Pid::this(), Signal::SIGUSR1).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        signals.assign(roles(None, Some(Signal::SIGUSR1))).unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
        assert_eq!(
            heard.expect("nothing was heard"),
            SignalAction::Reload,
            "what was sent before has its new role"
        );
        kill(Pid::this(), Signal::SIGUSR2).unwrap();
        kill(Pid::this(), Signal::SIGTERM).unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
        assert_eq!(
            heard.expect("nothing was heard"),
            SignalAction::End(Signal::SIGTERM),
            "USR2 has no role any more"
        );
    }

    #[test]
    fn a_signal_has_one_role() {
        let reload_on_term = roles(None, Some(Signal::SIGTERM));
        assert_eq!(
            reload_on_term.wish(Signal::SIGTERM),
            Some(SignalAction::Reload)
        );
        assert_eq!(
            reload_on_term.wish(Signal::SIGQUIT),
            Some(SignalAction::End(Signal::SIGQUIT))
        );
        assert_eq!(reload_on_term.wish(Signal::SIGHUP), None);
        assert_eq!(
            roles(Some(Signal::SIGHUP), Some(Signal::SIGHUP)).wish(Signal::SIGHUP),
            Some(SignalAction::End(Signal::SIGHUP))
        );
        let with_child = Roles {
            child: true,
            ..reload_on_term
        };
        assert_eq!(with_child.wish(Signal::SIGTERM), Some(SignalAction::Reload));
        assert_eq!(
            with_child.wish(Signal::SIGHUP),
            Some(SignalAction::PassOn(Signal::SIGHUP))
        );
        assert_eq!(
            with_child.wish(Signal::SIGINT),
            Some(SignalAction::End(Signal::SIGINT))
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
