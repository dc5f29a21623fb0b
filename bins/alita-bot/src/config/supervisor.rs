//! What a supervisor such as systemd tells the programs that it starts.
//!
//! These are no settings: nobody writes them into a file, so they stand in no list of variables.

use std::time::Duration;

use super::env::Env;

/// Is there a supervisor that wants to hear of us, and how often?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Supervisor {
    /// It gave us a socket for news (`NOTIFY_SOCKET`), which only Linux has.
    pub(crate) listens: bool,
    /// It takes us for dead when it hears nothing for so long (`WATCHDOG_USEC`).
    pub(crate) patience: Option<Duration>,
}

impl Supervisor {
    pub(super) fn read(env: &Env) -> Self {
        let text = |name| env.get(name).map(|(text, _)| text);
        if !cfg!(target_os = "linux") || text("NOTIFY_SOCKET").is_none() {
            return Self::default();
        }
        // A process may inherit what was meant for its parent.
        let is_for_us =
            text("WATCHDOG_PID").is_none_or(|id| id.parse::<u32>().is_ok_and(|id| id == std::process::id()));
        let patience = text("WATCHDOG_USEC").filter(|_| is_for_us).and_then(|text| text.parse().ok());
        Self { listens: true, patience: patience.filter(|time| *time > 0).map(Duration::from_micros) }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Supervisor {
        Supervisor::read(&Env::of(pairs))
    }

    #[test]
    fn it_listens_where_it_gave_a_socket() {
        assert_eq!(read(&[]), Supervisor::default());
        assert_eq!(read(&[("WATCHDOG_USEC", "1000")]), Supervisor::default());
        assert_eq!(read(&[("NOTIFY_SOCKET", "/run/notify")]), Supervisor { listens: true, patience: None });
    }

    #[test]
    fn its_patience_is_meant_for_one_process() {
        let patience = |time, id: &str| {
            read(&[("NOTIFY_SOCKET", "@x"), ("WATCHDOG_USEC", time), ("WATCHDOG_PID", id)]).patience
        };
        let ours = std::process::id().to_string();
        assert_eq!(patience("60000000", &ours), Some(Duration::from_secs(60)));
        assert_eq!(patience("60000000", ""), Some(Duration::from_secs(60)));
        assert_eq!(patience("60000000", "1"), None);
        assert_eq!(patience("0", &ours), None);
        assert_eq!(patience("soon", &ours), None);
    }
}
