//! The MQTT bridge: Home Assistant discovery in, commands out, and an embedded MQTT server.
