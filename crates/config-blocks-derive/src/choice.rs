//! The code of `derive(Choice)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use crate::attributes::ChoiceAttributes;

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let wrong = || syn::Error::new_spanned(input, "Choice is derived for enums without fields");
    let Data::Enum(data) = &input.data else {
        return Err(wrong());
    };
    let ChoiceAttributes { kind, advice } = ChoiceAttributes::of(&input.attrs)?;
    let ident = &input.ident;
    let words = words(&ident.to_string());
    let spelling = words.replace(' ', "_");
    let kind = kind.unwrap_or(words);
    let expected = format!("the name of a {kind} in quotes");
    let mut all = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(wrong());
        }
        let (variant, name) = (&variant.ident, variant.ident.to_string().to_lowercase());
        all.push(quote!((#name, Self::#variant)));
    }
    Ok(quote! {
        impl ::config_blocks::Choice for #ident {
            const KIND: &'static str = #kind;
            const SPELLING: &'static str = #spelling;
            const EXPECTED: &'static str = #expected;
            const ADVICE: &'static str = #advice;
            const ALL: &'static [(&'static str, Self)] = &[#(#all),*];
        }
    })
}

/// `WriteMode` → `write mode`
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
