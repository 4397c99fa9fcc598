//! The values of conditions that are compared by size, as whole numbers: twice the value, so that
//! odd numbers stand for what lies between two values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The middle of the scale of numbers and dates.
const ZERO: u128 = 1 << 100;

/// Numbers are told apart to a millionth, and dates to a thousandth of a second.
const MILLION: i128 = 1_000_000;

const SECONDS_OF_A_DAY: i128 = 86_400;

/// A number of up to fifteen digits, `None` for anything else.
pub fn number(text: &str) -> Option<u128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && whole.len() <= 15 && fraction.len() <= 6 && !digits.ends_with('.');
    if !fits || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<6}").parse().ok()?;
    let value = whole * MILLION + fraction;
    Some(placed(if negative { -value } else { value }))
}

/// A date of ISO 8601 in UTC, or seconds since 1970.
pub fn date(text: &str) -> Option<u128> {
    if !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i128 = text.parse().ok()?;
        return Some(placed(seconds * MILLION));
    }
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let day: Vec<&str> = day.split('-').collect();
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00"))?;
    let time: Vec<&str> = time.split(':').collect();
    let (&[year, month, day], &[hour, minute, second]) = (day.as_slice(), time.as_slice()) else { return None };
    let of = |text: &str, digits: usize, most: i128| -> Option<i128> {
        let right = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|value| right && *value <= most)
    };
    let (second, thousandths) = second.split_once('.').unwrap_or((second, "000"));
    let days = days_since_1970(of(year, 4, 9999)?, of(month, 2, 12)?, of(day, 2, 31)?)?;
    let seconds = days * SECONDS_OF_A_DAY + of(hour, 2, 23)? * 3600 + of(minute, 2, 59)? * 60 + of(second, 2, 60)?;
    let thousandths = of(&format!("{thousandths:0<3}"), 3, 999)?;
    Some(placed(seconds * MILLION + thousandths * 1000))
}

/// The addresses of a CIDR block or of one address. Those of version 4 have the places of the
/// mapped ones of version 6; a block of version 6 leaves these out.
pub fn addresses(text: &str) -> Option<Vec<(u128, u128)>> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let is_number = |length: &&str| !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    match address.parse().ok()? {
        IpAddr::V4(address) => {
            let length: u32 = length.map_or(Some(32), |text| Some(text).filter(is_number)?.parse().ok())?;
            Some(vec![block(u128::from(address.to_ipv6_mapped()), 96 + (length <= 32).then_some(length)?)])
        }
        IpAddr::V6(address) => {
            let length: u32 = length.map_or(Some(128), |text| Some(text).filter(is_number)?.parse().ok())?;
            let (start, end) = block(u128::from(address), (length <= 128).then_some(length)?);
            let (first, last) = version_4();
            if first <= start && end <= last {
                return None;
            }
            let parts = [(start, end.min(first - 1)), (start.max(last + 1), end)];
            Some(parts.into_iter().filter(|(start, end)| start <= end).collect())
        }
    }
}

fn block(address: u128, length: u32) -> (u128, u128) {
    let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
    (address & mask, address | !mask)
}

/// The places of the addresses of version 4.
pub fn version_4() -> (u128, u128) {
    block(u128::from(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped()), 96)
}

/// A number that lies in an interval, a whole one if there is one.
pub fn some_number(start: u128, end: u128) -> String {
    let value = some_value(start, end);
    let (whole, fraction) = (value.millionths.div_euclid(MILLION), value.millionths.rem_euclid(MILLION));
    if fraction == 0 && !value.between {
        return whole.to_string();
    }
    let between = if value.between { "5" } else { "" };
    if whole < 0 {
        // -1 and 250000 millionths above it is -0.75.
        let (whole, fraction) =
            if value.between { (whole + 1, MILLION - fraction - 1) } else { (whole + 1, MILLION - fraction) };
        return format!("-{}.{fraction:06}{between}", whole.abs());
    }
    format!("{whole}.{fraction:06}{between}")
}

/// A date that lies in an interval.
pub fn some_date(start: u128, end: u128) -> String {
    let value = some_value(start, end);
    let seconds = value.millionths.div_euclid(MILLION);
    let rest = value.millionths.rem_euclid(MILLION);
    let (year, month, day) = day_of(seconds.div_euclid(SECONDS_OF_A_DAY));
    let second = seconds.rem_euclid(SECONDS_OF_A_DAY);
    let fraction = if rest == 0 && !value.between {
        String::new()
    } else {
        format!(".{rest:06}{}", if value.between { "5" } else { "" })
    };
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z", second / 3600, second / 60 % 60, second % 60)
}

