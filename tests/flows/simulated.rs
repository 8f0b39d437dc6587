//! The day in the simulated house, where switching the air conditioner on really cools.

use std::sync::OnceLock;

use domovoi_tests::browser::Browser;
use domovoi_tests::hub::{Hub, Options};
use domovoi_tests::ntfy::Ntfy;
use domovoi_tests::people::admin;
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;

use crate::day::{Day, LIMIT, TOPICS, lived, sentences};
use crate::web;

static DAY: OnceLock<Result<Day, String>> = OnceLock::new();

fn day() -> &'static Day {
    lived(&DAY, live)
}

async fn live() -> Day {
    let ntfy = Ntfy::start().await;
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into(), "--demo-speed".into(), "20".into()],
        configuration: format!("[notifier]\nurl = \"{}\"\n[logger]\ncommit_seconds = 1\n", ntfy.url),
        ..Options::default()
    })
    .await;
    // The first admin is made as a new user makes it: in the browser, through the printed link.
    let browser = Browser::open(1280, 900).await;
    web::set_up(&browser, &hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, TOPICS).await;

    let (living_room, bathroom) = tokio::join!(
        LIVING_ROOM.live(&hub, &session, &heard, &ntfy),
        BATHROOM.live(&hub, &session, &heard, &ntfy),
    );
    web::picture(&browser, "simulated-12-overview").await;

    let fan = "[data-testid='room-card'][data-area='bathroom'] [data-testid='actuator-state'][data-kind='fan'][data-on='false']";
    wait::until("the fan to rest", LIMIT, async || {
        (browser.count(fan).await > 0).then_some(())
    })
    .await;
    let threshold = web::set_threshold(&browser, &heard, "simulated").await;
    let search = web::search(&browser, "simulated", async || {}).await;
    browser.close().await;
    assert_eq!(hub.terminate().await, Some(0));
    Day {
        living_room,
        bathroom,
        threshold,
        search,
    }
}

sentences!(day);
