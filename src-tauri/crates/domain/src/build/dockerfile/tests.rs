use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Dockerfile {
    Dockerfile::read(text.to_owned()).expect("a Dockerfile")
}

fn map(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// References, with `?` where there is none.
fn references(text: &str, arguments: &[(&str, &str)]) -> Vec<String> {
    read(text)
        .bases(&map(arguments))
        .into_iter()
        .map(|base| base.reference.unwrap_or_else(|| "?".into()))
        .collect()
}

#[test]
fn bases_are_the_images_from_elsewhere_each_once() {
    let all = "# syntax=docker/dockerfile:1\nARG TAG=3.11\nFROM --platform=$BUILDPLATFORM python:${TAG} AS Build\nRUN x\nFROM scratch AS none\nFROM build AS again\nCOPY --from=build /a /b\nCOPY --from=0 /a /b\nCOPY --chown=1:1 --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv\nFROM python:3.11\nONBUILD COPY --from=never /a /b\n";
    let bases = read(all).bases(&BTreeMap::new());
    assert_eq!(
        bases,
        [
            Base {
                line: 3,
                written: "python:${TAG}".into(),
                reference: Some("python:3.11".into()),
                stage: Some("Build".into()),
            },
            Base {
                line: 9,
                written: "ghcr.io/astral-sh/uv:0.5".into(),
                reference: Some("ghcr.io/astral-sh/uv:0.5".into()),
                stage: Some("again".into()),
            },
        ]
    );
    assert_eq!(read(all).stages(), ["Build", "none", "again"]);
}

#[test]
fn arguments_are_substituted_as_docker_does() {
    for (text, arguments, expected) in [
        ("ARG B=python\nFROM $B:3\n", &[][..], "python:3"),
        ("ARG B=python\nFROM ${B}:3\n", &[("B", "debian")], "debian:3"),
        ("ARG B=python\nARG B=debian\nFROM ${B}:3\n", &[], "debian:3"),
        ("ARG A=3 B=\"py\"\nFROM ${B}:$A\n", &[], "py:3"),
        ("ARG V=3.11\nARG TAG=${V}-slim\nFROM python:${TAG}\n", &[], "python:3.11-slim"),
        (
            "ARG V=3.11\nARG TAG=${V}-slim\nFROM python:${TAG}\n",
            &[("V", "3.12")],
            "python:3.12-slim",
        ),
        ("ARG B\nFROM ${B:-python}:3\n", &[], "python:3"),
        ("FROM ${B:-python}:3\n", &[], "python:3"),
        ("ARG B=\nFROM python:3${B:+-slim}\n", &[], "python:3"),
        ("ARG B=1\nFROM python:3${B:+-slim}\n", &[], "python:3-slim"),
        ("ARG B=\nFROM python:3${B:-${C:-x}}\n", &[], "python:3x"),
        ("ARG B=x \\\n  # why\n  C=y\nFROM ${B}:${C}\n", &[], "x:y"),
        ("ARG B='$x'\nFROM \"python:3\"\n", &[], "python:3"),
        ("\u{feff}ARG B=python\r\nFROM ${B}:3 as x\r\n", &[], "python:3"),
        ("# escape=`\nARG B=python `\n C=3\nFROM ${B}:${C}\n", &[], "python:3"),
        ("FROM \\\n  pyth\\\non:3 \\\n  AS x\n", &[], "python:3"),
        ("from python:3\n", &[], "python:3"),
        // Only what is declared before the first FROM has a value there.
        ("FROM ${B}\nARG B=python\n", &[("B", "x")], "?"),
        ("ARG B\nFROM ${B}:3\n", &[], "?"),
        ("ARG B=a\nFROM ${B#x}:3\n", &[], "?"),
    ] {
        assert_eq!(references(text, arguments), [expected], "{text}");
    }
    assert_eq!(
        references("ARG B=x\nFROM a AS x\nFROM ${B}\nCOPY --from=${B} a b\n", &[]),
        ["a", "?"]
    );
}

#[test]
fn newer_bases_are_put_where_they_come_from_and_nothing_else_changes() {
    let newer = [
        ("python:3.11", "python:3.12"),
        ("python:3.11-slim", "python:3.12-slim"),
        ("uv:1", "uv:2"),
    ];
    for (before, after) in [
        ("FROM python:3.11\n", "FROM python:3.12\n"),
        (
            "# python:3.11\r\nFROM  python:3.11  AS x\r\nRUN a \\\r\n  b\r\n",
            "# python:3.11\r\nFROM  python:3.12  AS x\r\nRUN a \\\r\n  b\r\n",
        ),
        (
            "\u{feff}FROM --platform=linux/amd64 python:3.11",
            "\u{feff}FROM --platform=linux/amd64 python:3.12",
        ),
        ("ARG BASE=python:3.11\nFROM ${BASE}\n", "ARG BASE=python:3.12\nFROM ${BASE}\n"),
        (
            "ARG BASE=\"python:3.11\" X=1\nFROM $BASE\n",
            "ARG BASE=\"python:3.12\" X=1\nFROM $BASE\n",
        ),
        (
            "ARG TAG=3.11\nFROM python:${TAG}\nFROM python:${TAG}-slim\n",
            "ARG TAG=3.12\nFROM python:${TAG}\nFROM python:${TAG}-slim\n",
        ),
        // The argument also decides about a base that stays.
        (
            "ARG TAG=3.11\nFROM python:${TAG}\nFROM debian:${TAG}\n",
            "ARG TAG=3.11\nFROM python:3.12\nFROM debian:${TAG}\n",
        ),
        (
            "ARG V=3.11\nARG TAG=${V}-slim\nFROM python:${TAG}\n",
            "ARG V=3.12\nARG TAG=${V}-slim\nFROM python:${TAG}\n",
        ),
        (
            "ARG V=3.11\nARG BASE=python:$V\nFROM ${BASE}\n",
            "ARG V=3.12\nARG BASE=python:$V\nFROM ${BASE}\n",
        ),
        ("FROM python:${TAG:-3.11}\n", "FROM python:3.12\n"),
        (
            "FROM a\nCOPY --from=uv:1 /uv /uv\nRUN <<E\nFROM python:3.11\nE\n",
            "FROM a\nCOPY --from=uv:2 /uv /uv\nRUN <<E\nFROM python:3.11\nE\n",
        ),
        ("FROM a\nONBUILD RUN python:3.11\n", "FROM a\nONBUILD RUN python:3.11\n"),
        ("FROM python:3.11\nFROM python:3.11\n", "FROM python:3.12\nFROM python:3.12\n"),
    ] {
        let (text, changes) = read(before).with_bases(&BTreeMap::new(), &map(&newer));
        assert_eq!(text, after);
        assert_eq!(changes.is_empty(), before == after);
    }
}

#[test]
fn a_given_argument_stays_and_the_image_is_written_out() {
    let file = read("ARG TAG=3.10\nFROM python:${TAG} AS x\n");
    let (text, changes) =
        file.with_bases(&map(&[("TAG", "3.11")]), &map(&[("python:3.11", "python:3.12")]));
    assert_eq!(text, "ARG TAG=3.10\nFROM python:3.12 AS x\n");
    assert_eq!(
        changes,
        [LineChange {
            line: 2,
            from: "FROM python:${TAG} AS x".into(),
            to: "FROM python:3.12 AS x".into()
        }]
    );
}

#[test]
fn an_image_spread_over_lines_is_one_change() {
    let (text, changes) = read("FROM pyth\\\non:3 AS x\nRUN a\n")
        .with_bases(&BTreeMap::new(), &map(&[("python:3", "python:4")]));
    assert_eq!(text, "FROM python:4 AS x\nRUN a\n");
    assert_eq!(
        changes,
        [LineChange {
            line: 1,
            from: "FROM pyth\\\non:3 AS x".into(),
            to: "FROM python:4 AS x".into()
        }]
    );
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, line, part) in [
        ("", 0, "no FROM"),
        ("# nothing\n", 0, "no FROM"),
        ("RUN x\nFROM y\n", 1, "Before the first FROM"),
        ("FROM x\nFOO bar\n", 2, "\"FOO\" is no instruction"),
        ("FROM x AS a\nFROM y AS a\n", 2, "Two stages have the name \"a\""),
        ("FROM x\nRUN <<E\nfoo\n", 3, "The line \"E\" that ends"),
        ("FROM x\nCOPY a\n", 2, "The COPY instruction requires at least two arguments."),
        ("FROM x\nRUN a\rb\n", 2, "carriage return"),
        ("FROM\n", 1, "The FROM instruction requires at least one argument."),
        ("FROM a b c\n", 1, "only AS and"),
    ] {
        let error = Dockerfile::read(text.to_owned()).expect_err("refused");
        assert!(error.sentence.contains(part), "{text}: {}", error.sentence);
        assert!(error.sentence.ends_with('.'), "{}", error.sentence);
        assert_eq!(error.line, line, "{text}: {}", error.sentence);
    }
}

