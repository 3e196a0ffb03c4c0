//! The Dockerfile of a *packages* environment.
//!
//! Two stages: packages are installed in the first one, where the settings of the package index are
//! known; the second one takes the finished folder. So neither index, proxy nor certificates are in the
//! image or in its history.

use super::{EnvironmentName, Installer, PackageIndex, Packages};
use crate::{
    runtime::Package,
    secret::Secret,
    start::{USUAL_PORT, executor_command},
};

/// The name of the file with requirements, in the build context.
pub const REQUIREMENTS: &str = "requirements.txt";
/// The name of the file with certificates to trust, in the build context.
pub const CERTIFICATES: &str = "certificates.pem";

/// The id of the secret that holds the login for the package index, as a netrc file. Both pip and uv
/// look for such a file where the variable `NETRC` says
/// (<https://pip.pypa.io/en/stable/topics/authentication/>).
pub const INDEX_SECRET: &str = "index";
const LOGIN_FILE: &str = "/run/secrets/index";

/// Pythons that promptflow runs on, both included.
pub const LOWEST_PYTHON: (u32, u32) = (3, 9);
pub const HIGHEST_PYTHON: (u32, u32) = (3, 13);
/// What a build says of a base with another one, before its version.
pub(crate) const WRONG_PYTHON: &str = "Prompt flow does not run on this Python: ";

/// What the Python of an environment brings itself: not part of a lock.
const OF_PYTHON: [&str; 3] = ["pip", "setuptools", "wheel"];

/// The name of the argument that tells the version.
pub const BUILD_NUMBER: &str = "BUILD_NUMBER";
/// What of the environment's own folder is not part of its build context.
pub const IGNORE_FILE: &str = ".dockerignore\nDockerfile\nenvironment.yaml\n";

/// What is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// What is asked for, as new as may be.
    AsAsked,
    /// Exactly what the file with requirements names, and nothing that it asks for beside.
    Exactly,
}

/// Makes the Dockerfile. It stands beside a file [`REQUIREMENTS`] and, where `index.certificates` is
/// given, a copy of that as [`CERTIFICATES`].
pub fn generated(name: &EnvironmentName, packages: &Packages, installed: Installed) -> String {
    let mut lines: Vec<String> = vec![
        format!(
            "# The environment {name}, made from its definition: change that rather than this file."
        ),
        format!("FROM {} AS base", packages.base.trim()),
        // Whoever the base runs as: packages are installed by root, and the service runs as nobody special.
        "USER root".into(),
    ];
    // First of all, before steps go on beside each other.
    lines.push(format!(
        "RUN python3 -c \"import sys; v = sys.version_info; sys.exit(0 if ({}, {}) <= v[:2] <= ({}, {}) else '{WRONG_PYTHON}%d.%d.' % v[:2])\"",
        LOWEST_PYTHON.0, LOWEST_PYTHON.1, HIGHEST_PYTHON.0, HIGHEST_PYTHON.1,
    ));
    if !packages.system_packages.is_empty() {
        let names = packages.system_packages.join(" ");
        lines.push("RUN apt-get update \\".into());
        lines.push(format!(
            " && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {names} \\"
        ));
        lines.push(" && rm -rf /var/lib/apt/lists/*".into());
    }
    lines.push(String::new());
    lines.push("# Packages are installed here; only /opt/venv goes on.".into());
    lines.push("FROM base AS packages".into());
    lines.extend(build_arguments(packages).iter().map(|(name, _)| format!("ARG {name}")));
    if !packages.index.certificates.trim().is_empty() {
        let path = format!("/build/{CERTIFICATES}");
        lines.push(format!("ENV PIP_CERT={path} SSL_CERT_FILE={path} REQUESTS_CA_BUNDLE={path}"));
    }
    lines.push("RUN python3 -m venv /opt/venv".into());
    lines.push("WORKDIR /build".into());
    lines.push("COPY . .".into());
    let what = match installed {
        Installed::AsAsked => format!("{} -r {REQUIREMENTS}", service_packages(packages).join(" ")),
        Installed::Exactly => format!("--no-deps -r {REQUIREMENTS}"),
    };
    // Mounted for this one step by BuildKit; it is in no layer.
    let login = if packages.index.has_login() {
        format!(
            "--mount=type=secret,id={INDEX_SECRET},mode=0444,required export NETRC={LOGIN_FILE} && "
        )
    } else {
        String::new()
    };
    lines.push(match packages.installer {
        Installer::Pip => format!(
            "RUN {login}/opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --find-links . {what}"
        ),
        Installer::Uv => format!(
            "RUN {login}python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check --quiet uv \\\n && /opt/uv/bin/uv pip install --no-cache --python /opt/venv/bin/python --find-links . {what}"
        ),
    });
    let command: Vec<String> = executor_command("python", USUAL_PORT);
    let quoted = |words: &[String]| {
        words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
    };
    lines.extend([
        String::new(),
        "FROM base".into(),
        "RUN useradd --uid 10001 --create-home runtime || adduser -D -u 10001 runtime".into(),
        "COPY --from=packages /opt/venv /opt/venv".into(),
        "ENV PATH=/opt/venv/bin:$PATH".into(),
        "USER runtime".into(),
        "WORKDIR /home/runtime".into(),
        format!("EXPOSE {USUAL_PORT}"),
        format!(
            "HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD [\"python\", \"-c\", \"import urllib.request as web; web.urlopen('http://127.0.0.1:{USUAL_PORT}/health', timeout=4)\"]"
        ),
        format!("ARG {BUILD_NUMBER}={name}"),
        format!("ENV BUILD_INFO=\"{{\\\"build_number\\\": \\\"${{{BUILD_NUMBER}}}\\\"}}\""),
        format!("CMD [{}]", quoted(&command)),
        String::new(),
    ]);
    lines.join("\n")
}

