//! Tests of encryption and password hashes.

use std::sync::Arc;

use super::*;
use crate::memo::Memo;
use crate::testing::{Rendering, named_in_go};

fn rendering(memo: &Arc<Memo>) -> Rendering {
    Rendering {
        memo: Arc::clone(memo),
        ..Rendering::default()
    }
}

fn call(context: &Rendering, name: &str, args: &[&str]) -> Result<String, String> {
    let args: Vec<Value> = args.iter().map(|arg| Value::from(*arg)).collect();
    let code = named_in_go(name).unwrap().code;
    code(&Call {
        args: &args,
        context,
    })
    .map(|value| value.to_string())
    .map_err(|error| error.to_string())
}

#[test]
fn decryption_restores_the_text() {
    let pass = rendering(&Arc::default());
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
fn only_the_first_32_bytes_of_a_password_count() {
    // This text was encrypted by sprig.
    let encrypted = "bdsKx664oBvU1sHhHJDCaOJljLbFsWJUBJ3Tkz+ZNXP+OUg7FGnSDYynJKLDiv2W";
    let pass = rendering(&Arc::default());
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
fn a_hash_verifies_its_password() {
    let pass = rendering(&Arc::default());
    for password in ["", "x", "pässword"] {
        let hash = call(&pass, "sprig_bcrypt", &[password]).unwrap();
        assert!(hash.starts_with("$2a$10$") && hash.len() == 60, "{hash}");
        assert!(
            bcrypt::verify(password, &hash).unwrap() && !bcrypt::verify("other", &hash).unwrap()
        );
    }
    let line = call(&pass, "sprig_htpasswd", &["ann", "x"]).unwrap();
    assert!(
        bcrypt::verify("x", line.strip_prefix("ann:").unwrap()).unwrap(),
        "{line}"
    );
}

#[test]
fn random_results_stay_the_same_for_the_same_arguments() {
    let cases: [(&str, &[&str], &[&str]); 3] = [
        ("sprig_encryptAES", &["p", "x"], &["p", "y"]),
        ("sprig_bcrypt", &["x"], &["y"]),
        ("sprig_htpasswd", &["ann", "x"], &["bob", "x"]),
    ];
    let memo = Arc::default();
    for (name, args, others) in cases {
        let first = call(&rendering(&memo), name, args).unwrap();
        assert_eq!(
            call(&rendering(&memo), name, args).as_deref(),
            Ok(first.as_str()),
            "{name}"
        );
        let hash = |text: &str| {
            text.split_once(':')
                .map_or(text.to_owned(), |(_, hash)| hash.to_owned())
        };
        assert_ne!(
            hash(&call(&rendering(&memo), name, others).unwrap()),
            hash(&first),
            "{name}"
        );
        // Another process yields another result.
        assert_ne!(
            call(&rendering(&Arc::default()), name, args).unwrap(),
            first,
            "{name}"
        );
    }
}

#[test]
fn nothing_is_generated_while_data_is_missing() {
    let memo = Arc::default();
    let pass = Rendering {
        complete: false,
        ..rendering(&memo)
    };
    assert_eq!(call(&pass, "sprig_bcrypt", &["x"]).as_deref(), Ok(""));
    assert_eq!(format!("{memo:?}"), "Memo(0)");
}
