//! Whole-system tests: the talk's day, the router suite, the browser, and the tidy rules.
