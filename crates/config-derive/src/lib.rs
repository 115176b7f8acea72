//! Derives `Block` for a struct whose fields are the keys of a block of the configuration.
//!
//! From the declaration of a field follow the reading of its key, the layering, the line in `ctmpl config`, the flag, the
//! environment variable, the JSON Schema and the row of the reference page. The doc comment of the field is the text of
//! the reference page, of the schema and of `--help`.
//!
//! ```ignore
//! #[derive(Block, Clone, Debug, Default)]
//! #[block(heading = "When Consul does not answer")]
//! pub(crate) struct RetryBlock {
//!     /// First pause before a retry; it doubles with each retry
//!     #[key(default = "\"250ms\"", flag = "--consul-retry-backoff")]
//!     pub(crate) backoff: Setting<GoDuration>,
//! }
//! ```
//!
//! Attributes of the struct, in `#[block(…)]`:
//!
//! - `heading = "…"`: the heading of its flags in `--help`.
//! - `text = function`: reads the block from a single text, the older spelling.
//! - `finish = function`: changes the block after all its keys are read.
//!
//! Attributes of a field, in `#[key(…)]`; each sets the field of this name of `Key`, save these:
//!
//! - `name = "…"`: the name of the key, where it is not that of the field.
//! - `env = "A, B"`: the environment variables, the first that is not blank counts.
//! - `show = function`: the value in `ctmpl config`, where it is not that of the type.
//! - `over = function`: layering, where the upper value does not simply win.
//! - `decided_by = "a, b"`: a layer that sets one of these keys decides this one too, even if it does not set it.
//! - `parse = function`: reads the whole field from the texts of a flag or a variable.
//! - `origin`: no key; the position of the block.
//! - `extra`: no key; a list that adds up over the layers.

mod attributes;

use attributes::{BlockAttributes, KeyAttributes, Role};
use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, Ident, Type};

/// A field, with what its attributes say.
struct Field {
    /// The position of its key in `KEYS`.
    at: usize,
    ident: Ident,
    ty: Type,
    attributes: KeyAttributes,
}

