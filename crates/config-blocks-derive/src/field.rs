//! The code for each field of a block.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, Ident, Type};

use crate::attributes::{BlockAttributes, KeyAttributes, Role};

/// A field, with what its attributes say.
pub(crate) struct Field {
    /// The position of its key in `KEYS`.
    pub(crate) at: usize,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) attributes: KeyAttributes,
}

impl Field {
    /// The fields of a struct.
    pub(crate) fn all(input: &DeriveInput) -> syn::Result<Vec<Self>> {
        let wrong =
            || syn::Error::new_spanned(input, "Block is derived for structs with named fields");
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
            fields.push(Self {
                at,
                ident: field.ident.clone().ok_or_else(wrong)?,
                ty: field.ty.clone(),
                attributes,
            });
            at += usize::from(is_key);
        }
        Ok(fields)
    }

    /// The entry of `KEYS`.
    pub(crate) fn key(&self, block: &BlockAttributes) -> TokenStream {
        let Self {
            ident,
            ty,
            attributes,
            ..
        } = self;
        let name = attributes.name.clone();
        let name = name.unwrap_or_else(|| ident.to_string());
        let doc = &attributes.doc;
        let has_own = attributes.set.iter().any(|(ident, _)| ident == "heading");
        let heading = block.heading.iter().filter(|_| !has_own);
        let heading = heading.map(|heading| quote!(heading: #heading,));
        let set = attributes.set.iter();
        let set = set.map(|(ident, value)| quote!(#ident: #value,));
        let env = &attributes.env;
        quote! {
            ::config_blocks::Key {
                #(#heading)*
                #(#set)*
                env: &[#(#env),*],
                ..::config_blocks::Key::new(#name, #doc, <#ty as ::config_blocks::Field>::shape)
            }
        }
    }

    /// The key of the field of a block.
    pub(crate) fn key_of(&self, block: &Ident) -> TokenStream {
        let at = self.at;
        quote!(&<#block as ::config_blocks::Block>::KEYS[#at])
    }

    /// The key of the field, within a method of the block.
    fn own_key(&self) -> TokenStream {
        self.key_of(&format_ident!("Self"))
    }

    pub(crate) fn read(&self) -> TokenStream {
        let (ident, key) = (&self.ident, self.own_key());
        match self.attributes.role {
            Role::Key => quote!(#ident: ::config_blocks::Field::read(entries, #key)?),
            Role::Origin => quote!(#ident: entries.origin()),
            Role::Extra => quote!(#ident: Vec::new()),
        }
    }

    pub(crate) fn over(&self) -> TokenStream {
        let (ident, attributes) = (&self.ident, &self.attributes);
        let plain = quote!(::config_blocks::Field::over(self.#ident, lower.#ident));
        match (attributes.role, &attributes.over) {
            (Role::Origin, _) => quote!(#ident: self.#ident.or(lower.#ident)),
            (Role::Extra, _) => quote!(#ident: {
                let mut all = lower.#ident;
                all.extend(self.#ident);
                all
            }),
            (Role::Key, Some(function)) => quote!(#ident: #function(self.#ident, lower.#ident)),
            (Role::Key, None) if attributes.decided_by.is_empty() => quote!(#ident: #plain),
            (Role::Key, None) => {
                let is_decided = self.decision_name();
                quote!(#ident: if #is_decided { self.#ident } else { #plain })
            }
        }
    }

    fn decision_name(&self) -> Ident {
        format_ident!("{}_is_decided", self.ident)
    }

    /// Whether this layer decides a key by setting another one; asked before any field is moved.
    pub(crate) fn decision(&self) -> Option<TokenStream> {
        let deciders = self.attributes.decided_by.iter();
        let deciders: Vec<_> = deciders.map(|other| format_ident!("{other}")).collect();
        let name = self.decision_name();
        (!deciders.is_empty()).then(
            || quote!(let #name = false #(|| ::config_blocks::Field::decides(&self.#deciders))*;),
        )
    }

    pub(crate) fn is_set(&self) -> TokenStream {
        let ident = &self.ident;
        quote!(|| ::config_blocks::Field::is_set(&self.#ident))
    }

    pub(crate) fn drop_empty(&self) -> TokenStream {
        let (ident, key) = (&self.ident, self.own_key());
        quote!(::config_blocks::Field::drop_empty(&mut self.#ident, #key);)
    }

    pub(crate) fn overridden(&self) -> TokenStream {
        let ident = &self.ident;
        quote!(::config_blocks::Field::overridden(&self.#ident, &lower.#ident, found);)
    }

    pub(crate) fn show(&self) -> TokenStream {
        let (ident, ty, key) = (&self.ident, &self.ty, self.own_key());
        let shown = if let Some(function) = &self.attributes.show {
            quote!(|value| Some(#function(value)))
        } else {
            quote!(<#ty as ::config_blocks::Field>::shown)
        };
        quote!(::config_blocks::Field::show(&self.#ident, page, #key, #shown);)
    }

    pub(crate) fn apply(&self) -> TokenStream {
        let (ident, key) = (&self.ident, self.own_key());
        let whole = self.attributes.parse.iter().map(|function| {
            quote! {
                if let Some(input) = inputs.get(#key)? {
                    self.#ident = #function(&input)?;
                }
            }
        });
        quote! {
            #(#whole)*
            ::config_blocks::Field::apply(&mut self.#ident, inputs, #key)?;
        }
    }
}
