//! How much memory another process has: asked of the system, in the way that each has, and without a library.

use std::process::Child;

/// The resident memory of a process in bytes; `None` if this system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn resident_bytes(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim_end().parse().ok()?;
    Some(kib * 1024)
}

/// The resident memory of a process in bytes; `None` if this system does not tell.
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn resident_bytes(child: &Child) -> Option<u64> {
    let output = std::process::Command::new("ps").args(["-o", "rss=", "-p", &child.id().to_string()]).output().ok()?;
    let kib: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().ok()?;
    Some(kib * 1024)
}

/// The resident memory of a process in bytes; `None` if this system does not tell.
#[cfg(windows)]
pub(super) fn resident_bytes(child: &Child) -> Option<u64> {
    let filter = format!("PID eq {}", child.id());
    let output = std::process::Command::new("tasklist").args(["/NH", "/FO", "CSV", "/FI", &filter]).output().ok()?;
    // "netsplit.exe","1234","Console","1","12,345 K": only the digits of the last field, which are grouped as the user likes.
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = line.trim().rsplit("\",\"").next()?;
    let kib: u64 = field.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()?;
    Some(kib * 1024)
}

/// How often it is worth asking: elsewhere than on Linux every question is a process.
pub(super) const ASK_EVERY_MS: u64 = if cfg!(target_os = "linux") { 20 } else { 500 };
