//! Finding a flow by what a person typed, and reading it.

use std::path::{Component, Path, PathBuf};

use domain::flow::{
    Document, FlowId, FlowProblem, FlowProblemKind, Node, NodeKind, Read, Severity, SourceKind,
    ToolFile, ToolFiles, inputs, read,
};
use serde_json::{Map, Value, json};

use crate::{
    FlowsError, Snapshot, blocking,
    includes::{self, Include},
    yaml,
};

/// Files that a flow may be, the usual ones.
const USUAL: [&str; 2] = ["flow.dag.yaml", "flow.flex.yaml"];
/// Files that may hold sample data, the likeliest first.
const SAMPLES: [&str; 8] = [
    "samples.json",
    "sample.json",
    "sample.jsonl",
    "samples.jsonl",
    "data.jsonl",
    "inputs.jsonl",
    "test.jsonl",
    "data/data.jsonl",
];
/// A flow's file longer than this is none.
const LONGEST_FLOW: u64 = 4 * 1024 * 1024;
/// How much of a file of sample data is read.
const LONGEST_SAMPLE: usize = 256 * 1024;
/// Folders with flows that are named when one was meant that has none.
const NAMED: usize = 5;

/// Where a flow is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPath {
    pub id: FlowId,
    pub folder: PathBuf,
    /// The file's name within the folder.
    pub file: String,
}

impl FlowPath {
    /// Finds the flow that a person means by the path of a folder or a file. `home` stands for `~`.
    pub async fn find(typed: &str, home: &Path) -> Result<Self, FlowsError> {
        let (typed, home) = (typed.trim().to_owned(), home.to_owned());
        blocking(move || find(&typed, &home)).await
    }

    /// The flow of this id, be it there or not.
    pub fn of(id: &FlowId) -> Self {
        let path = Path::new(&id.0);
        Self {
            id: id.clone(),
            folder: path.parent().unwrap_or(path).to_owned(),
            file: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    /// The name of its folder.
    pub fn name(&self) -> String {
        self.folder
            .file_name()
            .map_or_else(|| self.id.0.clone(), |name| name.to_string_lossy().into_owned())
    }

    /// Whether its file is there.
    pub fn is_there(&self) -> bool {
        self.folder.join(&self.file).is_file()
    }

    /// Reads it.
    ///
    /// # Errors
    /// The file is not there or cannot be read. One that is no YAML is no error but a problem.
    pub async fn read(&self) -> Result<FlowOnDisk, FlowsError> {
        let path = self.clone();
        blocking(move || read_flow(path)).await
    }

    /// The beginning of a text file of the folder, at most so many bytes.
    ///
    /// # Errors
    /// It is not there, or outside the folder and what the flow includes.
    pub async fn text(
        &self,
        path: &str,
        includes: &[String],
        most: usize,
    ) -> Result<TextFile, FlowsError> {
        let (own, path, includes) = (self.clone(), path.to_owned(), includes.to_owned());
        blocking(move || {
            let inside = Path::new(&path)
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            let (includes, _) = includes::find(&own.folder, &includes);
            let place = includes::place_of(&own.folder, &includes, &path)
                .filter(|_| inside)
                .ok_or_else(|| FlowsError::NotThere(path.clone()))?;
            let (bytes, cut) = beginning(&place, most)?;
            Ok(TextFile { place, text: String::from_utf8_lossy(&bytes).into_owned(), cut })
        })
        .await
    }
}

/// A text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    pub place: PathBuf,
    pub text: String,
    /// There is more of it.
    pub cut: bool,
}

/// A flow as it stands on disk.
#[derive(Clone, Debug)]
pub struct FlowOnDisk {
    pub path: FlowPath,
    /// `None` = the file is no YAML; `syntax` says why.
    pub read: Option<Read>,
    pub document: Document,
    pub syntax: Option<FlowProblem>,
    /// Included files and folders that are not there, as written.
    pub missing_includes: Vec<String>,
    /// What the code of python nodes tells of their tools.
    pub tools: ToolFiles,
    /// Values of a row of sample data.
    pub sample: Option<Map<String, Value>>,
    /// A requirements file.
    pub requirements: Option<PathBuf>,
    includes: Vec<Include>,
}

impl FlowOnDisk {
    /// Whether a path of the folder, or below something included, is a file.
    pub fn is_file(&self, path: &str) -> bool {
        includes::place_of(&self.path.folder, &self.includes, path).is_some()
    }

    /// Everything outside the flow's folder that it is made of.
    pub fn places(&self) -> Vec<PathBuf> {
        let own = std::iter::once(self.path.folder.clone());
        own.chain(self.includes.iter().map(|include| include.place.clone())).collect()
    }

