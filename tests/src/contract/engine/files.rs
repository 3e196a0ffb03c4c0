//! Files inside containers.

use bytes::Bytes;
use engine::{ContextStream, EngineError};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::{Fixture, body, create, remove, soon};

/// Files, and the folders that are needed for them.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let mut add = |path: &str, kind: EntryType, mode: u32, content: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content).expect("archive");
    };
    for (path, content) in files {
        for (at, _) in path.match_indices('/') {
            add(&path[..at], EntryType::Directory, 0o777, &[]);
        }
        add(path, EntryType::Regular, 0o666, content);
    }
    archive.into_inner().expect("archive")
}

fn pieces(bytes: Vec<u8>) -> ContextStream {
    let pieces: Vec<_> =
        bytes.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}

/// Something inside writes.
async fn append(fixture: &Fixture, container: &str, path: &str, text: &str) {
    if let Some(twin) = &fixture.endless {
        twin.append(container, path, text);
        return;
    }
    let script = format!("printf '{}' >> {path}", text.replace('\n', "\\n"));
    let command = ["sh".into(), "-c".into(), script];
    let done = fixture.engine.exec(container, &command, super::SOON).await.expect("exec");
    assert_eq!(done.exit_code, 0, "{done:?}");
}

pub(super) async fn what_is_unpacked_is_read_again_and_removed(fixture: &Fixture) {
    let engine = &*fixture.engine;
    // As somebody who is not root: he removes what was made.
    let id = create(engine, "files", &body(&fixture.image, json!({"User": "1234:1234"}))).await.id;
    engine.start(&id).await.expect("start");
    let files = engine.files();
    let big: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let made = archive(&[("a/b/text.txt", b"first\nsecond\n"), ("a/big.bin", &big)]);
    files.unpack(&id, "/tmp", pieces(made)).await.expect("unpack");
    assert_eq!(files.read(&id, "/tmp/a/b/text.txt", 100).await.expect("read"), b"first\nsecond\n");
    assert_eq!(files.read(&id, "/tmp/a/b/text.txt", 5).await.expect("read"), b"first");
    assert_eq!(files.read(&id, "/tmp/a/big.bin", 4_000_000).await.expect("read"), big);
    let missing = files.read(&id, "/tmp/a/nothing", 5).await;
    assert!(matches!(missing, Err(EngineError::NotFound(_))), "{missing:?}");
    files.remove(&id, "/tmp/a/b").await.expect("remove");
    files.remove(&id, "/tmp/a/b").await.expect("it is gone already");
    let gone = files.read(&id, "/tmp/a/b/text.txt", 5).await;
    assert!(matches!(gone, Err(EngineError::NotFound(_))), "{gone:?}");
    assert!(files.read(&id, "/tmp/a/big.bin", 1).await.is_ok());
    remove(engine, "files").await;
}

pub(super) async fn an_archive_that_cannot_be_read_is_the_cause(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let id = create(engine, "files", &body(&fixture.image, json!({}))).await.id;
    engine.start(&id).await.expect("start");
    let broken = [
        Ok(Bytes::copy_from_slice(&archive(&[("a.txt", b"x")])[..512])),
        Err(std::io::Error::other("the disk is gone")),
    ];
    let refused = engine.files().unpack(&id, "/tmp", stream::iter(broken).boxed()).await;
    assert_eq!(refused, Err(EngineError::Context("the disk is gone".into())));
    let nowhere = engine.files().unpack("nobody", "/tmp", pieces(archive(&[("a", b"x")]))).await;
    assert!(matches!(nowhere, Err(EngineError::NotFound(_))), "{nowhere:?}");
    remove(engine, "files").await;
}

pub(super) async fn a_growing_file_is_followed_until_it_is_gone(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let id = create(engine, "files", &body(&fixture.image, json!({}))).await.id;
    engine.start(&id).await.expect("start");
    let files = engine.files();
    let begin = archive(&[("x/logs/run.log", b"one\n")]);
    files.unpack(&id, "/tmp", pieces(begin)).await.expect("unpack");
    let mut lines = files.follow(&id, "/tmp/x/logs/run.log").await;
    assert_eq!(soon("the first line", lines.next()).await, Some(Ok("one".into())));
    append(fixture, &id, "/tmp/x/logs/run.log", "two\nthree\n").await;
    assert_eq!(soon("the second line", lines.next()).await, Some(Ok("two".into())));
    assert_eq!(soon("the third line", lines.next()).await, Some(Ok("three".into())));
    files.remove(&id, "/tmp/x/logs").await.expect("remove");
    assert_eq!(soon("the end", lines.next()).await, None);

    // One that is not there yet is waited for.
    let mut lines = files.follow(&id, "/tmp/x/logs/run.log").await;
    let writes = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let begin = archive(&[("x/logs/run.log", b"late\n")]);
        files.unpack(&id, "/tmp", pieces(begin)).await.expect("unpack");
    };
    let (line, ()) = tokio::join!(soon("the late line", lines.next()), writes);
    assert_eq!(line, Some(Ok("late".into())));
    files.remove(&id, "/tmp/x/logs").await.expect("remove");
    assert_eq!(soon("the end", lines.next()).await, None);

    // What reads inside ends with the stream.
    let begin = archive(&[("x/logs/run.log", b"one\n")]);
    files.unpack(&id, "/tmp", pieces(begin)).await.expect("unpack");
    let before = engine.processes(&id).await.expect("processes").len();
    let mut lines = files.follow(&id, "/tmp/x/logs/run.log").await;
    assert_eq!(soon("the first line", lines.next()).await, Some(Ok("one".into())));
    drop(lines);
    soon("the end of what reads inside", async {
        while engine.processes(&id).await.expect("processes").len() > before {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    remove(engine, "files").await;
}
