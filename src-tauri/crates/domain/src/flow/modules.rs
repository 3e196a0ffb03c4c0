//! Which package a module of Python is in, where the two are called differently.

/// Module and package, by the module. Where several packages bring it: the one that flows mean.
const PACKAGES: &[(&str, &str)] = &[
    ("Crypto", "pycryptodome"),
    ("OpenSSL", "pyOpenSSL"),
    ("PIL", "Pillow"),
    ("PyPDF2", "PyPDF2"),
    ("azure.ai.contentsafety", "azure-ai-contentsafety"),
    ("azure.ai.formrecognizer", "azure-ai-formrecognizer"),
    ("azure.ai.ml", "azure-ai-ml"),
    ("azure.cosmos", "azure-cosmos"),
    ("azure.identity", "azure-identity"),
    ("azure.keyvault.secrets", "azure-keyvault-secrets"),
    ("azure.search.documents", "azure-search-documents"),
    ("azure.storage.blob", "azure-storage-blob"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python-headless"),
    ("dateutil", "python-dateutil"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("faiss", "faiss-cpu"),
    ("fitz", "PyMuPDF"),
    ("git", "GitPython"),
    ("google.cloud.storage", "google-cloud-storage"),
    ("google.generativeai", "google-generativeai"),
    ("jose", "python-jose"),
    ("jwt", "PyJWT"),
    ("magic", "python-magic"),
    ("mistralai", "mistralai"),
    ("pptx", "python-pptx"),
    ("promptflow", "promptflow"),
    ("promptflow.azure", "promptflow-azure"),
    ("promptflow.client", "promptflow-devkit"),
    ("promptflow.evals", "promptflow-evals"),
    ("promptflow.parallel", "promptflow-parallel"),
    ("promptflow.rag", "promptflow-rag"),
    ("promptflow.tools", "promptflow-tools"),
    ("psycopg2", "psycopg2-binary"),
    ("pymupdf", "PyMuPDF"),
    ("sentence_transformers", "sentence-transformers"),
    ("serpapi", "google-search-results"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("slugify", "python-slugify"),
    ("telegram", "python-telegram-bot"),
    ("yaml", "PyYAML"),
    ("zmq", "pyzmq"),
];

/// The package that is most likely meant by a module that is missing, e.g. `bs4` → `beautifulsoup4`.
/// A person may know better.
pub fn package_of(module: &str) -> String {
    let mut name = module;
    loop {
        if let Some((_, package)) = PACKAGES.iter().find(|(known, _)| *known == name) {
            return (*package).to_owned();
        }
        match name.rsplit_once('.') {
            Some((outer, _)) => name = outer,
            None => break,
        }
    }
    // Packages of Azure are called by their modules.
    if module.starts_with("azure.") {
        return module.split('.').take(3).collect::<Vec<_>>().join("-");
    }
    module.split('.').next().unwrap_or(module).replace('_', "-")
}

/// The module that an error says is missing.
pub fn missing_module(message: &str) -> Option<&str> {
    let (before, rest) = message.split_once("No module named ")?;
    // Another exception may quote these words.
    let before = before.trim_end_matches([' ', ':', ')']);
    if !(before.is_empty()
        || ["ModuleNotFoundError", "ImportError"].iter().any(|class| before.ends_with(class)))
    {
        return None;
    }
    let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    rest[1..].split(quote).next().filter(|module| !module.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_leads_to_its_package() {
        for (module, package) in [
            ("PyPDF2", "PyPDF2"),
            ("bs4", "beautifulsoup4"),
            ("yaml", "PyYAML"),
            ("sklearn.linear_model", "scikit-learn"),
            ("promptflow.tools", "promptflow-tools"),
            ("azure.search.documents.models", "azure-search-documents"),
            ("azure.communication.email", "azure-communication-email"),
            ("langchain.chains", "langchain"),
            ("my_module", "my-module"),
        ] {
            assert_eq!(package_of(module), package, "{module}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(PACKAGES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_missing_module_is_read_from_its_error() {
        let words =
            "Execution failure in 'upper': (ModuleNotFoundError) No module named 'langchain.x'";
        assert_eq!(missing_module(words), Some("langchain.x"));
        assert_eq!(missing_module("(ImportError) cannot import name 'x'"), None);
        assert_eq!(missing_module("No module named uvicorn"), None);
        let quoted = "Execution failure in 'a': (ValueError) it said: No module named 'x'";
        assert_eq!(missing_module(quoted), None);
    }
}
