//! Why a request about a device was refused.

use database::DatabaseError;
use wamp_client::CallError;

/// Its `Display` is a sentence for the person who asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is known by this id.
    #[error("there is no device {id:?}")]
    NoSuchDevice {
        /// What was asked for.
        id: String,
    },
    /// Only a part of the house can be renamed or moved.
    #[error("device: {name} is not part of the house yet; adopt it first")]
    NotAdopted {
        /// The device's name.
        name: String,
    },
    /// `kinds` names an entity that switches nothing.
    #[error("kinds: {name} has no actuator {entity:?}")]
    NoSuchActuator {
        /// The device's name.
        name: String,
        /// What was asked for.
        entity: String,
    },
    /// An argument is missing or makes no sense; the sentence begins with its name.
    #[error("{0}")]
    Argument(String),
    /// It could not be stored, so it does not hold.
    #[error("the change could not be stored: {0}")]
    Storage(#[from] DatabaseError),
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        let sentence = fault.to_string();
        match fault {
            Fault::NoSuchDevice { .. } => Self::new(house::uri::error::NO_SUCH_DEVICE, sentence),
            Fault::Storage(_) => Self::new(house::uri::error::STORAGE, sentence),
            Fault::NotAdopted { .. } | Fault::NoSuchActuator { .. } | Fault::Argument(_) => {
                Self::invalid_argument(sentence)
            }
        }
    }
}
