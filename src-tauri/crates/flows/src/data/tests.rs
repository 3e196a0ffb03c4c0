use std::{fmt::Write as _, path::PathBuf, time::Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

struct Written {
    _folder: TempDir,
    path: PathBuf,
}

fn written(name: &str, content: impl AsRef<[u8]>) -> Written {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("written");
    Written { _folder: folder, path }
}

async fn opened(written: &Written) -> DataFile {
    DataFile::open(&written.path).await.expect("opened")
}

async fn all(file: &DataFile, from: Option<Position>) -> Vec<DataRow> {
    let mut stream = file.rows(from);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(row.expect("read"));
    }
    rows
}

/// Number, line, and the values or what is wrong.
fn told(rows: &[DataRow]) -> Vec<(u32, u64, Value)> {
    let value = |row: &DataRow| match &row.values {
        Ok(values) => Value::Object(values.clone()),
        Err(sentence) => sentence.as_str().into(),
    };
    rows.iter().map(|row| (row.number, row.line, value(row))).collect()
}

#[tokio::test]
async fn json_lines_are_rows_also_with_a_mark_windows_ends_and_empty_lines() {
    let text = "\u{FEFF}{\"a\": 1}\r\n\r\n  {\"b\": [2]}  \n{\"a\": \"ü\"}";
    let file = opened(&written("r.jsonl", text)).await;
    assert_eq!(file.format, DataFormat::JsonLines);
    let held = written("r.jsonl", text);
    let file = opened(&held).await;
    let rows = all(&file, None).await;
    let expected = [(0, 1, json!({"a": 1})), (1, 3, json!({"b": [2]})), (2, 4, json!({"a": "ü"}))];
    assert_eq!(told(&rows), expected);
    assert_eq!(file.count(CancellationToken::new()).await, Ok(Some(3)));
    let preview = file.preview(9).await.expect("preview");
    assert_eq!((preview.columns, preview.is_whole), (vec!["a".to_owned(), "b".into()], true));
}

#[tokio::test]
async fn a_bad_row_is_told_and_the_others_are_read() {
    let mut bytes = b"{\"a\": 1}\n{\"a\": \n[1]\nnonsense\n{\"a\": \"".to_vec();
    bytes.push(0xFF);
    bytes.extend_from_slice(b"\"}\n{\"a\": 2}\n");
    let held = written("r.jsonl", bytes);
    let file = opened(&held).await;
    let rows = all(&file, None).await;
    let lines: Vec<_> = rows.iter().map(|row| (row.line, row.values.is_ok())).collect();
    assert_eq!(lines, [(1, true), (2, false), (3, false), (4, false), (5, false), (6, true)]);
    let sentences: Vec<_> = rows.into_iter().filter_map(|row| row.values.err()).collect();
    assert_eq!(
        sentences,
        [
            "It is no JSON: it ends too early. Each row stands on one line.",
            "It is no object such as {\"question\": \"…\"}.",
            "It is no JSON: it breaks off at character 2.",
            "It is not written in UTF-8.",
        ]
    );
    assert_eq!(file.count(CancellationToken::new()).await, Ok(Some(6)));
}

#[tokio::test]
async fn a_table_is_read_with_quotes_line_breaks_and_a_mark() {
    let text = "\u{FEFF}question, answer \r\n\"Who, \"\"me\"\"?\",\"one\r\ntwo\"\r\n\r\nplain,\r\nfew\r\na,b,c\r\n";
    let held = written("r.csv", text);
    let file = opened(&held).await;
    assert_eq!(file.format, DataFormat::Csv);
    let preview = file.preview(100).await.expect("preview");
    assert_eq!(preview.columns, ["question", "answer"]);
    let rows = told(&preview.rows);
    assert_eq!(rows[0], (0, 2, json!({"question": "Who, \"me\"?", "answer": "one\r\ntwo"})));
    assert_eq!(rows[1], (1, 5, json!({"question": "plain", "answer": ""})));
    let few = "It has 1 value where the first line names 2. Is a value with a comma or line break not in quotes?";
    assert_eq!(rows[2], (2, 6, few.into()));
    assert_eq!((rows[3].0, rows[3].1), (3, 7));
    assert!(rows[3].2.as_str().is_some_and(|told| told.starts_with("It has 3 values")));
    assert!(preview.rows[0].is_text);
    assert_eq!(file.count(CancellationToken::new()).await, Ok(Some(4)));
}

#[tokio::test]
async fn tabs_and_semicolons_stand_between_values_too() {
    for (name, text, format) in [
        ("r.tsv", "a\tb,c\n1\t2\n", DataFormat::Tsv),
        ("r.csv", "a;b,c\n1;2\n".replace("b,c", "b").as_str(), DataFormat::Csv),
        ("r.txt", "a\tb\n1\t2\n", DataFormat::Tsv),
        ("r", "a,b\n1,2\n", DataFormat::Csv),
    ] {
        let held = written(name, text);
        let file = opened(&held).await;
        let rows = all(&file, None).await;
        assert_eq!(file.format, format, "{name}");
        let values = rows[0].values.as_ref().expect("values");
        assert_eq!(values.values().collect::<Vec<_>>(), ["1", "2"], "{name}");
    }
    let held = written("r.txt", "{\"a\": 1}\n");
    assert_eq!(opened(&held).await.format, DataFormat::JsonLines);
}

