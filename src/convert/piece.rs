//! The Jinja template as a tree, and the moving of line breaks in it.
//!
//! in:  what the Go template says, with its line breaks where it had them: `{{- range x}}⏎server;{{- end}}⏎}`
//! out: the same text with the line breaks where Jinja has them: `⏎{% for … %}server;⏎{% endfor %}}`
//!
//! A Go template trims the line break before an action, Jinja drops the one after a tag. A line break that stands at
//! the beginning of every branch and after the end may as well stand before the beginning and at the end of every
//! branch: the text is the same whichever branch is taken, and however often.

/// One thing in a Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `{{ … }}`
    Print(String),
    /// `{% … %}`, which prints nothing.
    Tag(String),
    /// `{% break %}` or `{% continue %}`.
    Leave(&'static str),
    /// `{#…#}`
    Comment(String),
    If {
        arms: Vec<(String, Vec<Piece>)>,
        otherwise: Vec<Piece>,
    },
    For {
        head: String,
        body: Vec<Piece>,
        otherwise: Vec<Piece>,
    },
    Macro {
        head: String,
        body: Vec<Piece>,
    },
}

impl Piece {
    /// Does it print nothing, whatever happens?
    pub(super) fn is_silent(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Print(_) | Self::Leave(_) => false,
            Self::Tag(_) | Self::Comment(_) | Self::Macro { .. } => true,
            Self::If { .. } | Self::For { .. } => {
                self.lists().all(|list| list.iter().all(Self::is_silent))
            }
        }
    }

    /// Is there a line break in its text?
    pub(super) fn has_line_break(&self) -> bool {
        match self {
            Self::Text(text) | Self::Comment(text) => text.contains('\n'),
            _ => self
                .lists()
                .any(|list| list.iter().any(Self::has_line_break)),
        }
    }

    fn leaves(&self) -> bool {
        matches!(self, Self::Leave(_)) || self.lists().any(|list| list.iter().any(Self::leaves))
    }

    fn lists(&self) -> Box<dyn Iterator<Item = &Vec<Self>> + '_> {
        match self {
            Self::If { arms, otherwise } => Box::new(
                arms.iter()
                    .map(|(_, list)| list)
                    .chain(std::iter::once(otherwise)),
            ),
            Self::For {
                body, otherwise, ..
            } => Box::new([body, otherwise].into_iter()),
            Self::Macro { body, .. } => Box::new(std::iter::once(body)),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn map_lists(self, change: &mut impl FnMut(Vec<Self>) -> Option<Vec<Self>>) -> Option<Self> {
        Some(match self {
            Self::If { arms, otherwise } => {
                let arms = arms
                    .into_iter()
                    .map(|(condition, list)| Some((condition, change(list)?)));
                Self::If {
                    arms: arms.collect::<Option<_>>()?,
                    otherwise: change(otherwise)?,
                }
            }
            Self::For {
                head,
                body,
                otherwise,
            } => Self::For {
                head,
                body: change(body)?,
                otherwise: change(otherwise)?,
            },
            Self::Macro { head, body } => Self::Macro {
                head,
                body: change(body)?,
            },
            other => other,
        })
    }
}

/// Moves line breaks to where Jinja has them, as far as the text stays the same.
pub(super) fn settle(list: Vec<Piece>) -> Vec<Piece> {
    let mut settled: Vec<Piece> = Vec::new();
    // From the end, so that a line break passes one construct after the other.
    for piece in joined(list).into_iter().rev() {
        let inner = piece.clone().map_lists(&mut |list| Some(settle(list)));
        let piece = inner.unwrap_or(piece);
        let moves = !matches!(
            piece,
            Piece::Text(_) | Piece::Print(_) | Piece::Leave(_) | Piece::Macro { .. }
        );
        let next = match settled.last_mut() {
            Some(Piece::Text(text)) if moves && text.starts_with('\n') => text,
            _ => {
                settled.push(piece);
                continue;
            }
        };
        match passed(piece.clone()) {
            Some(passed) => {
                next.remove(0);
                settled.push(passed);
                settled.push(Piece::Text("\n".to_owned()));
            }
            None => settled.push(piece),
        }
    }
    settled.reverse();
    joined(settled)
}

/// What prints, after a line break, as much as `piece` prints before one.
fn passed(piece: Piece) -> Option<Piece> {
    match piece {
        _ if piece.leaves() => None,
        _ if piece.is_silent() => Some(piece),
        Piece::If { .. } | Piece::For { .. } => piece.map_lists(&mut passed_list),
        _ => None,
    }
}

fn passed_list(list: Vec<Piece>) -> Option<Vec<Piece>> {
    let mut list = joined(list);
    let Some(first) = list.iter().position(|piece| !piece.is_silent()) else {
        return Some(list);
    };
    if let Piece::Text(text) = &mut list[first] {
        if !text.starts_with('\n') {
            return None;
        }
        text.remove(0);
        list.push(Piece::Text("\n".to_owned()));
        return Some(joined(list));
    }
    let rest = passed_list(list.split_off(first + 1))?;
    let construct = passed(list.pop()?)?;
    list.push(construct);
    list.extend(rest);
    Some(joined(list))
}

/// The same without empty texts, and with no text beside another one.
fn joined(list: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in list {
        match (piece, joined.last_mut()) {
            (Piece::Text(text), _) if text.is_empty() => {}
            (Piece::Text(text), Some(Piece::Text(before))) => before.push_str(&text),
            (piece, _) => joined.push(piece),
        }
    }
    joined
}
