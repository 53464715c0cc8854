//! What a caller may conclude from a call that was not answered.

/// Why a call has no answer that the model could explain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not one byte was sent: no effect.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The system refused, and said that the call had no effect.
    #[error("refused: {0}")]
    Refused(String),
    /// Nobody knows: it may take effect at any time, or never.
    #[error("lost: {0}")]
    Lost(String),
}
