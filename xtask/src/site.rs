//! The static site: the page, bundled, and both packages, assembled in `dist/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::command;
use crate::node;
use crate::precache;
use crate::stamp;
use crate::wasm;
use crate::workspace::Workspace;

/// What lies in `www/` for the tools, not for the visitor.
const NOT_THE_PAGE: [&str; 5] = [
    "bundle.mjs",
    "package.json",
    "package-lock.json",
    "sw.tsconfig.json",
    "tsconfig.json",
];

/// What lies in `www/` and reaches the visitor as part of the bundle, or not at all.
const NOT_AS_IT_IS: [&str; 4] = ["node_modules", "src", "styles", "tests"];

/// Stands in `www/index.html` where the hash of the import map belongs.
const IMPORT_MAP_HASH: &str = "__IMPORTMAP_HASH__";

/// What each file of the site holds.
pub(crate) type Site = BTreeMap<PathBuf, Vec<u8>>;

/// Installs what the site is made with, builds what changed, and brings `dist/` up to date.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    node::packages(workspace)?;
    wasm::build(workspace)?;
    assemble(workspace)
}

/// Brings `dist/` up to date with what is built.
fn assemble(workspace: &Workspace) -> Result<()> {
    let mut site = Site::new();
    for path in stamp::files(&workspace.page(), &NOT_AS_IT_IS)? {
        if !NOT_THE_PAGE.iter().any(|name| path == Path::new(name)) {
            site.insert(path.clone(), read(&workspace.page().join(path))?);
        }
    }
    let index = PathBuf::from("index.html");
    let page = fs::read_to_string(workspace.page().join(&index)).context("cannot read the page")?;
    site.insert(index, with_import_map_hash(&page)?.into_bytes());
    for package in &wasm::PACKAGES {
        let place = Path::new("packages").join(package.name);
        for folder in [package.output(workspace), package.modules(workspace)] {
            for path in stamp::files(&folder, &[])? {
                site.insert(place.join(&path), read(&folder.join(path))?);
            }
        }
        let manifest = package_manifest(workspace, package)?;
        site.insert(place.join("package.json"), manifest.into_bytes());
        let licence = workspace.root.join("LICENSE");
        site.insert(place.join("LICENSE"), read(&licence)?);
    }
    let bundle = bundle(workspace)?;
    for path in stamp::files(&bundle, &[])? {
        site.insert(path.clone(), read(&bundle.join(path))?);
    }
    let precache = precache::script(&site).into_bytes();
    site.insert(PathBuf::from(precache::NAME), precache);
    write(&workspace.dist, &site)
}

/// Whether a visitor's browser may load a file of the site; the rest are types, manifests and licences, and the modules of
/// the peer, which are in `peer.js`.
pub(crate) fn is_loaded(path: &Path) -> bool {
    if path.starts_with("packages/peer") && path.extension().is_some_and(|kind| kind == "js") {
        return false;
    }
    let name = path.to_string_lossy();
    let ends = [
        ".d.ts",
        ".mjs.map",
        ".js.map",
        ".css.map",
        "package.json",
        ".md",
        "uci.mjs",
    ];
    !ends.iter().any(|end| name.ends_with(end)) && !name.contains("LICENSE")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The page's policy lets one inline script run, the import map, and names it by its hash.
fn with_import_map_hash(page: &str) -> Result<String> {
    let map = page
        .split_once("<script type=\"importmap\">")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map(|(map, _)| map)
        .context("www/index.html has no import map")?;
    if !page.contains(IMPORT_MAP_HASH) {
        bail!("www/index.html has no {IMPORT_MAP_HASH} in its policy");
    }
    let hash = STANDARD.encode(Sha256::digest(map));
    Ok(page.replace(IMPORT_MAP_HASH, &format!("sha256-{hash}")))
}

/// What npm needs to know about a package: so that the folder in the site can be published or installed as it is.
fn package_manifest(workspace: &Workspace, package: &wasm::Package) -> Result<String> {
    let text = |value: &str| Value::from(value).to_string();
    // Written out, because the order of the conditions counts and JSON libraries need not keep it.
    let mut conditions = vec![("types", "./index.d.ts")];
    conditions.extend(package.entries);
    let conditions: Vec<String> = conditions
        .iter()
        .map(|(condition, module)| format!("{}: {}", text(condition), text(module)))
        .collect();
    Ok(format!(
        r#"{{
  "name": {name},
  "version": {version},
  "description": {description},
  "license": "GPL-3.0-or-later",
  "type": "module",
  "exports": {{
    ".": {{ {conditions} }},
    "./*": "./*"
  }}
}}
"#,
        name = text(&format!("@rookery/{}", package.name)),
        version = text(workspace.version()?),
        description = text(workspace.description(package.krate)?),
        conditions = conditions.join(", "),
    ))
}

/// Bundles the page's modules and styles anew, which takes less than a second, and says where the result is.
fn bundle(workspace: &Workspace) -> Result<PathBuf> {
    let output = workspace.target.join("page");
    if output.exists() {
        fs::remove_dir_all(&output)
            .with_context(|| format!("cannot remove {}", output.display()))?;
    }
    let mut bundle = Command::new("node");
    bundle
        .current_dir(workspace.page())
        .arg("bundle.mjs")
        .arg(&output)
        .arg(wasm::PEER.output(workspace));
    command::run(&mut bundle, "bundle the page")?;
    Ok(output)
}

/// Writes what differs and removes what is no longer part of the site, so that a relay that serves it never misses it.
fn write(dist: &Path, site: &Site) -> Result<()> {
    for (path, wanted) in site {
        let path = dist.join(path);
        if fs::read(&path).is_ok_and(|present| present == *wanted) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for path in stamp::files(dist, &[])? {
        if !site.contains_key(&path) {
            let path = dist.join(path);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_import_map_by_its_hash() {
        let page = "'__IMPORTMAP_HASH__' <script type=\"importmap\">{}</script>";
        // printf '{}' | openssl dgst -sha256 -binary | base64
        let hash = "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
        let expected = format!("'sha256-{hash}' <script type=\"importmap\">{{}}</script>");
        assert_eq!(with_import_map_hash(page).unwrap(), expected);
        assert!(with_import_map_hash("__IMPORTMAP_HASH__").is_err());
    }

    #[test]
    fn the_site_holds_what_is_named_and_nothing_else() {
        let dist = std::env::temp_dir().join(format!("xtask-site-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dist);
        fs::create_dir_all(dist.join("old")).unwrap();
        fs::write(dist.join("old/stale.js"), "stale").unwrap();
        let site = Site::from([
            (PathBuf::from("new/a.js"), b"a".to_vec()),
            (PathBuf::from("licence"), b"b".to_vec()),
        ]);
        write(&dist, &site).unwrap();
        let names = [PathBuf::from("licence"), PathBuf::from("new/a.js")];
        assert_eq!(stamp::files(&dist, &[]).unwrap(), names);
        assert_eq!(fs::read_to_string(dist.join("new/a.js")).unwrap(), "a");
        fs::remove_dir_all(&dist).unwrap();
    }
}
