//! The function `derivePassword`: the algorithm of Master Password.

use minijinja::Value;
use ring::hmac;

use super::sprig;
use crate::args::{FunctionResult, fail, integer, text, wrong_type};
use crate::function::{Call, Function, FunctionError};

pub(crate) static TABLE: &[Function] = &[sprig(
    ["sprig_derivePassword", "sprig_derive_password"],
    "(counter int, type string, password string, user string, site string) string",
    "A password for a site, derived from a master password: maximum, long, medium, short, basic or pin.",
    derive_password,
)];

/// The steps of an scrypt hash, which takes about 200 ms.
const SCRYPT_STEPS: usize = 4_000_000;

/// The password types, each with its templates. Each letter of a template is a class of characters.
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

/// Returns the characters of a class.
fn characters(class: u8) -> &'static [u8] {
    match class {
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
        return fail(wrong_type("uint32", counter_value));
    };
    // Go uses the lower 32 bits of a number that is too large.
    let [.., a, b, c, d] = counter.to_be_bytes();
    let counter = u32::from_be_bytes([a, b, c, d]);
    let (kind, password, user, site) = (text(kind)?, text(password)?, text(user)?, text(site)?);
    let Some((_, templates)) = TYPES.iter().find(|(name, _)| *name == kind) else {
        return Ok(Value::from(format!("cannot find password template {kind}")));
    };
    // The result depends only on the arguments; it is memoized because it takes long.
    let arguments = [&counter.to_string(), kind, password, user, site];
    let [derived] = call.memoized("derivePassword", &arguments, None, || {
        call.spend(SCRYPT_STEPS)?;
        let key = master_key(password, &salt(user, &[]))?;
        let seed = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &key),
            &salt(site, &counter.to_be_bytes()),
        );
        let [first, rest @ ..] = seed.as_ref() else {
            return fail("the password cannot be derived");
        };
        let template = templates[usize::from(*first) % templates.len()];
        let character = |(class, number): (u8, &u8)| {
            let characters = characters(class);
            char::from(characters[usize::from(*number) % characters.len()])
        };
        Ok([template.bytes().zip(rest).map(character).collect()])
    })?;
    Ok(Value::from(derived))
}

fn salt(name: &str, suffix: &[u8]) -> Vec<u8> {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
    [
        b"com.lyndir.masterpassword".as_slice(),
        &length,
        name.as_bytes(),
        suffix,
    ]
    .concat()
}

/// Derives the master key: scrypt with the parameters of Master Password.
fn master_key(password: &str, salt: &[u8]) -> Result<[u8; 64], FunctionError> {
    let mut key = [0; 64];
    let derived = scrypt::Params::new(15, 8, 2)
        .map(|params| scrypt::scrypt(password.as_bytes(), salt, &params, &mut key).is_ok());
    if derived == Ok(true) {
        Ok(key)
    } else {
        fail("the key cannot be derived")
    }
}
