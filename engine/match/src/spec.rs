//! What a user says of an engine: its name, how to start it, its options. Nothing is started here.

use std::path::PathBuf;
use std::str::FromStr;

use crate::limit::{Limit, LimitError};

/// An engine as the command line describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineSpec {
    /// What the reports call it.
    pub name: String,
    /// The program.
    pub command: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder it runs in; ours if none.
    pub folder: Option<PathBuf>,
    /// UCI options, in their order.
    pub options: Vec<(String, String)>,
    /// A limit of its own, where it differs from the match's.
    pub limit: Option<Limit>,
    /// Elo, where it is known from elsewhere.
    pub rating: Option<f64>,
}

/// Why a description of an engine cannot be followed.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// A quotation mark without its fellow.
    #[error("a quotation mark is not closed in `{0}`")]
    Quote(String),
    /// A part that is not `key=value`.
    #[error(
        "`{0}` is not key=value; known are name, cmd, arg, dir, option.NAME, nodes, time, depth, tc and rating"
    )]
    Part(String),
    /// There is no program to start.
    #[error("the engine has no cmd= (the program to start)")]
    NoCommand,
    /// The limit is wrong.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The rating is no number.
    #[error("the rating `{0}` is not a number")]
    Rating(String),
}

impl FromStr for EngineSpec {
    type Err = SpecError;

    /// Reads `name=A cmd=PROGRAM arg=X arg=Y option.Hash=16 dir=FOLDER`. Parts are separated by white space; quotation
    /// marks, single or double, keep it within a part.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut spec = Self::default();
        for part in words(text)? {
            let Some((key, value)) = part.split_once('=') else {
                return Err(SpecError::Part(part));
            };
            let value = value.to_owned();
            match key {
                "name" => spec.name = value,
                "cmd" => spec.command = PathBuf::from(value),
                "arg" => spec.arguments.push(value),
                "dir" => spec.folder = Some(PathBuf::from(value)),
                "nodes" | "time" | "depth" | "tc" => {
                    spec.limit = Some(Limit::parse(key, &value)?);
                }
                "rating" => match value.parse() {
                    Ok(rating) => spec.rating = Some(rating),
                    Err(_) => return Err(SpecError::Rating(value)),
                },
                _ => match key.strip_prefix("option.") {
                    Some(option) if !option.is_empty() => {
                        spec.options.push((option.to_owned(), value));
                    }
                    _ => return Err(SpecError::Part(part)),
                },
            }
        }
        if spec.command.as_os_str().is_empty() {
            return Err(SpecError::NoCommand);
        }
        if spec.name.is_empty() {
            let stem = spec.command.file_stem().unwrap_or_default();
            spec.name = stem.to_string_lossy().into_owned();
        }
        Ok(spec)
    }
}

/// Splits at white space outside quotation marks, which are taken away.
fn words(text: &str) -> Result<Vec<String>, SpecError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(SpecError::Quote(text.to_owned()));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_are_read_and_quotes_keep_blanks() {
        let text = r#"name="My engine" cmd=node arg=a.mjs arg='b c' "option.Skill Level=3" option.Hash=16 dir=/tmp nodes=500 rating=2100"#;
        let spec: EngineSpec = text.parse().unwrap();
        assert_eq!(spec.name, "My engine");
        assert_eq!(spec.command, PathBuf::from("node"));
        assert_eq!(spec.arguments, ["a.mjs", "b c"]);
        let options = [("Skill Level", "3"), ("Hash", "16")];
        assert_eq!(
            spec.options,
            options.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(spec.folder, Some(PathBuf::from("/tmp")));
        assert_eq!(spec.limit, Some(Limit::Nodes(500)));
        assert_eq!(spec.rating, Some(2100.0));
    }

    #[test]
    fn the_name_is_the_programs_unless_it_is_given() {
        let spec: EngineSpec = "cmd=/usr/games/stockfish".parse().unwrap();
        assert_eq!(spec.name, "stockfish");
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let parse = |text: &str| text.parse::<EngineSpec>().unwrap_err();
        assert_eq!(parse("name=A"), SpecError::NoCommand);
        assert_eq!(
            parse("cmd=a speed=3"),
            SpecError::Part("speed=3".to_owned())
        );
        assert_eq!(
            parse("cmd=a option.=3"),
            SpecError::Part("option.=3".to_owned())
        );
        assert!(matches!(parse("cmd='a"), SpecError::Quote(_)));
        assert!(matches!(parse("cmd=a rating=x"), SpecError::Rating(_)));
        assert!(matches!(parse("cmd=a nodes=0"), SpecError::Limit(_)));
    }
}