/// An address that lies in one of the intervals, one that is kept for examples if there is one.
/// <https://www.rfc-editor.org/rfc/rfc5737>
pub fn some_address(ranges: &[(u128, u128)]) -> Option<String> {
    let place = |a, b, c, d| u128::from(Ipv4Addr::new(a, b, c, d).to_ipv6_mapped());
    let examples = [place(203, 0, 113, 7), place(198, 51, 100, 7), place(192, 0, 2, 7), place(10, 0, 0, 7)];
    let has = |place: &u128| ranges.iter().any(|(start, end)| start <= place && place <= end);
    let (first, last) = version_4();
    let old = ranges.iter().map(|(start, end)| ((*start).max(first), (*end).min(last))).find(|(from, to)| from <= to);
    let place = examples.into_iter().find(has).or(old.map(|(from, _)| from)).or(ranges.first().map(|first| first.0))?;
    let address = Ipv6Addr::from(place);
    Some(address.to_ipv4_mapped().map_or(address.to_string(), |old| old.to_string()))
}

/// A value, or what lies right above it.
struct Value {
    millionths: i128,
    between: bool,
}

fn placed(millionths: i128) -> u128 {
    ZERO.wrapping_add_signed(2 * millionths)
}

fn some_value(start: u128, end: u128) -> Value {
    // What lies far out has no date and no short number.
    let far = 2 * 4_000_000_000 * MILLION as u128;
    let (start, end) = (start.max(ZERO).min(end), end.min(ZERO + far).max(start));
    let unit = 2 * MILLION as u128;
    let offset = ZERO % unit;
    let whole = (start - offset).div_ceil(unit) * unit + offset;
    let even = start + start % 2;
    let place = [whole, even].into_iter().find(|place| (start..=end).contains(place)).unwrap_or(start);
    let distance = place as i128 - ZERO as i128;
    Value { millionths: distance.div_euclid(2), between: distance.rem_euclid(2) == 1 }
}

/// Of the proleptic Gregorian calendar.
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn days_since_1970(year: i128, month: i128, day: i128) -> Option<i128> {
    if month == 0 || day == 0 {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn day_of(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * index + 2) / 5 + 1;
    let month = if index < 10 { index + 3 } else { index - 9 };
    (year + era * 400 + i128::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_and_have_room_between_them() {
        let order = ["-2", "-1.5", "-1", "0", "0.000001", "1", "1.5", "10", "100000000000000"];
        assert!(order.windows(2).all(|pair| number(pair[0]) < number(pair[1])));
        assert_eq!(number("1.50"), number("1.5"));
        for text in ["", "1e3", "1.", ".5", "+1", "0x1", "1234567890123456", "1.1234567", "--1"] {
            assert_eq!(number(text), None, "{text}");
        }
        let place = |text: &str| number(text).unwrap();
        assert_eq!(some_number(place("1") + 1, place("7")), "2");
        assert_eq!(some_number(place("1") + 1, place("2") - 1), "1.000001");
        assert_eq!(some_number(place("0.000001") + 1, place("0.000001") + 1), "0.0000015");
        assert_eq!(some_number(place("-0.75"), place("-0.75")), "-0.750000");
        assert_eq!(some_number(place("-1") + 1, place("-1") + 1), "-0.9999995");
        assert_eq!(some_number(0, u128::MAX), "0");
    }

    #[test]
    fn dates_are_read_and_written() {
        assert_eq!(date("1970-01-02T00:00:00Z"), date("86400"));
        assert_eq!(date("2026-09-26"), date("2026-09-26T00:00:00Z"));
        assert!(date("2026-09-26T00:00:00.5Z") > date("2026-09-26"));
        for text in ["", "2026-13-01", "2026-9-1", "2026-09-26T00:00Z", "2026-09-26T00:00:00+02:00", "yesterday"] {
            assert_eq!(date(text), None, "{text}");
        }
        for text in ["2024-02-29T12:34:56Z", "2000-12-31T23:59:59Z", "1969-07-20T20:17:40Z", "2100-03-01T00:00:00Z"] {
            let place = date(text).unwrap();
            assert_eq!(some_date(place, place), text);
        }
        let place = date("2024-02-29").unwrap();
        assert_eq!(some_date(place + 1, place + 1), "2024-02-29T00:00:00.0000005Z");
    }

    #[test]
    fn addresses_of_both_versions_are_apart() {
        let all: Vec<_> = ["0.0.0.0/0", "::/0"].iter().flat_map(|text| addresses(text).unwrap()).collect();
        assert_eq!(super::super::values::united(&all), [(0, u128::MAX)]);
        assert_eq!(addresses("10.0.0.1"), addresses("10.0.0.1/32"));
        assert_eq!(addresses("10.0.0.1/8"), addresses("10.0.0.0/8"));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "::/129", "::ffff:1.2.3.4"] {
            assert_eq!(addresses(text), None, "{text}");
        }
        assert_eq!(some_address(&addresses("0.0.0.0/0").unwrap()).as_deref(), Some("203.0.113.7"));
        assert_eq!(some_address(&addresses("10.1.0.0/16").unwrap()).as_deref(), Some("10.1.0.0"));
        assert_eq!(some_address(&addresses("2001:db8::/32").unwrap()).as_deref(), Some("2001:db8::"));
    }
}
