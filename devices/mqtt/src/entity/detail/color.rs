//! Colors of lamps. The house and its people write them `#rrggbb` (sRGB); each lamp has its own
//! numbers for them.
//!
//! A lamp that is told hue and saturation, or a point of the CIE 1931 diagram, has its brightness as
//! a setting of its own: a color from it is shown at its brightest, and one sent to it loses its
//! darkness.

use serde_json::{Map, Value};

/// The numbers in which a lamp has its colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Red, green and blue, 0 to 255.
    Rgb,
    /// Hue in degrees, saturation in percent.
    Hs,
    /// x and y of the CIE 1931 chromaticity diagram.
    Xy,
}

impl Space {
    /// Every one; of several that a lamp takes, the first is used.
    pub(super) const ALL: [Self; 3] = [Self::Rgb, Self::Hs, Self::Xy];

    /// What its numbers are called in JSON.
    pub(super) const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Rgb => &["r", "g", "b"],
            Self::Hs => &["h", "s"],
            Self::Xy => &["x", "y"],
        }
    }

    /// What its numbers are called in command templates.
    pub(super) const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Rgb => &["red", "green", "blue"],
            Self::Hs => &["hue", "sat"],
            Self::Xy => &["x", "y"],
        }
    }

    /// The mode of Home Assistant's JSON schema that says its numbers hold.
    pub(super) fn of_mode(mode: &str) -> Option<Self> {
        match mode {
            "rgb" | "rgbw" | "rgbww" => Some(Self::Rgb),
            "hs" => Some(Self::Hs),
            "xy" => Some(Self::Xy),
            _ => None,
        }
    }
}

/// A color: red, green and blue of sRGB, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Color([f64; 3]);

impl Color {
    /// Reads `#rrggbb`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let part = |shift: u32| f64::from((number >> shift) & 0xff) / 255.0;
        Some(Self([part(16), part(8), part(0)]))
    }

    /// As `#rrggbb`.
    pub(super) fn text(self) -> String {
        let [red, green, blue] = self.octets();
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    fn octets(self) -> [u8; 3] {
        // The clamp leaves what fits.
        self.0.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8)
    }

    /// The color that these numbers of a lamp mean; `None` when they mean none.
    pub(super) fn of(space: Space, numbers: &[f64]) -> Option<Self> {
        match (space, numbers) {
            (Space::Rgb, [red, green, blue, ..]) => {
                let parts = [*red, *green, *blue];
                let fits = parts.iter().all(|part| (0.0..=255.0).contains(part));
                fits.then(|| Self(parts.map(|part| part / 255.0)))
            }
            (Space::Hs, [hue, saturation]) if hue.is_finite() && (0.0..=100.0).contains(saturation) => {
                Some(Self::of_hue(*hue, saturation / 100.0))
            }
            (Space::Xy, [x, y]) if (0.0..=1.0).contains(x) && *y > 0.0 && *y <= 1.0 => Some(Self::of_point(*x, *y)),
            _ => None,
        }
    }

    /// The color that text like `255,0,0` means.
    pub(super) fn of_list(space: Space, text: &str) -> Option<Self> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        Self::of(space, &numbers?)
    }

    /// The color that an object like `{"x": 0.3, "y": 0.3}` means, in this space or in any.
    pub(super) fn of_object(space: Option<Space>, object: &Map<String, Value>) -> Option<Self> {
        let read = |space: Space, names: &[&str]| {
            let numbers: Option<Vec<f64>> = names.iter().map(|name| object.get(*name)?.as_f64()).collect();
            Self::of(space, &numbers?)
        };
        let spaces = space.map_or_else(|| Space::ALL.to_vec(), |space| vec![space]);
        // Zigbee2MQTT writes hue and saturation out.
        let long = |space: Space| (space == Space::Hs).then(|| read(space, &["hue", "saturation"]))?;
        spaces
            .into_iter()
            .find_map(|space| read(space, space.members()).or_else(|| long(space)))
    }

    /// Its numbers for a lamp, rounded as lamps have them.
    pub(super) fn numbers(self, space: Space) -> Vec<f64> {
        let round = |value: f64, steps: f64| (value * steps).round() / steps;
        match space {
            Space::Rgb => self.octets().map(f64::from).to_vec(),
            Space::Hs => {
                let (hue, saturation) = self.hue();
                vec![round(hue, 10.0), round(saturation * 100.0, 10.0)]
            }
            Space::Xy => self.point().map(|part| round(part, 10_000.0)).to_vec(),
        }
    }

    fn of_hue(hue: f64, saturation: f64) -> Self {
        let sixth = hue.rem_euclid(360.0) / 60.0;
        let part = |shift: f64| {
            let place = (shift + sixth) % 6.0;
            1.0 - saturation * place.min(4.0 - place).clamp(0.0, 1.0)
        };
        Self([part(5.0), part(3.0), part(1.0)])
    }

    fn hue(self) -> (f64, f64) {
        let [red, green, blue] = self.0;
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        let range = most - least;
        if range <= 0.0 {
            return (0.0, 0.0);
        }
        let sixth = if most == red {
            ((green - blue) / range).rem_euclid(6.0)
        } else if most == green {
            (blue - red) / range + 2.0
        } else {
            (red - green) / range + 4.0
        };
        (sixth * 60.0, range / most)
    }

    /// sRGB by IEC 61966-2-1: its primaries, and white at D65.
    fn point(self) -> [f64; 2] {
        let [red, green, blue] = self.0.map(linear);
        let x = 0.412_4 * red + 0.357_6 * green + 0.180_5 * blue;
        let y = 0.212_6 * red + 0.715_2 * green + 0.072_2 * blue;
        let z = 0.019_3 * red + 0.119_2 * green + 0.950_5 * blue;
        let sum = x + y + z;
        if sum <= 0.0 {
            // Black has no color; a lamp that is told of it shall not be.
            return Self([1.0; 3]).point();
        }
        [x / sum, y / sum]
    }

    fn of_point(x: f64, y: f64) -> Self {
        let (big_x, big_z) = (x / y, (1.0 - x - y) / y);
        let parts = [
            3.240_6 * big_x - 1.537_2 - 0.498_6 * big_z,
            -0.968_9 * big_x + 1.875_8 + 0.041_5 * big_z,
            0.055_7 * big_x - 0.204_0 + 1.057_0 * big_z,
        ];
        // What no screen can show is shown as the nearest that it can.
        let parts = parts.map(|part| part.max(0.0));
        let most = parts.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        Self(parts.map(|part| companded(part / most)))
    }
}

