use super::*;

/// A build whose step `RUN pip install -r requirements.txt` failed with these lines.
fn run(log: &str) -> Finding {
    step(
        "RUN pip install -r requirements.txt",
        log,
        "The command '/bin/sh -c pip install -r requirements.txt' returned a non-zero code: 1",
    )
}

fn step(instruction: &str, log: &str, words: &str) -> Finding {
    let lines: Vec<String> = log.lines().map(str::to_owned).collect();
    of_build(&FailedBuild {
        words,
        lines: &lines,
        instruction: Some(instruction),
        step: Some(5),
        requirements: Some(
            "# what we need\nflask\npyPDF99==1.0\nurllib3==1.26.5\nbotocore==1.17.6\n",
        ),
        about: About { architecture: "arm64", ..About::default() },
    })
}

/// The log, the cause, and a part of the sentence.
type Case = (&'static str, Cause, &'static str);

const RETRY: &str = "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.VerifiedHTTPSConnection object at 0x7f16136c2b50>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/ariadne/\n";

const PIP: &[Case] = &[
    (
        "Collecting flask\nERROR: Could not find a version that satisfies the requirement pyPDF99==1.0 (from versions: none)\nERROR: No matching distribution found for pyPDF99==1.0",
        Cause::PackageNotFound,
        "The package \"pyPDF99==1.0\" was not found.",
    ),
    (
        "  Could not find a version that satisfies the requirement blacky (from -r r.txt (line 3)) (from versions: )\nNo matching distribution found for blacky (from -r r.txt (line 3))",
        Cause::PackageNotFound,
        "The package \"blacky\" was not found.",
    ),
    (
        "ERROR: Could not find a version that satisfies the requirement pyspark==44.0 (from versions: 2.1.2, 2.1.3, 4.0.0.dev2)\nERROR: No matching distribution found for pyspark==44.0",
        Cause::PackageNotFound,
        "pyspark is not offered in the version that is asked for: pyspark==44.0.",
    ),
    (
        "ERROR: Ignored the following versions that require a different python version: 1.22.0 Requires-Python >=3.8; 1.23.0 Requires-Python >=3.8\nERROR: Could not find a version that satisfies the requirement numpy==1.23.0 (from versions: 1.20.0, 1.21.0)\nERROR: No matching distribution found for numpy==1.23.0",
        Cause::PythonDoesNotFit,
        "The package numpy 1.23.0 needs Python >=3.8",
    ),
    (
        "ERROR: Ignored the following versions that require a different python version: 0.2.0 Requires-Python >=3.9; 0.3.0 Requires-Python >=3.10\nERROR: Could not find a version that satisfies the requirement caskade (from versions: none)\nERROR: No matching distribution found for caskade",
        Cause::PythonDoesNotFit,
        "The package caskade 0.3.0 needs Python >=3.10",
    ),
    (
        // The version does not exist for any Python.
        "ERROR: Ignored the following versions that require a different python version: 1.22.0 Requires-Python >=3.8\nERROR: Could not find a version that satisfies the requirement numpy>=99 (from versions: 1.20.0)\nERROR: No matching distribution found for numpy>=99",
        Cause::PackageNotFound,
        "numpy>=99",
    ),
    (
        "ERROR: Package 'mcp' requires a different Python: 3.9.18 not in '>=3.10'",
        Cause::PythonDoesNotFit,
        "The package mcp needs Python >=3.10, and the image has 3.9.18.",
    ),
    (
        "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1129)'))': /simple/promptflow/\nCould not fetch URL https://pypi.org/simple/promptflow/: There was a problem confirming the ssl certificate: HTTPSConnectionPool(host='pypi.org', port=443): Max retries exceeded with url: /simple/promptflow/ (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1129)'))) - skipping\nERROR: Could not find a version that satisfies the requirement promptflow (from versions: none)\nERROR: No matching distribution found for promptflow",
        Cause::CertificateNotTrusted,
        "The certificate of pypi.org is not trusted",
    ),
    (
        "ERROR: Could not install packages due to an OSError: HTTPSConnectionPool(host='files.pythonhosted.org', port=443): Max retries exceeded with url: /packages/29/c1/requests-2.25.1-py2.py3-none-any.whl (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate in certificate chain (_ssl.c:997)')))",
        Cause::CertificateNotTrusted,
        "The certificate of files.pythonhosted.org",
    ),
    (
        "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'ProxyError('Cannot connect to proxy.', NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))': /simple/zope-interface/\nERROR: Could not find a version that satisfies the requirement zope.interface (from versions: none)\nERROR: No matching distribution found for zope.interface",
        Cause::NoNetworkInBuild,
        "could not reach the package index, where it looked for zope.interface",
    ),
    (
        "ERROR: Could not install packages due to an OSError: HTTPSConnectionPool(host='pypi.org', port=443): Max retries exceeded with url: /simple/x/ (Caused by NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7>: Failed to establish a new connection: [Errno 101] Network is unreachable'))",
        Cause::NoNetworkInBuild,
        "could not reach pypi.org",
    ),
    (
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='files.pythonhosted.org', port=443): Read timed out.",
        Cause::NoNetworkInBuild,
        "could not reach files.pythonhosted.org",
    ),
    (
        "ERROR: Cannot install -r requirements.txt (line 5) and urllib3==1.26.5 because these package versions have conflicting dependencies.\n\nThe conflict is caused by:\n    The user requested urllib3==1.26.5\n    botocore 1.17.6 depends on urllib3<1.26 and >=1.20; python_version != \"3.4\"\n\nTo fix this you could try to:\n1. loosen the range of package versions you've specified\n2. remove package versions to allow pip attempt to solve the dependency conflict\n\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/user_guide/#fixing-conflicting-dependencies",
        Cause::PackageConflict,
        "The packages urllib3==1.26.5 and botocore do not go together.",
    ),
    (
        "ERROR: Cannot install decorator==5.0.7, ipython==7.22.0 and networkx==2.5.1 because these package versions have conflicting dependencies.\nThe conflict is caused by:\n    The user requested decorator==5.0.7\n    ipython 7.22.0 depends on decorator\n    networkx 2.5.1 depends on decorator<5 and >=4.3\n",
        Cause::PackageConflict,
        "The packages decorator==5.0.7, ipython==7.22.0 and networkx==2.5.1 do not",
    ),
    (
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/",
        Cause::PackageConflict,
        "do not go together",
    ),
    (
        "ERROR: Invalid requirement: 'tqdm=4.*' (from line 2 of requirements.txt)\nHint: = is not a valid operator. Did you mean == ?",
        Cause::BuildSyntax,
        "\"tqdm=4.*\", in line 2 of the requirements",
    ),
    (
        "ERROR: Invalid requirement: 'absl-py=1.4.0=pypi_0': Expected end or semicolon (after name and no valid version specifier)\n    absl-py=1.4.0=pypi_0\n           ^ (from line 6 of requirements.txt)\nHint: = is not a valid operator. Did you mean == ?",
        Cause::BuildSyntax,
        "in line 6 of the requirements",
    ),
    (
        "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
        Cause::BuildSyntax,
        "\"requirements.txt\" is not in the image",
    ),
    (
        "  error: subprocess-exited-with-error\n  × Building wheel for aiohttp (pyproject.toml) did not run successfully.\n  │ exit code: 1\n  ╰─> [97 lines of output]\n      gcc -fno-strict-overflow -c aiohttp/_websocket.c\n      error: command 'gcc' failed: No such file or directory\n      [end of output]\n\n  note: This error originates from a subprocess, and is likely not a problem with pip.\n  ERROR: Failed building wheel for aiohttp\nFailed to build aiohttp\nERROR: Could not build wheels for aiohttp, which is required to install pyproject.toml-based projects",
        Cause::CompilerMissing,
        "The package aiohttp has to be compiled, and there is no compiler",
    ),
    (
        "    unable to execute 'gcc': No such file or directory\n    error: command 'gcc' failed with exit status 1\n  ERROR: Failed building wheel for cryptography",
        Cause::CompilerMissing,
        "cryptography",
    ),
    (
        "FileNotFoundError: [Errno 2] No such file or directory: 'gcc'",
        Cause::CompilerMissing,
        "no compiler in the image",
    ),
    (
        "      error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory\n  ERROR: Failed building wheel for psutil",
        Cause::CompilerMissing,
        "psutil",
    ),
    (
        "      error: can't find Rust compiler\n  ERROR: Failed building wheel for tokenizers",
        Cause::CompilerMissing,
        "no compiler for Rust",
    ),
    (
        "      src/x.c:4:10: fatal error: Python.h: No such file or directory\n      error: command '/usr/bin/gcc' failed with exit code 1\n  ERROR: Failed building wheel for psutil",
        Cause::BuildStepFailed,
        "The package psutil could not be compiled: the file Python.h is missing.",
    ),
    (
        "      Error: pg_config executable not found.\n  ERROR: Failed building wheel for psycopg2",
        Cause::BuildStepFailed,
        "The package psycopg2 could not be built.",
    ),
    (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        Cause::DiskFull,
        "disk is full",
    ),
];

