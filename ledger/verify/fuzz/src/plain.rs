//! A second, naive reading of canonical DAG-CBOR, without the ledger's code: a value is read into memory and written
//! again, and only what comes out as it went in is canonical.

/// How deep lists and maps may lie in each other.
const DEPTH: usize = 16;
/// 2^53 - 1.
const LARGEST: u64 = 9_007_199_254_740_991;

/// A value of the protocol.
#[derive(Debug)]
enum Value {
    Number(u64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    /// `false`, `true` or `null`, as its one byte.
    Simple(u8),
}

/// How many of `bytes` are the first value, if that is whole and in its one form.
pub(crate) fn first(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let value = read(&mut rest, 0)?;
    let len = bytes.len() - rest.len();
    let mut again = Vec::new();
    write(&value, &mut again)?;
    (again == bytes[..len]).then_some(len)
}

fn take<'a>(rest: &mut &'a [u8], n: u64) -> Option<&'a [u8]> {
    let n = usize::try_from(n).ok()?;
    let (taken, behind) = rest.split_at_checked(n)?;
    *rest = behind;
    Some(taken)
}

/// The major type and the number of a head, in whatever length.
fn head(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let first = take(rest, 1)?[0];
    let number = match first & 31 {
        short @ 0..=23 => u64::from(short),
        long @ 24..=27 => {
            let bytes = take(rest, 1 << (long - 24))?;
            let mut number = 0;
            for byte in bytes {
                number = number * 256 + u64::from(*byte);
            }
            number
        }
        _ => return None,
    };
    Some((first / 32, number))
}

fn read(rest: &mut &[u8], depth: usize) -> Option<Value> {
    let start = *rest.first()?;
    let (major, number) = head(rest)?;
    if (major == 4 || major == 5) && depth == DEPTH {
        return None;
    }
    Some(match major {
        0 => Value::Number(number),
        2 => Value::Bytes(take(rest, number)?.to_vec()),
        3 => Value::Text(String::from_utf8(take(rest, number)?.to_vec()).ok()?),
        4 => {
            let mut list = Vec::new();
            for _ in 0..number {
                list.push(read(rest, depth + 1)?);
            }
            Value::List(list)
        }
        5 => {
            let mut map = Vec::new();
            for _ in 0..number {
                let Value::Text(key) = read(rest, depth)? else {
                    return None;
                };
                map.push((key, read(rest, depth + 1)?));
            }
            Value::Map(map)
        }
        7 if (0xf4..=0xf6).contains(&start) => Value::Simple(start),
        _ => return None,
    })
}

fn write(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Number(number) if *number <= LARGEST => write_head(0, *number, out),
        Value::Number(_) => return None,
        Value::Bytes(bytes) => {
            write_head(2, bytes.len() as u64, out);
            out.extend(bytes);
        }
        Value::Text(text) => {
            write_head(3, text.len() as u64, out);
            out.extend(text.bytes());
        }
        Value::List(list) => {
            write_head(4, list.len() as u64, out);
            for value in list {
                write(value, out)?;
            }
        }
        Value::Map(map) => {
            let mut sorted: Vec<_> = map.iter().collect();
            sorted.sort_by_key(|(key, _)| (key.len(), key.as_str()));
            if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return None;
            }
            write_head(5, map.len() as u64, out);
            for (key, value) in sorted {
                write_head(3, key.len() as u64, out);
                out.extend(key.bytes());
                write(value, out)?;
            }
        }
        Value::Simple(byte) => out.push(*byte),
    }
    Some(())
}

fn write_head(major: u8, number: u64, out: &mut Vec<u8>) {
    let kind = major * 32;
    let bytes = number.to_be_bytes();
    match number {
        0..=23 => out.push(kind + bytes[7]),
        24..=0xff => out.extend([kind + 24, bytes[7]]),
        0x100..=0xffff => {
            out.push(kind + 25);
            out.extend(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(kind + 26);
            out.extend(&bytes[4..]);
        }
        _ => {
            out.push(kind + 27);
            out.extend(bytes);
        }
    }
}
