//! `environment.yaml`: read with everything that it may hold, and written.

use std::path::Path;

use domain::{
    environment::{
        BuildArgument, BuildContext, Definition, EnvironmentId, EnvironmentName, Packages, Source,
    },
    finding::Problem,
};
use serde_json::{Map, Value, json};

use crate::DefinitionsError;

/// The name of the file in a folder.
pub const FILE_NAME: &str = "environment.yaml";
/// The key under which this product keeps what the documented form has no place for.
const OURS: &str = "promptflow_runtimes";
const SCHEMA: &str = "https://azuremlschemas.azureedge.net/latest/environment.schema.json";
/// The Python of a conda file that names none.
const USUAL_PYTHON: &str = "3.11";

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// `None` = it was not written by this product.
    pub id: Option<EnvironmentId>,
    pub name: Option<EnvironmentName>,
    pub description: String,
    pub source: Source,
    pub port: Option<u16>,
    pub health_path: String,
    /// What was understood, and what was not taken over and why; a sentence each.
    pub honoured: Vec<String>,
    pub left_out: Vec<String>,
}

/// Reads a file's text. `folder` is where it stands: paths in it are relative to that.
///
/// # Errors
/// It is no YAML, or says nowhere what the environment is made from.
pub fn read(text: &str, folder: &Path) -> Result<Document, DefinitionsError> {
    let value: Value = serde_saphyr::from_str(text).map_err(|error| no_yaml("It", &error))?;
    let Value::Object(map) = value else {
        return Err(DefinitionsError::Malformed(
            "It holds no keys such as \"name\" and \"image\".".into(),
        ));
    };
    Reading { map, folder, honoured: vec![], left_out: vec![] }.document()
}

/// What the parser found, without the picture of the place that follows its first line.
fn no_yaml(what: &str, error: &serde_saphyr::Error) -> DefinitionsError {
    let words = error.to_string();
    let first = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
    DefinitionsError::Malformed(format!("{what} is no valid YAML: {first}."))
}

struct Reading<'a> {
    map: Map<String, Value>,
    folder: &'a Path,
    honoured: Vec<String>,
    left_out: Vec<String>,
}

