//! What has to be set before the window system starts.

/// Switches that keep WebKitGTK from a blank window or an abort, set only where nothing is set.
///
/// Software rendering without DMA-BUF is slower and always works; a machine with a graphics card
/// (`/dev/dri`) is left alone.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no thread runs yet that could read the environment")]
pub fn prepare() {
    let set = |name: &str, value: &str| {
        if std::env::var_os(name).is_none() {
            // SAFETY: called first in `main`, before any thread is started.
            unsafe { std::env::set_var(name, value) };
        }
    };
    if !std::path::Path::new("/dev/dri").exists() {
        set("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        set("WEBKIT_DISABLE_COMPOSITING_MODE", "1");
    }
    // Under the language `C` WebKit tells pages a language that their formatters refuse.
    let language = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    if language
        .is_none_or(|language| language == "C" || language == "POSIX" || language.starts_with("C."))
    {
        set("LANGUAGE", "en_US");
    }
}

/// Nothing has to be set elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn prepare() {}
