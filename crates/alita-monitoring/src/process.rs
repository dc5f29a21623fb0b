//! What the system says about this process; nothing where it says nothing (anywhere but on Linux).

/// Sets the gauges of memory and open files.
pub(crate) fn observe() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for (field, kind) in [("VmRSS:", "resident"), ("VmHWM:", "peak")] {
        if let Some(bytes) = kilobytes(&status, field).map(|kilobytes| kilobytes * 1024.0) {
            metrics::gauge!("alita_memory_bytes", "kind" => kind).set(bytes);
        }
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        let count = u32::try_from(files.count()).unwrap_or(u32::MAX);
        metrics::gauge!("alita_open_files").set(count);
    }
}

fn kilobytes(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_status_of_the_process() {
        let status = "Name:\talita-bot\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(10240.0));
        assert_eq!(kilobytes(status, "VmSwap:"), None);
        assert_eq!(kilobytes("", "VmRSS:"), None);
    }
}