const UV: &[Case] = &[
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because pypdf99 was not found in the package registry and you require\n      pypdf99==1.0, we can conclude that your requirements are unsatisfiable.",
        Cause::PackageNotFound,
        "The package \"pypdf99\" was not found.",
    ),
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of pyspark==4.0.0 and you require pyspark==4.0.0, we can\n      conclude that your requirements are unsatisfiable.",
        Cause::PackageNotFound,
        "pyspark is not offered in the version that is asked for: pyspark==4.0.0.",
    ),
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because the current Python version (3.8.10) does not satisfy\n      Python>=3.10 and all versions of cbdep depend on Python>=3.10, we can\n      conclude that all versions of cbdep cannot be used.\n      And because you require cbdep, we can conclude that your requirements\n      are unsatisfiable.",
        Cause::PythonDoesNotFit,
        "The package cbdep needs Python >=3.10, and the image has 3.8.10.",
    ),
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because magika==0.6.2 depends on numpy>=2.1.0 and you require magika==0.6.2, we can conclude that you require numpy>=2.1.0.\n      And because you require numpy==1.26.4, we can conclude that your requirements are unsatisfiable.",
        Cause::PackageConflict,
        "The packages magika==0.6.2, numpy>=2.1.0 and numpy==1.26.4 do not go together.",
    ),
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because you require pypyp==1 and you require pypyp>=1.2, we can conclude that the requirements are unsatisfiable.",
        Cause::PackageConflict,
        "pypyp==1 and pypyp>=1.2",
    ),
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ you require ∅",
        Cause::BuildStepFailed,
        "uv found no versions",
    ),
    (
        "error: Request failed after 3 retries\n  Caused by: Failed to fetch: `https://pypi.org/simple/urllib3/`\n  Caused by: error sending request for url (https://pypi.org/simple/urllib3/)\n  Caused by: client error (Connect)\n  Caused by: dns error: failed to lookup address information: Temporary failure in name resolution",
        Cause::NoNetworkInBuild,
        "could not reach pypi.org",
    ),
    (
        "error: Failed to fetch: `https://pypi.org/simple/x/`\n  Caused by: Could not connect, are you offline?\n  Caused by: Request failed after 3 retries",
        Cause::NoNetworkInBuild,
        "pypi.org",
    ),
    (
        "error: error sending request for url (https://europe-python.pkg.dev/p/simple/huggingface-hub/)\n  Caused by: client error (Connect)\n  Caused by: invalid peer certificate: UnknownIssuer",
        Cause::CertificateNotTrusted,
        "europe-python.pkg.dev",
    ),
    (
        "error: Failed to prepare distributions\n  Caused by: Failed to download and build `geventhttpclient==2.3.1`\n  Caused by: Build backend failed to build wheel through `build_wheel` (exit status: 1)\n\n[stderr]\nerror: command 'gcc' failed: No such file or directory",
        Cause::CompilerMissing,
        "geventhttpclient==2.3.1",
    ),
    (
        "  × Failed to build `xformers==0.0.24`\n  ├─▶ The build backend returned an error\n  ╰─▶ Call to `setuptools.build_meta:__legacy__.build_wheel` failed (exit status: 1)\n\n      [stderr]\n      ModuleNotFoundError: No module named 'torch'",
        Cause::BuildStepFailed,
        "The package xformers==0.0.24 could not be built.",
    ),
    (
        "error: Failed to fetch: `https://private.example/simple/x/`\n  Caused by: HTTP status client error (401 Unauthorized) for url (https://private.example/simple/x/)",
        Cause::BuildStepFailed,
        "failed with exit code 1",
    ),
];

