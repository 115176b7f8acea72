//! Passwords: encrypted texts, salted hashes, passwords that are made of others.
//!
//! What is random is made once for the same arguments, and stays: see [`kept`](crate::template::memo).

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use minijinja::Value;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::encodings::{from_base64, text_or_bytes};
use super::sprig;
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{FunctionResult, integer, refuse, text, wrong_type};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_encryptAES", "sprig_encrypt_aes"],
        "(password string, text string) string",
        "Encrypted with AES-256-CBC, in base64; the same for the same arguments while the process runs.",
        encrypt_aes,
    ),
    sprig(
        ["sprig_decryptAES", "sprig_decrypt_aes"],
        "(password string, encrypted string) string",
        "The text that sprig_encryptAES encrypted.",
        decrypt_aes,
    ),
    sprig(
        ["sprig_derivePassword", "sprig_derive_password"],
        "(counter int, type string, password string, user string, site string) string",
        "A password for a site, made of a master password: maximum, long, medium, short, basic or pin.",
        derive_password,
    ),
    sprig(
        ["sprig_bcrypt", "sprig_bcrypt"],
        "(password string) string",
        "The bcrypt hash of a password; the same for the same password while the process runs.",
        |call| {
            let [password] = call.exactly("sprig_bcrypt")?;
            hashed(call, "bcrypt", "", text(password)?).map(Value::from)
        },
    ),
    sprig(
        ["sprig_htpasswd", "sprig_htpasswd"],
        "(user string, password string) string",
        "A line of a password file, with a bcrypt hash that stays the same while the process runs.",
        |call| {
            let [user, password] = call.exactly("sprig_htpasswd")?;
            let (user, password) = (text(user)?, text(password)?);
            if user.contains(':') {
                return Ok(Value::from(format!("invalid username: {user}")));
            }
            Ok(Value::from(format!(
                "{user}:{}",
                hashed(call, "htpasswd", user, password)?
            )))
        },
    ),
];

const BLOCK: usize = 16;

/// The steps of a bcrypt hash, which takes about 50 ms.
const BCRYPT_STEPS: usize = 1_000_000;

/// The steps of an scrypt hash, which takes about 200 ms.
const SCRYPT_STEPS: usize = 4_000_000;

/// What a password is as a key: its first 32 bytes, or zeros where there are none.
fn key(password: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.iter_mut()
        .zip(password.bytes())
        .for_each(|(place, byte)| *place = byte);
    key
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], FunctionError> {
    let mut bytes = [0; N];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => refuse("the system gives no random numbers"),
    }
}

fn encrypt_aes(call: &Call<'_>) -> FunctionResult {
    let [password, plain] = call.exactly("sprig_encryptAES")?;
    let (password, plain) = (text(password)?, text(plain)?);
    if plain.is_empty() {
        return Ok(Value::from(""));
    }
    // Only the beginning is random, and kept; what follows from it may be long.
    let [start] = call
        .pass
        .made_once("encryptAES", &[password, plain], None, || {
            random::<BLOCK>().map(|start| [STANDARD.encode(start)])
        })?;
    let Ok(Ok(start)) = STANDARD.decode(start).map(<[u8; BLOCK]>::try_from) else {
        return Ok(Value::from(""));
    };
    let mut encrypted = start.to_vec();
    encrypted.extend_from_slice(plain.as_bytes());
    let padding = BLOCK - plain.len() % BLOCK;
    encrypted.extend(std::iter::repeat_n(padding.to_le_bytes()[0], padding));
    let mut cipher = cbc::Encryptor::<Aes256>::new(&key(password).into(), &start.into());
    for block in encrypted[BLOCK..].chunks_exact_mut(BLOCK) {
        if let Ok(block) = block.try_into() {
            cipher.encrypt_block(block);
        }
    }
    Ok(Value::from(STANDARD.encode(encrypted)))
}