/// Derives `Block`; see the documentation of the crate.
#[proc_macro_derive(Block, attributes(block, key))]
pub fn derive_block(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

fn expand(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let block = BlockAttributes::of(&input.attrs)?;
    let fields = fields_of(input)?;
    let name = &input.ident;
    let at = quote!(crate::config::block);
    let keys = fields
        .iter()
        .filter(|field| field.attributes.role == Role::Key)
        .map(|field| key(field, &block));
    let (read, over): (Vec<_>, Vec<_>) = fields
        .iter()
        .map(|field| (read(field), over(field)))
        .unzip();
    let decisions = fields.iter().filter_map(decision);
    let is_set = each_key(
        &fields,
        |Field { ident, .. }| quote!(|| #at::Field::is_set(&self.#ident)),
    );
    let show = each_key(&fields, show);
    let apply = each_key(&fields, apply);
    let text = block.text.iter().map(|function| {
        quote! {
            const TAKES_TEXT: bool = true;
            fn from_text(text: &str, position: #at::Position<'_>) -> Self {
                #function(text, position)
            }
        }
    });
    let finish = block
        .finish
        .iter()
        .map(|function| quote!(let block = #function(block);));
    let origin = fields
        .iter()
        .filter(|field| field.attributes.role == Role::Origin)
        .map(|Field { ident, .. }| {
            quote! {
                fn origin(&self) -> Option<&crate::config::error::Origin> {
                    Some(&self.#ident)
                }
            }
        });
    Ok(quote! {
        impl #at::Block for #name {
            const KEYS: &'static [#at::Key] = &[#(#keys),*];
            #(#text)*
            fn read(entries: &#at::Entries<'_>) -> Result<Self, crate::config::error::ConfigError> {
                let block = Self { #(#read),* };
                #(#finish)*
                Ok(block)
            }
            #(#origin)*
            fn over(self, lower: Self) -> Self {
                #(#decisions)*
                Self { #(#over),* }
            }
            fn is_set(&self) -> bool {
                false #(#is_set)*
            }
            fn show(&self, page: &mut #at::Page) {
                #(#show)*
            }
            fn apply(
                &mut self,
                inputs: &dyn #at::Inputs,
            ) -> Result<(), crate::config::error::ConfigError> {
                #(#apply)*
                Ok(())
            }
        }
        impl #at::FromNode for #name {
            fn from_node(
                node: &#at::Node,
                position: #at::Position<'_>,
            ) -> Result<Self, crate::config::error::ConfigError> {
                #at::read_block(node, position)
            }
            fn shape() -> #at::Shape {
                #at::shape_of_block::<Self>()
            }
        }
    })
}

fn fields_of(input: &DeriveInput) -> syn::Result<Vec<Field>> {
    let wrong = || syn::Error::new_spanned(input, "Block is derived for structs with named fields");
    let Data::Struct(data) = &input.data else {
        return Err(wrong());
    };
    let Fields::Named(named) = &data.fields else {
        return Err(wrong());
    };
    let mut at = 0;
    let mut fields = Vec::new();
    for field in &named.named {
        let attributes = KeyAttributes::of(field)?;
        let is_key = attributes.role == Role::Key;
        fields.push(Field {
            at,
            ident: field.ident.clone().ok_or_else(wrong)?,
            ty: field.ty.clone(),
            attributes,
        });
        at += usize::from(is_key);
    }
    Ok(fields)
}

/// One piece of code for each key.
fn each_key(
    fields: &[Field],
    code: impl Fn(&Field) -> proc_macro2::TokenStream,
) -> Vec<proc_macro2::TokenStream> {
    fields
        .iter()
        .filter(|field| field.attributes.role == Role::Key)
        .map(code)
        .collect()
}

fn name_of(field: &Field) -> String {
    field
        .attributes
        .name
        .clone()
        .unwrap_or_else(|| field.ident.to_string())
}

/// The entry of `KEYS`.
fn key(field: &Field, block: &BlockAttributes) -> proc_macro2::TokenStream {
    let Field { ty, attributes, .. } = field;
    let (name, doc) = (name_of(field), &attributes.doc);
    let has_own = attributes.set.iter().any(|(ident, _)| ident == "heading");
    let heading = block.heading.iter().filter(|_| !has_own);
    let heading = heading.map(|heading| quote!(heading: #heading,));
    let set = attributes
        .set
        .iter()
        .map(|(ident, value)| quote!(#ident: #value,));
    let env = &attributes.env;
    quote! {
        crate::config::block::Key {
            #(#heading)*
            #(#set)*
            env: &[#(#env),*],
            ..crate::config::block::Key::new(#name, #doc, <#ty as crate::config::block::Field>::shape)
        }
    }
}

fn read(field: &Field) -> proc_macro2::TokenStream {
    let Field { ident, at, .. } = field;
    let block = quote!(crate::config::block);
    match field.attributes.role {
        Role::Key => {
            quote!(#ident: #block::Field::read(entries, &<Self as #block::Block>::KEYS[#at])?)
        }
        Role::Origin => quote!(#ident: entries.origin()),
        Role::Extra => quote!(#ident: Vec::new()),
    }
}

fn over(field: &Field) -> proc_macro2::TokenStream {
    let (ident, attributes) = (&field.ident, &field.attributes);
    let name = decision_name(field);
    let plain = quote!(crate::config::block::Field::over(self.#ident, lower.#ident));
    match (attributes.role, &attributes.over) {
        (Role::Origin, _) => quote!(#ident: self.#ident),
        (Role::Extra, _) => quote!(#ident: {
            let mut all = lower.#ident;
            all.extend(self.#ident);
            all
        }),
        (Role::Key, Some(function)) => quote!(#ident: #function(self.#ident, lower.#ident)),
        (Role::Key, None) if attributes.decided_by.is_empty() => quote!(#ident: #plain),
        (Role::Key, None) => quote!(#ident: if #name { self.#ident } else { #plain }),
    }
}

fn decision_name(field: &Field) -> Ident {
    format_ident!("{}_is_decided", field.ident)
}

/// Whether this layer decides a key by setting another one; asked before any field is moved.
fn decision(field: &Field) -> Option<proc_macro2::TokenStream> {
    let deciders: Vec<_> = field
        .attributes
        .decided_by
        .iter()
        .map(|other| format_ident!("{other}"))
        .collect();
    let name = decision_name(field);
    (!deciders.is_empty()).then(
        || quote!(let #name = false #(|| crate::config::block::Field::is_set(&self.#deciders))*;),
    )
}

fn show(field: &Field) -> proc_macro2::TokenStream {
    let Field {
        ident,
        ty,
        at,
        attributes,
    } = field;
    let block = quote!(crate::config::block);
    let shown = if let Some(function) = &attributes.show {
        quote!(|value| Some(#function(value)))
    } else {
        quote!(<#ty as #block::Field>::shown)
    };
    quote!(#block::Field::show(&self.#ident, page, &<Self as #block::Block>::KEYS[#at], #shown);)
}

fn apply(field: &Field) -> proc_macro2::TokenStream {
    let Field { ident, at, .. } = field;
    let block = quote!(crate::config::block);
    let key = quote!(&<Self as #block::Block>::KEYS[#at]);
    let whole = field.attributes.parse.iter().map(|function| {
        quote! {
            if let Some(input) = inputs.get(#key)? {
                self.#ident = #function(&input)?;
            }
        }
    });
    quote! {
        #(#whole)*
        #block::Field::apply(&mut self.#ident, inputs, #key)?;
    }
}
