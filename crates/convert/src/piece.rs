//! The Jinja template as a tree, and the placement of its line breaks.
//!
//! Input: pieces with the line breaks of the Go template: `{{- range x}}⏎server;{{- end}}⏎}`.
//! Output: the same text with the line breaks where Jinja has them:
//! `⏎{% for … %}server;⏎{% endfor %}}`.
//!
//! A Go template trims the line break before an action; Jinja drops the one after a tag. If every
//! branch begins with a line break, and one follows the end, they can move to the front of the
//! statement and to the end of every branch. The text stays the same for any branch and any number
//! of iterations.

/// A part of a Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
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
        else_body: Vec<Piece>,
    },
    For {
        head: String,
        body: Vec<Piece>,
        else_body: Vec<Piece>,
    },
    Macro {
        head: String,
        body: Vec<Piece>,
    },
}

impl Piece {
    /// Returns `true` if the piece never prints anything.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Print(_) | Self::Leave(_) => false,
            Self::Tag(_) | Self::Comment(_) | Self::Macro { .. } => true,
            Self::If { .. } | Self::For { .. } => {
                self.lists().all(|list| list.iter().all(Self::is_silent))
            }
        }
    }

    /// Returns `true` if the source text of the piece has a line break.
    pub(crate) fn has_line_break(&self) -> bool {
        match self {
            Self::Text(text) | Self::Comment(text) => text.contains('\n'),
            _ => self
                .lists()
                .any(|list| list.iter().any(Self::has_line_break)),
        }
    }

    /// Returns `true` if the piece contains a `break` or `continue`.
    fn leaves(&self) -> bool {
        matches!(self, Self::Leave(_)) || self.lists().any(|list| list.iter().any(Self::leaves))
    }

    fn lists(&self) -> Box<dyn Iterator<Item = &Vec<Self>> + '_> {
        match self {
            Self::If { arms, else_body } => Box::new(
                arms.iter()
                    .map(|(_, list)| list)
                    .chain(std::iter::once(else_body)),
            ),
            Self::For {
                body, else_body, ..
            } => Box::new([body, else_body].into_iter()),
            Self::Macro { body, .. } => Box::new(std::iter::once(body)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Applies `change` to the nested lists.
    fn with_lists(self, change: &mut impl FnMut(Vec<Self>) -> Vec<Self>) -> Self {
        match self {
            Self::If { arms, else_body } => Self::If {
                arms: arms
                    .into_iter()
                    .map(|(condition, list)| (condition, change(list)))
                    .collect(),
                else_body: change(else_body),
            },
            Self::For {
                head,
                body,
                else_body,
            } => Self::For {
                head,
                body: change(body),
                else_body: change(else_body),
            },
            Self::Macro { head, body } => Self::Macro {
                head,
                body: change(body),
            },
            other => other,
        }
    }
}

/// Moves line breaks to where Jinja has them, where the text stays the same.
pub(crate) fn settle(list: Vec<Piece>) -> Vec<Piece> {
    let mut settled: Vec<Piece> = Vec::new();
    // Start at the end, so that a line break can move over several statements.
    for piece in joined(list).into_iter().rev() {
        let piece = piece.with_lists(&mut settle);
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
        if can_pass(&piece) {
            next.remove(0);
            settled.push(passed(piece));
            settled.push(Piece::Text("\n".to_owned()));
        } else {
            settled.push(piece);
        }
    }
    settled.reverse();
    joined(settled)
}

/// Returns `true` if the line break after this piece can move to its front.
fn can_pass(piece: &Piece) -> bool {
    match piece {
        _ if piece.leaves() => false,
        _ if piece.is_silent() => true,
        Piece::If { .. } | Piece::For { .. } => piece.lists().all(|list| can_pass_list(list)),
        _ => false,
    }
}

fn can_pass_list(list: &[Piece]) -> bool {
    for piece in list.iter().filter(|piece| !piece.is_silent()) {
        match piece {
            Piece::Text(text) => return text.starts_with('\n'),
            piece if can_pass(piece) => {}
            _ => return false,
        }
    }
    true
}

/// Returns the piece that prints, after a line break, what a piece that [`can_pass`] prints before
/// one.
fn passed(piece: Piece) -> Piece {
    if piece.is_silent() {
        piece
    } else {
        piece.with_lists(&mut passed_list)
    }
}

fn passed_list(list: Vec<Piece>) -> Vec<Piece> {
    let mut done = Vec::new();
    let mut rest = list.into_iter();
    for piece in rest.by_ref() {
        match piece {
            Piece::Text(mut text) if !text.is_empty() => {
                text.remove(0);
                done.push(Piece::Text(text));
                done.extend(rest);
                done.push(Piece::Text("\n".to_owned()));
                break;
            }
            piece => done.push(passed(piece)),
        }
    }
    joined(done)
}

/// Returns the list without empty texts, and with neighbouring texts joined.
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
