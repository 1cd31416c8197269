//! STUN messages, as far as a binding server needs them (RFC 8489, sections 5, 6 and 14). Pure.

use std::net::{IpAddr, SocketAddr};

const HEADER: usize = 20;
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// From here on an attribute that is not known may be ignored.
const OPTIONAL: u16 = 0x8000;
/// Attributes that must be understood, and that a server without accounts has no use for: USERNAME, MESSAGE-INTEGRITY, REALM, NONCE,
/// MESSAGE-INTEGRITY-SHA256, PASSWORD-ALGORITHM, USERHASH.
const OF_ACCOUNTS: [u16; 7] = [0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e];
/// Unknown attributes that are named in an answer: so that it stays smaller than twice the request.
const MAX_NAMED: usize = 4;

/// The answer to a datagram that came from `from`: where that is, or which attributes are not understood; none where it is no
/// well-formed binding request. At most 24 bytes longer than the request.
pub(super) fn answer(datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (header, body) = datagram.split_at_checked(HEADER)?;
    let (kind, header) = take_u16(header)?;
    let (len, header) = take_u16(header)?;
    let (magic, transaction) = header.split_at_checked(MAGIC.len())?;
    let fits = usize::from(len) == body.len() && body.len().is_multiple_of(4);
    if kind != BINDING_REQUEST || magic != MAGIC || !fits {
        return None;
    }
    let unknown = unknown(body)?;
    if unknown.is_empty() {
        let address = xor_mapped(from, transaction);
        return Some(message(
            BINDING_SUCCESS,
            transaction,
            &[(XOR_MAPPED_ADDRESS, address)],
        ));
    }
    // 420, Unknown Attribute, without words.
    let code = vec![0, 0, 4, 20];
    let named = unknown
        .iter()
        .take(MAX_NAMED)
        .flat_map(|kind| kind.to_be_bytes());
    let attributes = [(ERROR_CODE, code), (UNKNOWN_ATTRIBUTES, named.collect())];
    Some(message(BINDING_ERROR, transaction, &attributes))
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (two, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*two), rest))
}

/// The attributes that must be understood and are not; none where the list of attributes is broken.
fn unknown(mut body: &[u8]) -> Option<Vec<u16>> {
    let mut unknown = Vec::new();
    while !body.is_empty() {
        let (kind, rest) = take_u16(body)?;
        let (len, rest) = take_u16(rest)?;
        let (_, rest) = rest.split_at_checked(usize::from(len).next_multiple_of(4))?;
        if kind < OPTIONAL && !OF_ACCOUNTS.contains(&kind) {
            unknown.push(kind);
        }
        body = rest;
    }
    Some(unknown)
}

/// The value of XOR-MAPPED-ADDRESS: hidden from routers that would change an address that they see.
fn xor_mapped(from: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let mask: Vec<u8> = MAGIC.iter().chain(transaction).copied().collect();
    let (family, address) = match from.ip().to_canonical() {
        IpAddr::V4(v4) => (1, v4.octets().to_vec()),
        IpAddr::V6(v6) => (2, v6.octets().to_vec()),
    };
    let port = from.port().to_be_bytes();
    let hidden = |bytes: &[u8]| -> Vec<u8> {
        let pairs = bytes.iter().zip(&mask);
        pairs.map(|(byte, mask)| byte ^ mask).collect()
    };
    [vec![0, family], hidden(&port), hidden(&address)].concat()
}

