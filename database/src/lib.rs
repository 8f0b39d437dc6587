//! Opens the house's one SQLite file, migrates it, and hands out connections.
