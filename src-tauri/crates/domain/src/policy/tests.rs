use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Central Europe by its rule, without a database: +1, in summer +2.
fn europe() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("zone")
}

fn at(year: i16, month: i8, day: i8, hour: i8, minute: i8) -> Zoned {
    date(year, month, day).at(hour, minute, 0, 0).to_zoned(europe()).expect("time")
}

fn clock(text: &str) -> ClockTime {
    ClockTime::parse(text).expect(text)
}

const ALL: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn window(days: &[Weekday], from: &str, to: &str) -> Window {
    Window { days: days.to_vec(), from: clock(from), to: clock(to) }
}

fn opens(window: &Window, now: &Zoned) -> Option<Zoned> {
    window.next_after(now).map(|opening| opening.from)
}

#[test]
fn a_window_is_open_from_its_first_minute_up_to_its_last() {
    let window = window(&[Weekday::Monday], "02:00", "04:00");
    // 6 May 2024 is a Monday.
    assert_eq!(window.open_at(&at(2024, 5, 6, 1, 59)), None);
    assert!(window.open_at(&at(2024, 5, 6, 2, 0)).is_some());
    assert!(window.open_at(&at(2024, 5, 6, 3, 59)).is_some());
    assert_eq!(window.open_at(&at(2024, 5, 6, 4, 0)), None);
    assert_eq!(window.open_at(&at(2024, 5, 7, 3, 0)), None, "not on a Tuesday");
    assert_eq!(opens(&window, &at(2024, 5, 6, 2, 0)), Some(at(2024, 5, 13, 2, 0)));
    assert_eq!(opens(&window, &at(2024, 5, 5, 23, 0)), Some(at(2024, 5, 6, 2, 0)));
}

#[test]
fn a_window_that_passes_midnight_belongs_to_the_day_on_which_it_opens() {
    let window = window(&[Weekday::Friday], "22:00", "03:00");
    // 3 May 2024 is a Friday.
    let opening = window.open_at(&at(2024, 5, 4, 2, 30)).expect("open on Saturday night");
    assert_eq!((opening.from, opening.to), (at(2024, 5, 3, 22, 0), at(2024, 5, 4, 3, 0)));
    assert!(window.open_at(&at(2024, 5, 3, 23, 0)).is_some());
    assert_eq!(window.open_at(&at(2024, 5, 3, 2, 30)), None, "Thursday's night is not its own");
    assert_eq!(window.open_at(&at(2024, 5, 4, 22, 30)), None);
}

#[test]
fn a_skipped_hour_moves_a_window_and_a_repeated_one_counts_once() {
    // In the night to 31 March 2024 it goes from 02:00 to 03:00.
    let spring = window(&ALL, "02:30", "04:00");
    let opening = spring.on(date(2024, 3, 31), &europe()).expect("opens");
    assert_eq!(opening.from, at(2024, 3, 31, 3, 30));
    assert!(spring.open_at(&at(2024, 3, 31, 3, 15)).is_none());
    let swallowed = window(&ALL, "02:30", "03:10");
    assert_eq!(swallowed.on(date(2024, 3, 31), &europe()), None);
    assert_eq!(opens(&swallowed, &at(2024, 3, 31, 0, 0)), Some(at(2024, 4, 1, 2, 30)));
    // In the night to 27 October 2024 the hour from 02:00 comes twice.
    let autumn = window(&ALL, "02:00", "02:45");
    let opening = autumn.on(date(2024, 10, 27), &europe()).expect("opens");
    assert_eq!(opening.to.timestamp().as_second() - opening.from.timestamp().as_second(), 45 * 60);
    let second = opening.from.checked_add(1.hour()).expect("time");
    assert_eq!(second.hour(), 2, "the clock says the same again");
    assert_eq!(autumn.open_at(&second), None);
    assert_eq!(opens(&autumn, &second), Some(at(2024, 10, 28, 2, 0)));
}

