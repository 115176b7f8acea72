//! The content of a small file with a checksum.

use ring::digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that does not have the expected content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// The first line is missing or that of another version.
    #[error("its first line is not \"{0}:HASH\"")]
    Format(&'static str),
    /// The rest has another hash.
    #[error("its SHA-256 is not that of its first line")]
    Hash,
    /// The rest has the hash, but not the expected form.
    #[error("its content is not that of this version")]
    Content,
}

/// The content of a file of this format. The keys of all maps in `body` must be texts.
pub fn seal(format: &'static str, body: &impl Serialize) -> Vec<u8> {
    // Text keys, texts and numbers are always valid JSON.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut file = format!("{format}:{}\n", hash_of(&body)).into_bytes();
    file.extend(body);
    file.push(b'\n');
    file
}

/// Reads the content of a file of this format.
///
/// # Errors
/// [`Damaged`]
pub fn unseal<T: DeserializeOwned>(format: &'static str, file: &[u8]) -> Result<T, Damaged> {
    let end = file.iter().position(|byte| *byte == b'\n');
    let (first, body) = file.split_at(end.ok_or(Damaged::Format(format))?);
    let hash = std::str::from_utf8(first).ok().and_then(|first| {
        let hash = first.strip_prefix(format)?;
        hash.strip_prefix(':')
    });
    let hash = hash.ok_or(Damaged::Format(format))?;
    let body = body.trim_ascii();
    if hash_of(body) != hash {
        return Err(Damaged::Hash);
    }
    serde_json::from_slice(body).map_err(|_| Damaged::Content)
}

/// The SHA-256 of a content in hexadecimal digits.
fn hash_of(content: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, content);
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = "test 1 sha256";

    #[test]
    fn any_damage_is_noticed() {
        let file = seal(FORMAT, &["a", "b"]);
        assert_eq!(
            unseal::<Vec<String>>(FORMAT, &file).unwrap(),
            ["a".to_owned(), "b".to_owned()]
        );
        // The line end after the last byte does not matter.
        for position in 0..file.len() - 1 {
            let mut damaged = file.clone();
            damaged[position] ^= 1;
            assert!(
                unseal::<Vec<String>>(FORMAT, &damaged).is_err(),
                "{position}"
            );
            let cut = unseal::<Vec<String>>(FORMAT, &file[..position]);
            assert!(cut.is_err(), "{position}");
        }
        assert!(file.starts_with(b"test 1 sha256:0473ef2dc0d324ab"));
        let other = seal(FORMAT, &1);
        assert_eq!(unseal::<Vec<String>>(FORMAT, &other), Err(Damaged::Content));
    }
}
