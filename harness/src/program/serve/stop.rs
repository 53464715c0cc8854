//! When a process that serves is to end: at Ctrl-C, when it is told to terminate or its terminal goes away, and, if it was
//! started by another, with that one.

use std::future::{Future, pending};
use std::io::{self, Read};
use std::time::Duration;

/// How often one looks whether another process has ended.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Ready when the process is asked to stop; with `until_eof` also when standard input ends.
pub(super) async fn asked(until_eof: bool) {
    tokio::select! {
        biased;
        () = heard(tokio::signal::ctrl_c()) => {}
        () = terminated() => {}
        () = input_ended(), if until_eof => {}
    }
}

/// A signal that can't be listened for never comes: the process then ends by it at once.
async fn heard(signal: impl Future<Output = io::Result<()>>) {
    if signal.await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let comes = |kind| async move {
        signal(kind)?.recv().await;
        Ok(())
    };
    tokio::select! {
        biased;
        () = heard(comes(SignalKind::terminate())) => {}
        () = heard(comes(SignalKind::hangup())) => {}
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending::<()>().await;
}

/// On a thread of its own: a runtime would wait for the end of a read that never ends.
async fn input_ended() {
    let (sender, ended) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut unread = [0; 64];
        while input.read(&mut unread).is_ok_and(|length| length > 0) {}
        drop(sender);
    });
    // Dropped unsent: that is the news.
    let _dropped = ended.await;
}
