//! The folder of runs, for a browser: an index of all runs, as a file and over HTTP.
//!
//! | part | what it is |
//! |---|---|
//! | [`runs`] | the runs that a folder holds, as their files tell of them |
//! | [`index`] | the page that lists them |
//! | [`question`] | which of them somebody asks for, and in which order |
//! | [`inside`] | the file that a path names, if it is inside the folder |
//! | [`serve`] | the folder over HTTP, for this machine only |

pub mod index;
mod inside;
mod question;
pub mod runs;
pub mod serve;

#[cfg(test)]
mod tests;
