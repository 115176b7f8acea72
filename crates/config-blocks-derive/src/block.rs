//! The code of `derive(Block)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::attributes::{BlockAttributes, Role};
use crate::field::Field;
use crate::resolved;

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let attributes = BlockAttributes::of(&input.attrs)?;
    let fields = Field::all(input)?;
    let resolved = resolved::structs(&input.ident, &fields)?;
    let keys: Vec<_> = of_role(&fields, Role::Key).collect();
    let name = &input.ident;
    let declared = keys.iter().map(|key| key.key(&attributes));
    let methods = [
        from_text(&attributes),
        read(&fields, &attributes),
        origin(&fields),
        over(&fields),
        on_keys(&keys),
    ];
    Ok(quote! {
        impl ::config_blocks::Block for #name {
            const KEYS: &'static [::config_blocks::Key] = &[#(#declared),*];
            #(#methods)*
        }

        impl ::config_blocks::FromNode for #name {
            fn from_node(
                node: &::config_blocks::Node,
                position: ::config_blocks::Position<'_>,
            ) -> Result<Self, ::config_blocks::Error> {
                ::config_blocks::read_block(node, position)
            }

            fn shape() -> ::config_blocks::Shape {
                ::config_blocks::shape_of_block::<Self>()
            }
        }

        #resolved
    })
}

fn of_role(fields: &[Field], role: Role) -> impl Iterator<Item = &Field> {
    fields
        .iter()
        .filter(move |field| field.attributes.role == role)
}

fn from_text(attributes: &BlockAttributes) -> TokenStream {
    let from_text = attributes.text.iter().map(|function| {
        quote! {
            const TAKES_TEXT: bool = true;

            fn from_text(
                text: &str,
                position: ::config_blocks::Position<'_>,
            ) -> Result<Self, ::config_blocks::Error> {
                #function(text, position)
            }
        }
    });
    let from_list = attributes.list.iter().map(|function| {
        quote! {
            const TAKES_LIST: bool = true;

            fn from_list(
                texts: Vec<String>,
                position: ::config_blocks::Position<'_>,
            ) -> Result<Self, ::config_blocks::Error> {
                #function(texts, position)
            }
        }
    });
    let spelling = attributes.spelling.iter().map(|function| {
        quote! {
            fn spelling() -> Option<::config_blocks::Spelling> {
                Some(#function())
            }
        }
    });
    quote!(#(#from_text)* #(#from_list)* #(#spelling)*)
}

fn read(fields: &[Field], attributes: &BlockAttributes) -> TokenStream {
    let read = fields.iter().map(Field::read);
    let finish = attributes.finish.iter();
    quote! {
        fn read(
            entries: &::config_blocks::Entries<'_>,
        ) -> Result<Self, ::config_blocks::Error> {
            let block = Self { #(#read),* };
            #(let block = #finish(block);)*
            Ok(block)
        }
    }
}

fn origin(fields: &[Field]) -> TokenStream {
    let origin = of_role(fields, Role::Origin).map(|Field { ident, .. }| {
        quote! {
            fn origin(&self) -> Option<&::config_blocks::Origin> {
                Some(&self.#ident)
            }
        }
    });
    quote!(#(#origin)*)
}

fn over(fields: &[Field]) -> TokenStream {
    let decisions = fields.iter().filter_map(Field::decision);
    let over = fields.iter().map(Field::over);
    quote! {
        fn over(self, lower: Self) -> Self {
            #(#decisions)*
            Self { #(#over),* }
        }
    }
}

/// The methods that do the same for each key.
fn on_keys(keys: &[&Field]) -> TokenStream {
    let is_set = keys.iter().map(|key| key.is_set());
    let drop_empty = keys.iter().map(|key| key.drop_empty());
    let overridden = keys.iter().map(|key| key.overridden());
    let show = keys.iter().map(|key| key.show());
    let apply = keys.iter().map(|key| key.apply());
    quote! {
        fn is_set(&self) -> bool {
            false #(#is_set)*
        }

        fn drop_empty(&mut self) {
            #(#drop_empty)*
        }

        fn overridden(&self, lower: &Self, found: &mut Vec<::config_blocks::Overridden>) {
            #(#overridden)*
        }

        fn show(&self, page: &mut ::config_blocks::Page) {
            #(#show)*
        }

        fn apply(
            &mut self,
            inputs: &dyn ::config_blocks::Inputs,
        ) -> Result<(), ::config_blocks::Error> {
            #(#apply)*
            Ok(())
        }
    }
}
