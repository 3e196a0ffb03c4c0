//! Manifests, indexes and configurations, read once and trusted afterwards.
//!
//! Protocol: the OCI image specification
//! (<https://github.com/opencontainers/image-spec/blob/main/manifest.md>, `image-index.md`,
//! `config.md`) and Docker's forerunner of it (manifest version 2, schema 2).

use domain::image::{Digest, Platform, RemoteLayer};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What we can read, as the `Accept` header says it.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// What a reference names.
#[derive(Debug)]
pub(crate) enum Manifest {
    /// Several images, one a platform.
    Index(Vec<Entry>),
    /// One image.
    Image(ImageManifest),
}

/// One image of an index.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) digest: Digest,
    pub(crate) platform: Platform,
    variant: Option<String>,
}

/// One image: its configuration and layers.
#[derive(Debug, PartialEq)]
pub(crate) struct ImageManifest {
    pub(crate) config: RemoteLayer,
    /// Lowest first.
    pub(crate) layers: Vec<RemoteLayer>,
}

/// What an image's configuration says.
#[derive(Debug)]
pub(crate) struct ImageConfig {
    /// As far as it says.
    pub(crate) platform: Option<Platform>,
    pub(crate) layer_ids: Vec<Digest>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) config: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<PlatformDocument>,
    #[serde(default)]
    annotations: Value,
}

#[derive(Deserialize)]
struct PlatformDocument {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

#[derive(Deserialize)]
struct ConfigDocument {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    created: Option<String>,
    #[serde(default)]
    config: Value,
    rootfs: Option<RootFs>,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<Digest>,
}

/// Reads a manifest. An error is the reason why it makes no sense, a part of a sentence.
pub(crate) fn manifest(body: &[u8], content_type: Option<&str>) -> Result<Manifest, String> {
    let document: Document = serde_json::from_slice(body)
        .map_err(|error| format!("its manifest cannot be read ({error})"))?;
    if document.schema_version == Some(1) {
        return Err("the image has an outdated format (schema 1)".to_owned());
    }
    let header = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
    let known =
        |kind: &&str| [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST].contains(kind);
    let inside = document.media_type.clone();
    let inside = inside.as_deref();
    if let (Some(header), Some(inside)) = (header.filter(known), inside)
        && header != inside
    {
        return Err(format!("it calls its manifest both {header} and {inside}"));
    }
    let kind = inside.or(header).unwrap_or_default();
    match (kind, document) {
        (_, Document { manifests: Some(_), layers: Some(_), .. }) => {
            Err("its manifest claims to be an index and an image at once".to_owned())
        }
        (OCI_INDEX | DOCKER_LIST, Document { manifests: Some(entries), .. }) => {
            Ok(Manifest::Index(index(entries)?))
        }
        (
            OCI_MANIFEST | DOCKER_MANIFEST,
            Document { config: Some(config), layers: Some(layers), .. },
        ) => {
            if !CONFIGS.contains(&config.media_type.as_str()) {
                return Err(format!("it is no container image but {}", config.media_type));
            }
            Ok(Manifest::Image(ImageManifest {
                config: content(&config)?,
                layers: layers.iter().map(content).collect::<Result<_, _>>()?,
            }))
        }
        (OCI_INDEX | DOCKER_LIST | OCI_MANIFEST | DOCKER_MANIFEST, _) => {
            Err("its manifest is incomplete".to_owned())
        }
        (other, _) => Err(format!("its manifest is of the unknown kind \"{other}\"")),
    }
}

/// Reads an image's configuration.
pub(crate) fn config(body: &[u8]) -> Result<ImageConfig, String> {
    let document: ConfigDocument = serde_json::from_slice(body)
        .map_err(|error| format!("the image's configuration cannot be read ({error})"))?;
    let said = !document.os.is_empty() && !document.architecture.is_empty();
    Ok(ImageConfig {
        platform: said.then_some(Platform {
            operating_system: document.os,
            architecture: document.architecture,
        }),
        layer_ids: document.rootfs.map_or_else(Vec::new, |rootfs| rootfs.diff_ids),
        created: document.created.and_then(|text| text.parse().ok()),
        config: document.config,
    })
}

/// The image for this platform; where there are several (variants of an architecture), one that
/// names no variant, else the first.
pub(crate) fn choose<'a>(entries: &'a [Entry], platform: &Platform) -> Option<&'a Entry> {
    let mut fitting = entries.iter().filter(|entry| entry.platform == *platform);
    let first = fitting.clone().next();
    fitting.find(|entry| entry.variant.is_none()).or(first)
}

/// The platforms of an index, for people.
pub(crate) fn offered(entries: &[Entry]) -> String {
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        let name = entry.platform.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { "no platform at all".to_owned() } else { names.join(", ") }
}

fn index(descriptors: Vec<Descriptor>) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for descriptor in descriptors {
        let attestation =
            descriptor.annotations["vnd.docker.reference.type"] == *"attestation-manifest";
        let image = [OCI_MANIFEST, DOCKER_MANIFEST].contains(&descriptor.media_type.as_str());
        let digest = digest(&descriptor.digest)?;
        let Some(platform) = descriptor.platform else { continue };
        // Build tools put attestations beside the images, under an "unknown" platform.
        if attestation || !image || platform.os == "unknown" || platform.os.is_empty() {
            continue;
        }
        entries.push(Entry {
            digest,
            platform: Platform {
                operating_system: platform.os,
                architecture: platform.architecture,
            },
            variant: platform.variant.filter(|variant| !variant.is_empty()),
        });
    }
    Ok(entries)
}