    /// The files as they are to be sent; `instead` takes the place of the flow's own file.
    ///
    /// # Errors
    /// Something cannot be read, or all of it is too big.
    pub async fn snapshot(&self, instead: Option<&Document>) -> Result<Snapshot, FlowsError> {
        let (folder, file) = (self.path.folder.clone(), self.path.file.clone());
        let includes = self.includes.clone();
        let instead = instead.map(|document| (file.clone(), document.to_text()));
        let mut needed: Vec<String> = vec![file];
        if let Some(read) = &self.read {
            let variants = read.flow.variants.iter().flat_map(|all| &all.variants);
            let nodes = read.flow.nodes.iter().chain(variants.map(|variant| &variant.node));
            let sources = nodes.filter_map(|node| node.source.as_ref()?.path.clone());
            needed.extend(sources);
        }
        blocking(move || Snapshot::take(&folder, &includes, &needed, instead)).await
    }
}

fn find(typed: &str, home: &Path) -> Result<FlowPath, FlowsError> {
    // What a file manager or a shell puts around a path.
    let typed = typed.trim_matches(['"', '\'']);
    let typed = typed.strip_prefix("file://").unwrap_or(typed);
    let path = match typed.strip_prefix('~') {
        Some("") => home.to_owned(),
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    };
    let no_flow = |sentence: String, instead| Err(FlowsError::NoFlow { sentence, instead });
    if !path.is_absolute() {
        return no_flow(
            "The path has to be a whole one: it begins with / or ~.".to_owned(),
            vec![],
        );
    }
    let path = path.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => FlowsError::NotThere(path.display().to_string()),
        _ => FlowsError::disk(&path)(error),
    })?;
    if path.is_file() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !is_flow_file(&name) {
            // A file of a flow's folder is as good as the folder.
            if let Some(folder) = path.parent()
                && let Some(file) = flow_file(folder)
            {
                return Ok(located(folder, &file));
            }
            return no_flow(
                format!("{name} is no flow: its file is called flow.dag.yaml or flow.flex.yaml."),
                vec![],
            );
        }
        return Ok(located(path.parent().unwrap_or(&path), &name));
    }
    if let Some(file) = flow_file(&path) {
        return Ok(located(&path, &file));
    }
    let below: Vec<PathBuf> = std::fs::read_dir(&path)
        .map_err(FlowsError::disk(&path))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|place| place.is_dir() && flow_file(place).is_some())
        .collect();
    let mut below = below;
    below.sort();
    below.truncate(NAMED);
    no_flow(
        format!("There is no flow.dag.yaml and no flow.flex.yaml in {}.", path.display()),
        below,
    )
}

fn located(folder: &Path, file: &str) -> FlowPath {
    FlowPath {
        id: FlowId(folder.join(file).display().to_string()),
        folder: folder.to_owned(),
        file: file.to_owned(),
    }
}

fn is_flow_file(name: &str) -> bool {
    USUAL.contains(&name)
        || [".dag.yaml", ".dag.yml", ".flex.yaml", ".flex.yml"]
            .iter()
            .any(|ending| name.ends_with(ending))
        || name == "flow.yaml"
        || name == "flow.yml"
}

/// The flow's file in a folder: the usual name, else the only one that may be one.
fn flow_file(folder: &Path) -> Option<String> {
    if let Some(usual) = USUAL.iter().find(|name| folder.join(name).is_file()) {
        return Some((*usual).to_owned());
    }
    let names = std::fs::read_dir(folder).ok()?.flatten();
    let mut names: Vec<String> = names
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| is_flow_file(name))
        .collect();
    if names.len() == 1 { names.pop() } else { None }
}

fn beginning(place: &Path, most: usize) -> Result<(Vec<u8>, bool), FlowsError> {
    use std::io::Read as _;
    let file = std::fs::File::open(place).map_err(FlowsError::disk(place))?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(FlowsError::disk(place))?;
    let cut = bytes.len() > most;
    bytes.truncate(most);
    Ok((bytes, cut))
}

fn read_flow(path: FlowPath) -> Result<FlowOnDisk, FlowsError> {
    let place = path.folder.join(&path.file);
    let size = std::fs::metadata(&place)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => FlowsError::NotThere(place.display().to_string()),
            _ => FlowsError::disk(&place)(error),
        })?
        .len();
    if size > LONGEST_FLOW {
        let sentence = format!("{} is longer than 4 MB, which no flow is.", place.display());
        return Err(FlowsError::NoFlow { sentence, instead: vec![] });
    }
    let bytes = std::fs::read(&place).map_err(FlowsError::disk(&place))?;
    let text = String::from_utf8_lossy(&bytes);
    let (document, syntax) = match yaml::document(text.trim_start_matches('\u{feff}')) {
        Ok(document) => (document, None),
        Err(error) => {
            let problem = FlowProblem {
                severity: Severity::Error,
                kind: FlowProblemKind::Syntax,
                sentence: format!("The file is no valid YAML: {}.", error.words),
                hint: "Look at the indentation, colons and quotation marks around this line."
                    .into(),
                file: path.file.clone(),
                line: error.place.line,
                column: error.place.column,
                node: None,
            };
            (Document::default(), Some(problem))
        }
    };
    let mut found = syntax.is_none().then(|| read(&document, &path.file));
    let written = found.as_ref().map(|read| read.flow.additional_includes.clone());
    let (includes, missing_includes) = includes::find(&path.folder, &written.unwrap_or_default());
    if let Some(read) = &mut found {
        let module = read.flow.entry.as_deref().and_then(|entry| entry.split(':').next());
        if let Some(module) = module {
            let file = format!("{}.py", module.trim_end_matches(".py").replace('.', "/"));
            if let Some(place) = includes::place_of(&path.folder, &includes, &file)
                && let Ok(code) = std::fs::read_to_string(place)
            {
                inputs::complete(&mut read.flow, &code);
            }
        }
    }
    let tools = tools(&path.folder, &includes, found.as_ref());
    let names: Vec<String> = found
        .iter()
        .flat_map(|read| read.flow.inputs.iter().map(|input| input.name.clone()))
        .collect();
    let sample = own_sample(&document).or_else(|| sample(&path.folder, &names));
    let requirements = found
        .as_ref()
        .and_then(|read| read.flow.environment.as_ref()?.requirements.clone())
        .into_iter()
        .chain(["requirements.txt".to_owned()])
        .find_map(|file| includes::place_of(&path.folder, &includes, &file));
    Ok(FlowOnDisk {
        path,
        read: found,
        document,
        syntax,
        missing_includes,
        tools,
        sample,
        requirements,
        includes,
    })
}