/// As pip 26.3 and uv 0.13.9 say it.
const NEW: &[Case] = &[
    (
        "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NameResolutionError(\"HTTPSConnection(host='nowhere.invalid', port=443): Failed to resolve 'nowhere.invalid' ([Errno -2] Name or service not known)\")': /simple/flask/\nERROR: Could not find a version that satisfies the requirement flask (from versions: none)\nERROR: No matching distribution found for flask",
        Cause::NoNetworkInBuild,
        "could not reach nowhere.invalid",
    ),
    (
        "ERROR: Cannot install -r r.txt (line 4) and urllib3==1.26.5 because these package versions have conflicting dependencies.\n\nThe conflict is caused by:\n    The user requested urllib3==1.26.5\n    requests 2.25.1 depends on urllib3<1.26 and >=1.21.1\n\nAdditionally, some packages in these conflicts have no matching distributions available for your environment:\n    urllib3\n\nTo fix this you could try to:\n1. loosen the range of package versions you've specified\n\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts",
        Cause::PackageConflict,
        "The packages urllib3==1.26.5 and requests do not go together.",
    ),
    (
        "      building 'psutil._psutil_linux' extension\n      error: [Errno 2] No such file or directory: 'gcc'\n      [end of output]\n  \n  note: This error originates from a subprocess, and is likely not a problem with pip.\n  ERROR: Failed building wheel for psutil\nFailed to build psutil\nerror: failed-wheel-build-for-install\n\n× Failed to build installable wheels for some pyproject.toml based projects\n╰─> psutil",
        Cause::CompilerMissing,
        "The package psutil has to be compiled",
    ),
    (
        "error: No solution found when resolving dependencies\n  cause: Because requests==2.25.1 depends on urllib3>=1.21.1,<1.27 and you require requests==2.25.1, we can conclude that you require urllib3>=1.21.1,<1.27.\n         And because you require urllib3==2.0.0, we can conclude that your requirements are unsatisfiable.",
        Cause::PackageConflict,
        "urllib3==2.0.0",
    ),
    (
        "Using Python 3.11.7 environment at: v\nerror: No solution found when resolving dependencies\n  cause: Because pypdf99 was not found in the package registry and you require pypdf99==1.0, we can conclude that your requirements are unsatisfiable.",
        Cause::PackageNotFound,
        "\"pypdf99\"",
    ),
    (
        "error: No solution found when resolving dependencies\n  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.12 and numpy==2.5.0 depends on Python>=3.12, we can conclude that numpy==2.5.0 cannot be used.\n         And because you require numpy==2.5.0, we can conclude that your requirements are unsatisfiable.",
        Cause::PythonDoesNotFit,
        "The package numpy==2.5.0 needs Python >=3.12, and the image has 3.11.7.",
    ),
    (
        "error: Request failed after 3 retries in 9.1s\n  cause: Failed to fetch: https://nowhere.invalid/simple/flask/\n  cause: error sending request for url (https://nowhere.invalid/simple/flask/)\n  cause: client error (Connect)\n  cause: dns error\n  cause: error resolving DNS\n  cause: failed to lookup address information: Name or service not known",
        Cause::NoNetworkInBuild,
        "could not reach nowhere.invalid",
    ),
    (
        "error: Couldn't parse requirement in `b.txt` at position 0\n  cause: no such comparison operator \"=\", must be one of ~= == != <= >= < > ===\n         flask=1.0\n              ^^^^",
        Cause::BuildSyntax,
        "A requirement in b.txt cannot be read.",
    ),
    ("error: File not found: zz.txt", Cause::BuildSyntax, "\"zz.txt\" is not in the image"),
    (
        "error: No solution found when resolving dependencies\n  cause: Because numpy==1.16.0 has no usable wheels and you require numpy==1.16.0, we can conclude that your requirements are unsatisfiable.",
        Cause::PackageNotFound,
        "numpy==1.16.0",
    ),
    (
        "ERROR: No matching distribution found for x; python_version < '3.9'",
        Cause::PackageNotFound,
        "x",
    ),
];

