//! The types of connections that Prompt flow knows, and what each asks for.
//!
//! Names, fields and defaults are those of promptflow's own classes (`promptflow.core._connection`).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A type of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionType {
    AzureOpenAi,
    OpenAi,
    /// A model served by itself: Azure's serverless endpoints.
    Serverless,
    /// `SerpApi`, which asks search engines.
    Serp,
    /// Azure AI Search.
    CognitiveSearch,
    AzureAiServices,
    AzureContentSafety,
    /// Azure AI Document Intelligence.
    FormRecognizer,
    /// Whatever a flow needs: pairs, some of them secret.
    Custom,
    /// A custom one whose class a package brings.
    CustomStrongType,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FieldKind {
    /// `https://…`.
    Address,
    /// An API's version: `2024-02-01`, `2024-05-01-preview`.
    Version,
    /// A name of Python: of a module (`a.b`), a class or a package.
    PythonName,
    /// Any line of text.
    Text,
}

/// One field of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldSpec {
    /// As in Prompt flow's own files, e.g. `api_base`.
    pub key: &'static str,
    pub kind: FieldKind,
    pub required: bool,
    /// It lives in the keyring only.
    pub secret: bool,
    /// Used where nothing is given.
    pub default: Option<&'static str>,
    /// How a value looks, for people.
    pub example: Option<&'static str>,
}

const fn field(key: &'static str, kind: FieldKind) -> FieldSpec {
    FieldSpec { key, kind, required: false, secret: false, default: None, example: None }
}

impl FieldSpec {
    const fn needed(mut self) -> Self {
        self.required = true;
        self
    }
    const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
    const fn such_as(mut self, example: &'static str) -> Self {
        self.example = Some(example);
        self
    }
}

const KEY: FieldSpec = FieldSpec { secret: true, ..field("api_key", FieldKind::Text).needed() };
const VERSION: FieldSpec = field("api_version", FieldKind::Version);
const TYPE: FieldSpec = field("api_type", FieldKind::Text);

const AZURE_OPEN_AI: &[FieldSpec] = &[
    field("api_base", FieldKind::Address).needed().such_as("https://NAME.openai.azure.com/"),
    KEY,
    TYPE.or("azure"),
    VERSION.or("2024-02-01"),
];
const OPEN_AI: &[FieldSpec] = &[
    KEY,
    field("organization", FieldKind::Text).such_as("org-…"),
    field("base_url", FieldKind::Address).such_as("https://api.openai.com/v1"),
];
const SERVERLESS: &[FieldSpec] = &[
    field("api_base", FieldKind::Address)
        .needed()
        .such_as("https://NAME.REGION.models.ai.azure.com"),
    KEY,
];
const SERP: &[FieldSpec] = &[KEY];
const COGNITIVE_SEARCH: &[FieldSpec] = &[
    field("api_base", FieldKind::Address).needed().such_as("https://NAME.search.windows.net"),
    KEY,
    VERSION.or("2023-11-01"),
];
const ENDPOINT: FieldSpec = field("endpoint", FieldKind::Address)
    .needed()
    .such_as("https://NAME.cognitiveservices.azure.com/");
const AI_SERVICES: &[FieldSpec] = &[ENDPOINT, KEY];
const CONTENT_SAFETY: &[FieldSpec] =
    &[ENDPOINT, KEY, VERSION.or("2023-10-01"), TYPE.or("Content Safety")];
const FORM_RECOGNIZER: &[FieldSpec] =
    &[ENDPOINT, KEY, VERSION.or("2023-07-31"), TYPE.or("Form Recognizer")];
const STRONG: &[FieldSpec] = &[
    field("custom_type", FieldKind::PythonName).needed().such_as("MyConnection"),
    field("module", FieldKind::PythonName).needed().such_as("my_package.connections"),
    field("package", FieldKind::PythonName).needed().such_as("my-package"),
    field("package_version", FieldKind::Text).needed().such_as("1.0.0"),
];

impl ConnectionType {
    /// Every type, the usual ones first.
    pub const ALL: [Self; 10] = [
        Self::AzureOpenAi,
        Self::OpenAi,
        Self::Serverless,
        Self::CognitiveSearch,
        Self::AzureAiServices,
        Self::AzureContentSafety,
        Self::FormRecognizer,
        Self::Serp,
        Self::Custom,
        Self::CustomStrongType,
    ];