impl Reading<'_> {
    fn document(mut self) -> Result<Document, DefinitionsError> {
        let ours = self.map.remove(OURS).unwrap_or(Value::Null);
        let name = self.name();
        let description = self.text("description");
        let (port, health_path) = self.service();
        let source = match ours.get("source") {
            Some(source) => {
                // The documented keys only repeat it.
                for key in ["image", "build", "conda_file"] {
                    self.map.remove(key);
                }
                self.our_source(source.clone())?
            }
            None => self.documented_source()?,
        };
        self.rest();
        Ok(Document {
            id: ours.get("id").and_then(Value::as_str).map(|id| EnvironmentId(id.to_owned())),
            name,
            description,
            source,
            port,
            health_path,
            honoured: self.honoured,
            left_out: self.left_out,
        })
    }

    fn text(&mut self, key: &str) -> String {
        match self.map.remove(key) {
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.left_out.push(format!("\"{key}\" is no text."));
                String::new()
            }
            None => String::new(),
        }
    }

    fn name(&mut self) -> Option<EnvironmentName> {
        let text = self.text("name");
        match EnvironmentName::parse(&text) {
            Ok(name) => Some(name),
            Err(_) if text.is_empty() => None,
            Err(_) => {
                let near = EnvironmentName::near(&text);
                if let Some(near) = &near {
                    self.left_out
                        .push(format!("The name \"{text}\" is written \"{near}\" here, since images are named by it."));
                }
                near
            }
        }
    }

    /// Port and health path of `inference_config`.
    fn service(&mut self) -> (Option<u16>, String) {
        let Some(config) = self.map.remove("inference_config") else {
            return (None, String::new());
        };
        let route = |name: &str, key: &str| config.pointer(&format!("/{name}/{key}")).cloned();
        let first = |key: &str| {
            ["readiness_route", "liveness_route", "scoring_route"].iter().find_map(|name| {
                if key == "path" && *name == "scoring_route" { None } else { route(name, key) }
            })
        };
        let port =
            first("port").and_then(|port| port.as_u64()).and_then(|port| u16::try_from(port).ok());
        let path =
            first("path").and_then(|path| path.as_str().map(str::to_owned)).unwrap_or_default();
        if let Some(port) = port {
            self.honoured.push(format!("Its service listens on port {port}."));
        }
        if !path.is_empty() {
            self.honoured.push(format!("Its health is told at {path}."));
        }
        let scoring = route("scoring_route", "path");
        if let Some(scoring) = scoring.as_ref().and_then(Value::as_str)
            && scoring != "/score"
            && scoring != "/"
        {
            self.left_out.push(format!(
                "The scoring path {scoring} is not used: flows are run through the executor's own paths."
            ));
        }
        // The usual one needs not be kept.
        (port, if path == "/health" { String::new() } else { path })
    }

    fn our_source(&self, source: Value) -> Result<Source, DefinitionsError> {
        let mut source: Source = serde_json::from_value(source).map_err(|error| {
            DefinitionsError::Malformed(format!("\"{OURS}\" cannot be read: {error}"))
        })?;
        if let Source::Packages(packages) = &mut source {
            packages.requirements =
                read_text(&self.folder.join(domain::environment::REQUIREMENTS))?;
        }
        Ok(source)
    }

    fn documented_source(&mut self) -> Result<Source, DefinitionsError> {
        let image = self.text("image");
        let build = self.map.remove("build");
        let conda = self.map.remove("conda_file");
        match (build, conda) {
            (Some(build), conda) => {
                if !image.is_empty() {
                    self.left_out.push(format!("The image {image} is not used: the folder is built."));
                }
                if conda.is_some() {
                    self.left_out.push("\"conda_file\" is not used: the Dockerfile decides.".into());
                }
                Ok(Source::BuildContext(self.build_context(&build)?))
            }
            (None, Some(conda)) => self.of_conda(&image, conda),
            (None, None) if !image.is_empty() => {
                self.honoured.push(format!("It takes the image {image}."));
                Ok(Source::Image { reference: image })
            }
            (None, None) => Err(DefinitionsError::Malformed(
                "It says neither \"image\" nor \"build\", so there is nothing to make an image from.".into(),
            )),
        }
    }

    fn build_context(&mut self, build: &Value) -> Result<BuildContext, DefinitionsError> {
        let text =
            |key: &str| build.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = text("path");
        let place = if path.is_empty() { self.folder.to_owned() } else { self.folder.join(&path) };
        let folder = place.canonicalize().map_err(DefinitionsError::disk(&place))?;
        self.honoured.push(format!("It builds the folder {}.", folder.display()));
        for key in build.as_object().into_iter().flat_map(Map::keys) {
            if !["path", "dockerfile_path", "args", "target"].contains(&key.as_str()) {
                self.left_out.push(format!("\"build.{key}\" is not known here."));
            }
        }
        let arguments = build.get("args").and_then(Value::as_object).into_iter().flatten();
        Ok(BuildContext {
            folder: folder.to_string_lossy().into_owned(),
            dockerfile: text("dockerfile_path"),
            arguments: arguments
                .map(|(name, value)| BuildArgument {
                    name: name.clone(),
                    value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                    confirmed: false,
                })
                .collect(),
            target: text("target"),
            secrets: vec![],
        })
    }

    /// A conda file: its Python and what pip installs of it, on a Python image.
    fn of_conda(&mut self, image: &str, conda: Value) -> Result<Source, DefinitionsError> {
        let conda = match conda {
            Value::String(path) => {
                let text = read_text(&self.folder.join(path.trim_start_matches("file:")))?;
                serde_saphyr::from_str(&text).map_err(|error| no_yaml("The conda file", &error))?
            }
            inline => inline,
        };
        let mut python = USUAL_PYTHON.to_owned();
        let mut requirements = Vec::new();
        for dependency in conda.get("dependencies").and_then(Value::as_array).into_iter().flatten()
        {
            if let Some(pip) = dependency.get("pip").and_then(Value::as_array) {
                requirements.extend(pip.iter().filter_map(Value::as_str).map(str::to_owned));
            } else if let Some(text) = dependency.as_str() {
                let (name, version) = text.split_once(['=', '>', '<', ' ']).unwrap_or((text, ""));
                let version = version.trim_start_matches(['=', ' ']).trim_end_matches(".*");
                match name {
                    "python" => {
                        let parts: Vec<&str> = version.split('.').take(2).collect();
                        if parts.len() == 2 {
                            python = parts.join(".");
                        }
                    }
                    "pip" => {}
                    _ => self.left_out.push(format!(
                        "The conda package {text} is not installed: packages come from the Python index here. Add it to the requirements or to the system packages."
                    )),
                }
            }
        }
        if !image.is_empty() {
            self.left_out.push(format!(
                "The base {image} is not used: a conda file is made into packages on python:{python}-slim."
            ));
        }
        self.honoured.push(format!(
            "It installs {} packages of the conda file's \"pip\" part on Python {python}.",
            requirements.len()
        ));
        Ok(Source::Packages(Packages {
            base: format!("python:{python}-slim"),
            promptflow: String::new(),
            tools: requirements
                .iter()
                .any(|line| line.trim_start().starts_with("promptflow-tools")),
            requirements: requirements.join("\n") + "\n",
            system_packages: vec![],
            installer: domain::environment::Installer::Pip,
            index: domain::environment::PackageIndex::default(),
        }))
    }

    /// What is left in the file.
    fn rest(&mut self) {
        for (key, value) in std::mem::take(&mut self.map) {
            let sentence = match key.as_str() {
                "$schema" => continue,
                "os_type" if value.as_str().is_some_and(|os| os.eq_ignore_ascii_case("linux")) => {
                    continue;
                }
                "version" => {
                    "\"version\" is not kept: versions are counted here, one for each build.".into()
                }
                "os_type" => "\"os_type\" is not kept: runtimes are Linux containers.".into(),
                "tags" | "properties" => format!("\"{key}\" are not kept."),
                _ => format!("\"{key}\" is not known here."),
            };
            self.left_out.push(sentence);
        }
    }
}