#[test]
fn one_try_in_each_opening_and_a_wrong_clock_does_not_count_as_one() {
    let window = window(&ALL, "02:00", "04:00");
    let now = at(2024, 5, 6, 3, 0);
    let tomorrow = Moment::Wait(Some(at(2024, 5, 7, 2, 0)));
    let tried = |at: Zoned| window.moment(&now, Some(at.timestamp()));
    assert!(matches!(window.moment(&now, None), Moment::Open(_)));
    assert!(matches!(tried(at(2024, 5, 5, 3, 0)), Moment::Open(_)), "that was yesterday");
    assert_eq!(tried(at(2024, 5, 6, 2, 10)), tomorrow);
    assert_eq!(tried(at(2024, 5, 6, 3, 30)), tomorrow, "the clock was set back within the window");
    assert!(matches!(tried(at(2031, 1, 1, 3, 0)), Moment::Open(_)), "the clock was years ahead");
    assert_eq!(window.moment(&at(2024, 5, 6, 5, 0), None), tomorrow);
}

#[test]
fn a_version_is_old_enough_after_that_many_days() {
    let version = Version::parse("20240429.v8").expect("version");
    assert_eq!(old_enough_on(version, USUAL_AGE_DAYS), date(2024, 5, 6));
    assert!(!is_old_enough(version, 7, date(2024, 5, 5)));
    assert!(is_old_enough(version, 7, date(2024, 5, 6)));
    assert!(is_old_enough(version, 0, date(2024, 4, 29)));
    assert!(!is_old_enough(version, 0, date(2024, 4, 28)), "its date lies ahead");
}

#[test]
fn what_cannot_be_used_is_told_with_its_field() {
    let field = |policy: UpdatePolicy| policy.fault().map(|(field, _)| field);
    let with = |window, older_than_days| UpdatePolicy::Window { window, older_than_days };
    assert_eq!(field(with(window(&[], "02:00", "04:00"), 7)), Some("days"));
    assert_eq!(field(with(window(&ALL, "02:00", "02:00"), 7)), Some("to"));
    assert_eq!(field(with(window(&ALL, "02:00", "04:00"), 366)), Some("olderThanDays"));
    assert_eq!(field(with(window(&ALL, "22:00", "04:00"), 0)), None);
    for text in ["", "2:00", "24:00", "02:60", "02:00:00", "+2:00", "02.00", " 2:00"] {
        assert!(ClockTime::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_policy_is_kept_in_a_form_that_can_be_read_again() {
    let policy = UpdatePolicy::Window {
        window: window(&[Weekday::Saturday], "22:00", "03:00"),
        older_than_days: 7,
    };
    let text = serde_json::to_string(&policy).expect("text");
    assert_eq!(
        text,
        r#"{"kind":"window","window":{"days":["saturday"],"from":"22:00","to":"03:00"},"olderThanDays":7}"#
    );
    assert_eq!(serde_json::from_str::<UpdatePolicy>(&text).expect("read"), policy);
}

fn some_window() -> impl Strategy<Value = Window> {
    (prop::collection::btree_set(0usize..7, 1..8), 0i8..24, 0i8..60, 0i8..24, 0i8..60)
        .prop_filter("some time", |(_, a, b, c, d)| (a, b) != (c, d))
        .prop_map(|(days, hour, minute, to_hour, to_minute)| Window {
            days: days.into_iter().map(|day| ALL[day]).collect(),
            from: ClockTime { hour, minute },
            to: ClockTime { hour: to_hour, minute: to_minute },
        })
}

proptest! {
    /// Minutes over more than a year: both changes of the clock are among them.
    #[test]
    fn an_opening_holds_its_moment_and_the_next_one_lies_ahead(
        window in some_window(),
        minute in 0i64..600_000,
    ) {
        let start = at(2024, 1, 1, 0, 0).timestamp();
        let now = (start + jiff::SignedDuration::from_mins(minute)).to_zoned(europe());
        if let Some(open) = window.open_at(&now) {
            prop_assert!(open.from <= now && now < open.to);
            prop_assert!(window.days.contains(&Weekday::of(open.from.date())));
            // Never longer than a day, give or take a change of the clock.
            let hours = open.to.timestamp().duration_since(open.from.timestamp()).as_hours();
            prop_assert!(hours <= 25);
            let tried = Some(now.timestamp());
            prop_assert!(matches!(window.moment(&now, tried), Moment::Wait(_)), "tried twice");
        }
        let next = window.next_after(&now).expect("it opens some day");
        prop_assert!(next.from > now);
        prop_assert_eq!(window.open_at(&next.from).map(|open| open.from), Some(next.from.clone()));
        // Nothing opens in between.
        let before = next.from.checked_sub(1.minute()).expect("time");
        prop_assert!(window.open_at(&before).is_none_or(|open| open.from <= now));
    }
}
