//! Names of people, and their folders.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{RemovedKind, stand_ins::StandIns};

/// The name of somebody's home folder, wherever the system has them.
static HOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(/(?:var/)?(?:home|Users)/|\b[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))([^/\\\s"'<>|:;,)\]}]+)"#)
        .expect("a pattern of this file")
});

/// What ends a path in a text.
const ENDS: &str = r#"[^\s"'<>|:;,)\]}`*]*"#;

/// Accounts that every system has.
const COMMON: [&str; 4] = ["root", "nobody", "daemon", "www-data"];

/// The text without these folders and files, and without everything in these homes.
pub(super) fn removed(
    text: &str,
    homes: &[String],
    paths: &[String],
    out: &mut StandIns,
) -> String {
    let is_own = |path: &&String| path.trim_end_matches(['/', '\\']).len() > 1;
    let mut known: Vec<(String, bool)> = paths
        .iter()
        .filter(is_own)
        .map(|path| (path, false))
        .chain(homes.iter().filter(is_own).map(|path| (path, true)))
        .map(|(path, home)| (path.trim_end_matches(['/', '\\']).to_owned(), home))
        .collect();
    known.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    known.dedup();
    let mut text = text.to_owned();
    for (path, is_home) in known {
        // In JSON a backslash is two.
        let escaped = regex::escape(&path).replace(r"\\", r"\\{1,2}");
        let rest = if is_home { format!(r"(?:[/\\]{ENDS})?") } else { String::new() };
        let Ok(pattern) = Regex::new(&format!("{escaped}({rest})([A-Za-z0-9_.-]?)")) else {
            continue;
        };
        text = pattern
            .replace_all(&text, |found: &Captures<'_>| {
                // `/srv/flows2` is not `/srv/flows`.
                if !found[2].is_empty() && found[2] != *"." {
                    return found[0].to_owned();
                }
                let whole = format!("{path}{}", &found[1]);
                let whole = whole.trim_end_matches('.');
                let stand_in = out.numbered(RemovedKind::Paths, whole);
                let dots = found[0].len() - found[0].trim_end_matches('.').len();
                format!("{stand_in}{}", ".".repeat(dots))
            })
            .into_owned();
    }
    HOME.replace_all(&text, |found: &Captures<'_>| {
        format!("{}{}", &found[1], out.numbered(RemovedKind::Users, &found[2]))
    })
    .into_owned()
}

/// The text without these names, where they stand as words.
pub(super) fn users(text: &str, users: &[String], out: &mut StandIns) -> String {
    let mut users: Vec<&str> = users
        .iter()
        .map(|user| user.trim())
        .filter(|user| user.len() > 1 && !COMMON.contains(user))
        .collect();
    users.sort_by_key(|user| std::cmp::Reverse(user.len()));
    users.dedup();
    let mut text = text.to_owned();
    for user in users {
        let Ok(pattern) = Regex::new(&format!(r"(^|[^A-Za-z0-9]){}(\b|_|$)", regex::escape(user)))
        else {
            continue;
        };
        text = pattern
            .replace_all(&text, |found: &Captures<'_>| {
                format!("{}{}{}", &found[1], out.numbered(RemovedKind::Users, user), &found[2])
            })
            .into_owned();
    }
    text
}
