//! `netsplit view`: the folder of results in a browser.

use std::path::PathBuf;

use super::{Failure, say};
use crate::browse::serve;

/// Arguments of `view`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The folder
    #[arg(default_value = "results")]
    folder: PathBuf,
    /// The port of this machine; 0 takes any that is free
    #[arg(long, default_value_t = 7227)]
    port: u16,
}

/// Serves until it is interrupted.
pub(super) fn view(arguments: &Arguments) -> Result<u8, Failure> {
    let folder = &arguments.folder;
    if !folder.is_dir() {
        let told = format!("{} is no folder; `netsplit run` makes results/", folder.display());
        return Err(Failure::wrong_use(told));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::harness)?;
    runtime.block_on(async {
        let port = arguments.port;
        let taken =
            |error| Failure::wrong_use(format!("port {port} can't be used: {error}; --port 0 takes any that is free"));
        let (listener, address) = serve::listen(port).await.map_err(taken)?;
        say(&format!("{} at http://{address}/, for this machine only; Ctrl-C ends it", folder.display()));
        serve::serve(listener, folder.clone()).await.map_err(Failure::harness)
    })?;
    Ok(0)
}
