//! Whether a definition can be made into an image, as far as that needs neither engine nor disk. Each
//! problem names its field.

use super::{BuildContext, HIGHEST_PYTHON, LOWEST_PYTHON, PackageIndex, Packages, Source};
use crate::{
    finding::Problem,
    image::{ImageReference, Repository},
    spec::looks_like_a_key,
    version::Version,
};

/// Checks what an environment is made from, and how its service is reached.
///
/// Fields: `base`, `promptflow`, `requirements`, `systemPackages`, `index.url`, `index.extraUrls`,
/// `index.username`, `index.proxy`, `index.certificates`, `folder`, `dockerfile`, `arguments.N`,
/// `secrets.N`, `reference`, `repository`, `version`, `healthPath`.
pub fn check(source: &Source, health_path: &str) -> Vec<Problem> {
    let mut problems = match source {
        Source::Packages(packages) => of_packages(packages),
        Source::BuildContext(context) => of_context(context),
        Source::Image { reference } => match ImageReference::parse(reference) {
            Ok(_) => vec![],
            Err(error) => vec![Problem::field("reference", error.to_string())],
        },
        Source::Default { repository, version } => of_default(repository, version),
    };
    if !health_path.is_empty() && !health_path.starts_with('/') {
        problems.push(Problem::field("healthPath", "The health path starts with \"/\"."));
    }
    problems
}

fn of_default(repository: &str, version: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !repository.trim().is_empty()
        && let Err(error) = Repository::parse(repository)
    {
        problems.push(Problem::field("repository", error.to_string()));
    }
    if !version.trim().is_empty()
        && let Err(error) = Version::parse(version.trim())
    {
        problems.push(Problem::field("version", error.to_string()));
    }
    problems
}

fn of_packages(packages: &Packages) -> Vec<Problem> {
    let mut problems = Vec::new();
    match ImageReference::parse(&packages.base) {
        Err(error) => problems.push(Problem::field("base", error.to_string())),
        Ok(base) => problems.extend(of_python(&base)),
    }
    let version = packages.promptflow.trim();
    let is_version = version.starts_with(|first: char| first.is_ascii_digit())
        && version.chars().all(|letter| letter.is_ascii_alphanumeric() || ".+!-".contains(letter));
    if !version.is_empty() && !is_version {
        problems.push(Problem::field(
            "promptflow",
            "A version of promptflow is a number like 1.18.5. Leave it empty for the newest.",
        ));
    }
    if packages.requirements.lines().any(holds_a_password) {
        problems.push(
            Problem::field("requirements", "An address in the requirements has a password in it. It would stay in the files of this environment.")
                .hint("Give the address without user name and password."),
        );
    }
    if let Some(bad) = packages.system_packages.iter().find(|name| !is_system_package(name)) {
        problems.push(Problem::field(
            "systemPackages",
            format!("\"{bad}\" is not the name of a Debian package, for example libgomp1 or git."),
        ));
    }
    problems.extend(of_index(&packages.index));
    problems
}

/// The official images say their Python in their tag.
fn of_python(base: &ImageReference) -> Option<Problem> {
    let tag = base.tag.as_deref().filter(|_| base.repository.path().ends_with("python"))?;
    let mut parts = tag.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    let version = (parts.next()??, parts.next()??);
    let fits = version >= LOWEST_PYTHON && version <= HIGHEST_PYTHON;
    (!fits).then(|| {
        Problem::field(
            "base",
            format!(
                "Prompt flow runs on Python {}.{} to {}.{}, and this base has {}.{}.",
                LOWEST_PYTHON.0,
                LOWEST_PYTHON.1,
                HIGHEST_PYTHON.0,
                HIGHEST_PYTHON.1,
                version.0,
                version.1
            ),
        )
    })
}

/// `name`, `name=version`, `name:architecture`.
fn is_system_package(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.:=~_".contains(letter))
}