const SYSTEM: &[Case] = &[
    (
        "Reading package lists...\nBuilding dependency tree...\nE: Unable to locate package libfoo99",
        Cause::PackageNotFound,
        "The system package \"libfoo99\" was not found.",
    ),
    (
        "E: Unable to locate package libelf-dev\nE: Unable to locate package zlib1g-dev",
        Cause::PackageNotFound,
        "The system packages libelf-dev and zlib1g-dev were not found.",
    ),
    (
        "E: Package 'python-pip' has no installation candidate",
        Cause::PackageNotFound,
        "\"python-pip\"",
    ),
    ("E: Version '9.9' for 'curl' was not found", Cause::PackageNotFound, "\"curl\""),
    (
        "ERROR: unable to select packages:\n  foo99 (no such package):\n    required by: world[foo99]",
        Cause::PackageNotFound,
        "\"foo99\"",
    ),
    (
        "Err:1 http://deb.debian.org/debian buster InRelease\n  Temporary failure resolving 'deb.debian.org'\nReading package lists...\nW: Failed to fetch http://deb.debian.org/debian/dists/buster/InRelease  Temporary failure resolving 'deb.debian.org'\nW: Some index files failed to download. They have been ignored, or old ones used instead.\nReading package lists...\nE: Unable to locate package libcap2-bin",
        Cause::NoNetworkInBuild,
        "The build could not reach deb.debian.org.",
    ),
    (
        "E: Failed to fetch http://deb.debian.org/debian/pool/main/c/curl/curl_7.88_amd64.deb  Could not resolve 'deb.debian.org'\nE: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?",
        Cause::NoNetworkInBuild,
        "deb.debian.org",
    ),
    (
        "E: Failed to fetch http://deb.debian.org/debian/pool/main/c/curl/curl_7.88_amd64.deb  404  Not Found [IP: 1.2.3.4 80]",
        Cause::BuildStepFailed,
        "failed with exit code 1",
    ),
    ("curl: (6) Could not resolve host: github.com", Cause::NoNetworkInBuild, "github.com"),
    (
        "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com",
        Cause::NoNetworkInBuild,
        "github.com",
    ),
    (
        "curl: (60) SSL certificate problem: self signed certificate in certificate chain",
        Cause::CertificateNotTrusted,
        "certificate",
    ),
    ("tar: write error: No space left on device", Cause::DiskFull, "disk is full"),
    ("exec /bin/sh: exec format error", Cause::WrongArchitecture, "The base image is not made"),
    (
        "standard_init_linux.go:228: exec user process caused: exec format error",
        Cause::WrongArchitecture,
        "The base image is not made",
    ),
    ("/bin/sh: 1: /opt/tool: Exec format error", Cause::WrongArchitecture, "A program"),
    ("make: *** [Makefile:3: all] Error 1", Cause::BuildStepFailed, "failed with exit code 1"),
    ("", Cause::BuildStepFailed, "Step 5, RUN pip install -r requirements.txt, failed"),
];

