//! What makes this relay this relay: its libp2p identity, its order key and its WebRTC certificate. Made on the first
//! run, kept in the data folder, readable by the owner alone.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use libp2p::identity::Keypair;
use libp2p_webrtc::tokio::Certificate;
use rookery_ledger::id::OrderKey;

const IDENTITY_FILE: &str = "identity.key";
const ORDER_FILE: &str = "order.key";
const CERTIFICATE_FILE: &str = "webrtc.pem";
/// Around a part of its public half: the name of the file of an order key that was given up.
const ASIDE: (&str, &str) = ("order-", ".key.old");

/// The keys of one relay.
#[derive(Clone)]
pub struct Keys {
    /// Who the relay is to libp2p.
    pub identity: Keypair,
    /// Signs receipts.
    pub order: SigningKey,
    /// Its hash is part of the WebRTC address, so it has to stay the same.
    pub certificate: Certificate,
}

/// The keys cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file holds no key.
    #[error("{}: {what}; restore it from a backup, or move it away to get a new one (and with it a new name)", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The system gave no random bytes.
    #[error("no random numbers from the system: {0}")]
    Random(#[from] getrandom::Error),
    /// No WebRTC certificate can be made.
    #[error("cannot make a WebRTC certificate: {0}")]
    Certificate(#[source] libp2p_webrtc::tokio::certificate::Error),
}

impl Keys {
    /// Reads the keys from the folder `data`, and makes those that are missing.
    ///
    /// # Errors
    ///
    /// [`KeyError`] where a file cannot be read, written or understood.
    pub fn load_or_make(data: &Path) -> Result<Self, KeyError> {
        fs::create_dir_all(data).map_err(|source| KeyError::Io {
            path: data.into(),
            source,
        })?;
        let identity = load_or_make(
            &data.join(IDENTITY_FILE),
            || {
                Keypair::generate_ed25519()
                    .to_protobuf_encoding()
                    .map_err(|error| error.to_string())
            },
            |bytes| Keypair::from_protobuf_encoding(bytes).map_err(|error| error.to_string()),
        )?;
        let order = load_or_make_order(&data.join(ORDER_FILE))?;
        let fresh = Certificate::generate(&mut rand::rng()).map_err(KeyError::Certificate)?;
        let certificate = load_or_make(
            &data.join(CERTIFICATE_FILE),
            || Ok(fresh.serialize_pem().into_bytes()),
            |bytes| {
                let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
                Certificate::from_pem(text).map_err(|error| error.to_string())
            },
        )?;
        Ok(Self {
            identity,
            order,
            certificate,
        })
    }

    /// Puts the order key aside, where [`Keys::given_up`] finds it, and makes another one.
    ///
    /// # Errors
    ///
    /// [`KeyError`] where a file cannot be read, written or understood.
    pub fn renew_order(&mut self, data: &Path) -> Result<(), KeyError> {
        let (path, aside) = (data.join(ORDER_FILE), data.join(aside(self.order_key())));
        fs::rename(&path, &aside).map_err(|source| KeyError::Io {
            path: aside,
            source,
        })?;
        self.order = load_or_make_order(&path)?;
        Ok(())
    }

    /// The order keys that were put aside in the folder `data`.
    ///
    /// # Errors
    ///
    /// [`KeyError`] where a file cannot be read or understood.
    pub fn given_up(data: &Path) -> Result<Vec<SigningKey>, KeyError> {
        let io = |source| KeyError::Io {
            path: data.into(),
            source,
        };
        let mut keys = Vec::new();
        for file in fs::read_dir(data).map_err(io)? {
            let path = file.map_err(io)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let is_key = |name: &str| name.starts_with(ASIDE.0) && name.ends_with(ASIDE.1);
            if name.is_some_and(is_key) {
                keys.push(load_or_make(&path, || Err("is gone".into()), order_key)?);
            }
        }
        Ok(keys)
    }

    /// The public half of the order key.
    #[must_use]
    pub fn order_key(&self) -> OrderKey {
        OrderKey(self.order.verifying_key().to_bytes())
    }
}

/// The name of the file of an order key that was given up.
fn aside(key: OrderKey) -> String {
    let name = key.to_string();
    format!("{}{}{}", ASIDE.0, name.get(..16).unwrap_or(&name), ASIDE.1)
}

fn order_key(bytes: &[u8]) -> Result<SigningKey, String> {
    let seed = bytes
        .try_into()
        .map_err(|_| format!("{} bytes instead of 32", bytes.len()))?;
    Ok(SigningKey::from_bytes(seed))
}

fn load_or_make_order(path: &Path) -> Result<SigningKey, KeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    load_or_make(path, || Ok(seed.to_vec()), order_key)
}

fn load_or_make<T>(
    path: &Path,
    make: impl FnOnce() -> Result<Vec<u8>, String>,
    parse: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, KeyError> {
    let broken = |what| KeyError::Broken {
        path: path.into(),
        what,
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = make().map_err(broken)?;
            write_private(path, &bytes).map_err(|source| KeyError::Io {
                path: path.into(),
                source,
            })?;
            bytes
        }
        Err(source) => {
            return Err(KeyError::Io {
                path: path.into(),
                source,
            });
        }
    };
    parse(&bytes).map_err(broken)
}

/// Writes a file that only its owner reads, whole or not at all, durably.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_kept_private_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("deep/data");
        let first = Keys::load_or_make(&data).unwrap();
        let again = Keys::load_or_make(&data).unwrap();
        assert_eq!(first.identity.public(), again.identity.public());
        assert_eq!(first.order_key(), again.order_key());
        assert_eq!(
            first.certificate.fingerprint(),
            again.certificate.fingerprint()
        );
        #[cfg(unix)]
        for file in [IDENTITY_FILE, ORDER_FILE, CERTIFICATE_FILE] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(data.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn an_order_key_that_is_given_up_is_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let mut keys = Keys::load_or_make(dir.path()).unwrap();
        let mut before = Vec::new();
        for _ in 0..2 {
            before.push(keys.order_key().0);
            keys.renew_order(dir.path()).unwrap();
        }
        let aside = Keys::given_up(dir.path()).unwrap();
        let mut aside: Vec<_> = aside
            .iter()
            .map(|key| key.verifying_key().to_bytes())
            .collect();
        aside.sort_unstable();
        before.sort_unstable();
        assert_eq!(aside, before);
        assert!(!before.contains(&keys.order_key().0));
        let again = Keys::load_or_make(dir.path()).unwrap();
        assert_eq!(again.order_key(), keys.order_key());
        assert_eq!(again.identity.public(), keys.identity.public());
    }

    #[test]
    fn a_broken_key_file_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(ORDER_FILE);
        fs::write(&path, b"short").unwrap();
        let error = Keys::load_or_make(dir.path()).err().unwrap().to_string();
        assert!(
            error.contains(ORDER_FILE) && error.contains("5 bytes"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