    /// What it asks for, in the order of a form.
    pub fn fields(self) -> &'static [FieldSpec] {
        match self {
            Self::AzureOpenAi => AZURE_OPEN_AI,
            Self::OpenAi => OPEN_AI,
            Self::Serverless => SERVERLESS,
            Self::Serp => SERP,
            Self::CognitiveSearch => COGNITIVE_SEARCH,
            Self::AzureAiServices => AI_SERVICES,
            Self::AzureContentSafety => CONTENT_SAFETY,
            Self::FormRecognizer => FORM_RECOGNIZER,
            Self::Custom => &[],
            Self::CustomStrongType => STRONG,
        }
    }

    /// One of its fields.
    pub fn field(self, key: &str) -> Option<&'static FieldSpec> {
        self.fields().iter().find(|field| field.key == key)
    }

    /// Whether it holds pairs of the person's choice.
    pub fn has_pairs(self) -> bool {
        matches!(self, Self::Custom | Self::CustomStrongType)
    }

    /// The class in Prompt flow, which the executor service is told.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::AzureOpenAi => "AzureOpenAIConnection",
            Self::OpenAi => "OpenAIConnection",
            Self::Serverless => "ServerlessConnection",
            Self::Serp => "SerpConnection",
            Self::CognitiveSearch => "CognitiveSearchConnection",
            Self::AzureAiServices => "AzureAIServicesConnection",
            Self::AzureContentSafety => "AzureContentSafetyConnection",
            Self::FormRecognizer => "FormRecognizerConnection",
            Self::Custom => "CustomConnection",
            Self::CustomStrongType => "CustomStrongTypeConnection",
        }
    }

    /// Its name in a file of `pf connection`.
    pub fn yaml_name(self) -> &'static str {
        match self {
            Self::AzureOpenAi => "azure_open_ai",
            Self::OpenAi => "open_ai",
            Self::Serverless => "serverless",
            Self::Serp => "serp",
            Self::CognitiveSearch => "cognitive_search",
            Self::AzureAiServices => "azure_ai_services",
            Self::AzureContentSafety => "azure_content_safety",
            Self::FormRecognizer => "form_recognizer",
            // `pf` tells a strong type by its further keys.
            Self::Custom | Self::CustomStrongType => "custom",
        }
    }

    /// The type of this name: that of a file, or of the class with or without its ending.
    pub fn named(text: &str) -> Option<Self> {
        let plain = |text: &str| {
            let text: String = text
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|letter| letter.to_ascii_lowercase())
                .collect();
            text.strip_suffix("connection").unwrap_or(&text).to_owned()
        };
        let wanted = plain(text);
        Self::ALL.into_iter().find(|kind| plain(kind.class_name()) == wanted)
    }

    /// Where a connection of this type leads when it names no address itself.
    pub(super) fn usual_address(self) -> Option<&'static str> {
        match self {
            Self::Serp => Some("https://serpapi.com"),
            Self::OpenAi => Some("https://api.openai.com/v1"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_known_by_each_of_its_names() {
        for kind in ConnectionType::ALL {
            assert_eq!(ConnectionType::named(kind.class_name()), Some(kind));
            if kind != ConnectionType::CustomStrongType {
                assert_eq!(ConnectionType::named(kind.yaml_name()), Some(kind));
            }
        }
        assert_eq!(ConnectionType::named("AzureOpenAI"), Some(ConnectionType::AzureOpenAi));
        assert_eq!(ConnectionType::named("weaviate"), None);
        assert_eq!(ConnectionType::named(""), None);
    }

    #[test]
    fn what_a_type_asks_for_has_no_key_twice_and_no_secret_with_a_default() {
        for kind in ConnectionType::ALL {
            for (at, field) in kind.fields().iter().enumerate() {
                assert!(!(field.secret && field.default.is_some()), "{kind:?} {}", field.key);
                assert_eq!(kind.fields().iter().position(|one| one.key == field.key), Some(at));
            }
        }
    }
}