/// `scheme://user:password@host`.
fn holds_a_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', ' ', '?', '#']).next().unwrap_or_default();
        authority.split_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// Whether a line names packages, as a requirements file does: no option of pip, and no password.
pub fn is_requirement(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !line.contains(['\n', '\r', '\0'])
        && !holds_a_password(line)
        && line.chars().all(|letter| !letter.is_control())
}

fn of_index(index: &PackageIndex) -> Vec<Problem> {
    let mut problems = Vec::new();
    let addresses = [("index.url", &index.url), ("index.proxy", &index.proxy)];
    let extra = index.extra_urls.iter().map(|url| ("index.extraUrls", url));
    for (field, text) in addresses.into_iter().chain(extra) {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if !text.starts_with("https://") && !text.starts_with("http://") {
            problems.push(Problem::field(
                field,
                format!("\"{text}\" is not an address. It begins with https:// or http://."),
            ));
        } else if holds_a_password(text) {
            problems.push(
                Problem::field(field, "The address has a password in it. It would stay in the files of this environment, and an engine's builder would keep it where others can read it.")
                    .hint("Give the address of the index without it, and its user name and password in their own fields: the password is kept in the keyring."),
            );
        }
    }
    if index.has_login() && index.url.trim().is_empty() {
        problems.push(Problem::field(
            "index.username",
            "The public index needs no login. Give the address of the index that does.",
        ));
    } else if index.username.trim().contains(char::is_whitespace) {
        problems.push(Problem::field("index.username", "A user name has no spaces."));
    }
    let certificates = index.certificates.trim();
    if !certificates.is_empty() && !certificates.starts_with('/') {
        problems.push(Problem::field(
            "index.certificates",
            "Give the whole path of the file with certificates, beginning with \"/\".",
        ));
    }
    problems
}

fn of_context(context: &BuildContext) -> Vec<Problem> {
    let mut problems = Vec::new();
    let folder = context.folder.trim();
    if !folder.is_empty() && !folder.starts_with('/') {
        problems.push(Problem::field(
            "folder",
            "Give the whole path of the folder, beginning with \"/\".",
        ));
    }
    let dockerfile = context.dockerfile();
    if dockerfile.starts_with('/') || dockerfile.split('/').any(|part| part == "..") {
        problems.push(Problem::field("dockerfile", "The Dockerfile is within the folder."));
    }
    for (at, argument) in context.arguments.iter().enumerate() {
        let field = format!("arguments.{at}");
        let is_name = argument
            .name
            .starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && argument.name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_name {
            problems.push(Problem::field(
                &field,
                "An argument's name has letters, digits and underscores, and begins with no digit.",
            ));
        } else if context.arguments[..at].iter().any(|before| before.name == argument.name) {
            problems.push(Problem::field(&field, format!("{} is given twice.", argument.name)));
        } else if !argument.confirmed && looks_like_a_key(&argument.name, &argument.value) {
            problems.push(
                Problem::field(&field, format!("{} looks like a key. Everyone who has the image can read a build argument in its history.", argument.name))
                    .hint("Take it out, or confirm that it is no secret."),
            );
        }
    }
    for (at, id) in context.secrets.iter().enumerate() {
        let field = format!("secrets.{at}");
        if !is_secret_id(id) {
            problems.push(Problem::field(
                &field,
                "A secret's id has letters, digits, dots, underscores and hyphens, and begins with a letter or digit.",
            ));
        } else if context.secrets[..at].contains(id) {
            problems.push(Problem::field(&field, format!("{id} is given twice.")));
        }
    }
    problems
}

/// Whether a build's step can mount a secret under this id.
fn is_secret_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.len() <= 64
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
}

