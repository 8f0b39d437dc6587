//! A house with physics: rooms, sensors, an air conditioner and a fan, for trying out and for tests.