fn read_text(path: &Path) -> Result<String, DefinitionsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) => Err(DefinitionsError::disk(path)(error)),
    }
}

/// The text of the file of an environment.
pub(crate) fn write(definition: &Definition) -> Result<String, DefinitionsError> {
    let mut source = serde_json::to_value(&definition.source)
        .map_err(|error| DefinitionsError::Malformed(error.to_string()))?;
    // It has a file of its own.
    if let Some(source) = source.as_object_mut() {
        source.remove("requirements");
    }
    let route = |path: &str| match definition.port {
        Some(port) => json!({"port": port, "path": path}),
        None => json!({"path": path}),
    };
    let mut document = json!({
        "$schema": SCHEMA,
        "name": definition.name,
        OURS: {"id": definition.id, "source": source},
    });
    if definition.port.is_some() || !definition.health_path.is_empty() {
        document["inference_config"] = json!({
            "liveness_route": route(definition.health_path()),
            "readiness_route": route(definition.health_path()),
            "scoring_route": route("/score"),
        });
    }
    if !definition.description.is_empty() {
        document["description"] = json!(definition.description);
    }
    match &definition.source {
        Source::Packages(_) => document["build"] = json!({"path": "."}),
        Source::BuildContext(context) => {
            let folder = if context.folder.is_empty() { "." } else { context.folder.as_str() };
            document["build"] = json!({"path": folder, "dockerfile_path": context.dockerfile()});
        }
        Source::Image { reference } => document["image"] = json!(reference),
        Source::Default { .. } => {}
    }
    let text = serde_saphyr::to_string(&Ordered::of(&document))
        .map_err(|error| DefinitionsError::Malformed(error.to_string()))?;
    Ok(format!(
        "# An environment of Prompt flow Runtimes. It may be edited; \"{OURS}\" is what only that application reads.\n{text}"
    ))
}

/// The keys of a file in the order in which a person reads them.
#[derive(serde::Serialize)]
struct Ordered<'a> {
    #[serde(rename = "$schema")]
    schema: &'a Value,
    name: &'a Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    description: &'a Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    image: &'a Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    build: &'a Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    inference_config: &'a Value,
    promptflow_runtimes: &'a Value,
}

impl<'a> Ordered<'a> {
    fn of(document: &'a Value) -> Self {
        Self {
            schema: &document["$schema"],
            name: &document["name"],
            description: &document["description"],
            image: &document["image"],
            build: &document["build"],
            inference_config: &document["inference_config"],
            promptflow_runtimes: &document[OURS],
        }
    }
}

impl Document {
    /// The definition under this id and name.
    pub fn definition(self, id: EnvironmentId, name: EnvironmentName) -> Definition {
        Definition {
            id,
            name,
            description: self.description,
            source: self.source,
            port: self.port,
            health_path: self.health_path,
        }
    }