fn message(kind: u16, transaction: &[u8], attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, value) in attributes {
        body.extend(kind.to_be_bytes());
        body.extend(u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let len = u16::try_from(body.len()).unwrap_or(0).to_be_bytes();
    [&kind.to_be_bytes()[..], &len, &MAGIC, transaction, &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: [u8; 12] = *b"\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";

    fn request(kind: u16, attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
        message(kind, &TRANSACTION, attributes)
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs = digits
            .chunks_exact(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    #[test]
    fn a_request_is_told_where_it_came_from_as_in_the_sample_messages_of_rfc_5769() {
        // The transaction, addresses and the bytes of XOR-MAPPED-ADDRESS of its sections 2.2 and 2.3.
        let ipv4 = answer(&request(BINDING_REQUEST, &[]), at("192.0.2.1:32853")).unwrap();
        assert_eq!(
            ipv4,
            hex("0101 000c 2112a442 b7e7a701bc34d686fa87dfae 0020 0008 0001a147 e112a643")
        );
        let from = at("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
        let ipv6 = answer(&request(BINDING_REQUEST, &[]), from).unwrap();
        assert_eq!(
            ipv6,
            hex(
                "0101 0018 2112a442 b7e7a701bc34d686fa87dfae 0020 0014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9"
            )
        );
        assert_eq!(
            answer(
                &request(BINDING_REQUEST, &[]),
                at("[::ffff:192.0.2.1]:32853")
            ),
            Some(ipv4),
            "an IPv4 address that came by an IPv6 socket"
        );
    }

    #[test]
    fn what_need_not_be_understood_is_ignored_and_what_must_be_is_named() {
        // SOFTWARE, FINGERPRINT, and those of accounts.
        let known = [
            (0x8022, b"chess".to_vec()),
            (0x0006, b"user".to_vec()),
            (0x8028, vec![0; 4]),
        ];
        let told = answer(&request(BINDING_REQUEST, &known), at("192.0.2.1:1")).unwrap();
        assert_eq!(told[..2], [0x01, 0x01]);
        // CHANGE-REQUEST asks for an answer from elsewhere.
        let change = [(0x0003, vec![0, 0, 0, 6])];
        let told = answer(&request(BINDING_REQUEST, &change), at("192.0.2.1:1")).unwrap();
        assert_eq!(
            told,
            hex(
                "0111 0010 2112a442 b7e7a701bc34d686fa87dfae 0009 0004 00000414 000a 0002 00030000"
            )
        );
    }

    #[test]
    fn nothing_but_a_well_formed_binding_request_is_answered() {
        let from = at("192.0.2.1:1");
        let good = request(BINDING_REQUEST, &[(0x8022, b"chess".to_vec())]);
        assert!(answer(&good, from).is_some());
        for cut in 0..good.len() {
            assert_eq!(answer(&good[..cut], from), None, "{cut} bytes");
        }
        let mut longer = good.clone();
        longer.extend([0; 4]);
        assert_eq!(answer(&longer, from), None, "bytes behind it");
        for kind in [0x0011, BINDING_SUCCESS, BINDING_ERROR, 0x0003, 0x4000] {
            assert_eq!(answer(&request(kind, &[]), from), None, "{kind:#06x}");
        }
        let mut old = good.clone();
        old[4] ^= 1;
        assert_eq!(
            answer(&old, from),
            None,
            "the form from before there was a cookie"
        );
        let mut broken = good;
        broken[HEADER + 3] = 200;
        assert_eq!(
            answer(&broken, from),
            None,
            "an attribute that is longer than the request"
        );
    }

    #[test]
    fn no_answer_is_worth_sending_in_somebody_elses_name() {
        let from = at("[2001:db8::1]:65535");
        for count in 0..140 {
            let attributes = vec![(0x7f00, Vec::new()); count];
            let request = request(BINDING_REQUEST, &attributes);
            let answer = answer(&request, from).unwrap();
            assert!(
                answer.len() <= request.len() + 24,
                "{count}: {} bytes",
                answer.len()
            );
            // With the 48 bytes of IPv6 and UDP that both have.
            assert!(2 * (request.len() + 48) > answer.len() + 48);
        }
    }

    #[test]
    fn bytes_of_any_content_get_an_answer_of_the_same_transaction_or_none() {
        let mut state = 7_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u8
        };
        for _ in 0..20_000 {
            let mut bytes = request(
                BINDING_REQUEST,
                &[(0x8022, vec![0; usize::from(random() % 40)])],
            );
            for _ in 0..random() % 4 {
                let at = usize::from(random()) % bytes.len();
                bytes[at] = random();
            }
            if let Some(answer) = answer(&bytes, at("192.0.2.1:1")) {
                assert_eq!(answer[4..HEADER], bytes[4..HEADER]);
                assert_eq!(usize::from(answer[3]), answer.len() - HEADER);
            }
        }
    }
}
