//! Switching an adapter off and on, for one that has gone deaf.

use std::time::Duration;

use bluez_async::BluetoothSession;

/// How long an adapter is off: its firmware forgets what it was at.
const OFF_FOR: Duration = Duration::from_secs(1);

/// The connection by which adapters are switched. It is kept: BlueZ's library never closes one.
#[derive(Default)]
pub(super) struct Power {
    session: Option<BluetoothSession>,
}

impl Power {
    /// Switches the adapter whose description is `adapter` off and on again.
    pub(super) async fn cycle(&mut self, adapter: &str) -> Result<(), bluez_async::BluetoothError> {
        let session = match &self.session {
            Some(session) => session,
            None => {
                let (_, session) = BluetoothSession::new().await?;
                self.session.insert(session)
            }
        };
        for known in session.get_adapters().await? {
            if adapter.starts_with(&format!("{} ", known.id)) {
                session.set_powered(&known.id, false).await?;
                tokio::time::sleep(OFF_FOR).await;
                session.set_powered(&known.id, true).await?;
            }
        }
        Ok(())
    }
}
