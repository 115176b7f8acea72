//! Signals as wishes.
//!
//! in:  TERM, INT, QUIT, and the two signals of the configuration
//! out: a [`Wish`]

use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// End in an orderly way; asked for a second time: at once.
    End,
    /// Read everything again.
    Reload,
}

/// Listens for signals; dropping it ends the listening, but the signals stay caught.
#[derive(Debug)]
pub struct Signals {
    wishes: mpsc::UnboundedReceiver<Wish>,
    _listeners: JoinSet<()>,
}

/// A signal that cannot be listened for.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for {signal}")]
pub struct SignalError {
    signal: Signal,
    source: io::Error,
}

impl Signals {
    /// Begins to listen. TERM, INT, QUIT and `kill` ask for the end, `reload` for reading everything again; what
    /// asks for both asks for the end. `reload` may be one of the first three.
    ///
    /// # Errors
    /// [`SignalError`] when the system refuses one of them.
    pub fn listen(kill: Option<Signal>, reload: Option<Signal>) -> Result<Self, SignalError> {
        let (sender, wishes) = mpsc::unbounded_channel();
        let mut listeners = JoinSet::new();
        let mut ends = vec![Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];
        ends.retain(|&signal| Some(signal) != reload);
        ends.extend(kill);
        ends.sort_unstable();
        ends.dedup();
        let reloads = reload.filter(|reload| !ends.contains(reload));
        let all = ends.into_iter().map(|signal| (signal, Wish::End));
        for (name, wish) in all.chain(reloads.map(|signal| (signal, Wish::Reload))) {
            let listener =
                signal(SignalKind::from_raw(name as i32)).map_err(|source| SignalError { signal: name, source })?;
            listeners.spawn(forward(listener, wish, sender.clone()));
        }
        if reload != Some(Signal::SIGHUP) && kill != Some(Signal::SIGHUP) {
            // A daemon that does not reload on HUP should not die of it either.
            let source = signal(SignalKind::hangup());
            let listener = source.map_err(|source| SignalError { signal: Signal::SIGHUP, source })?;
            listeners.spawn(ignore(listener));
        }
        Ok(Self { wishes, _listeners: listeners })
    }

    /// The next wish.
    pub async fn next(&mut self) -> Wish {
        match self.wishes.recv().await {
            Some(wish) => wish,
            // The listeners live as long as this does, so there is always one to hear from.
            None => std::future::pending().await,
        }
    }
}

async fn forward(mut listener: Listener, wish: Wish, wishes: mpsc::UnboundedSender<Wish>) {
    while listener.recv().await.is_some() {
        if wishes.send(wish).is_err() {
            return;
        }
    }
}

async fn ignore(mut listener: Listener) {
    while listener.recv().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::sys::signal::kill;
    use nix::unistd::Pid;

    use super::*;

    #[tokio::test]
    async fn signals_become_wishes() {
        let mut signals = Signals::listen(Some(Signal::SIGUSR1), Some(Signal::SIGUSR2)).unwrap();
        for (signal, wish) in
            [(Signal::SIGUSR1, Wish::End), (Signal::SIGUSR2, Wish::Reload), (Signal::SIGTERM, Wish::End)]
        {
            kill(Pid::this(), signal).unwrap();
            let heard = tokio::time::timeout(Duration::from_secs(5), signals.next()).await;
            assert_eq!(heard.expect("nothing was heard"), wish, "{signal}");
        }
    }
}
