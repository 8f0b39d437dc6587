//! What the admin does in the web UI, in a real browser.

use std::time::Duration;

use domovoi_tests::browser::Browser;
use domovoi_tests::hub::{Hub, PATIENCE};
use domovoi_tests::people::ADMIN;
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::topic;

use crate::day::{BATHROOM, LIMIT, Search, ThresholdSet};

/// Makes the first admin on the page that the set-up link opens.
pub(crate) async fn set_up(browser: &Browser, hub: &Hub) {
    browser
        .goto(hub.setup_url.as_deref().expect("a fresh hub prints a set-up link"))
        .await;
    browser.fill("setup-name", ADMIN.0).await;
    browser.fill("setup-password", ADMIN.1).await;
    browser.fill("setup-password-again", ADMIN.1).await;
    browser.click("setup-submit").await;
    browser.find("nav-overview").await;
}

/// Signs in on the sign-in page.
pub(crate) async fn sign_in(browser: &Browser, hub: &Hub) {
    browser.goto(&hub.url("/")).await;
    browser.fill("signin-name", ADMIN.0).await;
    browser.fill("signin-password", ADMIN.1).await;
    browser.click("signin-submit").await;
    browser.find("nav-overview").await;
}

/// Keeps a picture of the page.
pub(crate) async fn picture(browser: &Browser, name: &str) {
    let folder = domovoi_tests::artifacts().join("flows");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    browser.screenshot(&folder.join(format!("{name}.png"))).await;
}

/// Sentence 13: sets the bathroom's upper limit so low that the fan has to go on.
pub(crate) async fn set_threshold(browser: &Browser, heard: &Recorder, house: &str) -> ThresholdSet {
    let row = format!(
        "[data-testid='threshold-row'][data-area='{}'][data-quantity='{}']",
        BATHROOM.area, BATHROOM.quantity
    );
    browser.click("nav-thresholds").await;
    browser
        .fill_css(&format!("{row} [data-testid='threshold-high']"), "20")
        .await;
    let mark = heard.mark();
    browser
        .click_css(&format!("{row} [data-testid='threshold-save']"))
        .await;
    let (changed, _) = heard
        .wait_from(mark, "the threshold is set", PATIENCE, topic::CONFIG_CHANGED, |c| {
            c["new"]["high"] == 20.0
        })
        .await;
    let (effect, _) = heard
        .wait_from(
            mark,
            "the fan follows the new threshold",
            LIMIT,
            topic::ACTUATOR_EVENTS,
            |event| event["area"] == BATHROOM.area && event["on"] == true,
        )
        .await;
    browser
        .find_css(&format!("{row} [data-testid='threshold-status'][data-saved='true']"))
        .await;
    picture(browser, &format!("{house}-13-threshold")).await;
    ThresholdSet { changed, effect }
}

/// Sentences 14 and 15: searches, and notes what the page shows and when. `meanwhile` is what the
/// devices do once the search runs.
pub(crate) async fn search(browser: &Browser, house: &str, meanwhile: impl AsyncFnOnce()) -> Search {
    const RUNNING: &str = "[data-testid='search-devices'][data-searching='true']";
    browser.click("nav-devices").await;
    browser.click("search-devices").await;
    browser.find_css(RUNNING).await;
    meanwhile().await;
    let shown_while_searching = wait::until("a device found while the search runs", LIMIT, async || {
        let found = found(browser).await;
        assert!(
            !found.is_empty() || browser.count(RUNNING).await > 0,
            "the search ended and nothing was found"
        );
        (!found.is_empty() && browser.count(RUNNING).await > 0).then_some(found)
    })
    .await;
    picture(browser, &format!("{house}-14-searching")).await;
    wait::until("the search to end", Duration::from_secs(400), async || {
        (browser.count(RUNNING).await == 0).then_some(())
    })
    .await;
    picture(browser, &format!("{house}-15-found")).await;
    Search {
        shown_while_searching,
        shown_at_the_end: found(browser).await,
    }
}

async fn found(browser: &Browser) -> Vec<String> {
    let script =
        "return Array.from(document.querySelectorAll(\"[data-testid='found-device']\")).map(e => e.dataset.device)";
    serde_json::from_value(browser.script(script).await).expect("a list of ids")
}