    /// What the rules say of it.
    pub fn problems(&self) -> Vec<Problem> {
        domain::environment::check(&self.source, &self.health_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::environment::{Installer, PackageIndex};

    fn at(folder: &Path, text: &str) -> Document {
        read(text, folder).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_folder_of_azure_machine_learning_is_understood_as_it_is() {
        let folder = tempfile::tempdir().expect("folder");
        let text = "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\nname: My Env\nversion: 3\ntags: {team: a}\nbuild:\n  path: .\n  dockerfile_path: docker/Dockerfile\ninference_config:\n  liveness_route:\n    port: 9000\n    path: /alive\n  readiness_route:\n    port: 9000\n    path: /ready\n  scoring_route:\n    port: 9000\n    path: /go\n";
        let read = at(folder.path(), text);
        assert_eq!(read.name.as_ref().map(EnvironmentName::as_str), Some("my-env"));
        assert_eq!((read.port, read.health_path.as_str()), (Some(9000), "/ready"));
        let Source::BuildContext(context) = &read.source else { panic!("{:?}", read.source) };
        assert_eq!(Path::new(&context.folder), folder.path().canonicalize().expect("folder"));
        assert_eq!(context.dockerfile(), "docker/Dockerfile");
        let left_out = read.left_out.join("\n");
        for said in ["My Env", "\"version\"", "\"tags\"", "/go"] {
            assert!(left_out.contains(said), "{said} in {left_out}");
        }
    }

    #[test]
    fn an_image_alone_and_a_conda_file_are_understood() {
        let folder = tempfile::tempdir().expect("folder");
        let read = at(folder.path(), "name: a\nimage: r.example/x:1\nextra: 1\n");
        assert_eq!(read.source, Source::Image { reference: "r.example/x:1".into() });
        assert_eq!(read.left_out, ["\"extra\" is not known here."]);

        let conda = "name: c\ndependencies:\n  - python=3.10.4\n  - numpy=1.26\n  - pip\n  - pip:\n    - pandas==2.1\n    - promptflow-tools\n";
        std::fs::write(folder.path().join("conda.yaml"), conda).expect("file");
        let read = at(folder.path(), "name: c\nimage: base:1\nconda_file: ./conda.yaml\n");
        let Source::Packages(packages) = &read.source else { panic!("{:?}", read.source) };
        assert_eq!(packages.base, "python:3.10-slim");
        assert_eq!(packages.requirements, "pandas==2.1\npromptflow-tools\n");
        assert!(packages.tools);
        let left_out = read.left_out.join("\n");
        assert!(left_out.contains("numpy=1.26") && left_out.contains("base:1"), "{left_out}");
    }

    #[test]
    fn what_is_no_environment_is_refused_with_a_sentence() {
        let folder = Path::new("/");
        for (text, said) in [
            ("name: [", "YAML"),
            ("just text", "no keys"),
            ("name: a\n", "neither"),
            ("", "no keys"),
        ] {
            let error = read(text, folder).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().expect("folder");
        let sources = [
            Source::Packages(Packages {
                base: "python:3.11-slim".into(),
                promptflow: "1.18.5".into(),
                tools: true,
                requirements: "pandas\n# yes: no\n".into(),
                system_packages: vec!["git".into()],
                installer: Installer::Uv,
                index: PackageIndex {
                    proxy: "http://p.example:1".into(),
                    ..PackageIndex::default()
                },
            }),
            Source::BuildContext(BuildContext {
                folder: folder
                    .path()
                    .canonicalize()
                    .expect("folder")
                    .to_string_lossy()
                    .into_owned(),
                dockerfile: String::new(),
                arguments: vec![BuildArgument {
                    name: "A".into(),
                    value: "yes".into(),
                    confirmed: true,
                }],
                target: "run".into(),
                secrets: vec!["pip".into()],
            }),
            Source::Image { reference: "r.example/x:1".into() },
            Source::Default { repository: String::new(), version: "20240429.v10".into() },
        ];
        for source in sources {
            let definition = Definition {
                id: EnvironmentId("1-2".into()),
                name: EnvironmentName::parse("rag").expect("name"),
                description: "For: the \"team\"\nand others".into(),
                source,
                port: Some(9000),
                health_path: "/ready".into(),
            };
            if let Source::Packages(packages) = &definition.source {
                std::fs::write(folder.path().join("requirements.txt"), &packages.requirements)
                    .expect("file");
            }
            let text = write(&definition).expect("text");
            let read = at(folder.path(), &text);
            assert_eq!(read.left_out, Vec::<String>::new(), "{text}");
            assert_eq!(read.id, Some(definition.id.clone()));
            let name = read.name.clone().expect("name");
            assert_eq!(read.definition(definition.id.clone(), name), definition, "{text}");
        }
    }
}
