use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use house::{Quantity, SensorEvent, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::aggregate::{Aggregate, FIVE_MINUTES, HOUR};
use crate::fold::Point;
use crate::history::Subject;
use crate::plan::{Plan, Source};

static STARTS: AtomicI64 = AtomicI64::new(0);
const NOON: Timestamp = Timestamp::from_secs(1_777_809_600);

fn at(seconds: i64) -> Timestamp {
    Timestamp(NOON.0 + seconds * 1000)
}

fn reading(sensor: &str, value: f64, when: Timestamp) -> SensorEvent {
    SensorEvent {
        sensor_id: sensor.into(),
        at: Some(when),
        values: vec![(Quantity::Temperature, value)],
        ..SensorEvent::default()
    }
}

/// The logger without WAMP, in a time of its own.
struct Bench {
    folder: tempfile::TempDir,
    history: History,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let history = Self::open(&folder, NOON).await;
        Self { folder, history }
    }

    async fn open(folder: &tempfile::TempDir, now: Timestamp) -> History {
        let database = Database::open(folder.path().join("house.db")).await.unwrap();
        let stored = store::load(&database).await.unwrap();
        let bounds = Bounds {
            rows: 100_000,
            entries: 100,
            series: 10,
            oldest: Duration::from_secs(10 * 86_400),
        };
        let complete_since = stored.newest.map_or(now, |newest| now.max(Timestamp(newest.0 + 1)));
        // The clock stands still over some restarts here, which it never does.
        let ids = row_id::RowIds::new(STARTS.fetch_add(100_003, Ordering::Relaxed));
        let buffer = Buffer::new(bounds, ids, stored.series, stored.progress, stored.open, complete_since);
        History {
            database,
            buffer: Arc::new(Mutex::new(buffer)),
        }
    }

    /// A power cut and a new start.
    async fn restart(&mut self, now: Timestamp) {
        self.history = Self::open(&self.folder, now).await;
    }

    fn take(&self, sensor: &str, value: f64, when: Timestamp) {
        self.history.buffer().take(&reading(sensor, value, when), None, when);
    }

    async fn commit(&self, now: Timestamp) {
        let batch = self.history.buffer().batch(now);
        if let Some(batch) = batch {
            store::write(&self.history.database, &batch).await.unwrap();
            self.history.buffer().written();
        }
    }

    fn subject(&self, sensor: &str) -> Subject {
        Subject {
            sensor: sensor.into(),
            quantity: Quantity::Temperature,
            series: self.history.buffer().series_id(sensor, Quantity::Temperature).unwrap(),
        }
    }

    async fn points(&self, sensor: &str, source: Source, step: i64, from: i64, to: i64) -> Vec<Point> {
        let plan = Plan { source, step };
        let subject = self.subject(sensor);
        self.history.points(&subject, plan, at(from), at(to)).await.unwrap()
    }

    async fn raw(&self, sensor: &str, from: i64, to: i64) -> Vec<f64> {
        let points = self.points(sensor, Source::Raw, 0, from, to).await;
        points
            .into_iter()
            .map(|point| match point {
                Point::Single(_, value) => value,
                Point::Several(_, all) => panic!("{all:?} is no reading"),
            })
            .collect()
    }
}

#[tokio::test]
async fn history_is_whole_before_while_and_after_it_is_written() {
    let mut bench = Bench::new().await;
    bench.take("a", 1.0, at(1));
    assert_eq!(bench.raw("a", 0, 100).await, [1.0]);
    let batch = bench.history.buffer().batch(at(2)).unwrap();
    bench.take("a", 2.0, at(3));
    assert_eq!(bench.raw("a", 0, 100).await, [1.0, 2.0]);
    store::write(&bench.history.database, &batch).await.unwrap();
    assert_eq!(
        bench.raw("a", 0, 100).await,
        [1.0, 2.0],
        "on disk and still in the buffer"
    );
    bench.history.buffer().written();
    bench.commit(at(5)).await;
    bench.restart(at(10)).await;
    assert_eq!(bench.raw("a", 0, 100).await, [1.0, 2.0]);
    bench.take("a", 3.0, at(11));
    assert_eq!(bench.raw("a", 0, 100).await, [1.0, 2.0, 3.0]);
    let newest: Vec<_> = bench
        .history
        .buffer()
        .series()
        .all()
        .filter_map(|series| series.newest)
        .collect();
    assert_eq!(newest, [(at(11), 3.0)]);
}