#[tokio::test]
async fn what_holds_no_rows_is_refused_with_the_reason() {
    for (name, content, sentence) in [
        (
            "r.jsonl",
            &b"[{\"a\": 1}]"[..],
            "r.jsonl is one list. Each row has to be an object on a line of its own (JSON lines).",
        ),
        ("r.csv", b"\xFF\xFEa\0", "r.csv is written in UTF-16. Save it in UTF-8."),
        ("r.csv", b"", "r.csv is empty."),
        ("r.csv", b"a\0b", "r.csv is no text."),
        ("r.csv", b"a,,b\n1,2,3\n", "Column 2 has no name in the first line."),
        ("r.csv", b"a,b, a\n1,2,3\n", "Two columns are called \"a\"."),
    ] {
        let held = written(name, content);
        let error = match DataFile::open(&held.path).await {
            Ok(file) => file.preview(5).await.expect_err("refused"),
            Err(error) => error,
        };
        assert_eq!(error.to_string(), sentence);
    }
    let held = written("r.csv", "a,b\n");
    let error = opened(&held).await.preview(5).await.expect_err("refused");
    assert!(error.to_string().ends_with("r.csv holds no row."), "{error}");
    let nowhere = held.path.with_file_name("nowhere.csv");
    assert_eq!(DataFile::open(&nowhere).await, Err(DataError::NotThere(nowhere)));
    let folder = held.path.parent().expect("folder");
    assert!(matches!(DataFile::open(folder).await, Err(DataError::Form(_))));
}

#[tokio::test]
async fn a_quote_that_is_never_closed_is_told_and_not_held() {
    let held = written("r.csv", "a,b\n1,2\n3,\"open\n4,5\n6,7\n");
    let rows = all(&opened(&held).await, None).await;
    let told = told(&rows);
    assert_eq!((told.len(), told[1].1), (2, 3));
    assert!(told[1].2.as_str().is_some_and(|told| told.contains("never closed")), "{told:?}");

    let mut text = "a,b\n1,2\n3,\"open\n".to_owned();
    while (text.len() as u64) < LARGEST_ROW * 3 {
        text.push_str("some more text that fills the file,and goes on without an end\n");
    }
    let held = written("r.csv", &text);
    let file = opened(&held).await;
    let rows = all(&file, None).await;
    assert_eq!((rows.len(), rows[1].line), (2, 3));
    let sentence = rows[1].values.as_ref().expect_err("bad");
    assert!(sentence.starts_with("It is bigger than 16 MB."), "{sentence}");
    assert_eq!(file.count(CancellationToken::new()).await, Ok(Some(2)));
}

#[tokio::test]
async fn a_line_that_is_too_big_is_told_and_passed_over() {
    let big = "x".repeat(usize::try_from(LARGEST_ROW).expect("size") * 2);
    let held = written("r.jsonl", format!("{{\"a\": 1}}\n{{\"a\": \"{big}\"}}\n{{\"a\": 3}}\n"));
    let file = opened(&held).await;
    let rows = all(&file, None).await;
    let told = told(&rows);
    assert_eq!(told[1], (1, 2, "It is bigger than 16 MB.".into()));
    assert_eq!(told[2], (2, 3, json!({"a": 3})));
    assert_eq!(file.count(CancellationToken::new()).await, Ok(Some(3)));
}

#[tokio::test]
async fn reading_goes_on_from_a_position() {
    for (name, text) in [
        ("r.jsonl", "{\"a\": \"1\"}\n\n{\"a\": \"2\"}\n{\"a\": \"3\"}\n"),
        ("r.csv", "\u{FEFF}a\n1\n\n\"2\"\n3\n"),
    ] {
        let held = written(name, text);
        let file = opened(&held).await;
        for most in 1..=3 {
            let preview = file.preview(most).await.expect("preview");
            assert_eq!((preview.rows.len(), preview.is_whole), (most, most == 3), "{name}");
            let mut rows = preview.rows;
            rows.extend(all(&file, Some(preview.next)).await);
            assert_eq!(rows, all(&file, None).await, "{name} {most}");
        }
    }
}

#[tokio::test]
async fn a_million_rows_are_previewed_without_reading_the_file() {
    let mut lines = String::new();
    let mut cells = "number,text\n".to_owned();
    for number in 0..1_000_000 {
        let _ = writeln!(lines, "{{\"number\": {number}, \"text\": \"some text\"}}");
        let _ = writeln!(cells, "{number},\"some text\"");
    }
    for (name, text) in [("r.jsonl", lines), ("r.csv", cells)] {
        let held = written(name, &text);
        let file = opened(&held).await;
        let began = Instant::now();
        let preview = file.preview(100).await.expect("preview");
        let took = began.elapsed();
        assert_eq!((preview.rows.len(), preview.is_whole), (100, false));
        assert!(preview.next.byte < 10_000, "{:?}", preview.next);
        // What is behind the first rows need not even be there.
        std::fs::write(&held.path, &text[..64 * 1024]).expect("cut");
        assert_eq!(file.preview(100).await.expect("preview"), preview);
        std::fs::write(&held.path, &text).expect("whole again");
        let counting = Instant::now();
        assert_eq!(file.count(CancellationToken::new()).await, Ok(Some(1_000_000)));
        assert!(took * 20 < counting.elapsed(), "{took:?} of {:?}", counting.elapsed());
        let stopped = CancellationToken::new();
        stopped.cancel();
        assert_eq!(file.count(stopped).await, Ok(None));
        // Somebody who takes no more rows ends the reading.
        let mut stream = file.rows(None);
        assert!(stream.next().await.is_some_and(|row| row.is_ok()));
    }
}

#[tokio::test]
async fn a_changed_file_has_another_stamp() {
    let held = written("r.csv", "a\n1\n");
    let before = opened(&held).await.stamp;
    assert_eq!(opened(&held).await.stamp, before);
    std::fs::write(&held.path, "a\n1\n2\n").expect("written");
    assert_ne!(opened(&held).await.stamp, before);
}
