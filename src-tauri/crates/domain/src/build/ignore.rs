//! `.dockerignore`: which files of a folder are not sent to the builder.
//!
//! The rules are those of Docker's own matcher: the last pattern that matches decides, `!` readmits,
//! and what matches a folder matches all that is below it.

use regex::Regex;

/// The rules of a `.dockerignore` file.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// It begins with `!`: what it matches is sent after all.
    exception: bool,
    whole: Regex,
    /// By folder, for what can lie below one; `None` = as deep as one likes.
    parts: Vec<Option<Regex>>,
}

impl IgnoreRules {
    /// Reads the file. Patterns that make no sense are left out and told as sentences; a builder
    /// refuses to build with them.
    pub fn parse(text: &str) -> (Self, Vec<String>) {
        let (mut patterns, mut bad) = (vec![], vec![]);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (exception, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let number = index + 1;
            if pattern.is_empty() {
                if exception {
                    bad.push(format!(
                        "Line {number} of .dockerignore is only an exclamation mark: it does not say what is sent after all."
                    ));
                }
                continue;
            }
            let cleaned = clean(pattern);
            let pattern = cleaned.strip_prefix('/').filter(|rest| !rest.is_empty());
            let pattern = pattern.unwrap_or(&cleaned);
            match expression(pattern).and_then(|text| Regex::new(&text).ok()) {
                Some(whole) => {
                    patterns.push(Pattern { exception, whole, parts: parts(pattern) });
                }
                None => bad.push(format!(
                    "Line {number} of .dockerignore, \"{line}\", is not a valid pattern: a bracket is not closed, or a backslash stands at its end."
                )),
            }
        }
        (Self { patterns }, bad)
    }

    /// Whether this file or folder is not sent. The path is relative to the folder that is sent, with
    /// slashes between its parts.
    pub fn excludes(&self, path: &str) -> bool {
        self.deciding(path).is_some_and(|index| !self.patterns[index].exception)
    }

    /// Whether this folder is not sent and nothing below it can be, so that nobody need look into it.
    /// (What is [always sent](always_sent) is not considered.)
    pub fn prunes(&self, folder: &str) -> bool {
        let Some(index) = self.deciding(folder) else { return false };
        let folders: Vec<&str> = folder.split('/').collect();
        // An exception that comes before is overruled below the folder as well.
        !self.patterns[index].exception
            && !self.patterns[index + 1..].iter().any(|p| p.exception && p.reaches_below(&folders))
    }

    /// The last pattern that matches the path or a folder above it.
    fn deciding(&self, path: &str) -> Option<usize> {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        let all: Vec<&str> = folders.chain([path]).collect();
        self.patterns
            .iter()
            .rposition(|pattern| all.iter().any(|path| pattern.whole.is_match(path)))
    }
}

impl Pattern {
    /// Whether it may match something below this folder.
    fn reaches_below(&self, folders: &[&str]) -> bool {
        for (index, part) in self.parts.iter().enumerate() {
            match (part, folders.get(index)) {
                (None, _) | (_, None) => return true,
                (Some(part), Some(folder)) if part.is_match(folder) => {}
                _ => return false,
            }
        }
        false
    }
}

/// Whether a file is sent whatever the rules say: the Dockerfile and `.dockerignore`.
pub fn always_sent(dockerfile: &str, path: &str) -> bool {
    let (dockerfile, path) = (clean(dockerfile), clean(path));
    path == dockerfile || path == ".dockerignore"
}

/// A path without `.`, `..`, and slashes that say nothing.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".into(),
        (false, rest) => rest,
    }
}

fn parts(pattern: &str) -> Vec<Option<Regex>> {
    pattern
        .split('/')
        .map(|part| {
            expression(part)
                .filter(|_| !part.contains("**"))
                .and_then(|expression| Regex::new(&expression).ok())
        })
        .collect()
}