const PARTS: [&str; 32] = [
    "FROM ",
    "ARG ",
    "COPY ",
    "--from=",
    "RUN ",
    "ONBUILD ",
    "\n",
    "\r\n",
    "\\\n",
    "\\",
    " ",
    "\"",
    "'",
    "[",
    "]",
    ",",
    "$A",
    "${A}",
    "${B:-x}",
    "A=",
    "B=",
    "python:1",
    "1",
    "AS s",
    "s",
    "<<E",
    "E",
    "# x",
    "# escape=`\n",
    "é",
    "{",
    "}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_text_is_read_or_refused(parts in prop::collection::vec(0usize..PARTS.len(), 0..24)) {
        let text: String = parts.into_iter().map(|part| PARTS[part]).collect();
        if let Ok(file) = Dockerfile::read(text.clone()) {
            prop_assert_eq!(file.with_bases(&BTreeMap::new(), &BTreeMap::new()).0, text);
        }
    }

    #[test]
    fn a_newer_base_is_what_the_new_text_is_built_on(
        lines in prop::collection::vec(0usize..9, 1..7), given in any::<bool>(),
    ) {
        let choices = [
            "FROM python:1", "FROM python:${A}", "FROM ${B}", "FROM $C:${A}", "FROM python:${A:-2}", "FROM ${B}-slim",
            "COPY --from=python:1 a b", "FROM \"python:1\"", "FROM x:${A}",
        ];
        let mut text = "ARG A=1\nARG C=python\nARG B=$C:${A}\nFROM python:1 AS first\n".to_owned();
        for line in lines {
            text.push_str(choices[line]);
            text.push('\n');
        }
        let arguments = if given { map(&[("A", "1")]) } else { map(&[]) };
        let (new, _) = read(&text).with_bases(&arguments, &map(&[("python:1", "python:9")]));
        let expected: Vec<_> = read(&text).references(&arguments).into_iter()
            .map(|reference| reference.map(|r| if r == "python:1" { "python:9".into() } else { r }))
            .collect();
        prop_assert_eq!(read(&new).references(&arguments), expected);
    }
}