fn content(descriptor: &Descriptor) -> Result<RemoteLayer, String> {
    Ok(RemoteLayer { digest: digest(&descriptor.digest)?, size: descriptor.size })
}

fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).map_err(|error| format!("its manifest holds a wrong digest: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(document: &Value, content_type: Option<&str>) -> Result<Manifest, String> {
        manifest(document.to_string().as_bytes(), content_type)
    }

    fn image() -> Value {
        json!({
            "schemaVersion": 2,
            "config": {"mediaType": CONFIGS[0], "digest": Digest::of(b"c").as_str(), "size": 1},
            "layers": [{"mediaType": "x", "digest": Digest::of(b"l").as_str(), "size": 2}],
        })
    }

    fn entry(name: &str, os: &str, architecture: &str, variant: Option<&str>) -> Value {
        json!({"mediaType": OCI_MANIFEST, "digest": Digest::of(name.as_bytes()).as_str(), "size": 1,
               "platform": {"os": os, "architecture": architecture, "variant": variant}})
    }

    fn entries(manifests: &[Value]) -> Vec<Entry> {
        let document = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
        match read(&document, Some(OCI_INDEX)).expect("index") {
            Manifest::Index(entries) => entries,
            Manifest::Image(_) => panic!("an index was expected"),
        }
    }

    #[test]
    fn the_kind_comes_from_the_body_or_else_from_the_header() {
        let typed = |kind: &str| {
            let mut document = image();
            document["mediaType"] = kind.into();
            document
        };
        for kind in [OCI_MANIFEST, DOCKER_MANIFEST] {
            let header = format!("{kind}; charset=utf-8");
            assert!(matches!(read(&image(), Some(&header)), Ok(Manifest::Image(_))));
            assert!(matches!(read(&typed(kind), Some("text/plain")), Ok(Manifest::Image(_))));
        }
        assert!(read(&image(), None).is_err());
        assert!(read(&typed(OCI_MANIFEST), Some(DOCKER_MANIFEST)).is_err());
        assert!(read(&typed("application/vnd.example"), None).is_err());
    }

    #[test]
    fn ambiguous_outdated_and_incomplete_manifests_are_refused() {
        let mut both = image();
        both["manifests"] = json!([]);
        assert!(read(&both, Some(OCI_MANIFEST)).is_err());
        let outdated = json!({"schemaVersion": 1, "fsLayers": []});
        let reason = read(&outdated, Some(OCI_MANIFEST)).expect_err("refused");
        assert!(reason.contains("schema 1"), "{reason}");
        assert!(read(&json!({"schemaVersion": 2}), Some(OCI_MANIFEST)).is_err());
        let mut chart = image();
        chart["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into();
        assert!(read(&chart, Some(OCI_MANIFEST)).is_err());
        let mut wrong = image();
        wrong["layers"][0]["digest"] = "sha512:abc".into();
        assert!(read(&wrong, Some(OCI_MANIFEST)).is_err());
    }

    #[test]
    fn attestations_and_foreign_documents_are_no_images() {
        let mut attested = entry("b", "linux", "amd64", None);
        attested["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        let mut other = entry("c", "linux", "amd64", None);
        other["mediaType"] = "application/vnd.example".into();
        let found = entries(&[
            attested,
            other,
            entry("d", "unknown", "unknown", None),
            entry("a", "linux", "arm64", Some("v8")),
        ]);
        assert_eq!(offered(&found), "linux/arm64");
        assert_eq!(choose(&found, &Platform::linux("amd64")), None);
        assert_eq!(
            choose(&found, &Platform::linux("aarch64")).map(|entry| &entry.digest),
            Some(&Digest::of(b"a"))
        );
    }

    #[test]
    fn an_image_without_a_variant_is_preferred() {
        let found = entries(&[
            entry("v3", "linux", "amd64", Some("v3")),
            entry("plain", "linux", "amd64", None),
        ]);
        assert_eq!(
            choose(&found, &Platform::linux("x86_64")).map(|entry| &entry.digest),
            Some(&Digest::of(b"plain"))
        );
    }

    #[test]
    fn a_configuration_may_leave_things_out() {
        let read = |document: Value| config(document.to_string().as_bytes());
        let bare = read(json!({})).expect("configuration");
        assert!(bare.platform.is_none() && bare.created.is_none() && bare.layer_ids.is_empty());
        let full = read(json!({
            "os": "linux", "architecture": "amd64", "created": "2024-04-29T10:00:00.123456789Z",
            "config": {"Cmd": ["x"]}, "rootfs": {"type": "layers", "diff_ids": [Digest::of(b"l").as_str()]}
        }))
        .expect("configuration");
        assert_eq!(full.platform, Some(Platform::linux("amd64")));
        assert_eq!(full.layer_ids, [Digest::of(b"l")]);
        assert!(full.created.is_some());
        assert!(read(json!({"rootfs": {"diff_ids": ["junk"]}})).is_err());
    }
}
