//! A reader of canonical DAG-CBOR, after docs/protocol.md and apart from the ledger's. Each value keeps the bytes that it
//! was read from, because hashes and signatures are over those.

/// The largest integer there is.
const MAX_INT: u64 = (1 << 53) - 1;
/// How deep lists and maps may lie inside each other.
const MAX_DEPTH: usize = 16;

/// Bytes that are no canonical value, or not the value that should stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no canonical value: {0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

type Read<T> = Result<T, Malformed>;

/// What a value is.
#[derive(Debug)]
enum Value<'a> {
    Int(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Node<'a>>),
    Map(Vec<(&'a str, Node<'a>)>),
    Bool(bool),
    Null,
}

/// A value with its bytes.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// The bytes that it was read from.
    pub(crate) bytes: &'a [u8],
    value: Value<'a>,
}

impl<'a> Node<'a> {
    /// The one value that `bytes` are.
    pub(crate) fn read(bytes: &'a [u8]) -> Read<Self> {
        let mut rest = bytes;
        let node = node(&mut rest, MAX_DEPTH)?;
        if rest.is_empty() {
            Ok(node)
        } else {
            Err(Malformed("bytes behind the value"))
        }
    }

    /// The fields of a map that has these keys and no other, in the order of `keys`.
    pub(crate) fn fields<const N: usize>(&self, keys: [&str; N]) -> Read<[&Self; N]> {
        let Value::Map(map) = &self.value else {
            return Err(Malformed("not a map"));
        };
        if map.len() != N {
            return Err(Malformed("other fields"));
        }
        let mut found = [self; N];
        for (place, key) in found.iter_mut().zip(keys) {
            let field = map.iter().find(|(name, _)| *name == key);
            *place = &field.ok_or(Malformed("a field is missing"))?.1;
        }
        Ok(found)
    }

    /// One of several kinds: text, or a map with the kind as its one key.
    pub(crate) fn kind(&self) -> Read<(&'a str, Option<&Self>)> {
        match &self.value {
            Value::Text(kind) => Ok((kind, None)),
            Value::Map(map) => match map.as_slice() {
                [(kind, inner)] => Ok((kind, Some(inner))),
                _ => Err(Malformed("not one kind")),
            },
            _ => Err(Malformed("no kind")),
        }
    }

    /// An integer.
    pub(crate) fn int(&self) -> Read<u64> {
        match self.value {
            Value::Int(int) => Ok(int),
            _ => Err(Malformed("not an integer")),
        }
    }

    /// A truth value.
    pub(crate) fn bool(&self) -> Read<bool> {
        match self.value {
            Value::Bool(bool) => Ok(bool),
            _ => Err(Malformed("not a truth value")),
        }
    }

    /// Text.
    pub(crate) fn text(&self) -> Read<&'a str> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(Malformed("not text")),
        }
    }

    /// A byte string of `N` bytes.
    pub(crate) fn array<const N: usize>(&self) -> Read<[u8; N]> {
        match self.value {
            Value::Bytes(bytes) => bytes.try_into().map_err(|_| Malformed("another length")),
            _ => Err(Malformed("not bytes")),
        }
    }

    /// A list.
    pub(crate) fn list(&self) -> Read<&[Self]> {
        match &self.value {
            Value::List(list) => Ok(list),
            _ => Err(Malformed("not a list")),
        }
    }

    /// The value where it is not null.
    pub(crate) fn some(&self) -> Option<&Self> {
        (!matches!(self.value, Value::Null)).then_some(self)
    }
}

fn take<'a>(rest: &mut &'a [u8], len: u64) -> Read<&'a [u8]> {
    let split = usize::try_from(len)
        .ok()
        .and_then(|len| rest.split_at_checked(len));
    let (taken, left) = split.ok_or(Malformed("cut short"))?;
    *rest = left;
    Ok(taken)
}