fn decrypt_aes(call: &Call<'_>) -> FunctionResult {
    const BROKEN: &str = "this is not what sprig_encryptAES yields, or the password is another one";
    let [password, encrypted] = call.exactly("sprig_decryptAES")?;
    let (password, encrypted) = (text(password)?, text(encrypted)?);
    if encrypted.is_empty() {
        return Ok(Value::from(""));
    }
    let bytes = from_base64(encrypted)?;
    let Some((start, rest)) = bytes.split_first_chunk::<BLOCK>() else {
        return refuse(BROKEN);
    };
    let mut plain = rest.to_vec();
    let mut cipher = cbc::Decryptor::<Aes256>::new(&key(password).into(), &(*start).into());
    for block in plain.chunks_mut(BLOCK) {
        let Ok(block) = block.try_into() else {
            return refuse(BROKEN);
        };
        cipher.decrypt_block(block);
    }
    let padding = plain.last().copied().map(usize::from);
    let Some(length) = padding.and_then(|padding| plain.len().checked_sub(padding)) else {
        return refuse(BROKEN);
    };
    plain.truncate(length);
    Ok(text_or_bytes(plain))
}

/// The hash, as a text that begins with `$2a$10$`; sprig yields what is wrong as the text.
fn hashed(
    call: &Call<'_>,
    function: &str,
    user: &str,
    password: &str,
) -> Result<String, FunctionError> {
    const LONGEST: usize = 72;
    if password.len() > LONGEST {
        return Ok(format!(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds {LONGEST} bytes"
        ));
    }
    let [hash] = call.pass.made_once(function, &[user, password], None, || {
        call.spend(BCRYPT_STEPS)?;
        let parts = bcrypt::hash_with_salt(password, 10, random()?)
            .map_err(|_| FunctionError::new("bcrypt failed"))?;
        Ok([parts.format_for_version(bcrypt::Version::TwoA)])
    })?;
    Ok(hash)
}

/// The types of passwords: which kind of character stands where, in one of several ways.
const TYPES: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

fn characters(kind: u8) -> &'static [u8] {
    match kind {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derive_password(call: &Call<'_>) -> FunctionResult {
    let [counter_value, kind, password, user, site] = call.exactly("sprig_derivePassword")?;
    let Ok(counter) = u64::try_from(integer(counter_value)?) else {
        return refuse(wrong_type("uint32", counter_value));
    };
    // Go takes the lower half of a number that is too large.
    let [.., a, b, c, d] = counter.to_be_bytes();
    let counter = u32::from_be_bytes([a, b, c, d]);
    let (kind, password, user, site) = (text(kind)?, text(password)?, text(user)?, text(site)?);
    let Some((_, forms)) = TYPES.iter().find(|(name, _)| *name == kind) else {
        return Ok(Value::from(format!("cannot find password template {kind}")));
    };
    // It is always the same, but takes long to make.
    let arguments = [&counter.to_string(), kind, password, user, site];
    let [derived] = call
        .pass
        .made_once("derivePassword", &arguments, None, || {
            call.spend(SCRYPT_STEPS)?;
            let key = stretched(password, &salted(user, &[]))?;
            let seed = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, &key),
                &salted(site, &counter.to_be_bytes()),
            );
            let [first, rest @ ..] = seed.as_ref() else {
                return refuse("there is no seed");
            };
            let form = forms[usize::from(*first) % forms.len()];
            let character = |(kind, number): (u8, &u8)| {
                let characters = characters(kind);
                char::from(characters[usize::from(*number) % characters.len()])
            };
            Ok([form.bytes().zip(rest).map(character).collect()])
        })?;
    Ok(Value::from(derived))
}

fn salted(name: &str, suffix: &[u8]) -> Vec<u8> {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
    [
        b"com.lyndir.masterpassword".as_slice(),
        &length,
        name.as_bytes(),
        suffix,
    ]
    .concat()
}