#[test]
fn what_a_builder_does_not_understand_is_found_with_its_line() {
    let needs =
        |text: &str, builder| Dockerfile::read(text.to_owned()).expect(text).too_new_for(builder);
    let mount = "FROM a\n# RUN --mount=x\nRUN --mount=type=cache,target=/x pip install x\n";
    assert_eq!(needs(mount, Builder::Classic), Some((3, "RUN --mount")));
    assert_eq!(needs(mount, Builder::Podman), None);
    let here = "FROM a\nRUN <<EOF\necho --mount\nEOF\n";
    for builder in [Builder::Classic, Builder::Podman] {
        assert!(needs(here, builder).is_some_and(|(_, what)| what == "a here-document"));
        assert_eq!(needs("FROM a\nRUN echo --mount=x << y\n", builder).map(|(_, what)| what), None);
    }
    let plain = "FROM a\nCOPY --from=b --chown=1 /x /x\nRUN pip install x\n";
    assert_eq!(needs(plain, Builder::Classic), None);
    for all in [mount, here, plain] {
        assert_eq!(needs(all, Builder::BuildKit), None);
    }
}

#[test]
fn secrets_that_steps_mount_are_found() {
    let text = "FROM a\nRUN --mount=type=secret,id=pip --mount=type=cache,target=/c x\nRUN --mount=type=secret,target=/run/secrets/netrc,mode=0444 y\nRUN --mount=type=secret,id=pip z\n";
    let file = Dockerfile::read(text.to_owned()).expect(text);
    assert_eq!(file.secrets(), [(2, "pip"), (3, "netrc")]);
}