/// The pattern as a regular expression; `None` = it makes no sense.
fn expression(pattern: &str) -> Option<String> {
    let mut expression = String::from("(?s)^");
    // As Docker has it, `**` before a plain name also matches the end of a longer name.
    if let Some(rest) = pattern.strip_prefix("**")
        && !rest.starts_with('/')
        && !rest.contains(['*', '?', '[', '\\'])
    {
        return Some(format!("{expression}.*{}$", regex::escape(rest)));
    }
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => {
                letters.next_if_eq(&'/');
                expression.push_str(if letters.peek().is_none() { ".*" } else { "(?:.*/)?" });
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '\\' => expression.push_str(&regex::escape(&letters.next()?.to_string())),
            '[' => expression.push_str(&class(&mut letters)?),
            letter => expression.push_str(&regex::escape(&letter.to_string())),
        }
    }
    expression.push('$');
    Some(expression)
}

/// What follows an opening bracket, as a class that never matches a slash.
fn class(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let not = letters.next_if_eq(&'^').is_some();
    let mut ranges = vec![];
    loop {
        let low = match letters.next()? {
            ']' if !ranges.is_empty() => break,
            '-' | ']' => return None,
            '\\' => letters.next()?,
            letter => letter,
        };
        let high = match letters.next_if_eq(&'-').and_then(|_| letters.next()) {
            None => low,
            Some('-' | ']') => return None,
            Some('\\') => letters.next()?,
            Some(letter) => letter,
        };
        ranges.push((low, high));
    }
    // A range that runs backwards is valid and has nothing in it.
    let ranges = ranges
        .into_iter()
        .filter(|(low, high)| low <= high)
        .map(|(low, high)| [code_point(low), code_point(high)].join("-"))
        .collect::<Vec<_>>()
        .concat();
    Some(match (not, ranges.is_empty()) {
        (false, true) => "[^\\s\\S]".into(),
        (true, true) => "[^/]".into(),
        (false, false) => format!("[[{ranges}]&&[^/]]"),
        (true, false) => format!("[[^{ranges}]&&[^/]]"),
    })
}