/// What the code of python nodes tells of their tools; a file that cannot be read tells nothing.
fn tools(folder: &Path, includes: &[Include], found: Option<&Read>) -> ToolFiles {
    /// Nobody writes a tool that is longer; bytes.
    const LONGEST: u64 = 1024 * 1024;
    let Some(Read { flow, .. }) = found else { return ToolFiles::new() };
    let variants = flow.variants.iter().flat_map(|all| all.variants.iter().map(|one| &one.node));
    let mut tools = ToolFiles::new();
    for node in flow.nodes.iter().chain(variants).filter(|node| node.kind == NodeKind::Python) {
        let source = node.source.as_ref().filter(|source| source.kind == SourceKind::Code);
        let Some(file) = source.and_then(|source| source.path.as_ref()) else { continue };
        if tools.contains_key(file) {
            continue;
        }
        let place = includes::place_of(folder, includes, file)
            .filter(|place| place.metadata().is_ok_and(|facts| facts.len() <= LONGEST));
        if let Some(code) = place.and_then(|place| std::fs::read_to_string(place).ok()) {
            tools.insert(file.clone(), ToolFile::of_code(&code));
        }
    }
    tools
}

/// A sample that the flow's file holds itself.
fn own_sample(document: &Document) -> Option<Map<String, Value>> {
    let sample = document.get("sample")?;
    match sample.get("inputs").map_or_else(|| sample.value(), Node::value) {
        Value::Object(map) if !map.is_empty() => Some(map),
        _ => None,
    }
}

/// The first row of sample data that has a value for an input.
fn sample(folder: &Path, names: &[String]) -> Option<Map<String, Value>> {
    let mut others: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "jsonl"))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    others.sort();
    let places = SAMPLES.iter().map(ToString::to_string).chain(others);
    places
        .filter_map(|name| row(&folder.join(name)))
        .find(|row| names.iter().any(|name| row.contains_key(name)))
}

fn row(place: &Path) -> Option<Map<String, Value>> {
    let (bytes, _) = beginning(place, LONGEST_SAMPLE).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let value = serde_json::from_str(first).or_else(|_| serde_json::from_str(&text)).ok()?;
    match value {
        Value::Object(map) => Some(map),
        Value::Array(rows) => match rows.into_iter().next() {
            Some(Value::Object(map)) => Some(map),
            _ => None,
        },
        _ => None,
    }
}

/// Images bigger than this are not sent.
const LARGEST_IMAGE: u64 = 20_000_000;

/// The value of an image input whose text names a file of this machine: the image itself, since a runtime
/// does not see this machine's files. Everything else (an address, encoded data) stays.
///
/// # Errors
/// The file is too big or cannot be read.
pub async fn image_value(folder: &Path, text: &str) -> Result<Value, FlowsError> {
    let text = text.trim().to_owned();
    let place = folder.join(&text);
    blocking(move || {
        let looks_like_a_path = text.len() < 4096 && !text.contains("://");
        let media = match place.extension().and_then(|ending| ending.to_str()) {
            Some("jpg" | "jpeg") => "jpeg",
            Some("png") => "png",
            Some("gif") => "gif",
            Some("webp") => "webp",
            Some("bmp") => "bmp",
            _ => return Ok(text.into()),
        };
        if !looks_like_a_path || !place.is_file() {
            return Ok(text.into());
        }
        let size = std::fs::metadata(&place).map_err(FlowsError::disk(&place))?.len();
        if size > LARGEST_IMAGE {
            return Err(FlowsError::TooBig { bytes: size, most: LARGEST_IMAGE });
        }
        let bytes = std::fs::read(&place).map_err(FlowsError::disk(&place))?;
        let mut object = json!({});
        object[format!("data:image/{media};base64")] = base64(&bytes).into();
        Ok(object)
    })
    .await
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
