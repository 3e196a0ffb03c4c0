use super::*;

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0];
    bytes.extend(u32::try_from(payload.len()).expect("small").to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn read(terminal: bool, pieces: &[&[u8]]) -> Vec<LogLine> {
    let mut reader = LineReader::new(terminal);
    let mut lines = VecDeque::new();
    for piece in pieces {
        reader.take(piece, &mut lines);
    }
    reader.finish(&mut lines);
    lines.into()
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

const TIME: &str = "2026-01-02T03:04:05.123456789Z";

#[test]
fn frames_become_lines_with_source_and_time() {
    let mut bytes = frame(1, format!("{TIME} hello\n").as_bytes());
    bytes.extend(frame(2, format!("{TIME} \u{26a0} oh\r\n").as_bytes()));
    bytes.extend(frame(1, format!("{TIME} \n").as_bytes()));
    let lines = read(false, &[&bytes]);
    assert_eq!(texts(&lines), ["hello", "\u{26a0} oh", ""]);
    assert_eq!(lines[0].source, LogSource::Out);
    assert_eq!(lines[1].source, LogSource::Error);
    assert_eq!(lines[0].time, Some(TIME.parse().expect("time")));
}

#[test]
fn it_does_not_matter_where_the_bytes_are_cut() {
    let mut bytes = frame(1, format!("{TIME} one two\n").as_bytes());
    bytes.extend(frame(2, format!("{TIME} three\n").as_bytes()));
    bytes.extend(frame(1, b"no time here\n"));
    bytes.extend(frame(1, b""));
    bytes.extend(frame(1, format!("{TIME} without end").as_bytes()));
    let whole = read(false, &[&bytes]);
    assert_eq!(texts(&whole), ["one two", "three", "no time here", "without end"]);
    assert_eq!(whole[2].time, None);
    for size in [1, 3, 7, 20] {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(read(false, &pieces), whole, "pieces of {size} bytes");
    }
}

#[test]
fn a_long_line_in_several_frames_is_one_line_with_its_first_time() {
    let later = "2026-01-02T03:04:06Z";
    let mut bytes = frame(1, format!("{TIME} {}", "a".repeat(16_384)).as_bytes());
    // A line of the other source in between stays on its own.
    bytes.extend(frame(2, format!("{TIME} between\n").as_bytes()));
    bytes.extend(frame(1, format!("{later} bbb\n").as_bytes()));
    let lines = read(false, &[&bytes]);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].text, "between");
    assert_eq!(lines[1].text, format!("{}bbb", "a".repeat(16_384)));
    assert_eq!(lines[1].time, Some(TIME.parse().expect("time")));
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let mut payload = format!("{TIME} a").into_bytes();
    payload.extend([0xff, 0xfe, b'b', b'\n']);
    let lines = read(false, &[&frame(1, &payload)]);
    assert_eq!(texts(&lines), ["a\u{fffd}\u{fffd}b"]);
}

#[test]
fn an_endless_line_is_cut_with_a_note_and_costs_no_more_memory() {
    let mut reader = LineReader::new(false);
    let mut lines = VecDeque::new();
    for _ in 0..64 {
        reader.take(&frame(1, format!("{TIME} {}", "x".repeat(16_384)).as_bytes()), &mut lines);
    }
    assert!(reader.out.text.len() <= LONGEST_LINE && reader.buffer.is_empty());
    reader.take(&frame(1, format!("{TIME} end\n").as_bytes()), &mut lines);
    reader.take(&frame(1, format!("{TIME} next\n").as_bytes()), &mut lines);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].text, format!("{}{CUT_NOTE}", "x".repeat(LONGEST_LINE)));
    assert_eq!(lines[1].text, "next");
}

#[test]
fn a_terminals_bytes_are_lines_without_frames() {
    let text = format!("{TIME} one\r\n{TIME} two words\r\n{TIME} three");
    let whole = read(true, &[text.as_bytes()]);
    assert_eq!(texts(&whole), ["one", "two words", "three"]);
    assert!(whole.iter().all(|line| line.source == LogSource::Out && line.time.is_some()));
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(5).collect();
    assert_eq!(read(true, &pieces), whole);
}

#[test]
fn nothing_written_is_no_line() {
    assert!(read(false, &[b""]).is_empty());
    assert!(read(true, &[]).is_empty());
}

#[test]
fn a_terminals_long_line_is_freed_of_the_times_of_its_pieces() {
    let later = "2026-01-02T03:04:06Z";
    let far = "2020-01-01T00:00:00Z";
    let (a, b) = ("a".repeat(4095), "b".repeat(7));
    let text =
        format!("{TIME} {a}{later} {b}{later} see {far} there\r\n{TIME} at {later} short\r\n");
    let lines = read(true, &[text.as_bytes()]);
    let expected = format!("{a}{b}see {far} there");
    assert_eq!(texts(&lines), [expected.as_str(), &format!("at {later} short")]);
    assert_eq!(lines[0].time, Some(TIME.parse().expect("time")));
}
