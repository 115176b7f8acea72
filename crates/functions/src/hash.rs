//! Hashes and signatures, in hexadecimal.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use minijinja::Value;
use ring::{digest, hmac};

use super::args::bytes;
use crate::function::{Function, Group};

row_constructor!(hash, Group::Text);

pub(super) static TABLE: &[Function] = &[
    hash(
        ["sha256Hex", "sha256_hex"],
        "(text string) string",
        "The SHA-256 hash of a string in hexadecimal.",
        |call| {
            let [only] = call.exactly("sha256Hex")?;
            Ok(Value::from(hex(digest::digest(
                &digest::SHA256,
                bytes(only)?,
            )
            .as_ref())))
        },
    ),
    hash(
        ["md5sum", "md5sum"],
        "(text string) string",
        "The MD5 hash of a string in hexadecimal.",
        |call| {
            let [only] = call.exactly("md5sum")?;
            Ok(Value::from(hex(&Md5::digest(bytes(only)?))))
        },
    ),
    hash(
        ["hmacSHA256Hex", "hmac_sha256_hex"],
        "(message string, key string) string",
        "The HMAC-SHA256 of a message in hexadecimal; the key comes last.",
        |call| {
            let [message, key] = call.exactly("hmacSHA256Hex")?;
            let key = hmac::Key::new(hmac::HMAC_SHA256, bytes(key)?);
            Ok(Value::from(hex(hmac::sign(&key, bytes(message)?).as_ref())))
        },
    ),
];

/// Returns bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            // Writing to a String cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
}