/// Why a value cannot be the password of a package index.
///
/// It is handed over in a netrc file, whose words end at white space.
pub fn check_index_password(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return Some("Give the password or an access token.");
    }
    value.contains(|letter: char| letter.is_whitespace() || letter.is_control()).then_some(
        "pip and uv read no password that has a space in it. Make an access token, and give that.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{BuildArgument, Installer};

    fn fields(source: &Source) -> Vec<String> {
        check(source, "").into_iter().filter_map(|problem| problem.field).collect()
    }

    #[test]
    fn every_bad_field_of_packages_is_named() {
        let bad = Packages {
            base: "https://python".into(),
            promptflow: "newest".into(),
            tools: true,
            requirements: "ok\n--index-url https://ann:secret@index.example/simple".into(),
            system_packages: vec!["git".into(), "x; rm -rf /".into()],
            installer: Installer::Uv,
            index: PackageIndex {
                url: "index.example".into(),
                extra_urls: vec!["https://ann:secret@index.example".into()],
                proxy: "http://proxy.example:3128".into(),
                certificates: "company.pem".into(),
                ..PackageIndex::default()
            },
        };
        assert_eq!(
            fields(&Source::Packages(bad)),
            [
                "base",
                "promptflow",
                "requirements",
                "systemPackages",
                "index.url",
                "index.extraUrls",
                "index.certificates"
            ]
        );
        let good = Packages {
            base: "python:3.11-slim".into(),
            promptflow: "1.18.5".into(),
            tools: false,
            requirements: "a @ git+https://git@host.example/a.git\n".into(),
            system_packages: vec!["libstdc++6".into(), "git=1:2.39".into()],
            installer: Installer::Pip,
            index: PackageIndex::default(),
        };
        assert!(fields(&Source::Packages(good)).is_empty());
    }

    #[test]
    fn a_base_says_its_python_in_its_tag() {
        let of = |base: &str| of_python(&ImageReference::parse(base).expect(base)).is_none();
        for good in [
            "python:3.9-slim",
            "python:3.13.1",
            "r.example/mirror/python:3.11-slim",
            "python:3-slim",
            "python",
            "other:2.7",
        ] {
            assert!(of(good), "{good}");
        }
        for bad in ["python:3.8-slim", "python:3.14", "r.example/library/python:2.7"] {
            assert!(!of(bad), "{bad}");
        }
    }

    #[test]
    fn every_bad_field_of_a_context_is_named() {
        let argument = |name: &str, value: &str, confirmed| BuildArgument {
            name: name.into(),
            value: value.into(),
            confirmed,
        };
        let bad = BuildContext {
            folder: "image_build".into(),
            dockerfile: "../Dockerfile".into(),
            arguments: vec![
                argument("1X", "", false),
                argument("API_KEY", "planted", false),
                argument("TOKEN", "planted", true),
                argument("TOKEN", "x", true),
            ],
            target: String::new(),
            secrets: vec!["pip".into(), "a b".into(), "pip".into()],
        };
        assert_eq!(
            fields(&Source::BuildContext(bad)),
            [
                "folder",
                "dockerfile",
                "arguments.0",
                "arguments.1",
                "arguments.3",
                "secrets.1",
                "secrets.2"
            ]
        );
    }

    #[test]
    fn options_of_pip_are_no_requirements() {
        for good in
            ["pandas", "pandas[all]>=2,<3 ; python_version < '3.12'", "a @ https://h.example/a.whl"]
        {
            assert!(is_requirement(good), "{good}");
        }
        for bad in
            ["--index-url https://x", "-r other.txt", "", " ", "a @ https://u:p@h.example/a.whl"]
        {
            assert!(!is_requirement(bad), "{bad}");
        }
    }

    #[test]
    fn references_versions_and_paths_are_checked() {
        let image = Source::Image { reference: "A b".into() };
        assert_eq!(fields(&image), ["reference"]);
        let default = Source::Default { repository: "x:1".into(), version: "newest".into() };
        assert_eq!(fields(&default), ["repository", "version"]);
        let default = Source::Default { repository: String::new(), version: String::new() };
        assert_eq!(check(&default, "health").len(), 1);
    }
}
