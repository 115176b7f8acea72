//! Functions for encryption and password hashes.
//!
//! A random result is computed once for the same arguments: see [`memo`](crate::memo).

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use minijinja::Value;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::encodings::{from_base64, text_or_bytes};
use super::sprig;
use crate::args::{FunctionResult, fail, text};
use crate::function::{Call, Function, FunctionError};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_encryptAES", "sprig_encrypt_aes"],
        "(password string, text string) string",
        "The string, encrypted with AES-256-CBC in base64; the same for the same arguments while the process runs.",
        encrypt_aes,
    ),
    sprig(
        ["sprig_decryptAES", "sprig_decrypt_aes"],
        "(password string, encrypted string) string",
        "The string that sprig_encryptAES encrypted.",
        decrypt_aes,
    ),
    sprig(
        ["sprig_bcrypt", "sprig_bcrypt"],
        "(password string) string",
        "The bcrypt hash of a password; the same for the same password while the process runs.",
        |call| {
            let [password] = call.exactly("sprig_bcrypt")?;
            hash(call, "bcrypt", "", text(password)?).map(Value::from)
        },
    ),
    sprig(
        ["sprig_htpasswd", "sprig_htpasswd"],
        "(user string, password string) string",
        "A line of an htpasswd file with a bcrypt hash; the same for the same arguments while the process runs.",
        |call| {
            let [user, password] = call.exactly("sprig_htpasswd")?;
            let (user, password) = (text(user)?, text(password)?);
            if user.contains(':') {
                return Ok(Value::from(format!("invalid username: {user}")));
            }
            Ok(Value::from(format!(
                "{user}:{}",
                hash(call, "htpasswd", user, password)?
            )))
        },
    ),
];

const BLOCK: usize = 16;

/// The steps of a bcrypt hash, which takes about 50 ms.
const BCRYPT_STEPS: usize = 1_000_000;

/// Returns the key for a password: its first 32 bytes, padded with zeros.
fn key(password: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.iter_mut()
        .zip(password.bytes())
        .for_each(|(place, byte)| *place = byte);
    key
}

/// Returns random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], FunctionError> {
    let mut bytes = [0; N];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => fail("the system has no random numbers"),
    }
}

fn encrypt_aes(call: &Call<'_>) -> FunctionResult {
    let [password, plain] = call.exactly("sprig_encryptAES")?;
    let (password, plain) = (text(password)?, text(plain)?);
    if plain.is_empty() {
        return Ok(Value::from(""));
    }
    // Only the initialization vector is random and kept: the text may be long.
    let [iv] = call.memoized("encryptAES", &[password, plain], None, || {
        random::<BLOCK>().map(|iv| [STANDARD.encode(iv)])
    })?;
    let Ok(Ok(iv)) = STANDARD.decode(iv).map(<[u8; BLOCK]>::try_from) else {
        return Ok(Value::from(""));
    };
    let mut encrypted = iv.to_vec();
    encrypted.extend_from_slice(plain.as_bytes());
    let padding = BLOCK - plain.len() % BLOCK;
    encrypted.extend(std::iter::repeat_n(padding.to_le_bytes()[0], padding));
    let mut cipher = cbc::Encryptor::<Aes256>::new(&key(password).into(), &iv.into());
    for block in encrypted[BLOCK..].chunks_exact_mut(BLOCK) {
        if let Ok(block) = block.try_into() {
            cipher.encrypt_block(block);
        }
    }
    Ok(Value::from(STANDARD.encode(encrypted)))
}

fn decrypt_aes(call: &Call<'_>) -> FunctionResult {
    const INVALID: &str = "this is not a result of sprig_encryptAES, or the password is wrong";
    let [password, encrypted] = call.exactly("sprig_decryptAES")?;
    let (password, encrypted) = (text(password)?, text(encrypted)?);
    if encrypted.is_empty() {
        return Ok(Value::from(""));
    }
    let bytes = from_base64(encrypted)?;
    let Some((iv, rest)) = bytes.split_first_chunk::<BLOCK>() else {
        return fail(INVALID);
    };
    let mut plain = rest.to_vec();
    let mut cipher = cbc::Decryptor::<Aes256>::new(&key(password).into(), &(*iv).into());
    for block in plain.chunks_mut(BLOCK) {
        let Ok(block) = block.try_into() else {
            return fail(INVALID);
        };
        cipher.decrypt_block(block);
    }
    let padding = plain.last().copied().map(usize::from);
    let Some(length) = padding.and_then(|padding| plain.len().checked_sub(padding)) else {
        return fail(INVALID);
    };
    plain.truncate(length);
    Ok(text_or_bytes(plain))
}

/// Returns the bcrypt hash, which begins with `$2a$10$`. As in sprig, an error becomes the result,
/// as text.
fn hash(
    call: &Call<'_>,
    function: &str,
    user: &str,
    password: &str,
) -> Result<String, FunctionError> {
    const MAX_PASSWORD: usize = 72;
    if password.len() > MAX_PASSWORD {
        return Ok(format!(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds {MAX_PASSWORD} bytes"
        ));
    }
    let [hash] = call.memoized(function, &[user, password], None, || {
        call.spend(BCRYPT_STEPS)?;
        let parts = bcrypt::hash_with_salt(password, 10, random()?)
            .map_err(|_| FunctionError::new("bcrypt failed"))?;
        Ok([parts.format_for_version(bcrypt::Version::TwoA)])
    })?;
    Ok(hash)
}

#[cfg(test)]
mod tests;