fn code_point(letter: char) -> String {
    format!("\\x{{{:X}}}", u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(text: &str) -> IgnoreRules {
        let (rules, bad) = IgnoreRules::parse(text);
        assert!(bad.is_empty(), "{bad:?}");
        rules
    }

    #[test]
    fn a_path_is_excluded_by_the_last_pattern_that_matches() {
        for (text, excluded, sent) in [
            // The examples of Docker's documentation.
            (
                "# comment\n*/temp*",
                &["a/temp", "a/temporary.txt", "a/temp/b"][..],
                &["temp", "a/b/temp"][..],
            ),
            ("*/*/temp*", &["a/b/temporary.txt"], &["a/temp"]),
            ("temp?", &["tempa", "tempb", "tempa/x"], &["temp", "tempab", "a/tempa"]),
            ("**/*.go", &["a.go", "x/a.go", "x/y/a.go"], &["a.gox", "go"]),
            ("*.md\n!README.md", &["a.md"], &["README.md", "x/a.md"]),
            (
                "*.md\n!README*.md\nREADME-secret.md",
                &["a.md", "README-secret.md"],
                &["README.md", "README-x.md"],
            ),
            ("*.md\nREADME-secret.md\n!README*.md", &["a.md"], &["README.md", "README-secret.md"]),
            (
                "/foo/bar\nfoo/baz/",
                &["foo/bar", "foo/bar/x", "foo/baz/y"],
                &["bar", "foo", "x/foo/bar"],
            ),
            // A folder and all that is below it; exceptions below an excluded folder.
            ("a", &["a", "a/b", "a/b/c"], &["b/a", "ab"]),
            ("a\n!a/b", &["a", "a/c", "a/bc"], &["a/b", "a/b/c"]),
            ("*\n!src\nsrc/*.tmp", &["x", "x/y", "src/a.tmp"], &["src", "src/a.rs", "src/x/a.tmp"]),
            ("**\n!**/*.py", &["a", "x/y.txt"], &["a.py", "x/a.py"]),
            ("!a\na/b", &["a/b", "a/b/c"], &["a", "a/c"]),
            // Forms of patterns.
            ("a/**", &["a/b", "a/b/c"], &["a", "ab"]),
            ("a/**/b", &["a/b", "a/x/b", "a/x/y/b/c"], &["a/xb", "b"]),
            ("**/b", &["b", "a/b"], &["ab", "a/cb"]),
            ("**b", &["b", "a/b", "ab"], &["bc"]),
            ("**/node_modules/", &["node_modules/x", "a/node_modules"], &["node_modules2"]),
            ("./a/../b", &["b"], &["a"]),
            ("  b  \n", &["b"], &["a"]),
            (
                "[ab]c\n[^x]d\n[0-9]\n[z-yq]w",
                &["ac", "bc", "yd", "5", "qw"],
                &["yw", "cc", "xd", "a/d", "x"],
            ),
            (r"a\*b", &["a*b"], &["axb"]),
            ("a.b\n(x)\n{y}\n$z", &["a.b", "(x)", "{y}", "$z"], &["axb", "x", "y"]),
            ("\u{feff}a\r\nb\r\n", &["a", "b"], &["c"]),
            (" #a", &["#a"], &["a"]),
            (".", &[], &["a", ".x"]),
            ("..\n../x\n/", &[], &["a", "x"]),
            ("! a\nb", &["b"], &["a"]),
            ("é?", &["éà"], &["é"]),
        ] {
            for path in excluded {
                assert!(rules(text).excludes(path), "{text:?} {path}");
            }
            for path in sent {
                assert!(!rules(text).excludes(path), "{text:?} {path}");
            }
        }
    }

    #[test]
    fn patterns_that_make_no_sense_are_told_and_the_others_hold() {
        let (rules, bad) = IgnoreRules::parse("a\n[b\n!\nc\\\n[]\n[a-]\nd");
        assert_eq!(bad.len(), 5, "{bad:?}");
        assert!(bad[0].starts_with("Line 2 of .dockerignore, \"[b\""), "{}", bad[0]);
        assert!(bad[1].starts_with("Line 3 of .dockerignore is only"), "{}", bad[1]);
        assert!(rules.excludes("a") && rules.excludes("d"));
    }

    #[test]
    fn a_folder_is_passed_over_when_nothing_below_it_can_be_sent() {
        for (text, folder, pruned) in [
            ("node_modules", "node_modules", true),
            ("node_modules", "node_modules/x", true),
            ("node_modules", "src", false),
            ("**/.git", "a/.git", true),
            ("*\n!src", "docs", true),
            ("*\n!src", "src", false),
            ("*\n!src/app", "src", false),
            ("*\n!src/app", "src/lib", true),
            ("*\n!src/*/x", "src/lib", false),
            ("*\n!**/*.py", "docs", false),
            ("!a/b\na", "a", true),
            ("a/*", "a", false),
        ] {
            assert_eq!(rules(text).prunes(folder), pruned, "{text:?} {folder}");
        }
    }

    #[test]
    fn the_dockerfile_and_the_rules_are_always_sent() {
        assert!(always_sent("Dockerfile", "Dockerfile"));
        assert!(always_sent("./docker/Dockerfile.gpu", "docker/Dockerfile.gpu"));
        assert!(always_sent("Dockerfile", ".dockerignore"));
        assert!(!always_sent("docker/Dockerfile", "Dockerfile"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn nothing_that_is_sent_lies_in_a_folder_that_is_passed_over(
            lines in prop::collection::vec((any::<bool>(), prop::collection::vec(0usize..9, 1..4)), 1..5),
            path in prop::collection::vec(0usize..3, 2..5),
        ) {
            let parts = ["a", "b", "c", "*", "**", "?", "[ab]", "a**", "**b"];
            let mut text = String::new();
            for (exception, line) in lines {
                let line: Vec<_> = line.into_iter().map(|part| parts[part]).collect();
                text.push_str(if exception { "!" } else { "" });
                text.push_str(&line.join("/"));
                text.push('\n');
            }
            let rules = rules(&text);
            let path: Vec<_> = path.into_iter().map(|part| parts[part]).collect();
            if (1..path.len()).any(|depth| rules.prunes(&path[..depth].join("/"))) {
                prop_assert!(rules.excludes(&path.join("/")), "{:?} {:?}", text, path);
            }
        }
    }
}