#[test]
fn what_programs_say_in_a_step_leads_to_its_cause() {
    let network = format!(
        "{RETRY}ERROR: Could not find a version that satisfies the requirement ariadne (from -r /app/requirements.txt (line 1)) (from versions: none)\nERROR: No matching distribution found for ariadne (from -r /app/requirements.txt (line 1))"
    );
    let other = format!("{RETRY}ERROR: No matching distribution found for pyPDF99==1.0");
    let more = [
        (network.as_str(), Cause::NoNetworkInBuild, "looked for ariadne"),
        // The connection was broken for another package, and came back.
        (other.as_str(), Cause::PackageNotFound, "pyPDF99"),
        (
            "Prompt flow does not run on this Python: 3.8.",
            Cause::PythonDoesNotFit,
            "The base has Python 3.8, and",
        ),
        ("/bin/sh: 1: python3: not found", Cause::PythonDoesNotFit, "The base has no Python"),
    ];
    for (log, cause, part) in PIP.iter().chain(UV).chain(NEW).chain(SYSTEM).chain(&more) {
        let finding = run(log);
        assert_eq!(finding.cause, *cause, "{log}\n{finding:#?}");
        assert!(finding.sentence.contains(part), "{}\n{log}", finding.sentence);
        assert!(!finding.advice.is_empty(), "{log}");
        assert_eq!(finding.evidence[0].probe, "The step that failed");
        for evidence in finding.evidence.iter().filter(|one| one.probe == "What it said") {
            assert!((1..=5).contains(&evidence.seen.lines().count()));
            assert!(evidence.seen.lines().all(|line| log.contains(line)), "{evidence:?}");
        }
    }
}

