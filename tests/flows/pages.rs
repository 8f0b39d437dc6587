//! Every page of the web UI, at desktop and phone width, light and dark: it shows what it is for,
//! nothing sticks out, nothing is complained of; a picture of each is kept.

use domovoi_tests::browser::Browser;
use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::people::{ADMIN, set_up};
use domovoi_tests::wait;

use crate::web::sign_in;

const WIDTHS: &[(&str, u32, u32)] = &[("desktop", 1280, 900), ("phone", 390, 844)];
const SCHEMES: &[&str] = &["light", "dark"];

/// Name, path, and what the page is for.
const PAGES: &[(&str, &str, &str)] = &[
    (
        "rooms",
        "/",
        "[data-testid='room-card'][data-area='living_room'] .spark-line",
    ),
    ("devices", "/devices", "[data-testid='adopted-device']"),
    ("thresholds", "/thresholds", "[data-testid='threshold-row']"),
    ("alerts", "/alerts", "[data-testid='alert-item']"),
    (
        "history",
        "/history/simulated-living-room-thermometer?quantity=temperature",
        "[data-testid='history-chart'] [data-testid='threshold-line']",
    ),
    ("logbook", "/logbook", "[data-testid='log-line']"),
    (
        "system",
        "/system",
        "[data-testid='system-component'][data-good='true']",
    ),
];

/// How far the page is wider than its window, in CSS pixels.
const OVERHANG: &str = "return document.documentElement.scrollWidth - window.innerWidth";

#[tokio::test]
async fn every_page_shows_what_it_is_for_at_desktop_and_phone_width_light_and_dark() {
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into()],
        configuration: "[logger]\ncommit_seconds = 1\n".into(),
        ..Options::default()
    })
    .await;
    let browser = Browser::open(1280, 900).await;
    let setup_url = hub.setup_url.clone().expect("a fresh hub prints a set-up link");
    every_look(&browser, "setup", &setup_url, "[data-testid='setup-submit']").await;
    set_up(&hub).await;
    every_look(&browser, "sign-in", &hub.url("/"), "[data-testid='signin-submit']").await;
    browser.goto(&hub.url("/devices")).await;
    browser.fill("signin-name", ADMIN.0).await;
    browser.fill("signin-password", "not this one").await;
    browser.click("signin-submit").await;
    browser.find("signin-error").await;
    look(&browser, "sign-in-refused").await;
    sign_in(&browser, &hub).await;
    let ran = "[data-testid='actuator-state'][data-kind='ac'][data-on='true']";
    wait::until("the air conditioner to run", PATIENCE, async || {
        (browser.count(ran).await > 0).then_some(())
    })
    .await;
    for (name, path, shown) in PAGES {
        every_look(&browser, name, &hub.url(path), shown).await;
    }
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "the browser's console: {complaints:#?}");
    browser.close().await;
    assert_eq!(hub.terminate().await, Some(0));
}

async fn every_look(browser: &Browser, name: &str, url: &str, shown: &str) {
    for (width_name, width, height) in WIDTHS {
        browser.resize(*width, *height).await;
        for scheme in SCHEMES {
            browser.prefer(scheme).await;
            browser.goto(url).await;
            browser.find_css(shown).await;
            let overhang = browser.script(OVERHANG).await.as_f64().expect("a number");
            assert!(
                overhang <= 0.0,
                "{name} sticks out by {overhang} px at {width_name} width"
            );
            look(browser, &format!("{name}-{width_name}-{scheme}")).await;
        }
    }
    browser.resize(1280, 900).await;
    browser.prefer("light").await;
}

async fn look(browser: &Browser, name: &str) {
    let folder = domovoi_tests::artifacts().join("pages");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    browser.screenshot(&folder.join(format!("{name}.png"))).await;
}