fn linear(part: f64) -> f64 {
    if part <= 0.040_45 {
        part / 12.92
    } else {
        ((part + 0.055) / 1.055).powf(2.4)
    }
}

fn companded(part: f64) -> f64 {
    if part <= 0.003_130_8 {
        part * 12.92
    } else {
        1.055 * part.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colors_have_the_numbers_that_the_standards_give_them() {
        for (text, rgb, hs, xy) in [
            ("#ff0000", [255.0, 0.0, 0.0], [0.0, 100.0], [0.6401, 0.33]),
            ("#00ff00", [0.0, 255.0, 0.0], [120.0, 100.0], [0.3, 0.6]),
            ("#0000ff", [0.0, 0.0, 255.0], [240.0, 100.0], [0.15, 0.06]),
            ("#ffffff", [255.0; 3], [0.0, 0.0], [0.3127, 0.329]),
            ("#ff8000", [255.0, 128.0, 0.0], [30.1, 100.0], [0.543, 0.407]),
        ] {
            let color = Color::parse(text).unwrap();
            assert_eq!(color.numbers(Space::Rgb), rgb, "{text}");
            assert_eq!(color.numbers(Space::Hs), hs, "{text}");
            for (number, expected) in color.numbers(Space::Xy).iter().zip(xy) {
                assert!((number - expected).abs() < 0.0015, "{text}: {number} for {expected}");
            }
        }
    }

    #[test]
    fn what_is_no_color_is_none() {
        for text in ["", "#", "red", "#ff00", "#ff00gg", "ff0000", "#ff00000"] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
        assert_eq!(Color::of(Space::Rgb, &[256.0, 0.0, 0.0]), None);
        assert_eq!(Color::of(Space::Hs, &[f64::NAN, 5.0]), None);
        assert_eq!(Color::of(Space::Xy, &[0.3, 0.0]), None);
        assert_eq!(Color::of_list(Space::Rgb, "255,0"), None);
    }

    proptest! {
        #[test]
        fn a_lamp_that_says_what_it_was_told_shows_the_same_color(red: u8, green: u8, blue: u8) {
            let sent = Color::parse(&format!("#{red:02x}{green:02x}{blue:02x}")).unwrap();
            prop_assert_eq!(Color::of(Space::Rgb, &sent.numbers(Space::Rgb)).unwrap().text(), sent.text());
            // The others leave the brightness out.
            let most = red.max(green).max(blue);
            prop_assume!(most > 60);
            let brightest = Color(sent.0.map(|part| part * 255.0 / f64::from(most)));
            let back = Color::of(Space::Hs, &sent.numbers(Space::Hs)).unwrap();
            for (part, expected) in back.0.iter().zip(brightest.0) {
                prop_assert!((part - expected).abs() < 0.01, "{:?} for {:?}", back, brightest);
            }
        }

        #[test]
        fn no_numbers_panic(numbers in proptest::collection::vec(any::<f64>(), 0..5)) {
            for space in Space::ALL {
                if let Some(color) = Color::of(space, &numbers) {
                    prop_assert!(Color::parse(&color.text()).is_some());
                }
            }
        }
    }
}
