//! What the system says about this process; nothing where it says nothing (anywhere but on Linux).

/// What the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Process {
    pub(crate) resident: Option<f64>,
    pub(crate) peak: Option<f64>,
    pub(crate) cpu_seconds: Option<f64>,
}

/// Linux: the kernel tells times in ticks of a hundredth of a second, whatever its own are.
const TICKS_PER_SECOND: f64 = 100.0;

/// Asks the system.
pub(crate) fn read() -> Process {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    Process {
        resident: kilobytes(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024.0),
        peak: kilobytes(&status, "VmHWM:").map(|kilobytes| kilobytes * 1024.0),
        cpu_seconds: cpu_seconds(&stat),
    }
}

/// Sets the gauges of memory, processor time and open files.
pub(crate) fn observe() {
    let process = read();
    for (bytes, kind) in [(process.resident, "resident"), (process.peak, "peak")] {
        if let Some(bytes) = bytes {
            metrics::gauge!("alita_memory_bytes", "kind" => kind).set(bytes);
        }
    }
    if let Some(seconds) = process.cpu_seconds {
        metrics::gauge!("alita_cpu_seconds").set(seconds);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        let count = u32::try_from(files.count()).unwrap_or(u32::MAX);
        metrics::gauge!("alita_open_files").set(count);
    }
}

/// See [Linux/proc_pid_stat](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html): the name may hold anything,
/// so fields are counted behind its closing bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn kilobytes(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 2011 0 0 0 150 50 0 0 20 0 4 0 9000 1000 500";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn memory_is_read_from_the_status_of_the_process() {
        let status = "Name:\talita-bot\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(10240.0));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
        assert_eq!(kilobytes("", "VmRSS:"), None);
    }
}