#[tokio::test]
async fn the_newest_values_and_areas_survive_a_power_cut() {
    let mut bench = Bench::new().await;
    let hall = house::AreaId::new("hall");
    bench
        .history
        .buffer()
        .take(&reading("a", 20.0, at(1)), hall.as_ref(), at(1));
    bench.take("b", 5.0, at(2));
    bench.commit(at(1000)).await;
    bench.take("b", 6.0, at(1001));
    bench.commit(at(1002)).await;
    bench.take("b", 7.0, at(1003));
    bench.restart(at(2000)).await;
    let buffer = bench.history.buffer();
    let newest: Vec<_> = buffer
        .series()
        .all()
        .map(|series| (series.area.clone(), series.newest))
        .collect();
    assert_eq!(newest, [(hall, Some((at(1), 20.0))), (None, Some((at(1001), 6.0)))]);
}

#[tokio::test]
async fn a_full_disk_costs_nothing_once_there_is_room() {
    let bench = Bench::new().await;
    let database = &bench.history.database;
    bench.commit(NOON).await;
    let limit = async |pages: i64| {
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::query(sql).fetch_all(database.write()).await.unwrap();
    };
    limit(1).await;
    for i in 0..2000 {
        bench.take("a", f64::from(i), at(i64::from(i)));
    }
    let batch = bench.history.buffer().batch(at(2000)).unwrap();
    let error = store::write(database, &batch).await.unwrap_err();
    assert!(matches!(error, DatabaseError::DiskFull), "{error}");
    bench.take("a", 2000.0, at(2000));
    assert_eq!(bench.raw("a", 0, 10_000).await.len(), 2001, "all is still there to see");
    limit(1_000_000).await;
    bench.commit(at(2001)).await;
    bench.commit(at(2002)).await;
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM reading")
        .fetch_one(database.read())
        .await
        .unwrap();
    assert_eq!(stored, 2001);
}

#[tokio::test]
async fn a_batch_written_twice_is_stored_once() {
    let bench = Bench::new().await;
    for i in 0..600 {
        bench.take("a", f64::from(i), at(i64::from(i)));
    }
    let batch = bench.history.buffer().batch(at(700)).unwrap();
    store::write(&bench.history.database, &batch).await.unwrap();
    store::write(&bench.history.database, &batch).await.unwrap();
    bench.history.buffer().written();
    let sums = bench.points("a", Source::FiveMinutes, FIVE_MINUTES, 0, 600).await;
    let counts: Vec<i64> = sums
        .iter()
        .map(|point| {
            if let Point::Several(_, all) = point {
                all.count
            } else {
                0
            }
        })
        .collect();
    assert_eq!(counts, [300, 300]);
}

#[tokio::test]
async fn old_readings_go_and_their_hours_stay() {
    let bench = Bench::new().await;
    for hour in 0..48 {
        bench.take("a", f64::from(hour), at(i64::from(hour) * 3600));
        bench.commit(at(i64::from(hour) * 3600)).await;
    }
    let day = Duration::from_secs(86_400);
    let settings = Settings {
        keep_readings: day,
        keep_five_minutes: day,
        ..Settings::default()
    };
    tidy::tidy(&bench.history.database, &settings, at(48 * 3600)).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM reading")
        .fetch_one(bench.history.database.read())
        .await
        .unwrap();
    assert_eq!(left, 24);
    assert_eq!(bench.points("a", Source::Hours, HOUR, 0, 48 * 3600).await.len(), 48);
    assert_eq!(
        bench
            .points("a", Source::FiveMinutes, FIVE_MINUTES, 0, 48 * 3600)
            .await
            .len(),
        24
    );
}