/// What the service itself is, as requirements.
pub fn service_packages(packages: &Packages) -> Vec<String> {
    let version = packages.promptflow.trim();
    let mut all = vec![if version.is_empty() {
        "promptflow-core".to_owned()
    } else {
        format!("promptflow-core=={version}")
    }];
    // The service needs it, and no extra of promptflow asks for it.
    all.push("uvicorn".into());
    if packages.tools {
        all.push("promptflow-tools".into());
    }
    all
}

/// Exactly these packages, as a requirements file.
pub fn lock_of(packages: &[Package]) -> String {
    let lines: Vec<String> = packages
        .iter()
        .filter(|package| !OF_PYTHON.contains(&package.name.to_lowercase().as_str()))
        .map(|package| format!("{}=={}", package.name, package.version))
        .collect();
    lines.join("\n") + "\n"
}

/// A netrc file with the login for the index and for further ones at the same host.
///
/// `None` = the address names no host.
pub fn login_file(index: &PackageIndex, password: &Secret) -> Option<Secret> {
    let host = host_of(&index.url)?;
    Some(Secret::new(format!(
        "machine {host}\nlogin {}\npassword {}\n",
        index.username.trim(),
        password.expose()
    )))
}

/// The variables of [`build_arguments`] with the login in the address of the index, for one command
/// in a container: never for a container's own configuration.
pub fn index_with_login(packages: &Packages, password: Option<&Secret>) -> Vec<(String, String)> {
    let index = &packages.index;
    let address = index.url.trim();
    let mut packages = packages.clone();
    if let (true, Some(password), Some((scheme, rest))) =
        (index.has_login(), password, address.split_once("://"))
    {
        packages.index.url = format!(
            "{scheme}://{}:{}@{rest}",
            in_address(index.username.trim()),
            in_address(password.expose())
        );
    }
    build_arguments(&packages)
}

