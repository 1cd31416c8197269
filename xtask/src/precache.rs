//! The list by which the service worker keeps the page on a device: one version, each of its files with the hash of what
//! the file holds.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::site::{Site, is_loaded};

/// Where the list lies in the site; `sw.js` imports it.
pub(crate) const NAME: &str = "precache.js";

/// What the worker does not keep by this list: itself, and the names of the relays, which a host changes at will.
const LEFT_OUT: [&str; 2] = ["sw.js", "rookery.json"];

/// Digits of a version; it only has to differ from that before.
const VERSION_DIGITS: usize = 16;

/// A script that puts the list where the worker finds it. It changes exactly if the page does.
pub(crate) fn script(site: &Site) -> String {
    let mut files = Map::new();
    let mut version = Sha256::new();
    for (path, bytes) in site {
        let name = path.to_string_lossy().replace('\\', "/");
        if !is_loaded(path) || LEFT_OUT.iter().any(|left| path == Path::new(left)) {
            continue;
        }
        let hash = STANDARD.encode(Sha256::digest(bytes));
        version.update(format!("{name} {hash}\n"));
        files.insert(name, Value::from(format!("sha256-{hash}")));
    }
    let version: String = version
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let list = Value::from(Map::from_iter([
        (
            "version".to_owned(),
            Value::from(&version[..VERSION_DIGITS]),
        ),
        ("files".to_owned(), Value::from(files)),
    ]));
    format!("self.PRECACHE = {list:#};\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(site: &Site) -> Value {
        let script = script(site);
        let list = script
            .strip_prefix("self.PRECACHE = ")
            .and_then(|rest| rest.strip_suffix(";\n"));
        serde_json::from_str(list.unwrap()).unwrap()
    }

    #[test]
    fn the_list_names_what_a_browser_loads_and_follows_its_contents() {
        let mut site = Site::from([
            ("index.html".into(), b"{}".to_vec()),
            ("packages/engine/index.d.ts".into(), b"types".to_vec()),
            ("packages/peer/peer.js".into(), b"in peer.js".to_vec()),
            ("rookery.json".into(), b"relays".to_vec()),
            ("sw.js".into(), b"worker".to_vec()),
        ]);
        let first = list(&site);
        // printf '{}' | openssl dgst -sha256 -binary | base64
        let hash = "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
        assert_eq!(
            first["files"],
            serde_json::json!({ "index.html": hash }),
            "nothing but what is loaded"
        );

        site.insert("rookery.json".into(), b"other relays".to_vec());
        assert_eq!(list(&site), first);
        site.insert("index.html".into(), b"other".to_vec());
        assert_ne!(list(&site)["version"], first["version"]);
    }
}