#[tokio::test]
async fn the_logbook_is_kept_and_searched() {
    let mut bench = Bench::new().await;
    for (second, kind, area) in [(1, "alert", "hall"), (2, "actuator", "hall"), (3, "alert", "attic")] {
        bench.history.buffer().write_down(logbook::Entry {
            at: at(second),
            kind: kind.into(),
            area: Some(area.into()),
            device: None,
            on: None,
            text: format!("{kind} {second}"),
            detail: serde_json::json!({"on": true}),
        });
        if second == 2 {
            bench.commit(at(2)).await;
        }
    }
    let find = async |bench: &Bench, json: &str| {
        let request: request::EventsRequest = serde_json::from_str(json).unwrap();
        let entries = bench.history.entries(&request, at(0), at(100), 2).await.unwrap();
        entries.into_iter().map(|entry| entry.text).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(find(&bench, "{}").await, ["alert 3", "actuator 2"]);
        assert_eq!(find(&bench, r#"{"kind": "alert"}"#).await, ["alert 3", "alert 1"]);
        assert_eq!(find(&bench, r#"{"kind": "alert", "area": "Hall"}"#).await, ["alert 1"]);
        bench.commit(at(4)).await;
        bench.restart(at(5)).await;
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Seconds since the last step, value, and how many seconds late it comes.
    Reading(u16, i16, u16),
    Commit,
    /// A commit that fails, or does not seem to hold.
    Fail(bool),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0u16..400, any::<i16>(), prop_oneof![4 => Just(0u16), 1 => 0u16..8000]).prop_map(|(s, v, l)| Step::Reading(s, v, l)),
        4 => Just(Step::Commit),
        1 => any::<bool>().prop_map(Step::Fail),
        1 => Just(Step::Restart),
    ]
}

/// What the answers must be: every reading that was taken and not lost by a power cut.
fn expected(model: &[(i64, f64)], width: i64, from: i64, to: i64) -> Vec<(i64, Aggregate)> {
    let mut buckets: BTreeMap<i64, Aggregate> = BTreeMap::new();
    for (at, value) in model {
        let bucket = at.div_euclid(width) * width;
        if (from.div_euclid(width) * width..to).contains(&bucket) {
            let one = Aggregate::of(*value);
            buckets.entry(bucket).and_modify(|all| all.merge(one)).or_insert(one);
        }
    }
    buckets.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Through commits, failures and power cuts, raw readings, 5-minute and hourly aggregates are
    /// what a list of all readings says.
    #[test]
    fn answers_are_what_a_list_of_all_readings_says(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new().await;
            bench.take("a", 0.0, NOON);
            let mut now = NOON;
            bench.commit(now).await;
            let mut durable = vec![(NOON.0, 0.0)];
            let mut volatile: Vec<(i64, f64)> = Vec::new();
            for step in steps {
                match step {
                    Step::Reading(seconds, value, late) => {
                        now = now.after(Duration::from_secs(u64::from(seconds)));
                        let when = Timestamp(now.before(Duration::from_secs(u64::from(late))).0.max(NOON.0));
                        let event = reading("a", f64::from(value), when);
                        bench.history.buffer().take(&event, None, now);
                        volatile.push((when.0, f64::from(value)));
                    }
                    Step::Commit => {
                        // A failed batch comes first.
                        bench.commit(now).await;
                        bench.commit(now).await;
                        durable.append(&mut volatile);
                    }
                    Step::Fail(held) => {
                        let batch = bench.history.buffer().batch(now);
                        if let Some(batch) = batch.filter(|_| held) {
                            store::write(&bench.history.database, &batch).await.unwrap();
                        }
                    }
                    Step::Restart => {
                        // Nobody knows whether a failed batch held: write it, then cut the power.
                        let pending = bench.history.buffer().batch(now);
                        if let Some(batch) = pending {
                            store::write(&bench.history.database, &batch).await.unwrap();
                            let rows = batch.rows.len();
                            durable.extend(volatile.drain(..rows));
                        }
                        volatile.clear();
                        bench.restart(now).await;
                    }
                }
                let mut model: Vec<(i64, f64)> = durable.iter().chain(&volatile).copied().collect();
                model.sort_by_key(|(at, _)| *at);
                let (from, to) = (7, (now.0 - NOON.0) / 1000 + 1);
                let mut raw: Vec<i64> = bench.raw("a", from, to).await.iter().map(|value| *value as i64).collect();
                let mut wanted: Vec<i64> = model.iter().filter(|(when, _)| (at(from).0..at(to).0).contains(when)).map(|(_, value)| *value as i64).collect();
                // Readings of one millisecond have no order.
                raw.sort_unstable();
                wanted.sort_unstable();
                prop_assert_eq!(raw, wanted);
                for (source, width) in [(Source::FiveMinutes, FIVE_MINUTES), (Source::Hours, HOUR)] {
                    let got = bench.points("a", source, width, from, to).await;
                    let wanted = expected(&model, width, at(from).0, at(to).0);
                    prop_assert_eq!(got.len(), wanted.len());
                    for (got, (bucket, wanted)) in got.iter().zip(wanted) {
                        let Point::Several(at, got) = got else { panic!("no aggregate") };
                        prop_assert_eq!((*at, got.min, got.max, got.count), (bucket, wanted.min, wanted.max, wanted.count));
                        prop_assert!((got.mean - wanted.mean).abs() < 1e-6);
                    }
                }
            }
            Ok(())
        })?;
    }
}
