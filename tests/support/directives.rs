//! Parses a configuration as its program does.
//!
//! Input: the text of a file. Output: the directives, with words in the form that the program sees:
//! without quotes and backslashes.

/// A directive of nginx with its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    pub words: Vec<String>,
    pub block: Option<Vec<Directive>>,
}

impl Directive {
    /// Returns names, numbers of words and nesting. In names, `value` is replaced by `…`.
    pub fn shape(directives: &[Self], value: &str) -> String {
        let one = |directive: &Self| {
            let Self { words, block } = directive;
            let block = block
                .as_ref()
                .map(|block| format!(" {{ {} }}", Self::shape(block, value)));
            format!(
                "{}/{}{}",
                words[0].replace(value, "…"),
                words.len(),
                block.unwrap_or_default()
            )
        };
        directives.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// Returns all words, including those in blocks.
    pub fn words(directives: &[Self]) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(directives.iter().flat_map(|directive| {
            let inner = Self::words(directive.block.as_deref().unwrap_or_default());
            directive.words.iter().map(String::as_str).chain(inner)
        }))
    }
}

/// Parses an nginx configuration, as strictly as nginx does.
pub fn of_nginx(text: &str) -> Result<Vec<Directive>, String> {
    let mut letters = text.chars().peekable();
    let directives = block(&mut letters)?;
    letters
        .next()
        .map_or(Ok(directives), |_| Err("a brace too many".to_owned()))
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn block(letters: &mut Letters<'_>) -> Result<Vec<Directive>, String> {
    let mut directives = Vec::new();
    let mut words: Vec<String> = Vec::new();
    while let Some(&letter) = letters.peek() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => {
                letters.next();
            }
            '#' => while letters.next().is_some_and(|letter| letter != '\n') {},
            ';' => {
                letters.next();
                let words = Some(std::mem::take(&mut words)).filter(|words| !words.is_empty());
                directives.push(Directive {
                    words: words.ok_or("an empty directive")?,
                    block: None,
                });
            }
            '{' => {
                letters.next();
                let words = Some(std::mem::take(&mut words)).filter(|words| !words.is_empty());
                let words = words.ok_or("a block without a name")?;
                directives.push(Directive {
                    words,
                    block: Some(block(letters)?),
                });
                letters.next().ok_or("a block that does not end")?;
            }
            '}' if words.is_empty() => return Ok(directives),
            '}' => return Err("a directive without an end".to_owned()),
            '"' | '\'' => {
                letters.next();
                words.push(quoted(letters, letter)?);
                let next = letters.peek().copied();
                if !next.is_none_or(|next| " \t\r\n;{)".contains(next)) {
                    return Err(format!("{next:?} after a quote"));
                }
            }
            _ => words.push(word(letters)),
        }
    }
    if words.is_empty() {
        Ok(directives)
    } else {
        Err("a directive without an end".to_owned())
    }
}

fn quoted(letters: &mut Letters<'_>, quote: char) -> Result<String, String> {
    let mut word = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => escaped(letters, &mut word),
            letter if letter == quote => return Ok(word),
            letter => word.push(letter),
        }
    }
    Err("a quote that does not end".to_owned())
}

fn word(letters: &mut Letters<'_>) -> String {
    let mut word = String::new();
    while let Some(&letter) = letters.peek() {
        let variable = letter == '{' && word.ends_with('$');
        if " \t\r\n;{".contains(letter) && !variable {
            break;
        }
        letters.next();
        if letter == '\\' {
            escaped(letters, &mut word);
        } else {
            word.push(letter);
        }
    }
    word
}

fn escaped(letters: &mut Letters<'_>, word: &mut String) {
    match letters.next() {
        Some(letter @ ('"' | '\'' | '\\')) => word.push(letter),
        Some('n') => word.push('\n'),
        Some('r') => word.push('\r'),
        Some('t') => word.push('\t'),
        Some(letter) => word.extend(['\\', letter]),
        None => word.push('\\'),
    }
}

/// Parses a HAProxy configuration. Returns the words of each line that is not empty.
pub fn of_haproxy(text: &str) -> Result<Vec<Vec<String>>, String> {
    let lines: Result<Vec<_>, _> = text.lines().map(words).collect();
    Ok(lines?
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect())
}

fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, ' ' | '\t' | '\r') => words.extend(word.take()),
            (None, '#') => break,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), letter) if open == letter => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (None | Some('"'), '$') => return Err("a variable".to_owned()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    if quote.is_some() {
        Err("a quote that does not end".to_owned())
    } else {
        Ok(words)
    }
}
