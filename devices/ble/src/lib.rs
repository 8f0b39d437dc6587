//! The Bluetooth LE bridge: adverts to readings.
