//! What the operator sends: to make us stop, or to hear what we are at.

use std::io;

use crate::RollCall;

/// Which wish to stop arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: a supervisor wants us to stop.
    Terminate,
    /// SIGINT or Ctrl-C: a person wants us to stop.
    Interrupt,
}

/// Listens for SIGTERM and SIGINT, and for Ctrl-C where those do not exist.
///
/// SIGQUIT makes a dump of the tasks and stops nothing.
#[derive(Debug)]
pub struct Signals {
    roll_call: RollCall,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    quit: tokio::signal::unix::Signal,
}

impl Signals {
    /// Begins to listen; from here on a signal no longer ends the process by itself, and SIGHUP is ignored.
    ///
    /// # Errors
    ///
    /// The system refuses to install a handler.
    #[cfg(unix)]
    pub fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // A handler once installed stays for the life of the process, so SIGHUP is swallowed without a listener.
        drop(signal(SignalKind::hangup())?);
        Ok(Self {
            roll_call: RollCall::default(),
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// Never on this system; [`Signals::next`] installs the handler.
    #[cfg(not(unix))]
    pub fn install() -> io::Result<Self> {
        Ok(Self { roll_call: RollCall::default() })
    }

    /// Whom SIGQUIT asks what they are at; add the sets to it.
    #[must_use]
    pub fn roll_call(&self) -> RollCall {
        self.roll_call.clone()
    }

    /// Waits for the next signal to stop; none is lost between two calls. Meanwhile SIGQUIT is answered.
    #[cfg(unix)]
    pub async fn next(&mut self) -> Signal {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Signal::Terminate,
                _ = self.interrupt.recv() => return Signal::Interrupt,
                _ = self.quit.recv() => self.roll_call.tell(),
            }
        }
    }

    /// Waits for the next Ctrl-C.
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> Signal {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(error = %error, "cannot listen for ctrl-c");
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn send_to_ourselves(signal: &str) {
        let pid = std::process::id().to_string();
        let sent = std::process::Command::new("kill").args([signal, &pid]).status().expect("kill exists");
        assert!(sent.success());
    }

    #[tokio::test]
    async fn signals_arrive_instead_of_ending_the_process() {
        let mut signals = Signals::install().expect("handlers can be installed");
        send_to_ourselves("-HUP");
        send_to_ourselves("-QUIT");
        send_to_ourselves("-TERM");
        assert_eq!(signals.next().await, Signal::Terminate);
        send_to_ourselves("-INT");
        assert_eq!(signals.next().await, Signal::Interrupt);
    }
}
