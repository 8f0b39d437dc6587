use super::*;

fn bounds() -> Bounds {
    Bounds {
        rows: 100,
        entries: 10,
        series: 5,
        oldest: Duration::from_secs(86_400),
    }
}

fn buffer(now: Timestamp) -> Buffer {
    Buffer::new(
        bounds(),
        RowIds::new(0),
        Vec::new(),
        Progress::default(),
        Vec::new(),
        now,
    )
}

fn reading(sensor: &str, value: f64, at: Option<Timestamp>) -> SensorEvent {
    SensorEvent {
        sensor_id: sensor.into(),
        at,
        values: vec![(Quantity::Temperature, value)],
        ..SensorEvent::default()
    }
}

const NOON: Timestamp = Timestamp::from_secs(1_777_809_600);

fn later(seconds: u64) -> Timestamp {
    NOON.after(Duration::from_secs(seconds))
}

#[test]
fn what_is_taken_stays_visible_until_it_is_written() {
    let mut buffer = buffer(NOON);
    assert_eq!(buffer.take(&reading("a", 20.0, None), None, NOON), Taken::Yes);
    let series = buffer.series_id("a", Quantity::Temperature).unwrap();
    let visible = |buffer: &Buffer| buffer.unwritten_rows(series, NOON, later(60)).len();
    assert_eq!(visible(&buffer), 1);
    let batch = buffer.batch(NOON).unwrap();
    assert_eq!((batch.rows.len(), batch.series.len(), visible(&buffer)), (1, 1, 1));
    buffer.take(&reading("a", 21.0, None), None, later(1));
    assert_eq!(visible(&buffer), 2);
    assert_eq!(
        buffer.batch(later(2)).unwrap(),
        batch,
        "a batch that failed is tried again as it was"
    );
    buffer.written();
    assert_eq!(visible(&buffer), 1);
    assert_eq!(buffer.batch(later(2)).unwrap().rows.len(), 1);
    buffer.written();
    assert_eq!(buffer.batch(later(3)), None);
    assert_eq!(
        buffer
            .recent("a", Quantity::Temperature, NOON, later(60))
            .unwrap()
            .len(),
        2,
        "the window for graphs still has them"
    );
}

#[test]
fn buckets_close_after_their_end_and_hours_with_them() {
    let mut buffer = buffer(NOON);
    buffer.batch(NOON); // takes the progress to NOON
    buffer.written();
    for second in 0..3600 {
        buffer.take(&reading("a", f64::from(second as u32), None), None, later(second));
        if second % 5 == 4 && buffer.batch(later(second)).is_some() {
            buffer.written();
        }
        if second == 305 {
            assert_eq!(
                buffer.progress.closed_until, NOON.0,
                "5 min 5 s: waits for late readings"
            );
        }
    }
    assert_eq!(buffer.progress.closed_until, later(3300).0);
    let closing = buffer.batch(later(3610)).unwrap().closing.clone().unwrap();
    assert_eq!(closing.buckets.len(), 1);
    let aggregate = closing.buckets[0].aggregate;
    assert_eq!((aggregate.min, aggregate.max, aggregate.count), (3300.0, 3599.0, 300));
    assert_eq!(closing.hours.len(), 1);
    assert_eq!(closing.hours[0], NOON.0..later(3600).0);
    assert_eq!(closing.newest.len(), 1);
}

#[test]
fn a_late_reading_goes_into_its_closed_bucket_and_hour() {
    let mut buffer = buffer(NOON);
    buffer.batch(later(7300));
    buffer.written();
    buffer.take(&reading("a", 5.0, Some(later(400))), None, later(7310));
    let closing = buffer.batch(later(7311)).unwrap().closing.clone().unwrap();
    assert_eq!(closing.buckets[0].bucket, later(300).0);
    assert_eq!(closing.hours.len(), 1);
    assert_eq!(closing.hours[0], NOON.0..later(3600).0);
}

#[test]
fn wrong_clocks_are_put_right_or_refused() {
    let mut buffer = buffer(NOON);
    buffer.take(&reading("a", 1.0, Some(later(9999))), None, later(1));
    assert_eq!(buffer.series().all().next().unwrap().newest, Some((later(1), 1.0)));
    let ancient = reading("a", 1.0, Some(Timestamp(0)));
    assert_eq!(buffer.take(&ancient, None, later(2)), Taken::TooOld);
}

#[test]
fn a_disk_that_fails_for_long_costs_the_oldest_and_they_are_counted() {
    let mut buffer = buffer(NOON);
    buffer.batch(NOON);
    for second in 0..250 {
        buffer.take(&reading("a", second as f64, None), None, later(second));
    }
    assert!(buffer.waiting() <= 100);
    let kept = buffer.waiting() as u64;
    assert_eq!(buffer.take_lost() + kept, 250);
    assert_eq!(buffer.take_lost(), 0);
}

#[test]
fn there_is_an_end_to_new_series() {
    let mut buffer = buffer(NOON);
    for sensor in 0..5 {
        assert_eq!(
            buffer.take(&reading(&sensor.to_string(), 1.0, None), None, NOON),
            Taken::Yes
        );
    }
    assert_eq!(buffer.take(&reading("6", 1.0, None), None, NOON), Taken::TooManySeries);
}
