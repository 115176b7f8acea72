//! The structs of resolved values.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, Ident, Path, PathArguments, Type};

use crate::field::Field;

/// The structs that the attributes `resolved` name, each with its fields. One of another crate is declared there.
pub(crate) fn structs(block: &Ident, fields: &[Field]) -> syn::Result<TokenStream> {
    let mut names: Vec<&Path> = Vec::new();
    for name in fields
        .iter()
        .filter_map(|field| field.attributes.resolved.as_ref())
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let structs = names.into_iter().map(|name| {
        let of_struct = |field: &&Field| field.attributes.resolved.as_ref() == Some(name);
        let fields: Vec<_> = fields.iter().filter(of_struct).collect();
        one(block, name, &fields)
    });
    structs.collect()
}

fn one(block: &Ident, name: &Path, fields: &[&Field]) -> syn::Result<TokenStream> {
    let doc = format!("Keys of `{block}`, resolved: each is its value, or its default.");
    let (mut declared, mut resolved) = (Vec::new(), Vec::new());
    for field in fields {
        let (ident, doc, key) = (&field.ident, &field.attributes.doc, field.key_of(block));
        let ty = value_type(&field.ty)?;
        if field.attributes.has_default {
            declared.push(quote!(#[doc = #doc] pub #ident: #ty));
            resolved.push(quote!(#ident: ::config_blocks::resolved(block.#ident.as_ref(), #key)));
        } else {
            declared.push(quote!(#[doc = #doc] pub #ident: Option<#ty>));
            resolved
                .push(quote!(#ident: ::config_blocks::value(block.#ident.clone()).map(Into::into)));
        }
    }
    let declaration = name.get_ident().map(|name| {
        quote! {
            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct #name { #(#declared),* }

            impl Default for #name {
                fn default() -> Self {
                    Self::from(&#block::default())
                }
            }
        }
    });
    Ok(quote! {
        #declaration

        impl From<&#block> for #name {
            fn from(block: &#block) -> Self {
                Self { #(#resolved),* }
            }
        }
    })
}

/// `T` of `Setting<T>`.
fn value_type(ty: &Type) -> syn::Result<&Type> {
    let wrong = || syn::Error::new_spanned(ty, "only a key of the type Setting<…> is resolved");
    let Type::Path(path) = ty else {
        return Err(wrong());
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Setting");
    match last.map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => match arguments.args.first() {
            Some(GenericArgument::Type(value)) => Ok(value),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}