fn stretched(password: &str, salt: &[u8]) -> Result<[u8; 64], FunctionError> {
    let mut key = [0; 64];
    let stretched = scrypt::Params::new(15, 8, 2)
        .map(|params| scrypt::scrypt(password.as_bytes(), salt, &params, &mut key).is_ok());
    if stretched == Ok(true) {
        Ok(key)
    } else {
        refuse("the key cannot be derived")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::query::Query;
    use crate::store::Snapshot;
    use crate::template::functions::named_in_go;
    use crate::template::render_context::{RenderContext, RenderEnv};

    fn pass(render_env: &Arc<RenderEnv>) -> RenderContext {
        RenderContext::new(
            Snapshot::default(),
            Arc::clone(render_env),
            Timestamp::UNIX_EPOCH,
        )
    }

    fn call(pass: &RenderContext, name: &str, args: &[&str]) -> Result<String, String> {
        let args: Vec<Value> = args.iter().map(|arg| Value::from(*arg)).collect();
        let code = named_in_go(name).unwrap().code;
        code(&Call { args: &args, pass })
            .map(|value| value.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_goes_in_comes_out() {
        let pass = pass(&Arc::default());
        let texts = [
            "a",
            "fifteen bytes !",
            "sixteen bytes ok",
            "seventeen bytes !",
            "ünïcode",
        ];
        for text in texts {
            let encrypted = call(&pass, "sprig_encryptAES", &["password", text]).unwrap();
            let length = STANDARD.decode(&encrypted).unwrap().len();
            assert_eq!(length, BLOCK + (text.len() / BLOCK + 1) * BLOCK, "{text}");
            assert_eq!(
                call(&pass, "sprig_decryptAES", &["password", &encrypted]).as_deref(),
                Ok(text)
            );
            assert_ne!(
                call(&pass, "sprig_decryptAES", &["passwort", &encrypted]).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn another_key_is_another_text() {
        // Made with sprig itself; only the first 32 bytes of a password count.
        let encrypted = "bdsKx664oBvU1sHhHJDCaOJljLbFsWJUBJ3Tkz+ZNXP+OUg7FGnSDYynJKLDiv2W";
        let pass = pass(&Arc::default());
        let decrypted = |password| call(&pass, "sprig_decryptAES", &[password, encrypted]);
        assert_eq!(
            decrypted("a key that is longer than thirty-two bytes").as_deref(),
            Ok("sixteen bytes ok")
        );
        assert_eq!(
            decrypted("a key that is longer than thirty").as_deref(),
            Ok("sixteen bytes ok")
        );
        assert_ne!(
            decrypted("a key that is longer than").as_deref(),
            Ok("sixteen bytes ok")
        );
    }

    #[test]
    fn a_hash_is_one_of_its_password() {
        let pass = pass(&Arc::default());
        for password in ["", "x", "pässword"] {
            let hash = call(&pass, "sprig_bcrypt", &[password]).unwrap();
            assert!(hash.starts_with("$2a$10$") && hash.len() == 60, "{hash}");
            assert!(
                bcrypt::verify(password, &hash).unwrap()
                    && !bcrypt::verify("other", &hash).unwrap()
            );
        }
        let line = call(&pass, "sprig_htpasswd", &["ann", "x"]).unwrap();
        assert!(
            bcrypt::verify("x", line.strip_prefix("ann:").unwrap()).unwrap(),
            "{line}"
        );
    }

    #[test]
    fn what_is_random_stays_from_pass_to_pass() {
        let cases: [(&str, &[&str], &[&str]); 3] = [
            ("sprig_encryptAES", &["p", "x"], &["p", "y"]),
            ("sprig_bcrypt", &["x"], &["y"]),
            ("sprig_htpasswd", &["ann", "x"], &["bob", "x"]),
        ];
        let render_env = Arc::default();
        for (name, args, others) in cases {
            let first = call(&pass(&render_env), name, args).unwrap();
            assert_eq!(
                call(&pass(&render_env), name, args).as_deref(),
                Ok(first.as_str()),
                "{name}"
            );
            let hash = |text: &str| {
                text.split_once(':')
                    .map_or(text.to_owned(), |(_, hash)| hash.to_owned())
            };
            assert_ne!(
                hash(&call(&pass(&render_env), name, others).unwrap()),
                hash(&first),
                "{name}"
            );
            // Another process makes another one.
            assert_ne!(
                call(&pass(&Arc::default()), name, args).unwrap(),
                first,
                "{name}"
            );
        }
    }

    #[test]
    fn nothing_is_made_of_what_is_missing() {
        let render_env = Arc::default();
        let pass = pass(&render_env);
        assert_eq!(pass.ask(&Query::key("password").unwrap()), Ok(None));
        assert_eq!(call(&pass, "sprig_bcrypt", &["x"]).as_deref(), Ok(""));
        assert_eq!(format!("{:?}", render_env.kept), "Kept(0)");
    }
}
