//! Starts the web UI in the browser.

fn main() {
    ui::mount();
}