#[test]
fn what_the_builder_says_leads_to_its_cause() {
    for (instruction, words, cause, part) in [
        (
            "COPY requirements.txt .",
            "COPY failed: file not found in build context or excluded by .dockerignore: stat requirements.txt: file does not exist",
            Cause::FileNotInContext,
            "\"requirements.txt\" was not sent",
        ),
        (
            "COPY vncserver.sh /etc/",
            "COPY failed: stat /var/lib/docker/tmp/docker-builder335238258/vncserver.sh: no such file or directory",
            Cause::FileNotInContext,
            "\"vncserver.sh\" was not sent",
        ),
        (
            "COPY src/* /x/",
            "COPY failed: no source files were specified",
            Cause::FileNotInContext,
            "\"src/*\"",
        ),
        (
            "ADD ../x /x",
            "ADD failed: forbidden path outside the build context: ../x ()",
            Cause::FileNotInContext,
            "\"../x\" lies outside",
        ),
        (
            "COPY etc /etc",
            "building at STEP \"COPY etc /etc\": checking on sources under \"/var/tmp/libpod_builder123/build\": copier: stat: \"/etc\": no such file or directory",
            Cause::FileNotInContext,
            "\"etc\"",
        ),
        (
            "COPY bin/* /usr/bin/",
            "building at STEP \"COPY bin/* /usr/bin/\": no items matching glob \"/var/tmp/libpod_builder123/build/bin/*\" copied (5 filtered out using .dockerignore): no such file or directory",
            Cause::FileNotInContext,
            "\"bin/*\" is excluded by .dockerignore",
        ),
        (
            "COPY --from=packager /output /",
            "building at STEP \"COPY --from=packager /output /\": checking on sources under \"/home/x/overlay/a2/merged\": copier: stat: \"/output\": no such file or directory",
            Cause::BuildStepFailed,
            "\"/output\" does not exist in \"packager\"",
        ),
        (
            "",
            "dockerfile parse error line 3: unknown instruction: FOO",
            Cause::BuildSyntax,
            "unknown instruction in line 3: \"FOO\"",
        ),
        (
            "",
            "Dockerfile parse error line 7: unknown instruction: <!DOCTYPE",
            Cause::BuildSyntax,
            "line 7",
        ),
        (
            "",
            "failed to parse Dockerfile: syntax error - can't find = in \"x\". Must be of the form: name=value",
            Cause::BuildSyntax,
            "cannot be read",
        ),
        (
            "",
            "building at STEP \"&& \": Build error: Unknown instruction: \"&&\" &imagebuilder.Step{}",
            Cause::BuildSyntax,
            "\"&&\"",
        ),
        (
            "FROM :3",
            "invalid reference format",
            Cause::BuildSyntax,
            "\":3\" is not the name of an image",
        ),
        (
            "FROM python:99",
            "manifest for python:99 not found: manifest unknown: manifest unknown",
            Cause::BaseNotFound,
            "The base image python:99 was not found.",
        ),
        (
            "FROM --platform=linux/arm64 python:99",
            "docker.io/library/python:99: not found",
            Cause::BaseNotFound,
            "python:99",
        ),
        (
            "FROM nope/x AS y",
            "creating build container: short-name \"nope/x\" did not resolve to an alias and no unqualified-search registries are defined in \"/etc/containers/registries.conf\"",
            Cause::BaseNotFound,
            "nope/x",
        ),
        (
            "FROM x.example/a:1",
            "creating build container: initializing source docker://x.example/a:1: reading manifest 1 in x.example/a: manifest unknown",
            Cause::BaseNotFound,
            "x.example/a:1",
        ),
        (
            "FROM privat/x",
            "pull access denied for privat/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            Cause::PullDenied,
            "docker.io refused",
        ),
        (
            "FROM nowhere.example/a",
            "Get \"https://nowhere.example/v2/\": dial tcp: lookup nowhere.example: no such host",
            Cause::NoSuchHost,
            "nowhere.example",
        ),
        (
            "FROM a:1",
            "toomanyrequests: You have reached your pull rate limit",
            Cause::RateLimited,
            "asks to wait",
        ),
        (
            "COPY --from=ghcr.io/astral-sh/uv:99 /uv /uv",
            "manifest for ghcr.io/astral-sh/uv:99 not found: manifest unknown",
            Cause::BaseNotFound,
            "ghcr.io/astral-sh/uv:99",
        ),
        (
            "",
            "pull access denied for x, repository does not exist",
            Cause::PullDenied,
            "the base image",
        ),
        ("FROM a:1", "something quite new", Cause::BuildStepFailed, "Step 5, FROM a:1, failed."),
        ("WORKDIR /x", "write /x: no space left on device", Cause::DiskFull, "disk is full"),
        (
            "RUN a",
            "building at STEP \"RUN a\": while running runtime: exit status 3",
            Cause::BuildStepFailed,
            "exit code 3",
        ),
        (
            "RUN a",
            "The command '/bin/sh -c a' returned a non-zero code: 137",
            Cause::BuildStepFailed,
            "was killed (137)",
        ),
        (
            "RUN foo",
            "The command '/bin/sh -c foo' returned a non-zero code: 127",
            Cause::BuildStepFailed,
            "a command was not found",
        ),
        // A host that is not there for a program in a step says nothing of the base's registry.
        ("RUN a", "dial tcp: lookup x: no such host", Cause::BuildStepFailed, "failed"),
    ] {
        let finding = if instruction.is_empty() {
            of_build(&FailedBuild { words, ..FailedBuild::default() })
        } else {
            step(instruction, "", words)
        };
        assert_eq!(finding.cause, cause, "{words}\n{finding:#?}");
        assert!(finding.sentence.contains(part), "{}\n{words}", finding.sentence);
        assert!(finding.evidence.iter().any(|one| one.seen.contains(words)), "{finding:#?}");
    }
}

