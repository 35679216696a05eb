//! A YAML document as it stands in the file: scalars keep their text, and whether they are in quotes.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::go::yaml::resolve::{Resolved, resolve};

/// The most that mappings and sequences may be nested.
const DEPTH: usize = 100;

/// The most nodes that a document may have when its aliases are replaced by what they stand for.
const NODES: usize = 200_000;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Scalar {
        text: String,
        value: Resolved,
    },
    Sequence(Vec<Node>),
    /// In the order of the file; a key may come more than once.
    Mapping(Vec<(String, Node)>),
}

/// A mapping or a sequence of which not all has been read yet.
struct Open {
    anchor: usize,
    is_mapping: bool,
    children: Vec<Child>,
    size: usize,
}

struct Child {
    node: Node,
    /// It is `<<` without quotes.
    is_merge: bool,
}

/// Reads the first document of a text; one without content is null.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut anchors: BTreeMap<usize, (Node, usize)> = BTreeMap::new();
    let mut stack: Vec<Open> = Vec::new();
    // With the copies that are kept for aliases.
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            format!(
                "line {} column {}: {}",
                at.line(),
                at.col() + 1,
                error.info()
            )
        })?;
        let failed = |why: &str| Err(format!("line {}: {why}", span.start.line()));
        let is_mapping = matches!(event, Event::MappingStart(..));
        let mut is_merge = false;
        let (anchor, node, size) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                is_merge = is_plain && text == "<<";
                nodes += 1;
                (
                    anchor,
                    scalar(text.into_owned(), is_plain, tag.as_deref()),
                    1,
                )
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = anchors.get(&anchor) else {
                    return failed("an alias stands within what it stands for");
                };
                nodes += size;
                (0, node.clone(), *size)
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                if stack.len() == DEPTH {
                    return failed("it is nested too deeply");
                }
                nodes += 1;
                stack.push(Open {
                    anchor,
                    is_mapping,
                    children: Vec::new(),
                    size: 1,
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = stack.pop() else { continue };
                let (anchor, size) = (open.anchor, open.size);
                match close(open) {
                    Ok(node) => (anchor, node, size),
                    Err(why) => return failed(why),
                }
            }
            Event::DocumentEnd => break,
            _ => continue,
        };
        if anchor > 0 {
            nodes += size;
        }
        if nodes > NODES {
            return failed("it has too many values, or aliases of aliases");
        }
        if anchor > 0 {
            anchors.insert(anchor, (node.clone(), size));
        }
        match stack.last_mut() {
            Some(open) => {
                open.size += size;
                open.children.push(Child { node, is_merge });
            }
            None => return Ok(node),
        }
    }
    Ok(scalar(String::new(), true, None))
}

fn scalar(text: String, is_plain: bool, tag: Option<&Tag>) -> Node {
    let value = match tag {
        None if is_plain => resolve(&text),
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix != "str" => {
            match (resolve(&text), tag.suffix.as_str()) {
                (Resolved::Int(_), "float") => text.parse().map_or(Resolved::Text, Resolved::Float),
                (value, _) => value,
            }
        }
        _ => Resolved::Text,
    };
    Node::Scalar { text, value }
}

fn close(open: Open) -> Result<Node, &'static str> {
    let mut children = open.children.into_iter();
    if !open.is_mapping {
        return Ok(Node::Sequence(children.map(|child| child.node).collect()));
    }
    let mut fields = Vec::new();
    while let (Some(key), Some(value)) = (children.next(), children.next()) {
        match key.node {
            Node::Scalar { .. } if key.is_merge => fields.extend(merged(value.node)?),
            Node::Scalar { text, .. } => fields.push((text, value.node)),
            _ => return Err("the key of a mapping is no scalar"),
        }
    }
    Ok(Node::Mapping(fields))
}

/// The fields that `<<` takes over: of several mappings, what comes first counts.
fn merged(value: Node) -> Result<Vec<(String, Node)>, &'static str> {
    let mappings = match value {
        Node::Mapping(fields) => return Ok(fields),
        Node::Sequence(mappings) => mappings,
        Node::Scalar { .. } => Vec::from([value]),
    };
    let mut fields = Vec::new();
    for mapping in mappings.into_iter().rev() {
        let Node::Mapping(of_one) = mapping else {
            return Err("<< takes over a mapping, or a list of them");
        };
        fields.extend(of_one);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_would_grow_or_nest_without_end_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..10 {
            let alias = format!("*a{}, ", n - 1).repeat(10);
            bomb.extend([format!("a{n}: &a{n} [{alias}]\n")]);
        }
        for (text, why) in [
            (bomb, "line 5: it has too many values"),
            ("[".repeat(101), "line 1: it is nested too deeply"),
            ("a: &a [*a]".to_owned(), "an alias stands within"),
            ("? [a]\n: 1".to_owned(), "the key of a mapping is no scalar"),
            ("<<: 1".to_owned(), "<< takes over a mapping"),
            ("a: b: c".to_owned(), "line 1 column"),
            ("a: \"".to_owned(), "line 1 column"),
        ] {
            let refusal = parse(&text).unwrap_err();
            assert!(refusal.contains(why), "{refusal}");
        }
    }
}
