//! The few forms of DER that certificates and keys are made of.

/// An element, and what is around it.
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With its tag and its length.
    pub(super) whole: &'a [u8],
    pub(super) rest: &'a [u8],
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const TEXT: u8 = 0x0c;
pub(super) const SHORT_TIME: u8 = 0x17;
pub(super) const LONG_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// An element whose content is these parts, one after the other.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    let bytes = length.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match (significant, u8::try_from(significant.len())) {
        ([], _) => out.push(0),
        ([short @ ..=0x7f], _) => out.push(*short),
        (_, count) => {
            out.push(0x80 | count.unwrap_or_default());
            out.extend_from_slice(significant);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

pub(super) fn object(identifier: &[u8]) -> Vec<u8> {
    element(OBJECT, &[identifier])
}

/// A bit string of whole bytes.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BITS, &[&[0], bytes])
}

/// A whole number without a sign, from its bytes, the most significant first.
pub(super) fn number(bytes: &[u8]) -> Vec<u8> {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match significant {
        [..=0x7f, ..] => element(INTEGER, &[significant]),
        _ => element(INTEGER, &[&[0], significant]),
    }
}

/// The first element, unless it is cut off.
pub(super) fn read(input: &[u8]) -> Option<Element<'_>> {
    let [tag, first, after @ ..] = input else {
        return None;
    };
    let (length, after) = match first {
        0..=0x7f => (usize::from(*first), after),
        0x81..=0x84 => {
            let (bytes, after) = after.split_at_checked(usize::from(first & 0x0f))?;
            (
                bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                after,
            )
        }
        _ => return None,
    };
    let (content, rest) = after.split_at_checked(length)?;
    Some(Element {
        tag: *tag,
        content,
        whole: &input[..input.len() - rest.len()],
        rest,
    })
}

/// The first element, if it is of this kind.
pub(super) fn read_as(tag: u8, input: &[u8]) -> Option<Element<'_>> {
    read(input).filter(|element| element.tag == tag)
}

/// All elements; they end where nothing is readable.
pub(super) fn elements(input: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = input;
    std::iter::from_fn(move || {
        let element = read(rest)?;
        rest = element.rest;
        Some(element)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_no_sign() {
        let cases: [(&[u8], &[u8]); 4] = [
            (&[0, 0], &[INTEGER, 1, 0]),
            (&[0, 5], &[INTEGER, 1, 5]),
            (&[0x80], &[INTEGER, 2, 0, 0x80]),
            (&[0x7f, 0xff], &[INTEGER, 2, 0x7f, 0xff]),
        ];
        for (bytes, written) in cases {
            assert_eq!(number(bytes), written);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            tag in any::<u8>(),
            byte in any::<u8>(),
            length in prop_oneof![0_usize..300, 65_530_usize..65_540],
        ) {
            let content = vec![byte; length];
            let written = element(tag, &[&content, &[]]);
            let found = read(&written).unwrap();
            prop_assert_eq!((found.tag, found.content, found.whole), (tag, &*content, &*written));
            prop_assert!(found.rest.is_empty() && read(&written[..written.len() - 1]).is_none());
        }

        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            for element in elements(&bytes) {
                prop_assert!(element.whole.len() >= 2 + element.content.len());
            }
        }
    }
}
