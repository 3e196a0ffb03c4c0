//! Names and addresses of machines.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use regex::{Captures, Regex};

use super::{RemovedKind, stand_ins::StandIns};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file")
}

static MAIL: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"));
static MAC: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\b"));
static IP4: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9]+(?:\.[0-9]+)+"));
static IP6: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9A-Za-z_]*:[0-9A-Za-z_:.]*"));
/// The host of an address.
static IN_ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/\s@]*@)?([A-Za-z0-9._-]+)"));
/// The registry of an image.
static IN_IMAGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[^\w./@-])((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|[A-Za-z0-9-]+:[0-9]{2,5})(?::[0-9]{2,5})?/[a-z0-9]",
    )
});
/// Where words around it say that it is a host.
static SAID: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r#"(?i)(?:\blookup ([a-z0-9][a-z0-9._-]*)(?: on |: )|\bhost(?:name)?['"]?[=:]\s*['"]?([a-z0-9][a-z0-9._-]*)|"#,
        r"\bto (?:host|server)(?: at)? '?\x22?([a-z0-9][a-z0-9._-]*)'?\x22?:[0-9]|",
        r"\bconnect(?:ing|ed)? to ([a-z0-9][a-z0-9._-]*):[0-9])",
    ))
});
/// Words in which names of hosts can stand.
static RUN: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9._-]+"));

/// Hosts that everybody uses, which say nothing about a person.
const PUBLIC: [&str; 25] = [
    "localhost",
    "localhost.localdomain",
    "ip6-localhost",
    "host.docker.internal",
    "host.containers.internal",
    "mcr.microsoft.com",
    "learn.microsoft.com",
    "aka.ms",
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "auth.docker.io",
    "docs.docker.com",
    "ghcr.io",
    "quay.io",
    "pypi.org",
    "files.pythonhosted.org",
    "github.com",
    "raw.githubusercontent.com",
    "api.openai.com",
    "deb.debian.org",
    "archive.ubuntu.com",
    "www.python.org",
    "docs.python.org",
    "conda.anaconda.org",
];

/// Endings by which a word with dots is taken for a host: of companies' networks, and those of the world that no
/// file and no module of Python ends in.
const ENDINGS: [&str; 45] = [
    "local",
    "internal",
    "lan",
    "corp",
    "intranet",
    "home",
    "localdomain",
    "private",
    "test",
    "example",
    "invalid",
    "com",
    "net",
    "org",
    "io",
    "cloud",
    "dev",
    "edu",
    "gov",
    "mil",
    "info",
    "biz",
    "company",
    "de",
    "uk",
    "eu",
    "ch",
    "fr",
    "nl",
    "at",
    "be",
    "it",
    "es",
    "se",
    "no",
    "dk",
    "fi",
    "pl",
    "us",
    "ca",
    "au",
    "jp",
    "cn",
    "br",
    "kr",
];

/// Names shorter than this are looked for as words only, longer ones wherever they stand. Characters.
const SHORTEST_ANYWHERE: usize = 6;

/// The text without e-mail addresses.
pub(super) fn mails(text: &str, out: &mut StandIns) -> String {
    let stand_in = |found: &Captures<'_>| {
        out.numbered(RemovedKind::Mails, &found[0].to_lowercase()).to_string()
    };
    MAIL.replace_all(text, stand_in).into_owned()
}

/// The text without network addresses; loopback and "every address" stay.
pub(super) fn addresses(text: &str, out: &mut StandIns) -> String {
    let mut stand_in =
        |address: &str| out.numbered(RemovedKind::Addresses, &address.to_lowercase()).to_string();
    let text = MAC.replace_all(text, |found: &Captures<'_>| stand_in(&found[0]));
    let text = IP6.replace_all(&text, |found: &Captures<'_>| {
        let whole = &found[0];
        let bare = whole.trim_end_matches('.');
        // A single colon behind it ends a clause.
        let bare = match bare.strip_suffix(':') {
            Some(before) if !before.ends_with(':') => before,
            _ => bare,
        };
        match bare.parse::<Ipv6Addr>() {
            Ok(address) if !address.is_loopback() && !address.is_unspecified() => {
                format!("{}{}", stand_in(bare), &whole[bare.len()..])
            }
            _ => whole.to_owned(),
        }
    });
    let text = IP4.replace_all(&text, |found: &Captures<'_>| match found[0].parse::<Ipv4Addr>() {
        Ok(address) if !address.is_loopback() && !address.is_unspecified() => stand_in(&found[0]),
        _ => found[0].to_owned(),
    });
    text.into_owned()
}

/// The text without names of hosts: those that are known, and those that it says are hosts.
pub(super) fn names(text: &str, known: &[String], out: &mut StandIns) -> String {
    let mut names = BTreeSet::new();
    let mut add = |name: &str| {
        let name = name.trim_matches(['.', '-', '_']).to_lowercase();
        if is_private(&name) {
            names.insert(name);
        }
    };
    for name in known {
        // A port or a path may be part of it.
        let bare = name.rsplit("://").next().unwrap_or(name);
        add(bare.split(['/', ':']).next().unwrap_or(bare));
    }
    for found in IN_ADDRESS.captures_iter(text) {
        add(&found[1]);
    }
    for found in IN_IMAGE.captures_iter(text) {
        add(found[1].split(':').next().unwrap_or_default());
    }
    for found in SAID.captures_iter(text) {
        for group in found.iter().skip(1).flatten() {
            add(group.as_str());
        }
    }
    let text = RUN.replace_all(text, |found: &Captures<'_>| {
        let whole = &found[0];
        let run = whole.trim_end_matches(['.', '-', '_']);
        let end = &whole[run.len()..];
        let lower = run.to_lowercase();
        if names.contains(&lower) || (is_private(&lower) && is_like_a_host(&lower, &names)) {
            return format!("{}{end}", out.numbered(RemovedKind::Hosts, &lower));
        }
        let labels = run.split('.').map(|label| {
            let lower = label.to_lowercase();
            if names.contains(&lower) {
                out.numbered(RemovedKind::Hosts, &lower).to_string()
            } else {
                label.to_owned()
            }
        });
        let labels: Vec<String> = labels.collect();
        format!("{}{end}", labels.join("."))
    });
    anywhere(&text, &names, known, out)
}

/// Takes out names that are known wherever they stand, the longest first.
fn anywhere(text: &str, names: &BTreeSet<String>, known: &[String], out: &mut StandIns) -> String {
    let mut longest: Vec<&String> = names
        .iter()
        .filter(|name| name.len() >= SHORTEST_ANYWHERE)
        .filter(|name| known.iter().any(|known| known.to_lowercase().contains(name.as_str())))
        .collect();
    longest.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut text = text.to_owned();
    for name in longest {
        let pattern = regex(&format!("(?i){}", regex::escape(name)));
        text = pattern
            .replace_all(&text, |_: &Captures<'_>| {
                out.numbered(RemovedKind::Hosts, name).to_string()
            })
            .into_owned();
    }
    text
}

/// Whether a name in small letters says something about a person or their company.
fn is_private(name: &str) -> bool {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    name.len() > 1 && !is_number && !PUBLIC.contains(&name)
}

/// A word with dots that ends as hosts do, or in the name of a known one.
fn is_like_a_host(name: &str, known: &BTreeSet<String>) -> bool {
    let Some((before, ending)) = name.rsplit_once('.') else { return false };
    let has_labels = before.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    let below = |host: &String| name.strip_suffix(host.as_str()).is_some_and(|b| b.ends_with('.'));
    (has_labels && ENDINGS.contains(&ending)) || known.iter().any(below)
}