/// The major type and its argument, in the shortest form.
fn head(rest: &mut &[u8]) -> Read<(u8, u64)> {
    let first = take(rest, 1)?[0];
    let (major, short) = (first >> 5, first & 0x1f);
    let (argument, least) = match short {
        0..24 => return Ok((major, u64::from(short))),
        24..28 => {
            let bytes = take(rest, 1 << (short - 24))?;
            let argument = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(short - 24)];
            (argument, least)
        }
        _ => return Err(Malformed("an open length")),
    };
    // Of simple values only those that fit the first byte exist.
    if argument < least || major == 7 {
        return Err(Malformed("not the shortest form"));
    }
    Ok((major, argument))
}

fn node<'a>(rest: &mut &'a [u8], depth: usize) -> Read<Node<'a>> {
    let whole = *rest;
    let (major, argument) = head(rest)?;
    let deeper = || depth.checked_sub(1).ok_or(Malformed("too deep"));
    let value = match (major, argument) {
        (0, int) if int <= MAX_INT => Value::Int(int),
        (2, len) => Value::Bytes(take(rest, len)?),
        (3, len) => Value::Text(text(take(rest, len)?)?),
        (4, len) => {
            let depth = deeper()?;
            // Not sized by a length that nobody has checked.
            let mut list = Vec::new();
            for _ in 0..len {
                list.push(node(rest, depth)?);
            }
            Value::List(list)
        }
        (5, len) => {
            let depth = deeper()?;
            let mut map: Vec<(&str, Node<'_>)> = Vec::new();
            for _ in 0..len {
                let (3, len) = head(rest)? else {
                    return Err(Malformed("a key that is no text"));
                };
                let key = text(take(rest, len)?)?;
                let is_after = |(last, _): &(&str, _)| (last.len(), *last) < (key.len(), key);
                if !map.last().is_none_or(is_after) {
                    return Err(Malformed("keys out of order"));
                }
                map.push((key, node(rest, depth)?));
            }
            Value::Map(map)
        }
        (7, 20) => Value::Bool(false),
        (7, 21) => Value::Bool(true),
        (7, 22) => Value::Null,
        _ => return Err(Malformed("a type that is not used")),
    };
    let bytes = &whole[..whole.len() - rest.len()];
    Ok(Node { bytes, value })
}

fn text(bytes: &[u8]) -> Read<&str> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("text that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .chars()
            .map(|digit| digit.to_digit(16).unwrap() as u8)
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }

    #[test]
    fn every_canonical_vector_is_read_and_other_forms_are_refused() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/vectors/v1");
        let (mut read, mut refused) = (0, 0);
        for file in ["pushes", "requests", "direct", "gossip"] {
            let text = std::fs::read_to_string(format!("{folder}/{file}.json")).unwrap();
            let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            for vector in vectors {
                let mut form = bytes(vector["hex"].as_str().unwrap());
                if matches!(file, "pushes" | "requests") {
                    // The frame's length comes first.
                    let length = form.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
                    form.drain(..length.min(form.len()));
                }
                if vector["accept"] == true {
                    assert_eq!(Node::read(&form).unwrap().bytes, form, "{}", vector["name"]);
                    read += 1;
                } else if Node::read(&form).is_err() {
                    refused += 1;
                }
            }
        }
        assert!(read > 30, "{read}");
        println!("{read} vectors read, {refused} refused");
        for hex in [
            "1817",
            "190017",
            "f90000",
            "20",
            "9f00ff",
            "a2616200616100",
            "a2616100616100",
            "a10000",
            "c100",
            "1b0020000000000000",
            "0000",
            "62ff",
            "61ff",
            "f814",
            "",
        ] {
            assert!(Node::read(&bytes(hex)).is_err(), "{hex}");
        }
        let deep = [vec![0x81; 17], vec![0]].concat();
        assert!(Node::read(&deep).is_err() && Node::read(&deep[1..]).is_ok());
    }
}