#[test]
fn evidence_goes_from_the_step_to_the_line_that_asks_for_it() {
    let finding = run(PIP[0].0);
    let told: Vec<_> =
        finding.evidence.iter().map(|e| (e.probe.as_str(), e.seen.as_str())).collect();
    assert_eq!(
        told,
        [
            ("The step that failed", "Step 5: RUN pip install -r requirements.txt"),
            (
                "What it said",
                "ERROR: Could not find a version that satisfies the requirement pyPDF99==1.0 (from versions: none)\nERROR: No matching distribution found for pyPDF99==1.0"
            ),
            ("The line in requirements.txt", "3: pyPDF99==1.0"),
            (
                "The builder's words",
                "The command '/bin/sh -c pip install -r requirements.txt' returned a non-zero code: 1"
            ),
        ]
    );
    let conflict =
        run(PIP.iter().find(|case| case.1 == Cause::PackageConflict).expect("a conflict").0);
    assert_eq!(conflict.evidence[2].seen, "4: urllib3==1.26.5\n5: botocore==1.17.6");
}

#[test]
fn only_what_the_failed_step_said_counts() {
    let finding = run(
        "Step 4/6 : RUN pip download x || true\nERROR: No matching distribution found for x\nStep 5/6 : RUN make\nmake: *** Error 2",
    );
    assert_eq!(finding.cause, Cause::BuildStepFailed);
    assert_eq!(finding.evidence[1].seen, "make: *** Error 2");
    let finding =
        run("ERROR: No matching distribution found for x\nSuccessfully installed y-1.0\nboom");
    assert_eq!(finding.cause, Cause::BuildStepFailed);
}

#[test]
fn an_unknown_failure_keeps_the_words() {
    let finding = of_build(&FailedBuild { words: "quite new", ..FailedBuild::default() });
    assert_eq!(finding.cause, Cause::Unknown);
    assert_eq!(finding.evidence[0].seen, "quite new");
    let step = of_build(&FailedBuild {
        words: "building at STEP \"RUN x\": quite new",
        ..FailedBuild::default()
    });
    assert_eq!(step.cause, Cause::BuildStepFailed);
    assert_eq!(step.evidence[0].seen, "RUN x");
}