/// The host of an address, without its port, as netrc names machines.
fn host_of(address: &str) -> Option<&str> {
    let (_, rest) = address.trim().split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

/// Percent-encoded, as far as the part before the host may not hold it.
fn in_address(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// What is handed to the builder as arguments: index and proxy, for the first stage only.
pub fn build_arguments(packages: &Packages) -> Vec<(String, String)> {
    let index = &packages.index;
    let mut arguments: Vec<(String, String)> = Vec::new();
    let mut add = |names: &[&str], value: String| {
        if !value.trim().is_empty() {
            arguments.extend(names.iter().map(|name| ((*name).to_owned(), value.clone())));
        }
    };
    // uv itself comes by pip.
    let uv = packages.installer == Installer::Uv;
    let both =
        |pip: &'static str, other: &'static str| if uv { vec![pip, other] } else { vec![pip] };
    add(&both("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), index.url.trim().to_owned());
    add(&both("PIP_EXTRA_INDEX_URL", "UV_INDEX"), index.extra_urls.join(" "));
    add(&both("PIP_TRUSTED_HOST", "UV_INSECURE_HOST"), index.trusted_hosts.join(" "));
    add(&["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"], index.proxy.trim().to_owned());
    add(&["NO_PROXY", "no_proxy"], index.no_proxy.trim().to_owned());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages() -> Packages {
        Packages {
            base: "python:3.11-slim".into(),
            promptflow: "1.18.5".into(),
            tools: false,
            requirements: "pandas>=2\n# a note\n".into(),
            system_packages: vec!["git".into(), "libgomp1".into()],
            installer: Installer::Pip,
            index: PackageIndex::default(),
        }
    }

    fn name() -> EnvironmentName {
        EnvironmentName::parse("rag").expect("name")
    }

    #[test]
    fn the_image_is_small_not_root_and_serves() {
        let made = generated(&name(), &packages(), Installed::AsAsked);
        assert!(made.contains("promptflow-core==1.18.5 uvicorn -r requirements.txt\n"), "{made}");
        let last = made.rsplit("FROM base\n").next().expect("last stage");
        for part in [
            "USER runtime\n",
            "HEALTHCHECK ",
            "EXPOSE 8080\n",
            "promptflow.executor._service.app:app",
            "ARG BUILD_NUMBER=rag\n",
            r#"ENV BUILD_INFO="{\"build_number\": \"${BUILD_NUMBER}\"}""#,
        ] {
            assert!(last.contains(part), "{part} in {last}");
        }
        assert!(made.contains("install --yes --no-install-recommends git libgomp1"));
    }

    #[test]
    fn settings_of_the_index_are_in_the_first_stage_only() {
        let index = PackageIndex {
            url: "https://index.example/simple".into(),
            extra_urls: vec!["https://a.example".into(), "https://b.example".into()],
            proxy: "http://proxy.example:3128".into(),
            certificates: "/etc/ssl/company.pem".into(),
            ..PackageIndex::default()
        };
        let packages = Packages { index, installer: Installer::Uv, ..packages() };
        let made = generated(&name(), &packages, Installed::AsAsked);
        assert!(!made.contains("example/simple") && !made.contains("3128"));
        let (first, last) = made.split_once("FROM base\n").expect("two stages");
        for name in ["ARG PIP_INDEX_URL\n", "ARG UV_INDEX\n", "ARG HTTPS_PROXY\n", "PIP_CERT="] {
            assert!(first.contains(name) && !last.contains(name), "{name}");
        }
        let arguments = build_arguments(&packages);
        let value =
            |name: &str| arguments.iter().find(|(own, _)| own == name).map(|(_, v)| v.as_str());
        assert_eq!(value("UV_INDEX"), Some("https://a.example https://b.example"));
        assert_eq!(value("PIP_TRUSTED_HOST"), None);
    }

    #[test]
    fn a_login_is_mounted_for_one_step_and_stands_nowhere() {
        let index = PackageIndex {
            url: "https://index.example:8443/simple".into(),
            username: "ann".into(),
            ..PackageIndex::default()
        };
        for installer in [Installer::Pip, Installer::Uv] {
            let packages = Packages { index: index.clone(), installer, ..packages() };
            let made = generated(&name(), &packages, Installed::AsAsked);
            assert_eq!(made.matches("--mount=type=secret,id=index").count(), 1, "{made}");
            assert!(crate::build::Dockerfile::read(made.clone()).is_ok(), "{made}");
            assert!(!made.contains("ann"), "{made}");
        }
        let password = Secret::new("p:a/ssw@rd".into());
        let file = login_file(&index, &password).expect("a file");
        assert_eq!(file.expose(), "machine index.example\nlogin ann\npassword p:a/ssw@rd\n");
        let packages = Packages { index, ..packages() };
        let with = index_with_login(&packages, Some(&password));
        assert_eq!(with[0].1, "https://ann:p%3Aa%2Fssw%40rd@index.example:8443/simple");
        assert_eq!(index_with_login(&packages, None)[0].1, "https://index.example:8443/simple");
    }

    #[test]
    fn a_lock_installs_exactly_what_was_there() {
        let package =
            |name: &str, version: &str| Package { name: name.into(), version: version.into() };
        let lock = [package("pandas", "2.1.0"), package("pip", "23.0"), package("uvicorn", "0.30")];
        assert_eq!(lock_of(&lock), "pandas==2.1.0\nuvicorn==0.30\n");
        let made = generated(&name(), &packages(), Installed::Exactly);
        assert!(made.contains("--find-links . --no-deps -r requirements.txt\n"), "{made}");
        assert!(!made.contains("promptflow-core "));
    }
}
