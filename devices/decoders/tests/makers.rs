//! Adverts of makers' own formats, and what people read on the devices that sent them.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use decoders::{Address, Advert, DecodeError, Decoded, Key, Memory, decode, identify};
use house::{Quantity, Timestamp};

use Quantity::{
    Battery, BatteryLow, Co2, Humidity, Illuminance, Leak, Light, Motion, Opening, Pm10, Pm25, Pressure, Problem,
    Tamper, Temperature, Voltage,
};

const ADDRESS: &str = "A4:C1:38:02:83:F4";

/// `181a` for a service, `m0499` for a company.
fn advert(name: &str, parts: &[(&str, &str)]) -> Advert {
    let mut advert = Advert {
        address: Address::parse(ADDRESS).expect("an address"),
        local_name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        service_data: vec![],
        manufacturer_data: vec![],
    };
    for (place, data) in parts {
        let data = hex::decode(data).expect("hex");
        let number = u16::from_str_radix(place.trim_start_matches('m'), 16).expect("a number");
        if place.starts_with('m') {
            advert.manufacturer_data.push((number, data));
        } else {
            advert.service_data.push((number, data));
        }
    }
    advert
}

fn hear(advert: &Advert) -> Result<Option<Decoded>, DecodeError> {
    decode(advert, &mut Memory::default(), Timestamp(0))
}

/// Name, parts, model, readings.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a [(Quantity, f64)]);

