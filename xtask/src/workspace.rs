//! Where things lie: the workspace's root, its output folders, and which crates a crate is made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

/// The paths that every command works with, and what Cargo knows about the crates.
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's output folder, `target` unless the user moved it.
    pub(crate) target: PathBuf,
    /// The assembled static site.
    pub(crate) dist: PathBuf,
    metadata: Value,
}

impl Workspace {
    /// Asks Cargo where the workspace is and what its crates depend on.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let output = Command::new(cargo())
            .args(["metadata", "--format-version", "1", "--manifest-path"])
            .arg(&manifest)
            .output()
            .context("cargo is missing: install Rust with rustup from https://rustup.rs")?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            anyhow::bail!(
                "cargo could not read the workspace; the first run needs the network to fetch the crates:\n{reason}"
            );
        }
        let metadata: Value =
            serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        let folder = |key: &str| -> Result<PathBuf> {
            let path = metadata[key]
                .as_str()
                .with_context(|| format!("cargo metadata has no {key}"))?;
            Ok(PathBuf::from(path))
        };
        let root = folder("workspace_root")?;
        Ok(Self {
            target: folder("target_directory")?,
            dist: root.join("dist"),
            root,
            metadata,
        })
    }

    /// The page's sources.
    pub(crate) fn page(&self) -> PathBuf {
        self.root.join("www")
    }

    /// Where tools are installed that only this workspace needs.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A binary of the release profile.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target
            .join("release")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The version that the workspace's crates share.
    pub(crate) fn version(&self) -> Result<&str> {
        self.package_field("rookery-engine", "version")
    }

    /// The version of `name` in `Cargo.lock`.
    pub(crate) fn locked_version(&self, name: &str) -> Result<&str> {
        self.package_field(name, "version")
    }

    /// What a crate says of itself.
    pub(crate) fn description(&self, name: &str) -> Result<&str> {
        self.package_field(name, "description")
    }

    fn package_field(&self, name: &str, field: &str) -> Result<&str> {
        self.packages()
            .find(|package| package["name"] == name)
            .and_then(|package| package[field].as_str())
            .with_context(|| format!("the workspace does not use a crate `{name}`"))
    }

    fn packages(&self) -> impl Iterator<Item = &Value> {
        self.metadata["packages"].as_array().into_iter().flatten()
    }

    /// The folders of `name` and of every crate of this workspace that it is made of, sorted. What is optional is left
    /// out: it is for the native programs.
    pub(crate) fn source_folders(&self, name: &str) -> Result<Vec<PathBuf>> {
        let mut found = BTreeSet::new();
        let mut queue = vec![name.to_owned()];
        while let Some(name) = queue.pop() {
            let package = self
                .packages()
                .find(|package| package["source"].is_null() && package["name"] == name.as_str())
                .with_context(|| format!("the workspace has no crate `{name}`"))?;
            let manifest = package["manifest_path"].as_str().unwrap_or_default();
            let folder = Path::new(manifest).parent().unwrap_or(&self.root);
            if !found.insert(folder.to_path_buf()) {
                continue;
            }
            for dependency in package["dependencies"].as_array().into_iter().flatten() {
                let is_local = dependency["path"].is_string();
                let is_needed = dependency["optional"] != true && dependency["kind"] != "dev";
                if let (true, Some(name)) = (is_local && is_needed, dependency["name"].as_str()) {
                    queue.push(name.to_owned());
                }
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// The cargo that started us, or the one on the path.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether this is a run on a build machine, where nothing may be left out.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

#[cfg(test)]
mod tests {
    use super::{Value, Workspace};

    #[test]
    fn the_wasm_packages_are_made_of_their_own_sources_only() {
        let workspace = Workspace::find().unwrap();
        let folders = |name: &str| -> Vec<String> {
            let folders = workspace.source_folders(name).unwrap();
            let relative = folders
                .iter()
                .map(|folder| folder.strip_prefix(&workspace.root).unwrap());
            relative
                .map(|folder| folder.to_string_lossy().replace('\\', "/"))
                .collect()
        };
        assert_eq!(folders("rookery-web-engine"), ["engine", "web/engine"]);
        assert_eq!(folders("rookery-web-peer"), ["ledger", "web/peer"]);
    }

    #[test]
    fn who_embeds_the_engine_pays_for_no_compression() {
        let workspace = Workspace::find().unwrap();
        let nodes = workspace.metadata["resolve"]["nodes"].as_array().unwrap();
        let engine = nodes
            .iter()
            .find(|node| {
                node["id"]
                    .as_str()
                    .unwrap()
                    .contains("/engine#rookery-engine")
            })
            .unwrap();
        let dependencies = engine["deps"].as_array().unwrap();
        assert!(
            dependencies
                .iter()
                .any(|needed| needed["name"] == "shakmaty")
        );
        // Of the program's own feature, which is off unless asked for.
        let games = |needed: &Value| needed["name"] == "rookery_games";
        assert!(!dependencies.iter().any(games));
    }
}
