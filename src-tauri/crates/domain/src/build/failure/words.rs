//! Small things to find in what programs say.

/// What stands between the two, in the first place where both are.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let (inner, _) = rest.split_once(after)?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
}

/// The rest of the line behind this.
pub(super) fn behind<'a>(line: &'a str, form: &str) -> Option<&'a str> {
    line.split_once(form).map(|(_, rest)| rest.trim()).filter(|rest| !rest.is_empty())
}

/// The last line with one of these forms in it, by index; case does not matter.
pub(super) fn last_with(lines: &[&str], forms: &[&str]) -> Option<usize> {
    lines.iter().rposition(|line| has(line, forms))
}

/// Whether one of these forms, all in small letters, is in the line.
pub(super) fn has(line: &str, forms: &[&str]) -> bool {
    let line = line.to_lowercase();
    forms.iter().any(|form| line.contains(form))
}

/// The package that a requirement names, e.g. `a[b]` of `a[b]>=1 (from c)`.
pub(super) fn package(requirement: &str) -> &str {
    let requirement = requirement.trim();
    let end = requirement
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        .unwrap_or(requirement.len());
    &requirement[..end]
}

/// The package's name as the index compares it: case and `-_.` do not matter.
pub(super) fn package_key(requirement: &str) -> String {
    package(requirement).to_lowercase().replace(['_', '.'], "-")
}

/// Without what pip says in brackets of where a requirement comes from.
pub(super) fn without_origin(requirement: &str) -> &str {
    requirement.split(" (from ").next().unwrap_or(requirement).trim()
}

/// The exit code in a builder's words.
pub(super) fn exit_code(words: &str) -> Option<u32> {
    ["non-zero code: ", "exit status ", "exit code: ", "exit code "].iter().find_map(|form| {
        let rest = behind(words, form)?;
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}

/// Words as a part of a sentence: one line, not too long.
pub(super) fn shortened(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 80 {
        return line;
    }
    let mut short: String = line.chars().take(79).collect();
    short.push('…');
    short
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether the line says that a certificate is not trusted.
pub(super) fn says_certificate(line: &str) -> bool {
    has(
        line,
        &[
            "certificate_verify_failed",
            "certificate verify failed",
            "sslcertverificationerror",
            "invalid peer certificate",
            "ssl certificate problem",
            "problem confirming the ssl certificate",
            "certificate verification failed",
            "server certificate verification failed",
            "certificate signed by unknown authority",
        ],
    )
}

/// Whether the line of a program that downloads says that it could not connect.
pub(super) fn says_no_connection(line: &str) -> bool {
    has(
        line,
        &[
            "newconnectionerror",
            "connecttimeouterror",
            "readtimeouterror",
            "nameresolutionerror",
            "name or service not known",
            "temporary failure in name resolution",
            "temporary failure resolving",
            "could not resolve",
            "proxyerror",
            "cannot connect to proxy",
            "timed out",
            "connection refused",
            "connection reset",
            "connection aborted",
            "network is unreachable",
            "no route to host",
            "dns error",
            "failed to lookup address",
            "error sending request",
            "are you offline",
            "could not connect to",
            "unable to connect to",
        ],
    )
}

/// The host that a line is about.
pub(super) fn host(line: &str) -> Option<&str> {
    let quoted = |form| {
        let rest = line.split_once(form)?.1;
        rest.split(['\'', '"', '’', '`', ' ', ',', ':', ')']).next()
    };
    [
        "host='",
        "resolving '",
        "resolve '",
        "resolve host: ",
        "resolve host address ‘",
        "connect to ",
    ]
    .into_iter()
    .find_map(quoted)
    .or_else(|| line.split_once("://")?.1.split(['/', ':', ' ', '`', ')', '\'']).next())
    .map(|host| host.trim_end_matches('.'))
    .filter(|host| host.contains('.') || *host == "localhost")
}
