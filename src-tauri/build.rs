//! Bundles capabilities and permissions from `src-tauri/`; see `permissions/commands.toml`.
fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    // The pages are embedded; without this line a newly named file of theirs would go unnoticed.
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(
            tauri_build::AppManifest::new()
                .permissions_path_pattern("./src-tauri/permissions/**/*"),
        );
    if let Err(error) = tauri_build::try_build(attributes) {
        eprintln!("the application's manifest cannot be built: {error:#}");
        std::process::exit(1);
    }
}