fn check(cases: &[Case<'_>]) {
    for (name, parts, model, readings) in cases {
        let advert = advert(name, parts);
        let about = identify(&advert, &Memory::default()).unwrap_or_else(|| panic!("{parts:?}: nobody knows it"));
        assert_eq!(about.model.as_deref().unwrap_or_default(), *model, "{parts:?}");
        let decoded = hear(&advert).unwrap_or_else(|error| panic!("{parts:?}: {error}"));
        assert_eq!(decoded.expect("understood").readings(), *readings, "{parts:?}");
    }
    println!("{} adverts checked", cases.len());
}

#[test]
fn free_firmware_of_xiaomi_thermometers_is_read() {
    let model = "Thermometer with ATC firmware";
    check(&[
        (
            "",
            &[("181a", "a4c1380283f400a22f5f0bf819")],
            model,
            &[(Temperature, 16.2), (Humidity, 47.0), (Battery, 95.0), (Voltage, 3.064)],
        ),
        (
            "",
            &[("181a", "f4830238c1a4a9066911b60b58f70d")],
            model,
            &[
                (Temperature, 17.05),
                (Humidity, 44.57),
                (Voltage, 2.998),
                (Battery, 88.0),
            ],
        ),
        (
            "",
            &[("181a", "f4830238c1a418fc6911b60b58f7")],
            model,
            &[
                (Temperature, -10.0),
                (Humidity, 44.57),
                (Voltage, 2.998),
                (Battery, 88.0),
            ],
        ),
    ]);
    let foreign = advert("", &[("181a", "a4c1380283f500a22f5f0bf819")]);
    assert_eq!(hear(&foreign), Err(DecodeError::Invalid), "it names another address");
}

#[test]
fn free_firmware_of_xiaomi_thermometers_is_opened_with_its_key() {
    let mut advert = advert("", &[("181a", "11d603fbfa7b6dfb1e26fd")]);
    advert.address = Address::parse("A4:C1:38:8D:18:B2").expect("an address");
    let keyed = |key| Memory::with_key(Key::parse(key).expect("a key"));
    let mut memory = keyed("b9ea895fac7eea6d30532432a516f3a3");
    let decoded = decode(&advert, &mut memory, Timestamp(0))
        .expect("it opens")
        .expect("known");
    assert_eq!(
        decoded.readings(),
        [(Temperature, 23.45), (Humidity, 41.73), (Battery, 61.0)]
    );
    for later in [0, 60_000, 3_600_000] {
        let again = decode(&advert, &mut memory, Timestamp(later));
        assert_eq!(again, Err(DecodeError::Repeated), "replayed after {later} ms");
    }
    assert_eq!(hear(&advert), Err(DecodeError::KeyNeeded));
    let mut wrong = keyed("b9ea895fac7eea6d30532432a516f3a4");
    assert_eq!(decode(&advert, &mut wrong, Timestamp(0)), Err(DecodeError::WrongKey));
    let plain = self::advert("", &[("181a", "a4c1380283f400a22f5f0bf819")]);
    assert_eq!(decode(&plain, &mut wrong, Timestamp(0)), Err(DecodeError::Downgrade));
}

#[test]
fn ruuvi_tags_are_read() {
    let tag = advert(
        "Ruuvi 884F",
        &[("m0499", "0512fc5394c37c0004fffc040cac364200cdcbb8334c884f")],
    );
    let readings = hear(&tag).expect("sound").expect("known").readings();
    assert_eq!(
        readings[..4],
        [
            (Temperature, 24.3),
            (Humidity, 53.49),
            (Pressure, 1000.44),
            (Voltage, 2.977)
        ]
    );
    let silent = advert("", &[("m0499", "058000ffffffff800080008000ffffffffffcbb8334c884f")]);
    assert_eq!(hear(&silent), Err(DecodeError::NoReading));
}

#[test]
fn govee_sensors_are_read() {
    let all = |t, h, b| [(Temperature, t), (Humidity, h), (Battery, b)];
    check(&[
        (
            "GVH5075_2762",
            &[("mec88", "000341c26400")],
            "H5075",
            &all(21.3, 44.2, 100.0),
        ),
        ("", &[("mec88", "000341c26400")], "", &all(21.3, 44.2, 100.0)),
        (
            "GVH5075_2762",
            &[(
                "mec88",
                "000341c264004c000215494e54454c4c495f524f434b535f48575075f2ff0c",
            )],
            "H5075",
            &all(21.3, 44.2, 100.0),
        ),
        (
            "GVH5102_0001",
            &[("m0001", "010182f7fd64")],
            "H5102",
            &all(-19.4, 55.7, 100.0),
        ),
        (
            "Govee_H5074_5FF4",
            &[("mec88", "00e609bc126402")],
            "H5074",
            &all(25.34, 47.96, 100.0),
        ),
        (
            "GV5140303A",
            &[("m0001", "0101033dee023e00")],
            "H5140",
            &[(Temperature, 21.2), (Humidity, 46.2), (Co2, 574.0)],
        ),
        (
            // 24.8 °C, 60.4 %, 12 µg/m³: 248,604,012.
            "GVH5106_4E05",
            &[("m0001", "01010ed1656c")],
            "H5106",
            &[(Temperature, 24.8), (Humidity, 60.4), (Pm25, 12.0)],
        ),
    ]);
    for (name, place, data) in [
        ("GVH5075_2762", "mec88", "00bc00043e27"),
        ("GVH5102_0001", "m0001", "010103413ae4"),
    ] {
        assert_eq!(
            hear(&advert(name, &[(place, data)])),
            Err(DecodeError::NoReading),
            "{data}"
        );
    }
    let borrowed = advert("", &[("m0001", "010182f7fd64")]);
    assert_eq!(hear(&borrowed), Ok(None), "without a name the company says nothing");
}

#[test]
fn govee_probes_are_read_where_there_are_any() {
    let probe = |degrees| [(Temperature, degrees)];
    check(&[
        // 21 °C, and no alarm set.
        (
            "GVH5183_2EC8",
            &[("m67dd", "ef01000101e401800834ffff0000")],
            "H5183",
            &probe(21.0),
        ),
        (
            "GVH5185_2EC8",
            &[("m4a32", "8701000101e4c1660834ffffffff0834ffffffff")],
            "H5185",
            &probe(21.0),
        ),
        (
            "GVH5182_0001",
            &[("m2730", "3001000101e401860bb8ffff860b54ffff")],
            "H5182",
            &probe(30.0),
        ),
    ]);
    let indices = |data: &str| {
        let said = hear(&advert("GVH5184_0001", &[("m1b36", data)])).expect("it is read");
        let measurements = said.expect("it is Govee's").measurements;
        measurements.iter().map(|m| m.index).collect::<Vec<_>>()
    };
    assert_eq!(indices("2001000101e401860bb8ffff860b54ffff"), [1, 2]);
    assert_eq!(indices("2001000101e402860bb8ffff860b54ffff"), [3, 4], "the second pair");
    assert_eq!(
        indices("2001000101e40186ffffffff860b54ffff"),
        [2],
        "the first is not plugged in"
    );
}

#[test]
fn switchbot_sensors_are_read() {
    check(&[
        (
            "",
            &[("fd3d", "5400e4069835"), ("m0969", "d7c17d5deb43de03069835")],
            "Meter",
            &[(Temperature, 24.6), (Humidity, 53.0), (Battery, 100.0)],
        ),
        (
            "",
            &[("fd3d", "690064061a35")],
            "Meter Plus",
            &[(Temperature, -26.6), (Humidity, 53.0), (Battery, 100.0)],
        ),
        (
            "",
            &[("fd3d", "350064"), ("m0969", "b0e9fe543215b7e4079ba4003702d500")],
            "Meter Pro CO2",
            &[(Temperature, 27.7), (Humidity, 36.0), (Co2, 725.0), (Battery, 100.0)],
        ),
        (
            "",
            &[("fd3d", "6440da020017005144")],
            "Contact Sensor",
            &[
                (Opening, 1.0),
                (Problem, 0.0),
                (Motion, 1.0),
                (Light, 0.0),
                (Battery, 90.0),
            ],
        ),
        (
            "",
            &[("fd3d", "7340e2006601")],
            "Motion Sensor",
            &[(Motion, 1.0), (Light, 0.0), (Battery, 98.0)],
        ),
        (
            "",
            &[("fd3d", "260064"), ("m0969", "c43430374c7a4764f96761c4083c0500000000")],
            "Water Leak Detector",
            &[(Leak, 1.0), (Tamper, 0.0), (Battery, 100.0), (BatteryLow, 0.0)],
        ),
    ]);
    let curtain = advert("", &[("fd3d", "63c0580011"), ("m0969", "e7ab46ac8f927c0f001104")]);
    assert_eq!(hear(&curtain), Ok(None), "no sensor");
}

#[test]
fn a_switchbot_meter_is_remembered_when_its_values_come_by_themselves() {
    let mut memory = Memory::default();
    let values = advert("", &[("m0969", "d7c17d5deb43de03069835")]);
    assert_eq!(
        decode(&values, &mut memory, Timestamp(0)),
        Ok(None),
        "it may be anything"
    );
    let named = advert("", &[("fd3d", "770064")]);
    let battery = decode(&named, &mut memory, Timestamp(1))
        .expect("sound")
        .expect("known");
    assert_eq!(battery.readings(), [(Battery, 100.0)]);
    let meter = decode(&values, &mut memory, Timestamp(2))
        .expect("sound")
        .expect("known");
    assert_eq!(meter.readings(), [(Temperature, 24.6), (Humidity, 53.0)]);
}

#[test]
fn thermopro_inkbird_qingping_and_sensorpush_are_read() {
    check(&[
        (
            "TP357 (2142)",
            &[("m15c2", "0129022c")],
            "TP357",
            &[(Temperature, 27.7), (Humidity, 41.0), (Battery, 100.0)],
        ),
        (
            "sps",
            &[("m07fc", "c71200c83d5606")],
            "IBS-TH",
            &[(Temperature, 20.44), (Humidity, 48.07), (Battery, 86.0)],
        ),
        (
            "tps",
            &[("mfc18", "0000003c3d4b06")],
            "IBS-TH2/P01B",
            &[(Temperature, -10.0), (Battery, 75.0)],
        ),
        (
            "ITH-21-B",
            &[("m2449", "07110098d80013026401900400000000")],
            "ITH-21-B",
            &[(Temperature, 21.6), (Humidity, 53.1), (Battery, 100.0)],
        ),
        (
            "iBBQ",
            &[("m0000", "000030e2837db5020401fa00")],
            "iBBQ",
            &[(Temperature, 26.0)],
        ),
        (
            "Qingping Alarm Clock",
            &[("fdcd", "080c344d56342d5801042001b201020164")],
            "CGD1",
            &[(Temperature, 28.8), (Humidity, 43.4), (Battery, 100.0)],
        ),
        (
            "",
            &[("fdcd", "880ed6888fe6485401040301160212040200020013022502")],
            "CGDN1",
            &[
                (Temperature, 25.9),
                (Humidity, 53.4),
                (Pm25, 2.0),
                (Pm10, 2.0),
                (Co2, 549.0),
            ],
        ),
        (
            "",
            &[("fdcd", "4812cdd560342d580804012d01000f01b7")],
            "CGPR1",
            &[(Motion, 1.0), (Illuminance, 301.0)],
        ),
        (
            "",
            &[("fdcd", "c8044d3a40342d580401020f01ef")],
            "CGH1",
            &[(Opening, 1.0), (Problem, 1.0)],
        ),
    ]);
}

#[test]
fn packed_values_of_sensorpush_are_taken_apart() {
    // 20 °C is 24,000 steps above -40 °C, 50 % is 20,000 steps, 1000 hPa is 70,000.
    let packed: u64 = 24_000 + 72_001 * (20_000 + 40_001 * 70_000);
    let octets = packed.to_le_bytes();
    let company = u16::from_le_bytes([0, octets[0]]);
    let mut sensor = advert("SensorPush HTP.xw 8D2", &[]);
    sensor.manufacturer_data.push((company, octets[1..6].to_vec()));
    let readings = hear(&sensor).expect("sound").expect("known").readings();
    assert_eq!(readings, [(Temperature, 20.0), (Humidity, 50.0), (Pressure, 1000.0)]);
}

#[test]
fn of_values_under_many_companies_only_the_new_one_counts() {
    let mut memory = Memory::default();
    let thermometer = |parts: &[(&str, &str)]| advert("TP357 (2142)", parts);
    let (old, new, newer) = (("m15c2", "0129022c"), ("m16c2", "0128022c"), ("m17c2", "0127022c"));
    let both = thermometer(&[old, new]);
    assert_eq!(decode(&both, &mut memory, Timestamp(0)), Err(DecodeError::Ambiguous));
    assert_eq!(decode(&both, &mut memory, Timestamp(1)), Err(DecodeError::Repeated));
    let decoded = decode(&thermometer(&[old, new, newer]), &mut memory, Timestamp(2));
    let readings = decoded.expect("sound").expect("known").readings();
    assert_eq!(readings[1], (Humidity, 39.0));
}
